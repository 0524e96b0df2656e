"""Verdicts on comparisons made by hand: the arms among themselves, and when that is settled."""

import json
from dataclasses import replace

import pytest

from gatewise.comparison.verdict import decide, is_settled
from gatewise.records import (
    to_json,
)
from tests.comparison.by_hand import (
    EQUAL,
    SPREAD,
    comparison,
    cost,
    text,
)

BASELINES = ("majority", "tfidf_logistic")


def test_better_arm_wins_whichever_is_listed_first() -> None:
    low, high = (0.75 + SPREAD).tolist(), (0.80 - SPREAD).tolist()
    first = decide(comparison({"gru": high, "lstm": low}))
    assert (first.decision, first.recommended, first.difference and first.difference.conclusion) == ("gru", "gru", "first")
    second = decide(comparison({"gru": low, "lstm": high}))
    assert (second.decision, second.recommended) == ("lstm", "lstm")
    assert second.difference is not None and second.difference.first == "lstm", "the better one first"
    assert second.difference.mean == pytest.approx(0.05)
    assert second.difference == second.comparisons[0].better_first()
    assert second.explanation[0] == "Ship the LSTM: it is more accurate than the GRU."
    assert "The LSTM leads the GRU by 5.0 points of accuracy over 10 replicates" in second.explanation[1]
    assert second.scores["lstm"].mean == pytest.approx(0.80) and second.scores["lstm"].n == 10
    assert second.warnings == ("as before",)


def test_unclear_difference_is_undecided_and_says_what_would_decide() -> None:
    found = decide(comparison({"gru": (0.812 + 4 * SPREAD).tolist(), "lstm": [0.80] * 10}))
    assert (found.decision, found.recommended) == ("undecided", "gru")
    assert found.difference is not None and found.difference.further_replicates is None
    assert "1,000 further replicates would leave it undecided with probability" in text(found) and "limited data" in text(found)
    found = decide(comparison({"gru": (0.806 + 4 * SPREAD).tolist(), "lstm": [0.80] * 10}, train_rows=99_000))
    assert found.difference is not None and found.difference.further_replicates is not None
    assert f"About {found.difference.further_replicates} further replicates would make a decision more likely than not" in text(
        found
    )


@pytest.mark.parametrize("lead", [0.0, 0.006, 0.05])
def test_a_verdict_on_the_way_foresees_the_deciding_comparison_alone(lead: float) -> None:
    scores = {"gru": (0.80 + lead + 4 * SPREAD).tolist(), "lstm": [0.80] * 10, "rnn": (0.80 + 3 * SPREAD).tolist()}
    found = comparison(scores, train_rows=99_000)
    whole, quick = decide(found), decide(found, foresight=False)
    assert (quick.decision, quick.recommended, is_settled(quick)) == (whole.decision, whole.recommended, is_settled(whole))
    assert quick.difference == whole.difference
    assert all(one.further_replicates is None for one in quick.comparisons)


def test_fewer_than_five_replicates_decide_only_where_their_number_was_planned() -> None:
    scores = {"gru": [0.90, 0.91, 0.90, 0.91], "lstm": [0.70, 0.70, 0.71, 0.71]}
    adaptive = decide(comparison(scores))
    assert adaptive.decision == "undecided"
    assert "Nothing is decided before 5 replicates." in adaptive.explanation
    assert adaptive.difference is not None and adaptive.difference.further_replicates == 1
    planned = decide(comparison(scores, replicates_planned=4))
    assert planned.decision == "gru"
    assert planned.difference is not None and planned.difference.ci95 == planned.difference.ci95_sequential
    assert "looking after every replicate" not in text(planned)


@pytest.mark.parametrize("fixed_test", [False, True])
@pytest.mark.parametrize("replicates", [0, 1, 2])
def test_few_replicates_give_a_valid_file(replicates: int, fixed_test: bool) -> None:
    scores = {"gru": [0.8] * replicates, "lstm": [0.7] * replicates}
    found = decide(comparison(scores, dict.fromkeys(BASELINES, 0.6), fixed_test=fixed_test))
    assert (found.decision, found.recommended, found.replicates) == ("undecided", "gru", replicates)
    assert (found.difference is None) == (replicates == 0)
    json.dumps(to_json(found), allow_nan=False)
    if replicates == 1:
        assert found.difference is not None and found.difference.ci95_sequential == (-1.0, 1.0)
        assert found.scores["gru"].sd == 0.0
        assert "interval" not in text(found) and "probability" not in text(found), "one replicate shows neither"
    assert "Warning" not in text(found), "two replicates are too few to say that nothing was learned"


def test_only_replicates_that_every_arm_has_finished_count() -> None:
    whole = comparison(EQUAL, {"majority": 0.5})
    unfinished = replace(
        whole, trainings=tuple(training for training in whole.trainings if (training.name, training.number) != ("lstm", 9))
    )
    found = decide(unfinished)
    assert found.replicates == found.scores["gru"].n == found.scores["majority"].n == 9
    assert decide(replace(whole, replicates=7)).replicates == 7


def test_leader_that_beats_all_wins_among_three() -> None:
    scores = {"gru": (0.75 + SPREAD).tolist(), "lstm": (0.80 - SPREAD).tolist(), "rnn": (0.70 + SPREAD[::-1]).tolist()}
    found = decide(comparison(scores))
    assert found.decision == "lstm"
    assert [(one.first, one.second) for one in found.comparisons] == [("gru", "lstm"), ("gru", "rnn"), ("lstm", "rnn")]
    assert found.difference == found.comparisons[0].better_first(), "the strongest rival"
    assert found.explanation[0] == "Ship the LSTM: it is more accurate than the GRU and the RNN."


def test_two_equivalent_leaders_leave_the_beaten_third_out() -> None:
    costs = {"gru": cost(1000), "lstm": cost(1300), "rnn": cost(300)}
    found = decide(comparison({**EQUAL, "rnn": (0.70 + SPREAD).tolist()}, costs=costs))
    assert (found.decision, found.recommended) == ("equivalent", "gru")
    assert "RNN" not in found.explanation[0]


def test_one_undecided_rival_leaves_all_undecided() -> None:
    found = decide(comparison({**EQUAL, "rnn": (0.795 + 5 * SPREAD).tolist()}))
    assert found.decision == "undecided"
    assert found.difference is not None and (found.difference.first, found.difference.second) == ("gru", "rnn")


def test_three_arms_share_the_level_of_two() -> None:
    two = decide(comparison(EQUAL)).comparisons[0]
    three = decide(comparison({**EQUAL, "rnn": EQUAL["lstm"]})).comparisons[0]
    assert two.ci95 == three.ci95
    assert three.ci95_sequential[0] < two.ci95_sequential[0] < two.ci95[0]


def test_a_cell_against_itself() -> None:
    found = decide(comparison({"gru_1": EQUAL["gru"], "gru_2": EQUAL["lstm"]}))
    assert found.decision == "equivalent"
    assert "The GRU (1) leads the GRU (2)" in text(found)


def test_what_a_forecasts_mse_is_of_is_said() -> None:
    whole = comparison({"gru": [0.3] * 10, "lstm": [0.4] * 10}, metric="mse", margin=0.02)
    forecast = replace(whole, profile=replace(whole.profile, task="forecast"))
    assert "divided by their standard deviation" in text(decide(forecast))
    assert "divided by their standard deviation" not in text(decide(whole))


def test_two_replicates_show_neither_interval_nor_probability_unless_they_decide() -> None:
    unclear = decide(comparison({"gru": [0.80, 0.82], "lstm": [0.81, 0.79]}))
    assert unclear.difference is not None and not unclear.difference.is_known
    assert "interval" not in text(unclear) and "probability" not in text(unclear)
    assert "so few replicates do not show how far that may be off" in text(unclear)
    decided = decide(comparison({"gru": [0.90, 0.901], "lstm": [0.70, 0.70]}, replicates_planned=2))
    assert decided.decision == "gru" and "with probability" in text(decided)


def test_what_is_settled() -> None:
    assert is_settled(decide(comparison(EQUAL, {"tfidf_logistic": 0.75})))
    assert is_settled(decide(comparison(EQUAL, {"tfidf_logistic": 0.85})))
    assert not is_settled(decide(comparison({name: values[:2] for name, values in EQUAL.items()})))


def test_the_lower_error_wins() -> None:
    low, high = (0.75 + SPREAD).tolist(), (0.80 - SPREAD).tolist()
    found = decide(comparison({"gru": low, "lstm": high}, {"last_value": 1.2}, metric="mase", margin=0.02))
    assert (found.decision, found.recommended, found.higher_is_better) == ("gru", "gru", False)
    assert found.difference is not None and found.difference.mean == pytest.approx(0.05)
    assert found.explanation[0] == "Ship the GRU: it is better in MASE than the LSTM."
    assert "The GRU leads the LSTM by 0.050 in MASE over 10 replicates" in text(found) and "points" not in text(found)
    best_first = decide(comparison({"gru": high, "lstm": low}, {"last_value": 0.5}, metric="mase", margin=0.02))
    assert (best_first.decision, best_first.recommended) == ("baseline", "last_value")


def test_an_error_far_above_one_is_not_cut_off() -> None:
    low, high = (75 + 100 * SPREAD).tolist(), (80 - 100 * SPREAD).tolist()
    found = decide(comparison({"gru": high, "lstm": low}, metric="mae", margin=1.0))
    assert found.decision == "lstm"
    assert found.difference is not None and found.difference.mean == pytest.approx(5)
    assert 0 < found.difference.ci95[0] < 5 < found.difference.ci95[1]
    json.dumps(to_json(found), allow_nan=False)
    json.dumps(to_json(decide(comparison({"gru": [80.0], "lstm": [75.0]}, metric="mae", margin=1.0))), allow_nan=False)

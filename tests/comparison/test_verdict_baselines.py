"""Verdicts where baselines or failed trainings have a say."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from gatewise.comparison.verdict import decide, is_settled
from tests.comparison.by_hand import (
    EQUAL,
    SPREAD,
    comparison,
    cost,
    text,
)


def test_failed_trainings_are_counted_and_said() -> None:
    collapsed = [*(0.80 + SPREAD[:-1]).tolist(), 0.5]
    found = decide(comparison({"gru": (0.80 + SPREAD).tolist(), "lstm": collapsed}, {"majority": 0.5}))
    assert found.failed_trainings == {"gru": 0, "lstm": 1}
    assert found.decision == "undecided"
    assert "1 of 10 trainings of the LSTM failed" in text(found)
    assert "scatter to one side: now and then the LSTM" in text(found)
    assert found.difference is not None and found.difference.extremes is not None
    assert found.difference.extremes[1] == pytest.approx(0.3)


def test_equivalence_says_how_often_a_training_may_fail_for_all_that_is_known() -> None:
    assert "No training of either failed in 10 replicates, which leaves room for failures in up to 26%" in text(
        decide(comparison(EQUAL, {"majority": 0.5}))
    )


def test_cells_that_learn_nothing_have_not_failed_to_train() -> None:
    assert decide(comparison({"gru": [0.5, 0.51] * 5, "lstm": [0.5] * 10}, {"majority": 0.5})).failed_trainings["gru"] == 0


def test_better_baseline_is_the_first_thing_said() -> None:
    found = decide(comparison(EQUAL, {"majority": 0.5, "tfidf_logistic": 0.85}))
    assert (found.decision, found.recommended) == ("baseline", "tfidf_logistic")
    assert found.explanation[0].startswith("Ship the simple baseline, the TF-IDF + logistic regression")
    assert (found.comparisons[-1].first, found.comparisons[-1].second) == ("tfidf_logistic", "gru")
    assert found.difference is found.comparisons[-1], "it is what decides"
    assert text(found).count("leads") == 1


def test_equally_good_baseline_is_pointed_out() -> None:
    found = decide(comparison(EQUAL, {"majority": 0.5, "tfidf_logistic": 0.80}))
    assert found.decision == "equivalent"
    assert "A simpler model does as well: the TF-IDF + logistic regression" in text(found)
    assert "Warning" not in text(found)


def test_a_baseline_as_good_and_far_cheaper_is_shipped_and_the_cells_are_still_told_apart() -> None:
    baselines = {"majority": 0.5, "tfidf_logistic": 0.80}
    costs = {"gru": cost(fit_s=20.0, train_ms_per_step=1.0), "lstm": cost(fit_s=30.0, train_ms_per_step=2.0)}
    fast = {"tfidf_logistic": cost(fit_s=0.5)}
    found = decide(comparison(EQUAL, baselines, costs=costs, baseline_costs=fast))
    assert (found.decision, found.recommended) == ("baseline", "tfidf_logistic")
    assert found.explanation[0] == (
        "Ship the simple baseline, the TF-IDF + logistic regression: it does as well as the best cell, the GRU, in a tenth of "
        "the training time or less. Of the cells the GRU and the LSTM are equivalent; take the GRU, which trains in less time."
    )
    assert found.difference is not None and found.difference.conclusion == "equivalent"
    assert is_settled(found)
    slow = {"tfidf_logistic": cost(fit_s=5.0)}
    assert decide(comparison(EQUAL, baselines, costs=costs, baseline_costs=slow)).decision == "equivalent"
    open_cells = {"gru": (0.80 + 8 * SPREAD).tolist(), "lstm": (0.80 - 8 * SPREAD).tolist()}
    assert decide(comparison(open_cells, baselines, costs=costs, baseline_costs=fast)).decision == "undecided"


def test_the_baseline_is_compared_with_what_is_shipped() -> None:
    costs = {"gru": cost(train_ms_per_step=2.0), "lstm": cost(train_ms_per_step=1.0)}
    found = decide(comparison(EQUAL, {"majority": 0.5, "tfidf_logistic": 0.79}, costs=costs))
    assert (found.decision, found.recommended) == ("equivalent", "lstm"), "the GRU leads, the LSTM is cheaper"
    assert (found.comparisons[-1].first, found.comparisons[-1].second) == ("tfidf_logistic", "lstm")


def test_one_replicate_names_the_best_baseline_too() -> None:
    found = decide(comparison({"gru": [0.8], "lstm": [0.7]}, {"majority": 0.5, "tfidf_logistic": 0.75}))
    assert "The best baseline, the TF-IDF + logistic regression, is behind by 5.0 points so far." in found.explanation


def test_a_baseline_that_is_ahead_but_not_by_the_margin_beyond_doubt_is_recommended_provisionally() -> None:
    scores = [0.80 + 0.012 * (-1) ** number for number in range(10)]
    costs = {"gru": cost(train_ms_per_step=2.0), "lstm": cost(train_ms_per_step=1.0)}
    ahead = decide(comparison({"gru": scores, "lstm": scores}, {"tfidf_logistic": 0.82}, costs=costs))
    assert (ahead.decision, ahead.recommended) == ("undecided", "tfidf_logistic") and not is_settled(ahead)
    assert ahead.explanation[0] == (
        "Undecided after 10 replicates: a simple baseline, the TF-IDF + logistic regression, is ahead of the LSTM by 2.0 "
        "points so far and is recommended provisionally. Of the cells the GRU and the LSTM are equivalent; take the LSTM, which "
        "trains in less time."
    )
    assert ahead.difference is not None and (ahead.difference.first, ahead.difference.second) == ("tfidf_logistic", "lstm")
    assert text(ahead).count("The TF-IDF + logistic regression leads the LSTM by 2.0 points") == 1
    between = next(one for one in ahead.comparisons if {one.first, one.second} == {"gru", "lstm"})
    assert between.conclusion == "equivalent"


def test_cells_that_are_not_told_apart_either_leave_no_word_on_which_to_take() -> None:
    found = decide(comparison({"gru": [0.80, 0.82], "lstm": [0.81, 0.79]}, {"tfidf_logistic": 0.86}))
    assert (found.decision, found.recommended) == ("undecided", "tfidf_logistic")
    assert found.explanation[0].endswith("by 5.0 points so far and is recommended provisionally.")


def test_a_baseline_ahead_by_less_than_the_margin_leaves_the_cells_their_verdict() -> None:
    found = decide(comparison(EQUAL, {"tfidf_logistic": 0.809}))
    assert found.decision in ("equivalent", "undecided") and found.recommended in ("gru", "lstm")


@pytest.mark.parametrize(
    ("baseline", "ending"),
    [
        (0.8035, "does as well."),
        (0.79, "which trains in less time."),
    ],
)
def test_the_headline_names_a_baseline_with_a_better_mean(baseline: float, ending: str) -> None:
    costs = {"gru": cost(train_ms_per_step=1.0), "lstm": cost(train_ms_per_step=2.0)}
    found = decide(comparison(EQUAL, {"tfidf_logistic": baseline}, costs=costs))
    assert found.decision == "equivalent" and found.explanation[0].endswith(ending)


def test_a_lead_that_may_be_chance_is_called_that() -> None:
    scores = {"gru": (0.80 + 8 * SPREAD).tolist(), "lstm": (0.80 - 8 * SPREAD).tolist()}
    found = decide(comparison(scores, {"tfidf_logistic": 0.805}))
    assert found.explanation[0].endswith(
        "A simple baseline, the TF-IDF + logistic regression, leads the GRU by 0.5 points so far, which may be chance."
    )


def test_cells_that_beat_the_best_baseline_have_not_learned_nothing() -> None:
    scores = {"gru": [0.99, 0.966], "lstm": [0.98, 0.97]}
    whole = comparison(scores, {"majority": 0.5, "tfidf_logistic": 0.6}, replicates_planned=2, train_rows=8000, test_rows=1000)
    found = decide(whole)
    assert "Warning" not in text(found)
    least = replace(whole, baselines=("majority",))
    assert "Warning" not in text(decide(least)), "a lead of 48 points is no sign of having learned nothing"


@pytest.mark.parametrize(
    ("arms", "majority", "warning"),
    [
        (EQUAL, 0.80, "Ship the simple baseline, the majority class: the best cell, the GRU, does no better than it."),
        ({"gru": (0.80 + 8 * SPREAD).tolist(), "lstm": [0.79] * 10}, 0.80, "may have learned nothing"),
    ],
)
def test_cells_that_do_not_beat_the_majority_class(arms: Mapping[str, list[float]], majority: float, warning: str) -> None:
    found = decide(comparison(arms, {"majority": majority, "tfidf_logistic": 0.6}))
    assert warning in text(found)
    assert 3 <= len(found.explanation) <= 7

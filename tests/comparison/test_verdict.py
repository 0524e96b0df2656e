"""Verdicts on comparisons made by hand: every decision, every cost, and the edges."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gatewise.comparison.verdict import decide, is_settled
from gatewise.errors import RunError
from gatewise.records import (
    Arm,
    BatchLatency,
    Comparison,
    Config,
    Cost,
    Dependence,
    Profile,
    Ratio,
    StepRatio,
    Training,
    Verdict,
    to_json,
)
from gatewise.training.scoring import pack_rows

SPREAD = np.array([0.004, -0.003, 0.001, -0.004, 0.002, 0.0, 0.003, -0.002, -0.001, 0.0])  # mean 0
BASELINES = ("majority", "tfidf_logistic")


def cost(parameters: int = 1000, **measured: Any) -> Cost:
    unmeasured = dict.fromkeys(("train_ms_per_step", "epochs_to_target", "seconds_to_target", "peak_memory_bytes"))
    return Cost(
        **{**unmeasured, "target_reached": 0, "latency_ms": {}, "bytes": 4 * parameters, **measured, "parameters": parameters}
    )


def correct_rows(score: float, rows: int, shift: int = 0) -> str:
    return pack_rows(np.roll(np.arange(rows) < round(score * rows), shift).astype(np.float64))


def comparison(
    scores: Mapping[str, Sequence[float]],
    baselines: Mapping[str, float] | None = None,
    *,
    test_rows: int = 1000,
    fixed_test: bool = False,
    **changes: Any,
) -> Comparison:
    """Arms with the scores given, baselines with one score on every replicate; ten-fold splits unless `fixed_test`."""
    arms = tuple(Arm(name, name.split("_")[0], index, 64) for index, name in enumerate(scores))
    replicates = len(next(iter(scores.values())))
    shared: dict[str, Any] = {"hyperparameters": None, "validation_score": 0.8, "validation_loss": None, "test_rows": test_rows}
    trainings = tuple(
        Training(
            "replicate", name, number, test_score=value, row_scores=correct_rows(value, test_rows), parameters=1000, **shared
        )
        for name, values in scores.items()
        for number, value in enumerate(values)
    )
    simple = tuple(
        Training("baseline", name, number, test_score=value, row_scores=correct_rows(value, test_rows), **shared)
        for name, value in (baselines or {}).items()
        for number in range(replicates)
    )
    margin = changes.pop("margin", 0.01)
    limits = ("max_latency_ms", "max_size_bytes", "max_memory_bytes")
    settings = {name: changes.pop(name) for name in ("replicates_planned", "cost", *limits) if name in changes}
    config = Config(
        source="reviews.csv",
        cells=tuple(arm.cell for arm in arms),
        replicates=settings.pop("replicates_planned", None),
        **settings,
    )
    return Comparison(
        **{
            "config": config,
            "profile": Profile("reviews", "text", 10 * test_rows, {}, 1, 5, 9, 9, 0, 0, test_rows if fixed_test else None, "f"),
            "arms": arms,
            "baselines": tuple(baselines or ()),
            "metric": "accuracy",
            "margin": margin,
            "curve_trainings": (),
            "chosen": {},
            "tuning": (),
            "trainings": trainings,
            "baseline_trainings": simple,
            "replicates": replicates,
            "train_rows": 9 * test_rows,
            "test_rows": test_rows,
            "target_score": None,
            "costs": {arm.name: cost() for arm in arms},
            "training_time_ratios": (),
            "by_length": (),
            "environment": {},
            "elapsed_s": 1.0,
            "stopped": "decided",
            "warnings": ("as before",),
            **changes,
        }
    )


def text(verdict: Verdict) -> str:
    return " ".join(verdict.explanation)


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


EQUAL = {"gru": (0.801 + SPREAD / 4).tolist(), "lstm": (0.80 - SPREAD / 4).tolist()}
FASTER, SLOWER, ALIKE = Ratio(0.82, (0.80, 0.85)), Ratio(1.2, (1.1, 1.3)), Ratio(0.99, (0.95, 1.04))
FASTER_SENTENCE = "GRU takes 0.82 of the LSTM's time (95% interval 0.80 to 0.85): the GRU is the faster to train."
SLOWER_SENTENCE = "GRU takes 1.20 times the LSTM's time (95% interval 1.10 to 1.30): the GRU is the slower to train."
BATCH_1 = {"gru": {"batch1": BatchLatency(2.0, 3.0, 4.0)}, "lstm": {"batch1": BatchLatency(1.0, 2.0, 3.0)}}


@pytest.mark.parametrize(
    ("kind", "ratio", "gru", "lstm", "expected", "sentence"),
    [
        ("training", FASTER, cost(train_ms_per_step=8.2), cost(train_ms_per_step=10.0), "gru", FASTER_SENTENCE),
        ("training", SLOWER, cost(train_ms_per_step=12.0), cost(train_ms_per_step=10.0), "lstm", SLOWER_SENTENCE),
        ("training", ALIKE, cost(1000, train_ms_per_step=9.0), cost(900, train_ms_per_step=10.0), "lstm", "no clear difference"),
        ("training", None, cost(1000), cost(900), "lstm", "which has fewer parameters"),
        ("training", None, cost(), cost(), "gru", "listed first, as they cost the same"),
        ("latency", FASTER, cost(latency_ms=BATCH_1["gru"]), cost(latency_ms=BATCH_1["lstm"]), "lstm", "GRU 2 ms, LSTM 1 ms"),
        ("latency", FASTER, cost(latency_ms=BATCH_1["gru"]), cost(1100), "gru", "which has fewer parameters"),
        ("memory", FASTER, cost(peak_memory_bytes=3_000_000), cost(peak_memory_bytes=2_000_000), "lstm", "GRU 3 MB, LSTM 2 MB"),
        ("size", FASTER, cost(1000), cost(900), "lstm", "which takes fewer bytes"),
    ],
)  # fmt: skip
def test_of_equivalent_arms_the_cheaper_is_recommended(
    kind: str, ratio: Ratio | None, gru: Cost, lstm: Cost, expected: str, sentence: str
) -> None:
    ratios = () if ratio is None else (StepRatio("gru", "lstm", ratio),)
    found = decide(comparison(EQUAL, cost=kind, training_time_ratios=ratios, costs={"gru": gru, "lstm": lstm}))
    assert (found.decision, found.recommended) == ("equivalent", expected)
    assert sentence in text(found)


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


def test_equal_scores_on_a_tiny_test_part_are_not_certain() -> None:
    assert decide(comparison({"gru": [0.9] * 10, "lstm": [0.9] * 10}, test_rows=10)).decision == "undecided"
    assert decide(comparison({"gru": [0.9] * 10, "lstm": [0.9] * 10}, test_rows=1000)).decision == "equivalent"
    assert decide(comparison({"gru": [0.9] * 9, "lstm": [0.9] * 9}, test_rows=1000)).decision == "undecided", "too few replicates"


def test_a_metric_that_weighs_classes_alike_moves_in_larger_steps() -> None:
    """Where a class has few rows, one of them moves balanced accuracy by far more than by its share of all rows."""
    whole = comparison({"gru": [0.9] * 10, "lstm": [0.9] * 10}, test_rows=200, metric="balanced_accuracy")
    uneven = replace(whole, profile=replace(whole.profile, classes={"no": 1960, "yes": 40}))
    even = replace(whole, profile=replace(whole.profile, classes={"no": 1000, "yes": 1000}))
    assert decide(even).decision == "equivalent"
    assert decide(uneven).decision == "undecided"


# ---------------------------------------------------------------- dependence, and failed trainings


def in_time(rows: int) -> Dependence:
    return Dependence(pack_rows(np.arange(float(rows))), in_time=True)


def test_rows_that_follow_each_other_make_a_fixed_test_part_less_sure() -> None:
    """One arm is right on a stretch where the other is wrong: as many rows as chance would give, all in a row."""
    scores = {"gru": [0.86] * 10, "lstm": [0.80] * 10}
    free = comparison(scores, test_rows=500, fixed_test=True)
    assert decide(free).decision == "gru"
    bound = decide(replace(free, dependence=in_time(500)))
    assert bound.decision == "undecided"
    assert bound.difference is not None and bound.difference.ci95[0] < 0 < bound.difference.ci95[1]


def test_groups_make_a_fixed_test_part_less_sure() -> None:
    scores = {"gru": [0.86] * 10, "lstm": [0.80] * 10}
    blocks = pack_rows(np.repeat(np.arange(10.0), 50))
    assert decide(comparison(scores, test_rows=500, fixed_test=True, dependence=Dependence(blocks))).decision == "undecided"


def test_a_damaged_record_of_groups_is_named() -> None:
    with pytest.raises(RunError, match="how test rows belong together is damaged"):
        decide(comparison(EQUAL, fixed_test=True, dependence=Dependence("f:AAAA")))


def test_splits_that_repeat_decide_nothing_however_often_they_are_run() -> None:
    scores = {"gru": np.tile([0.80, 0.86, 0.83], 10).tolist(), "lstm": [0.79] * 30}
    assert decide(comparison(scores)).decision == "gru"
    assert decide(comparison(scores, dependence=Dependence(splits=3))).decision == "undecided"


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


# ---------------------------------------------------------------- one fixed test part


def test_a_fixed_test_part_limits_what_replicates_can_show() -> None:
    scores = {"gru": (0.85 + SPREAD).tolist(), "lstm": (0.80 - SPREAD).tolist()}
    assert decide(comparison(scores, test_rows=100)).decision == "gru"
    limited = decide(comparison(scores, test_rows=100, fixed_test=True))
    assert limited.decision == "undecided"
    assert "limited test part" in text(limited)
    assert decide(comparison(scores, test_rows=2000, fixed_test=True)).decision == "gru"


def test_damaged_record_of_correct_rows_is_named() -> None:
    whole = comparison(EQUAL, fixed_test=True)
    damaged = tuple(replace(training, row_scores="b:AAAA") if training.number == 3 else training for training in whole.trainings)
    with pytest.raises(RunError, match=r"replicate 3 of gru should record the scores of 1000 test rows, but .* start it again"):
        decide(replace(whole, trainings=damaged))


# ---------------------------------------------------------------- several arms


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


# ---------------------------------------------------------------- baselines


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
        "the training time or less. Of the cells take the GRU, which trains in less time."
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


def test_what_a_forecasts_mse_is_of_is_said() -> None:
    whole = comparison({"gru": [0.3] * 10, "lstm": [0.4] * 10}, metric="mse", margin=0.02)
    forecast = replace(whole, profile=replace(whole.profile, task="forecast"))
    assert "divided by their standard deviation" in text(decide(forecast))
    assert "divided by their standard deviation" not in text(decide(whole))


def test_baseline_ahead_but_not_by_the_margin_beyond_doubt_is_in_the_headline_and_keeps_the_question_open() -> None:
    scores = [0.80 + 0.012 * (-1) ** number for number in range(10)]
    ahead = decide(comparison({"gru": scores, "lstm": scores}, {"tfidf_logistic": 0.82}))
    assert ahead.decision == "equivalent"
    assert ahead.comparisons[-1].conclusion == "undecided" and ahead.comparisons[-1].ci95[0] > 0
    assert ahead.explanation[0].endswith(
        "But a simple baseline, the TF-IDF + logistic regression, is ahead of the GRU by 2.0 points."
    )
    assert ahead.explanation[1].startswith("The TF-IDF + logistic regression leads the GRU by 2.0 points (95% interval")
    assert text(ahead).count("TF-IDF") == 2
    assert not is_settled(ahead)


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


def test_two_replicates_show_neither_interval_nor_probability_unless_they_decide() -> None:
    unclear = decide(comparison({"gru": [0.80, 0.82], "lstm": [0.81, 0.79]}))
    assert unclear.difference is not None and not unclear.difference.is_known
    assert "interval" not in text(unclear) and "probability" not in text(unclear)
    assert "so few replicates do not show how far that may be off" in text(unclear)
    decided = decide(comparison({"gru": [0.90, 0.901], "lstm": [0.70, 0.70]}, replicates_planned=2))
    assert decided.decision == "gru" and "with probability" in text(decided)


def test_of_three_arms_the_training_times_of_any_two_are_told_apart() -> None:
    scores = {"rnn": EQUAL["lstm"], "gru": EQUAL["gru"], "lstm": EQUAL["lstm"]}
    costs = {
        "rnn": cost(500, train_ms_per_step=9.0),
        "gru": cost(1000, train_ms_per_step=8.0),
        "lstm": cost(1300, train_ms_per_step=7.9),
    }
    ratios = (StepRatio("rnn", "gru", SLOWER), StepRatio("rnn", "lstm", SLOWER), StepRatio("gru", "lstm", ALIKE))
    found = decide(comparison(scores, costs=costs, training_time_ratios=ratios))
    assert (found.decision, found.recommended) == ("equivalent", "gru"), "as fast as the LSTM, with fewer parameters"


def test_a_cost_that_differs_by_less_than_chance_or_five_per_cent_decides_nothing() -> None:
    """The same cell twice was once shipped for a step of 1.03 times the time."""
    costs = {"gru": cost(1000, train_ms_per_step=10.0), "lstm": cost(900, train_ms_per_step=10.3)}
    small = (StepRatio("gru", "lstm", Ratio(0.97, (0.96, 0.98))),)
    assert "fewer parameters" in text(decide(comparison(EQUAL, costs=costs, training_time_ratios=small)))
    sizes = {"gru": cost(1000), "lstm": cost(1040)}
    assert "fewer parameters" in text(decide(comparison(EQUAL, cost="size", costs=sizes)))
    unclear = (StepRatio("gru", "lstm", Ratio(2.0, (0.9, 4.0))),)
    found = decide(
        comparison(
            EQUAL,
            cost="latency",
            costs={"gru": LATENCIES["gru"], "lstm": cost(1100, latency_ms=BATCH_1["lstm"])},
            latency_ratios=unclear,
        )
    )
    assert (found.recommended, "fewer parameters" in text(found)) == ("gru", True)


def test_more_epochs_can_eat_up_faster_steps() -> None:
    costs = {"gru": cost(1300, train_ms_per_step=8.2), "lstm": cost(1000, train_ms_per_step=10.0)}
    steps = (StepRatio("gru", "lstm", FASTER),)
    assert decide(comparison(EQUAL, costs=costs, training_time_ratios=steps)).recommended == "gru"
    epochs = (StepRatio("gru", "lstm", Ratio(1.5, (1.4, 1.6))),)
    found = decide(comparison(EQUAL, costs=costs, training_time_ratios=steps, epoch_ratios=epochs))
    assert found.recommended == "lstm"
    assert "and a training 1.50 times its epochs (95% interval 1.40 to 1.60): the GRU is the slower to train." in text(found)


def test_what_is_settled() -> None:
    assert is_settled(decide(comparison(EQUAL, {"tfidf_logistic": 0.75})))
    assert is_settled(decide(comparison(EQUAL, {"tfidf_logistic": 0.85})))
    assert not is_settled(decide(comparison({name: values[:2] for name, values in EQUAL.items()})))


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


# ---------------------------------------------------------------- errors, and constraints


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


LATENCIES = {"gru": cost(latency_ms=BATCH_1["gru"]), "lstm": cost(900, latency_ms=BATCH_1["lstm"])}


def test_a_limit_that_one_arm_alone_meets_decides() -> None:
    better_gru = {"gru": (0.80 + SPREAD).tolist(), "lstm": (0.75 + SPREAD).tolist()}
    found = decide(comparison(better_gru, {"majority": 0.5}, costs=LATENCIES, max_latency_ms=1.5))
    assert (found.decision, found.recommended) == ("lstm", "lstm")
    assert found.excluded == {"gru": "latency 2 ms is above 1.5 ms"}
    assert found.explanation[:2] == (
        "Ship the LSTM: it alone meets the constraints.",
        "Excluded by the constraints: the GRU, whose latency 2 ms is above 1.5 ms.",
    )
    assert is_settled(found)
    assert decide(comparison(better_gru, costs=LATENCIES, max_latency_ms=2.0)).decision == "gru"
    by_size = decide(comparison(better_gru, costs=LATENCIES, max_size_bytes=3800))
    assert by_size.excluded == {"gru": "size 4 kB is above 3.8 kB"}


def test_where_no_arm_meets_the_limits_the_best_baseline_is_shipped() -> None:
    scores = {"gru": (0.80 + SPREAD).tolist(), "lstm": (0.75 + SPREAD).tolist()}
    found = decide(comparison(scores, {"majority": 0.5, "tfidf_logistic": 0.6}, costs=LATENCIES, max_latency_ms=0.5))
    assert (found.decision, found.recommended) == ("baseline", "tfidf_logistic")
    assert found.explanation[0] == "Ship the simple baseline, the TF-IDF + logistic regression: no cell meets the constraints."


def test_what_was_not_measured_excludes_nobody() -> None:
    scores = {"gru": (0.80 + SPREAD).tolist(), "lstm": (0.75 + SPREAD).tolist()}
    assert decide(comparison(scores, max_latency_ms=0.5, max_memory_bytes=1)).excluded == {}

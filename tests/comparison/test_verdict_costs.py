"""Verdicts that costs decide, and limits on them."""

import pytest

from gatewise.comparison.verdict import decide, is_settled
from gatewise.records import (
    Cost,
    Ratio,
    StepRatio,
)
from tests.comparison.by_hand import ALIKE, BATCH_1, EQUAL, FASTER, LATENCIES, SLOWER, SPREAD, comparison, cost, text

FASTER_SENTENCE = "GRU takes 0.82 of the LSTM's time (95% interval 0.80 to 0.85): the GRU is the faster to train."
SLOWER_SENTENCE = "GRU takes 1.20 times the LSTM's time (95% interval 1.10 to 1.30): the GRU is the slower to train."


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

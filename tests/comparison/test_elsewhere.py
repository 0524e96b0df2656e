"""What would be shipped on another device: the same scores and rule, and the costs from there."""

from dataclasses import replace
from typing import Any

import pytest

from gatewise.comparison.verdict import decide
from gatewise.records import BatchLatency, Comparison, DeviceCosts, StepRatio
from tests.comparison.by_hand import EQUAL, FASTER, SLOWER, SPREAD, comparison, cost

HERE = {"gru": cost(train_ms_per_step=1.0), "lstm": cost(train_ms_per_step=1.2)}
THERE = {"gru": cost(train_ms_per_step=0.6), "lstm": cost(train_ms_per_step=0.5)}
CLEAR = {"gru": (0.85 + SPREAD).tolist(), "lstm": (0.80 - SPREAD).tolist()}


def moved(scores: Any = None, there: Any = None, baselines: Any = None, **changes: Any) -> Comparison:
    """Arms of which the GRU is the cheaper one on the processor, and the LSTM on the other device."""
    limits = {name: changes.pop(name) for name in ("max_latency_ms", "cost") if name in changes}
    made = comparison(
        scores or EQUAL,
        baselines,
        costs=changes.pop("costs", HERE),
        training_time_ratios=(StepRatio("gru", "lstm", FASTER),),
        elsewhere={"cuda": DeviceCosts(there or THERE, (StepRatio("gru", "lstm", SLOWER),))},
        **limits,
        **changes,
    )
    return replace(made, config=replace(made.config, device=("cpu", "cuda")))


def test_the_costs_of_the_first_device_decide() -> None:
    found = decide(moved())
    assert (found.decision, found.recommended) == ("equivalent", "gru")
    assert found.costs == HERE
    there = found.elsewhere["cuda"]
    assert (there.decision, there.recommended) == ("equivalent", "lstm")
    assert there.costs == THERE
    assert there.training_time_ratios[0].ratio == SLOWER
    assert there.sentence == "On cuda: ship the LSTM, which trains in less time; it is the GRU on cpu."


def test_the_rest_of_the_verdict_is_that_of_one_device() -> None:
    both = moved()
    alone = decide(replace(both, elsewhere={}))
    assert replace(decide(both), elsewhere={}) == alone
    assert alone.elsewhere == {}


def test_a_cell_that_is_better_is_better_everywhere() -> None:
    assert decide(moved(CLEAR)).elsewhere["cuda"].sentence == "On cuda: ship the GRU, which is better, as on cpu."


def test_a_limit_that_one_device_keeps() -> None:
    def timed(gru: float, lstm: float) -> dict[str, Any]:
        found = {"gru": gru, "lstm": lstm}
        return {name: cost(latency_ms={"batch1": BatchLatency(each, each, each)}) for name, each in found.items()}

    found = decide(moved(CLEAR, timed(3.0, 1.0), costs=timed(1.0, 3.0), max_latency_ms=2.0))
    assert (found.recommended, found.excluded) == ("gru", {"lstm": "latency 3 ms is above 2 ms"})
    there = found.elsewhere["cuda"]
    assert (there.recommended, there.excluded) == ("lstm", {"gru": "latency 3 ms is above 2 ms"})
    assert there.sentence == (
        "On cuda: ship the LSTM, which alone meets the constraints; it is the GRU on cpu. The GRU, whose latency 3 ms is above "
        "2 ms, is out there."
    )


def test_no_cell_keeps_a_limit_there() -> None:
    slow = dict.fromkeys(("gru", "lstm"), cost(latency_ms={"batch1": BatchLatency(9.0, 9.0, 9.0)}))
    there = decide(moved(CLEAR, slow, {"tfidf_logistic": 0.7}, max_latency_ms=2.0)).elsewhere["cuda"]
    assert there.decision == "baseline"
    assert (
        "ship the simple baseline, the TF-IDF + logistic regression, as no cell meets the constraints; it is the GRU on cpu."
        in (there.sentence)
    )


@pytest.mark.parametrize(
    ("baseline", "sentence"),
    [
        (0.95, "On cuda: ship the simple baseline, the TF-IDF + logistic regression, which beats the best cell, as on cpu."),
        (0.8, "which does as well as the best cell in a tenth of the training time or less; it is the GRU on cpu."),
    ],
)
def test_a_baseline_is_held_against_the_costs_there(baseline: float, sentence: str) -> None:
    # Here it takes more than a tenth of the time.
    here = {name: replace(each, fit_s=5.0) for name, each in HERE.items()}
    there = {name: replace(each, fit_s=50.0) for name, each in THERE.items()}
    simple = {"tfidf_logistic": cost(fit_s=1.0)}
    found = decide(moved(None, there, {"tfidf_logistic": baseline}, costs=here, baseline_costs=simple))
    assert sentence in found.elsewhere["cuda"].sentence


def test_undecided_is_undecided_everywhere() -> None:
    few = {name: values[:2] for name, values in EQUAL.items()}
    assert decide(moved(few)).elsewhere["cuda"].sentence == (
        "On cuda: undecided; the GRU is recommended provisionally, as on cpu."
    )


def test_nobody_waits_for_other_devices_between_replicates() -> None:
    assert decide(moved(), foresight=False).elsewhere == {}

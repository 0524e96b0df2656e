"""Which of several equivalent arms costs least, as measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gatewise.options.config import CostName
from gatewise.records import Comparison, Cost, Ratio, StepRatio

__all__ = ["LEAST_SAVING", "Choice", "cheapest", "measured_cost", "ratio_of", "training_ratio"]

LEAST_SAVING = 1.05
"""An arm is dearer where it is shown to cost more than so many times as much. Less is not worth a choice, and the same cell twice
is found to differ by as much."""

_REASONS: Mapping[CostName, str] = {
    "training": "which trains in less time",
    "latency": "which answers faster at batch 1",
    "memory": "which needs less peak memory",
    "size": "which takes fewer bytes",
}


@dataclass(frozen=True)
class Choice:
    """The arm chosen, and why, as the end of a sentence that names it."""

    name: str
    reason: str


def measured_cost(cost: Cost | None, kind: CostName) -> float | None:
    """Return the one number that stands for a kind of cost: ms a training step, ms a call (median, batch 1) or bytes."""
    if cost is None:
        return None
    if kind == "latency":
        latency = cost.latency_ms.get("batch1")
        return None if latency is None else latency.p50
    return {"training": cost.train_ms_per_step, "memory": cost.peak_memory_bytes, "size": cost.bytes}[kind]


def cheapest(names: Sequence[str], comparison: Comparison) -> Choice:
    """Return which of the arms named costs least on `config.cost`.

    Arms that are not shown to be dearer than another one named are not told apart (`LEAST_SAVING`), and of several such the one
    with the fewest parameters is taken, as it is where a cost was not measured for every arm; of equal ones the first listed.
    Training time is that of a step times the epochs that trainings took; it and latency are judged by the 95% intervals of their
    ratios, measured in turn.
    """
    kind = comparison.config.cost
    values = {name: measured_cost(comparison.costs.get(name), kind) for name in names}
    if any(value is None for value in values.values()):
        return _fewest_parameters(names, comparison)
    least = [name for name in names if not any(_dearer(name, other, kind, comparison) for other in names if other != name)]
    # Intervals that overlap in a circle tell no arm apart.
    least = least or list(names)
    return Choice(least[0], _REASONS[kind]) if len(least) == 1 else _fewest_parameters(least, comparison)


def ratio_of(first: str, second: str, ratios: Sequence[StepRatio]) -> Ratio | None:
    """The ratio of one arm over another, whichever way round it was measured."""
    for one in ratios:
        if (one.first, one.second) == (first, second):
            return one.ratio
        if (one.first, one.second) == (second, first):
            low, high = one.ratio.ci95
            return Ratio(1.0 / one.ratio.median, (1.0 / high, 1.0 / low))
    return None


def training_ratio(first: str, second: str, comparison: Comparison) -> Ratio | None:
    """How many times as long a training of the first takes: a step's ratio times that of the epochs, where those are known.

    The interval is the product of both, which is cautious.
    """
    steps = ratio_of(first, second, comparison.training_time_ratios)
    epochs = ratio_of(first, second, comparison.epoch_ratios)
    if steps is None or epochs is None:
        return steps
    low, high = (one * other for one, other in zip(steps.ci95, epochs.ci95, strict=True))
    return Ratio(steps.median * epochs.median, (low, high))


def _dearer(name: str, other: str, kind: CostName, comparison: Comparison) -> bool:
    if kind == "training":
        ratio = training_ratio(name, other, comparison)
    elif kind == "latency":
        ratio = ratio_of(name, other, comparison.latency_ratios)
    else:
        ratio = None
    if ratio is not None:
        return ratio.ci95[0] > LEAST_SAVING
    mine, its = (measured_cost(comparison.costs.get(one), kind) for one in (name, other))
    return mine is not None and its is not None and mine > LEAST_SAVING * its


def _fewest_parameters(names: Sequence[str], comparison: Comparison) -> Choice:
    counts = {training.name: training.parameters for training in comparison.trainings}
    counts |= {name: cost.parameters for name, cost in comparison.costs.items()}
    fewest = [name for name in names if counts[name] == min(counts[other] for other in names)]
    return Choice(fewest[0], "which has fewer parameters" if len(fewest) < len(names) else "listed first, as they cost the same")

"""Which of several equivalent arms costs least, as measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gatewise.records import Comparison, Cost, CostName

__all__ = ["Choice", "cheapest", "measured_cost"]

_REASONS: Mapping[CostName, str] = {
    "training": "whose training step takes less time",
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
    """Return which of the arms named costs least on `config.cost`; of equally costly ones the first listed.

    Training time is judged by the interleaved measurement: arms that the 95% intervals of `training_time_ratios` do not show to
    be slower than another are not told apart, and of several such the one with the fewest parameters is taken, as it is where a
    cost was not measured for every arm.
    """
    kind = comparison.config.cost
    measured = {name: measured_cost(comparison.costs.get(name), kind) for name in names}
    values = {name: value for name, value in measured.items() if value is not None}
    if len(values) < len(names):
        return _fewest_parameters(names, comparison)
    slower = _slower(names, comparison) if kind == "training" else set()
    judged = kind == "training" and len(slower) < len(names) and bool(comparison.training_time_ratios)
    least = [name for name in names if (name not in slower if judged else values[name] == min(values.values()))]
    if len(least) > 1:
        return _fewest_parameters(least, comparison)
    return Choice(least[0], _REASONS[kind])


def _slower(names: Sequence[str], comparison: Comparison) -> set[str]:
    """The arms whose training step is shown to take longer than that of another one named."""
    slower = set()
    for one in comparison.training_time_ratios:
        low, high = one.ratio.ci95
        if {one.first, one.second} <= set(names) and not low <= 1.0 <= high:
            slower.add(one.first if low > 1.0 else one.second)
    return slower


def _fewest_parameters(names: Sequence[str], comparison: Comparison) -> Choice:
    counts = {trial.name: trial.parameters for trial in comparison.trials}
    counts |= {name: cost.parameters for name, cost in comparison.costs.items()}
    fewest = [name for name in names if counts[name] == min(counts[other] for other in names)]
    return Choice(fewest[0], "which has fewer parameters" if len(fewest) < len(names) else "listed first, as they cost the same")

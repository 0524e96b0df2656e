"""What an arm may cost, as the user limited it: an arm beyond a limit is out before the scores are looked at."""

from __future__ import annotations

from gatewise.comparison.cheapest import measured_cost
from gatewise.options.config import CostName
from gatewise.records import Comparison, Config

__all__ = ["amount_text", "excluded_arms", "limits_of"]

_UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


def excluded_arms(comparison: Comparison) -> dict[str, str]:
    """The arms that a constraint rules out, each with the reason as a clause: "latency 2.31 ms is above 2 ms".

    Latency is the median of a call at batch 1, size that of the weights, or both are those of the form that is to be shipped;
    memory is the peak of training. A cost that was not measured excludes nobody, a form that an arm does not have excludes it.
    """
    form = comparison.config.ship
    reasons: dict[str, list[str]] = {name: [f"model cannot be shipped as {form}"] for name in comparison.not_shippable}
    for kind, limit in limits_of(comparison.config).items():
        for arm in comparison.arms:
            value = measured_cost(comparison.costs.get(arm.name), kind)
            if value is not None and value > limit:
                reasons.setdefault(arm.name, []).append(f"{kind} {amount_text(value, kind)} is above {amount_text(limit, kind)}")
    return {name: " and ".join(found) for name, found in reasons.items()}


def limits_of(config: Config) -> dict[CostName, float]:
    """The limits that were set: milliseconds a call, or bytes."""
    limits: dict[CostName, float | None] = {
        "latency": config.max_latency_ms,
        "size": config.max_size_bytes,
        "memory": config.max_memory_bytes,
    }
    return {kind: limit for kind, limit in limits.items() if limit is not None}


def amount_text(value: float, kind: CostName) -> str:
    """A cost with three digits: "2.31 ms", "850 kB"."""
    if kind in ("training", "latency"):
        return f"{value:.3g} ms"
    unit, factor = next(((unit, factor) for unit, factor in _UNITS if value >= factor), ("B", 1.0))
    return f"{float(f'{value / factor:.3g}'):g} {unit}"

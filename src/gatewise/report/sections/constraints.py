"""What an arm may cost, what each one does cost, and whom that excludes."""

from gatewise.comparison.cheapest import measured_cost
from gatewise.comparison.constraints import limits_of
from gatewise.options.config import CostName
from gatewise.records import Comparison, Verdict
from gatewise.report.blocks import Section, Table
from gatewise.report.numbers import bytes_text, milliseconds
from gatewise.titles import Titles

__all__ = ["constraints_line", "constraints_section"]

NOT_MEASURED = "not measured"
LABELS: dict[CostName, str] = {
    "training": "One training step",
    "latency": "Median latency, batch of 1",
    "memory": "Peak memory of training",
    "size": "Size of the weights",
}


def constraints_section(comparison: Comparison, verdict: Verdict) -> Section | None:
    """Return the section on the limits that were set and the arms they exclude; None where there are no limits."""
    title = Titles(comparison.arms)
    limits = limits_of(comparison.config)
    if not limits and not comparison.not_shippable:
        return None
    arms = [arm.name for arm in comparison.arms]
    rows = tuple(
        (_label(kind, comparison), f"at most {_limit(kind, limit)}", *(_cell(comparison, kind, limit, name) for name in arms))
        for kind, limit in limits.items()
    )
    tables = (Table(("Limit", "Allowed", *(title(arm.name) for arm in comparison.arms)), rows),) if rows else ()
    rule = "An arm beyond a limit is out before the scores are looked at, and is never recommended. Baselines are not limited."
    return Section("constraints", "Constraints", (f"{_excluded(verdict)} {rule}",), tables)


def _label(kind: CostName, comparison: Comparison) -> str:
    form = comparison.config.ship
    if form is None or kind not in ("latency", "size"):
        return LABELS[kind]
    return f"{'Median latency, batch of 1' if kind == 'latency' else 'Size'}, as {form}"


def constraints_line(comparison: Comparison, verdict: Verdict) -> str:
    """Return the limits and the arms they exclude in one short line; "" where there are no limits."""
    title = Titles(comparison.arms)
    limits = limits_of(comparison.config)
    if not limits:
        return ""
    allowed = ", ".join(f"{kind} up to {_limit(kind, limit)}" for kind, limit in limits.items())
    excluded = ", ".join(title(name) for name in verdict.excluded) or "nobody"
    return f"Constraints: {allowed}; excluded: {excluded}."


def _excluded(verdict: Verdict) -> str:
    if not verdict.excluded:
        return "No arm is excluded."
    found = "; ".join(f"{Titles(verdict.arms)(name)}, whose {reason}" for name, reason in verdict.excluded.items())
    return f"Excluded: {found}."


def _cell(comparison: Comparison, kind: CostName, limit: float, name: str) -> str:
    value = measured_cost(comparison.costs.get(name), kind)
    if value is None:
        return NOT_MEASURED
    return f"{_amount(kind, value)}{', excluded' if value > limit else ''}"


def _amount(kind: CostName, value: float) -> str:
    return milliseconds(value) if kind in ("training", "latency") else bytes_text(value)


def _limit(kind: CostName, value: float) -> str:
    """A limit as the user gave it: without the zeros that a measured value has behind it."""
    amount, unit = _amount(kind, value).split()
    return f"{amount.rstrip('0').rstrip('.') if '.' in amount else amount} {unit}"

"""What the arms cost: measured, side by side."""

from collections.abc import Callable
from functools import partial
from typing import Literal

from gatewise.names import display_name
from gatewise.records import Comparison, Cost, CostName, Verdict
from gatewise.report.blocks import Section, Table
from gatewise.report.numbers import bytes_text, count, duration, milliseconds, percent, significant

__all__ = ["costs_section"]

TITLE = "Costs"
Percentile = Literal["p50", "p90", "p99"]
PERCENTILES: tuple[Percentile, ...] = ("p50", "p90", "p99")
NOT_MEASURED = "not measured"
COST_WORDS: dict[CostName, str] = {
    "training": "training time",
    "latency": "inference latency",
    "memory": "peak memory",
    "size": "size on disk",
}


def costs_section(comparison: Comparison, verdict: Verdict) -> Section:
    """Return the section on measured costs; the rows that settle a tie on the cost the user named are highlighted."""
    names = [arm.name for arm in comparison.arms if arm.name in verdict.costs]
    if not names:
        return Section("costs", TITLE, ("No costs were measured: the run ended before the timing began.",))
    costs = [verdict.costs[name] for name in names]
    lines = _lines(comparison, costs)
    rows = tuple((label, *(cell(cost) for cost in costs)) for label, cell, _ in lines)
    highlighted = tuple(number for number, (_, _, cost) in enumerate(lines) if cost == comparison.config.cost)
    paragraphs = [f"Inside the band of practical equivalence the cheaper arm wins on {COST_WORDS[comparison.config.cost]}."]
    ratio = verdict.training_time_ratio
    if ratio is not None:
        first, second = _ratio_names(comparison, verdict)
        paragraphs.append(
            f"A training step of {first} takes {significant(ratio.median)} times as long as one of {second} (95% interval "
            f"{significant(ratio.ci95[0])} to {significant(ratio.ci95[1])}), from steps of both taken in turn on the run's own batches."
        )
    if comparison.target_score is not None:
        paragraphs.append(
            f"Time to target counts until the validation {comparison.metric} first reaches {percent(comparison.target_score)}, a "
            "target fixed before the pairs were trained."
        )
    table = Table(("Cost", *map(display_name, names)), rows, highlighted=highlighted)
    return Section("costs", TITLE, tuple(paragraphs), (table,))


def _ratio_names(comparison: Comparison, verdict: Verdict) -> tuple[str, str]:
    if verdict.difference is not None:
        return display_name(verdict.difference.first), display_name(verdict.difference.second)
    return display_name(comparison.arms[0].name), display_name(comparison.arms[1].name)


def _lines(comparison: Comparison, costs: list[Cost]) -> list[tuple[str, Callable[[Cost], str], CostName | None]]:
    """Return (label, text of one arm, the cost option it settles) of every row."""
    lines: list[tuple[str, Callable[[Cost], str], CostName | None]] = [
        ("One training step", lambda cost: _or_missing(cost.train_ms_per_step, milliseconds), "training"),
    ]
    if comparison.target_score is not None:
        lines += [
            ("Epochs to target", lambda cost: _or_missing(cost.epochs_to_target, significant, "not reached"), None),
            ("Time to target", lambda cost: _or_missing(cost.seconds_to_target, duration, "not reached"), None),
            ("Pairs that reached it", lambda cost: f"{count(cost.target_reached)} of {count(comparison.pairs)}", None),
        ]
    for batch in dict.fromkeys(batch for cost in costs for batch in cost.latency_ms):
        for share in PERCENTILES:
            label = f"Latency {share}, batch of {batch.removeprefix('batch')}"
            lines.append((label, partial(_latency, batch, share), "latency" if share == "p50" else None))
    return [
        *lines,
        ("Peak memory", lambda cost: _or_missing(cost.peak_memory_bytes, bytes_text), "memory"),
        ("Parameters", lambda cost: count(cost.parameters), None),
        ("Size on disk", lambda cost: bytes_text(cost.bytes), "size"),
    ]


def _latency(batch: str, share: Percentile, cost: Cost) -> str:
    if batch not in cost.latency_ms:
        return NOT_MEASURED
    measured = cost.latency_ms[batch]
    return milliseconds({"p50": measured.p50, "p90": measured.p90, "p99": measured.p99}[share])


def _or_missing(value: float | None, write: Callable[[float], str], missing: str = NOT_MEASURED) -> str:
    return missing if value is None else write(value)

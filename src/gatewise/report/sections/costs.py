"""What the arms cost: measured, side by side."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypeVar

from gatewise.names import display_name
from gatewise.records import Comparison, Cost, CostName, Verdict
from gatewise.report.blocks import Section, Table
from gatewise.report.metric_text import MetricText
from gatewise.report.numbers import bytes_text, count, duration, milliseconds, significant

__all__ = ["costs_section"]

TITLE = "Costs"
Number = TypeVar("Number", int, float)
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
    if not any(_measured(verdict.costs[name]) for name in names):
        return Section("costs", TITLE, ("No costs were measured: the run ended before the timing began.",))
    lines = _lines(comparison, {name: verdict.costs[name] for name in names})
    rows = tuple((line.label, *line.cells) for line in lines)
    highlighted = tuple(number for number, line in enumerate(lines) if line.settles == comparison.config.cost)
    paragraphs = [f"Inside the band of practical equivalence the cheaper arm wins on {COST_WORDS[comparison.config.cost]}."]
    ratio = verdict.training_time_ratio
    if ratio is not None:
        first, second = (display_name(arm.name) for arm in comparison.arms[:2])
        paragraphs.append(
            f"A step of {first} takes {significant(ratio.median)} times as long as one of {second} (95% interval "
            f"{significant(ratio.ci95[0])} to {significant(ratio.ci95[1])}), from training steps of both in turn."
        )
    if comparison.target_score is not None:
        say = MetricText.of(comparison)
        reaches = "reaches" if say.metric.higher_is_better else "falls to"
        paragraphs.append(
            f"Time to target counts until the validation {say.label} first {reaches} {say.value(comparison.target_score)}, a "
            "target fixed before the pairs were trained."
        )
    table = Table(("Cost", *map(display_name, names)), rows, highlighted=highlighted)
    return Section("costs", TITLE, tuple(paragraphs), (table,))


@dataclass(frozen=True)
class _Line:
    """A row of the table, and the cost option that it settles."""

    label: str
    cells: tuple[str, ...]
    settles: CostName | None


def _measured(cost: Cost) -> bool:
    return any((cost.train_ms_per_step, cost.latency_ms, cost.peak_memory_bytes, cost.parameters))


def _lines(comparison: Comparison, costs: Mapping[str, Cost]) -> list[_Line]:
    """All rows, with a cell for each arm of `costs`."""

    def line(label: str, write: Callable[[Cost], str], settles: CostName | None = None) -> _Line:
        return _Line(label, tuple(write(cost) for cost in costs.values()), settles)

    lines = [line("One training step", lambda cost: _or_missing(cost.train_ms_per_step, milliseconds), "training")]
    if comparison.target_score is not None:
        lines += [
            line("Epochs to target", lambda cost: _or_missing(cost.epochs_to_target, "{:.3g}".format, "not reached")),
            line("Time to target", lambda cost: _or_missing(cost.seconds_to_target, duration, "not reached")),
            line("Pairs that reached it", lambda cost: f"{count(cost.target_reached)} of {count(comparison.pairs)}"),
        ]
    for batch in dict.fromkeys(batch for cost in costs.values() for batch in cost.latency_ms):
        for share in PERCENTILES:
            label = f"Latency {share}, batch of {batch.removeprefix('batch')}"
            lines.append(line(label, partial(_latency, batch, share), "latency" if share == "p50" else None))
    lines.append(line("Peak memory", lambda cost: _or_missing(cost.peak_memory_bytes, bytes_text), "memory"))
    sizes = {arm.name: arm.hidden_size for arm in comparison.arms}
    if len(set(sizes.values())) > 1:
        lines.append(_Line("Hidden size", tuple(count(sizes[name]) for name in costs), None))
    return [
        *lines,
        line("Parameters", lambda cost: _or_missing(cost.parameters or None, count)),
        line("Size on disk", lambda cost: _or_missing(cost.bytes or None, bytes_text), "size"),
    ]


def _latency(batch: str, share: Percentile, cost: Cost) -> str:
    if batch not in cost.latency_ms:
        return NOT_MEASURED
    measured = cost.latency_ms[batch]
    return milliseconds({"p50": measured.p50, "p90": measured.p90, "p99": measured.p99}[share])


def _or_missing(value: Number | None, write: Callable[[Number], str], missing: str = NOT_MEASURED) -> str:
    return missing if value is None else write(value)

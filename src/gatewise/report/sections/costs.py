"""What the arms cost: measured, side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from gatewise.names import plain_title
from gatewise.options.config import CostName
from gatewise.records import Comparison, Cost, StepRatio, Verdict
from gatewise.report.blocks import Section, Table
from gatewise.report.metric_text import MetricText
from gatewise.report.numbers import bytes_text, count, duration, milliseconds, significant
from gatewise.report.sections.devices import device_sentence

__all__ = ["costs_section"]

TITLE = "Costs"
Number = TypeVar("Number", int, float)
Percentile = Literal["p50", "p90", "p99"]
FOLDED: tuple[Percentile, ...] = ("p90", "p99")
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
    if where := device_sentence(comparison):
        paragraphs.append(where)
    if comparison.config.ship is not None:
        paragraphs.append(f"Latency and size are those of the cells as {comparison.config.ship}, from raw inputs to predictions.")
    ratios, say = verdict.training_time_ratios, MetricText.of(comparison)
    if len(ratios) == 1:
        (step,) = ratios
        low, high = map(significant, step.ratio.ci95)
        paragraphs.append(
            f"A step of {say.title(step.first)} takes {significant(step.ratio.median)} times as long as one of "
            f"{say.title(step.second)} (95% interval {low} to {high}), from training steps of both in turn."
        )
    if comparison.target_score is not None:
        reaches = "reaches" if say.metric.higher_is_better else "falls to"
        paragraphs.append(
            f"Time to target counts until the validation {say.label} first {reaches} {say.value(comparison.target_score)}, a "
            "target fixed before the replicates were trained."
        )
    header = ("Cost", *map(say.title, names))
    tables = [Table(header, rows, highlighted=highlighted)]
    slower = _latency_lines({name: verdict.costs[name] for name in names}, FOLDED)
    if slower:
        tables.append(
            Table(header, tuple((line.label, *line.cells) for line in slower), fold="Latency of the slower calls: p90, p99")
        )
    if len(ratios) > 1:
        tables.append(_ratio_table(ratios, [arm.name for arm in comparison.arms], say))
    tables += _baseline_tables(verdict)
    return Section("costs", TITLE, tuple(paragraphs), tables)


def _baseline_tables(verdict: Verdict) -> list[Table]:
    """What the baselines cost, where anything of it is known."""
    costs = {name: cost for name, cost in verdict.baseline_costs.items() if cost.fit_s is not None}
    if not costs:
        return []
    rows = tuple(
        (
            plain_title(name),
            _or_missing(cost.fit_s, duration),
            *(_latency(batch, "p50", cost) for batch in ("batch1", "batch32")),
            count(cost.parameters),
            bytes_text(cost.bytes),
        )
        for name, cost in costs.items()
    )
    return [
        Table(
            ("Baseline", "One fit", "Latency p50, batch of 1", "Latency p50, batch of 32", "Parameters", "Size on disk"),
            rows,
            caption="What the baselines cost",
            note="A fit includes the choice of the regularisation on the validation part. Latency is from words or values to the "
            "prediction, features included; the cells' is that of the network alone, on encoded rows. Measured after the "
            "replicates with nothing else running; where there was no time for that, a fit is the median of those in the "
            "replicates, beside other trainings.",
        )
    ]


def _ratio_table(ratios: Sequence[StepRatio], names: Sequence[str], say: MetricText) -> Table:
    """How many times as long a step of each arm takes as one of each arm listed after it."""
    found = {(one.first, one.second): one.ratio for one in ratios}

    def cell(first: str, second: str) -> str:
        ratio = found.get((first, second))
        return "" if ratio is None else f"{significant(ratio.median)}\n{' to '.join(map(significant, ratio.ci95))}"

    rows = tuple((say.title(first), *(cell(first, second) for second in names[1:])) for first in names[:-1])
    return Table(
        ("Row over column", *map(say.title, names[1:])),
        rows,
        caption="Time of a training step: how many times the column's arm the row's takes",
        note="Median of steps of the two in turn, with its 95% interval. Below 1 the arm of the row is the faster one.",
    )


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

    lines = [
        line("One training", lambda cost: _or_missing(cost.fit_s, duration)),
        line("One training step", lambda cost: _or_missing(cost.train_ms_per_step, milliseconds), "training"),
    ]
    if comparison.target_score is not None:
        lines += [
            line("Epochs to target", lambda cost: _or_missing(cost.epochs_to_target, "{:.3g}".format, "not reached")),
            line("Time to target", lambda cost: _or_missing(cost.seconds_to_target, duration, "not reached")),
            line("Replicates that reached it", lambda cost: f"{count(cost.target_reached)} of {count(comparison.replicates)}"),
        ]
    lines += _latency_lines(costs, ("p50",))
    lines.append(line("Peak memory", lambda cost: _or_missing(cost.peak_memory_bytes, bytes_text), "memory"))
    sizes = {arm.name: arm.hidden_size for arm in comparison.arms}
    if len(set(sizes.values())) > 1:
        lines.append(_Line("Hidden size", tuple(count(sizes[name]) for name in costs), None))
    return [
        *lines,
        line("Parameters", lambda cost: _or_missing(cost.parameters or None, count)),
        line("Size on disk", lambda cost: _or_missing(cost.bytes or None, bytes_text), "size"),
    ]


def _latency_lines(costs: Mapping[str, Cost], shares: Sequence[Percentile]) -> list[_Line]:
    """A row for each batch size and percentile; the median settles ties on latency."""
    return [
        _Line(
            f"Latency {share}, batch of {batch.removeprefix('batch')}",
            tuple(_latency(batch, share, cost) for cost in costs.values()),
            "latency" if share == "p50" else None,
        )
        for batch in dict.fromkeys(batch for cost in costs.values() for batch in cost.latency_ms)
        for share in shares
    ]


def _latency(batch: str, share: Percentile, cost: Cost) -> str:
    if batch not in cost.latency_ms:
        return NOT_MEASURED
    measured = cost.latency_ms[batch]
    return milliseconds({"p50": measured.p50, "p90": measured.p90, "p99": measured.p99}[share])


def _or_missing(value: Number | None, write: Callable[[Number], str], missing: str = NOT_MEASURED) -> str:
    return missing if value is None else write(value)

"""The verdict as a person meets it at the end of a run, in 80 columns."""

from collections.abc import Callable
from pathlib import Path

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gatewise.names import display_name
from gatewise.records import Comparison, Cost, Verdict
from gatewise.report.numbers import MINUS, bytes_text, count, duration, interval, pairs_text, percent, points, significant
from gatewise.report.plain_text import plain_text
from gatewise.report.probability_bar import ProbabilityBar

__all__ = ["verdict_panel"]

HEADLINE_STYLES = {"undecided": "bold yellow", "baseline": "bold yellow"}
NOTHING = "-"


def verdict_panel(comparison: Comparison, verdict: Verdict, report: Path | None = None) -> RenderableType:
    """Return the verdict for a rich console: answer, scores and costs, difference, warnings, the report's path.

    No line is longer than the console is wide, from 80 columns up. `report` is left out where there is no file.
    """
    headline, *sentences = verdict.explanation or (f"Decision: {display_name(verdict.decision)}.",)
    parts: list[RenderableType] = [Text(), plain_text(headline, HEADLINE_STYLES.get(verdict.decision, "bold green"))]
    if verdict.scores:
        parts += [Text(), _table(comparison, verdict), Text()]
    parts += _difference_lines(verdict)
    if sentences:
        parts += [Text(), *(_bullet(sentence) for sentence in sentences)]
    if verdict.warnings:
        parts += [Text(), *(_bullet(warning, "yellow", "!") for warning in verdict.warnings)]
    limit = "" if verdict.budget_s is None else f" of {duration(verdict.budget_s)}"
    parts += [Text(), Text(f"{pairs_text(verdict.pairs)} in {duration(verdict.elapsed_s)}{limit}.", "dim")]
    if report is not None:
        path = plain_text(f"Report: {report}")
        path.overflow = "fold"
        parts.append(path)
    return Group(*parts)


def _table(comparison: Comparison, verdict: Verdict) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True, header_style="dim")
    table.add_column("", min_width=12)
    headers = (
        f"test\n{comparison.metric}",
        "ms a\nstep",
        "p50 ms,\nbatch 1",
        "p50 ms,\nbatch 32",
        "peak\nmemory",
        "para-\nmeters",
        "size",
    )
    for header in headers:
        table.add_column(header, justify="right", no_wrap=True)
    for name in dict.fromkeys((*(arm.name for arm in comparison.arms), *verdict.scores)):
        score = verdict.scores.get(name)
        shown = NOTHING if score is None else f"{percent(score.mean)} ± {100 * score.sd:.1f}"
        style = "bold" if name == verdict.recommended and verdict.decision != "undecided" else ""
        table.add_row(display_name(name), shown, *_cost_cells(verdict.costs.get(name)), style=style)
    return table


def _cost_cells(cost: Cost | None) -> tuple[str, ...]:
    """Return step time, latency at batch 1 and 32, memory, parameters and size; empty for a baseline."""
    if cost is None:
        return ("",) * 6

    def shown(value: float | None, write: Callable[[float], str]) -> str:
        return NOTHING if value is None else write(value)

    latencies = (cost.latency_ms.get(batch) for batch in ("batch1", "batch32"))
    return (
        shown(cost.train_ms_per_step, significant),
        *(shown(latency.p50 if latency else None, significant) for latency in latencies),
        shown(cost.peak_memory_bytes, bytes_text),
        count(cost.parameters) if cost.parameters else NOTHING,
        shown(cost.bytes or None, bytes_text),
    )


def _difference_lines(verdict: Verdict) -> list[RenderableType]:
    difference = verdict.difference
    if difference is None:
        return []
    first, second = display_name(difference.first), display_name(difference.second)
    line = (
        f"{first} minus {second}: {points(difference.mean)} (95%: {interval(difference.ci95)}), equal within "
        f"±{100 * verdict.margin:.3g}"
    )
    # Output that is redirected may go to an encoding without the typographic minus.
    return [Text(line.replace(MINUS, "-")), ProbabilityBar(difference)]


def _bullet(sentence: str, style: str = "", mark: str = "") -> RenderableType:
    row = Table.grid(padding=(0, 1))
    row.add_column(no_wrap=True)
    row.add_column(ratio=1)
    row.add_row(Text(mark or "·", style), plain_text(sentence, style))
    return Padding(row, 0)

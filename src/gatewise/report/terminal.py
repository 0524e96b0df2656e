"""The verdict as a person meets it at the end of a run, in 80 columns."""

import textwrap
from collections.abc import Callable
from pathlib import Path

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gatewise.counting import counted
from gatewise.names import display_name
from gatewise.records import Comparison, Cost, ScoreSummary, Verdict
from gatewise.report.metric_text import MetricText
from gatewise.report.numbers import MINUS, bytes_text, count, duration, significant
from gatewise.report.plain_text import plain_text
from gatewise.report.probability_bar import ProbabilityBar
from gatewise.report.sections.constraints import constraints_line
from gatewise.report.words import capitalised

__all__ = ["verdict_panel"]

HEADLINE_STYLES = {"undecided": "bold yellow", "baseline": "bold yellow"}
NOTHING = "-"
NAME_WIDTH, SCORE_WIDTH = 11, 13


def verdict_panel(comparison: Comparison, verdict: Verdict, report: Path | None = None) -> RenderableType:
    """Return the verdict for a rich console: answer, scores and costs, difference, constraints, warnings, the report's path.

    No line is longer than the console is wide, from 80 columns up. `report` is left out where there is no file.
    """
    headline, *sentences = verdict.explanation or (f"Decision: {display_name(verdict.decision)}.",)
    say = MetricText.of(comparison)
    limit = "" if verdict.budget_s is None else f" of {duration(verdict.budget_s)}"
    last: list[RenderableType] = [Text(f"{counted(verdict.pairs, 'pair')} in {duration(verdict.elapsed_s)}{limit}.", "dim")]
    if report is not None:
        path = plain_text(f"Report: {report}")
        path.overflow = "fold"
        last.append(path)
    limits = constraints_line(comparison, verdict)
    parts: list[list[RenderableType]] = [
        [plain_text(headline, HEADLINE_STYLES.get(verdict.decision, "bold green"))],
        _scores(comparison, verdict, say) if verdict.scores else [],
        _difference_lines(verdict, say),
        [plain_text(limits)] if limits else [],
        [_bullet(sentence) for sentence in sentences],
        [_bullet(warning, "yellow", "!") for warning in verdict.warnings],
        last,
    ]
    return Group(*(line for part in parts if part for line in (Text(), *part)))


def _scores(comparison: Comparison, verdict: Verdict, say: MetricText) -> list[RenderableType]:
    """The table of scores and costs; a line says where lower is better."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True, header_style="dim")
    table.add_column("", min_width=NAME_WIDTH)
    headers = (
        "\n".join(textwrap.wrap(f"test {say.label}", SCORE_WIDTH)),
        "ms a\nstep",
        "p50 ms,\n1 row",
        "p50 ms,\n32 rows",
        "peak\nmemory",
        "para-\nmeters",
        "size",
    )
    for header in headers:
        table.add_column(header, justify="right", no_wrap=True)
    for name in dict.fromkeys((*(arm.name for arm in comparison.arms), *verdict.scores)):
        style = "bold" if name == verdict.recommended and verdict.decision != "undecided" else ""
        table.add_row(
            _called(name, comparison),
            _score(verdict.scores.get(name), say),
            *_cost_cells(verdict.costs.get(name)),
            style="dim" if name in verdict.excluded else style,
        )
    lower = f"In test {say.label}{say.direction}."
    return [table, *([] if say.metric.higher_is_better else [Text(lower, "dim")])]


def _called(name: str, comparison: Comparison) -> str:
    """The name of an arm with its hidden size where these differ, or of a baseline."""
    sizes = {arm.name: arm.hidden_size for arm in comparison.arms}
    called = display_name(name)
    if len(set(sizes.values())) > 1 and name in sizes and "(hidden" not in called:
        called = f"{called} (hidden {sizes[name]})"
    return called.replace(" (hidden", "\n(hidden")


def _score(score: ScoreSummary | None, say: MetricText) -> str:
    if score is None:
        return NOTHING
    text = say.summary(score).replace(MINUS, "-")
    return text if len(text) <= SCORE_WIDTH else text.replace(" ±", "\n±")


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


def _difference_lines(verdict: Verdict, say: MetricText) -> list[RenderableType]:
    difference = verdict.difference
    if difference is None:
        return []
    versus = capitalised(say.versus(difference.first, difference.second))
    line = f"{versus}: {say.difference(difference.mean)} (95%: {say.interval(difference)}), equal within {say.band()}"
    # Output that is redirected may go to an encoding without the typographic minus.
    return [Text(line.replace(MINUS, "-")), ProbabilityBar(difference)]


def _bullet(sentence: str, style: str = "", mark: str = "") -> RenderableType:
    row = Table.grid(padding=(0, 1))
    row.add_column(no_wrap=True)
    row.add_column(ratio=1)
    row.add_row(Text(mark or "·", style), plain_text(sentence, style))
    return Padding(row, 0)

"""The verdict as a person meets it at the end of a run, in 80 columns or fewer."""

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gatewise.records import Comparison, Cost, Difference, ScoreSummary, Verdict
from gatewise.report.follow_up import Step, follow_up
from gatewise.report.metric_text import MetricText
from gatewise.report.numbers import MINUS, bytes_text, count, duration, significant
from gatewise.report.plain_text import plain_text
from gatewise.report.probability_bar import ProbabilityBar
from gatewise.report.sections.constraints import constraints_line
from gatewise.report.sections.devices import device_lines, device_sentence
from gatewise.report.summaries import leading_baseline
from gatewise.titles import Titles
from gatewise.wording import counted

__all__ = ["verdict_panel"]

HEADLINE_STYLES = {"undecided": "bold yellow", "baseline": "bold yellow"}
NOTHING = "-"
NAME_WIDTH, SCORE_WIDTH, COLUMN_GAP = 11, 13, 2
COST_HEADERS = ("s a\nfit", "ms a\nstep", "p50 ms,\n1 row", "p50 ms,\n32 rows", "peak\nmemory", "para-\nmeters", "size")
# Of the score and the costs behind it: which to keep where there is no room for all.
BY_IMPORTANCE = (0, 1, 2, 3, 7, 5, 6, 4)
FIT = 1


def verdict_panel(
    comparison: Comparison, verdict: Verdict, report: Path | None = None, run: Path | None = None
) -> RenderableType:
    """Return the verdict for a rich console: answer, scores and costs, difference, warnings, the report's path, next steps.

    No line is longer than the console is wide, from 40 columns up, but those of the next steps: printed with `crop=False` they
    can be copied whole. `report` is left out where there is no file, what to do next where there is no folder.
    """
    say = MetricText.of(comparison)
    headline, *sentences = verdict.explanation or (f"Decision: {say.title(verdict.decision)}.",)
    limit = "" if verdict.budget_s is None else f" of {duration(verdict.budget_s)}"
    last: list[RenderableType] = [
        Text(f"{counted(verdict.replicates, 'replicate')} in {duration(verdict.elapsed_s)}{limit}.", "dim")
    ]
    if report is not None:
        path = plain_text(f"Report: {report}")
        path.overflow = "fold"
        last.append(path)
    steps = follow_up(comparison, verdict, run) if run is not None else ()
    limits = constraints_line(comparison, verdict)
    parts: list[list[RenderableType]] = [
        [plain_text(headline, HEADLINE_STYLES.get(verdict.decision, "bold green"))],
        [ScoreTable(comparison, verdict, say)] if verdict.scores else [],
        _difference_lines(verdict.difference, say),
        _difference_lines(leading_baseline(verdict), say),
        [plain_text(limits)] if limits else [],
        [_bullet(sentence) for sentence in (*sentences, *_on_devices(comparison, verdict))],
        [_bullet(warning, "yellow", "!") for warning in verdict.warnings],
        last,
        [line for step in steps for line in _next_step(step)],
    ]
    return Group(*(line for part in parts if part for line in (Text(), *part)))


def _on_devices(comparison: Comparison, verdict: Verdict) -> list[str]:
    return [line for line in (device_sentence(comparison), *device_lines(comparison, verdict)) if line]


@dataclass(frozen=True)
class ScoreTable:
    """Renderable of scores and costs. Where the console is narrow it has fewer columns, never shorter names."""

    comparison: Comparison
    verdict: Verdict
    say: MetricText

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        verdict = self.verdict
        names = list(dict.fromkeys((*(arm.name for arm in self.comparison.arms), *verdict.scores)))
        score = "\n".join(textwrap.wrap(f"test {self.say.label}", SCORE_WIDTH))
        cells = {
            name: (
                _score(verdict.scores.get(name), self.say),
                *_cost_cells(verdict.costs.get(name), verdict.baseline_costs.get(name)),
            )
            for name in names
        }
        headers = (score, *COST_HEADERS)
        widths = [
            max(map(len, "\n".join([header, *(cells[name][place] for name in names)]).split("\n")))
            for place, header in enumerate(headers)
        ]
        # Runs of earlier versions do not know it.
        without = () if any(cells[name][FIT] not in ("", NOTHING) for name in names) else (FIT,)
        shown = _columns_that_fit(widths, options.max_width - NAME_WIDTH, without)
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True, header_style="dim")
        table.add_column("", min_width=NAME_WIDTH)
        for place in shown:
            table.add_column(headers[place], justify="right", no_wrap=True)
        for name in names:
            style = "bold" if name == verdict.recommended and verdict.decision != "undecided" else ""
            table.add_row(
                _called(name, self.comparison),
                *(cells[name][place] for place in shown),
                style="dim" if name in verdict.excluded else style,
            )
        yield table
        if not self.say.metric.higher_is_better:
            yield Text(f"In test {self.say.label}{self.say.direction}.", "dim")
        if len(shown) + len(without) < len(headers):
            yield Text("A wider terminal shows all costs.", "dim")


def _columns_that_fit(widths: Sequence[int], width: int, without: Sequence[int]) -> list[int]:
    """The places of the columns that there is room for, by their importance: the first of all is always there."""
    fitting: list[int] = []
    for place in (place for place in BY_IMPORTANCE if place not in without):
        needed = widths[place] + COLUMN_GAP
        if needed <= width or not fitting:
            fitting.append(place)
            width -= needed
    return sorted(fitting)


def _called(name: str, comparison: Comparison) -> str:
    """The name of an arm with its hidden size where these differ, or of a baseline."""
    sizes = {arm.name: arm.hidden_size for arm in comparison.arms}
    called = Titles(comparison.arms)(name)
    if len(set(sizes.values())) > 1 and name in sizes and "(hidden" not in called:
        called = f"{called} (hidden {sizes[name]})"
    return called.replace(" (hidden", "\n(hidden")


def _score(score: ScoreSummary | None, say: MetricText) -> str:
    if score is None:
        return NOTHING
    text = say.summary(score).replace(MINUS, "-")
    return text if len(text) <= SCORE_WIDTH else text.replace(" ±", "\n±")


def _cost_cells(arm: Cost | None, baseline: Cost | None) -> tuple[str, ...]:
    """Return the time of a fit and a step, latency at batch 1 and 32, memory, parameters and size; no step or memory of a
    baseline."""
    cost = arm or baseline
    if cost is None:
        return ("",) * len(COST_HEADERS)

    def shown(value: float | None, write: Callable[[float], str]) -> str:
        return NOTHING if value is None else write(value)

    latencies = (cost.latency_ms.get(batch) for batch in ("batch1", "batch32"))
    return (
        shown(cost.fit_s, significant),
        shown(cost.train_ms_per_step, significant) if arm else "",
        *(shown(latency.p50 if latency else None, significant) for latency in latencies),
        shown(cost.peak_memory_bytes, bytes_text) if arm else "",
        count(cost.parameters) if cost.parameters else NOTHING,
        shown(cost.bytes or None, bytes_text),
    )


def _difference_lines(difference: Difference | None, say: MetricText) -> list[RenderableType]:
    """Who leads by how much, and the probabilities where there are replicates enough to tell them."""
    if difference is None:
        return []
    line = f"{say.leads(difference)} (95%: {say.interval(difference, unit=False)}), equal within {say.band()}"
    # Output that is redirected may go to an encoding without the typographic minus.
    lines: list[RenderableType] = [Text(line.replace(MINUS, "-"))]
    return [*lines, ProbabilityBar(difference, say.title)] if difference.is_known else lines


def _next_step(step: Step) -> list[RenderableType]:
    """A sentence, and a line that stays one line, so that it can be copied."""
    line = plain_text(f"  {step.line}")
    line.no_wrap, line.overflow = True, "ignore"
    return [plain_text(step.sentence), line]


def _bullet(sentence: str, style: str = "", mark: str = "") -> RenderableType:
    row = Table.grid(padding=(0, 1))
    row.add_column(no_wrap=True)
    row.add_column(ratio=1)
    row.add_row(Text(mark or "·", style), plain_text(sentence, style))
    return Padding(row, 0)

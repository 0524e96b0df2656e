"""Progress for whoever watches a run: a live view on a terminal, plain lines elsewhere, or nothing at all."""

import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from gatewise.records import Progress
from gatewise.report.numbers import count, duration, rough_duration
from gatewise.report.plain_text import plain_text
from gatewise.report.probability_bar import ProbabilityBar, outcomes
from gatewise.titles import Titles
from gatewise.wording import counted, probability

__all__ = ["LiveView", "NullView", "PlainView", "status_line", "view_for"]

HEARTBEAT_S = 15.0
BAR_WIDTH = 30


class NullView:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None

    def update(self, progress: Progress) -> None:
        """Show where the run stands; called often."""

    def log(self, message: str) -> None:
        """Show one line for an event, to stay."""


class PlainView(NullView):
    """Plain lines without control codes: one for each event, one for each finished replicate, and one now and then in between."""

    def __init__(self, console: Console, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._replicates_done = 0
        self._last = -HEARTBEAT_S

    def update(self, progress: Progress) -> None:
        """Print a line where a replicate was finished, or where nothing was printed for a while."""
        quiet = self._clock() - self._last
        if progress.replicates_done > self._replicates_done or quiet >= HEARTBEAT_S:
            self._replicates_done = progress.replicates_done
            self.log(f"{progress.phase} · {status_line(progress)}")

    def log(self, message: str) -> None:
        """Print one line."""
        self._last = self._clock()
        line = plain_text(message).plain.replace("\n", " ")
        # A run is not given up because nobody can be told of it.
        with suppress(OSError):
            # The console would break the line at its width, and a log file has none.
            print(line, file=self._console.file, flush=True)


class LiveView(NullView):
    """A few lines that stay in place at the bottom of a terminal; its clock runs on between updates."""

    def __init__(self, console: Console, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._progress: Progress | None = None
        self._updated = clock()
        self._live = Live(console=console, get_renderable=self._render, refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._live.stop()

    def update(self, progress: Progress) -> None:
        """Show the new state at the next refresh."""
        self._progress, self._updated = progress, self._clock()

    def log(self, message: str) -> None:
        """Print one line above the live ones."""
        self._console.print(plain_text(message))

    def _render(self) -> RenderableType:
        progress = self._progress
        if progress is None:
            return Text("starting", "dim")
        since = self._clock() - self._updated
        lines: list[RenderableType] = [
            plain_text(progress.phase, "bold"),
            _time_line(progress, progress.elapsed_s + since, since),
            Text(_replicates(progress)),
        ]
        if progress.difference is not None and progress.difference.is_known:
            lines.append(ProbabilityBar(progress.difference, Titles(progress.arms)))
        return Group(*lines)


def view_for(console: Console) -> LiveView | PlainView:
    """Return the view that suits a console: live on a terminal that can move its cursor, plain lines elsewhere."""
    return LiveView(console) if console.is_terminal and not console.is_dumb_terminal else PlainView(console)


def _time_line(progress: Progress, elapsed: float, since: float) -> RenderableType:
    """Return elapsed time, as a bar where the end is known: the budget, or the estimate where there is no budget."""
    remaining = None if progress.remaining_s is None else max(progress.remaining_s - since, 0.0)
    total = progress.budget_s or (None if remaining is None else elapsed + remaining)
    words = duration(elapsed)
    if progress.budget_s is not None:
        words += f" of {duration(progress.budget_s)}"
    if remaining is not None:
        words += (
            f", at most {duration(remaining)} left" if progress.budget_s is not None else f", about {duration(remaining)} left"
        )
    line = Table.grid(padding=(0, 1))
    if total:
        line.add_row(ProgressBar(total=total, completed=min(elapsed, total), width=BAR_WIDTH), Text(words))
    else:
        line.add_row(Text(words))
    return line


def _replicates(progress: Progress) -> str:
    if progress.replicates_planned is None:
        return f"{counted(progress.replicates_done, progress.counted)}, {_until_decided(progress)}"
    return f"{count(progress.replicates_done)} of {counted(progress.replicates_planned, progress.counted)}"


def _until_decided(progress: Progress) -> str:
    """When a decision is expected: more likely than not by then, and not at all where the budget ends before."""
    if progress.decides_s is None:
        return "until decided"
    late = progress.remaining_s is not None and progress.decides_s > progress.remaining_s
    return f"{'would decide' if late else 'decides'} in about {rough_duration(progress.decides_s)}"


def status_line(progress: Progress) -> str:
    """Time, replicates and the odds so far, in one line."""
    parts = [duration(progress.elapsed_s) + ("" if progress.budget_s is None else f" of {duration(progress.budget_s)}")]
    parts.append(_replicates(progress))
    if progress.difference is not None and progress.difference.is_known:
        parts += [f"{outcome} {probability(share)}" for outcome, share in outcomes(progress.difference, Titles(progress.arms))]
    return ", ".join(parts)

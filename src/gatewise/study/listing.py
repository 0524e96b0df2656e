"""The runs of a folder, each in a line: on what data, what was found, how clearly, and when. Nothing heavy is loaded for it."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gatewise.errors import GatewiseError, RunError
from gatewise.metrics import METRICS, difference_text
from gatewise.records import Arm, Verdict, from_json
from gatewise.report.plain_text import plain_text
from gatewise.study.folder import RunFolder
from gatewise.study.journal import read_journal
from gatewise.titles import Titles

__all__ = ["RunSummary", "list_runs", "runs_view"]

State = Literal["finished", "interrupted", "running", "damaged"]

# Below this a table would break every name.
_TABLE_WIDTH = 100


@dataclass(frozen=True)
class RunSummary:
    """A run in a line. decision, recommended, metric, difference, replicates: None where the run says nothing yet.

    difference: in words, the leader first. changed: when it last wrote something, local time in ISO 8601. problem: of a damaged
    run. arms: what the names stand for.
    """

    path: str
    state: State
    changed: str
    source: str | None = None
    decision: str | None = None
    recommended: str | None = None
    metric: str | None = None
    difference: str | None = None
    replicates: int | None = None
    problem: str | None = None
    arms: tuple[Arm, ...] = ()

    @property
    def verdict(self) -> str:
        """What was found, in words, with what is not as it should be."""
        state = "" if self.state == "finished" else self.state
        if self.decision is None:
            return state
        undecided = self.decision in ("equivalent", "undecided")
        found = self.decision if undecided else Titles(self.arms)(self.recommended or self.decision)
        return f"{found} ({state})" if state else found


def list_runs(folder: Path) -> list[RunSummary]:
    """The runs in a folder, newest first; of a run's own folder that one. Raises RunError where there is no such folder."""
    if not folder.is_dir():
        raise RunError(f"there is no folder {folder}; give the one that holds the runs, `runs` by default")
    try:
        folders = [folder, *(item for item in sorted(folder.iterdir()) if item.is_dir())]
    except OSError as error:
        raise RunError(f"{folder} cannot be read ({error.strerror}); give yourself the right to read it") from error
    found = [RunFolder(path) for path in folders]
    runs = [_summary(run) for run in found if run.config.exists() or run.journal.exists()]
    return sorted(runs, key=lambda run: run.changed, reverse=True)


def runs_view(runs: Sequence[RunSummary], width: int) -> RenderableType:
    """Runs for a console of so many columns: a table, on a narrow one a few lines each."""
    if not runs:
        return Text("no runs here")
    if width < _TABLE_WIDTH:
        return Group(*(_lines(run) for run in runs))
    table = Table(box=None, pad_edge=False, header_style="dim")
    for header in ("run", "data", "verdict", "difference", "changed"):
        table.add_column(header, overflow="fold")
    for run in runs:
        cells = (run.path, _data(run), run.verdict, run.difference or run.problem or "", _when(run))
        table.add_row(*map(plain_text, cells))
    return table


def _lines(run: RunSummary) -> RenderableType:
    said = ", ".join(part for part in (run.verdict, run.difference or run.problem) if part)
    return Group(plain_text(run.path, "bold"), *(plain_text(f"  {line}") for line in (said, f"{_data(run)}, {_when(run)}")))


def _data(run: RunSummary) -> str:
    source = run.source or "unknown data"
    return Path(source).name if source.startswith("/") else source


def _when(run: RunSummary) -> str:
    return run.changed.replace("T", " ")[:16]


def _summary(run: RunFolder) -> RunSummary:
    path, changed = str(run.path), _changed(run)
    try:
        source = run.open().source
        verdict = _verdict(run)
        arms = () if verdict is None else verdict.arms or _recorded_arms(run)
    except (GatewiseError, OSError) as error:
        return RunSummary(path, "damaged", changed, problem=str(error))
    state: State = "running" if _is_held(run) else "finished"
    if state == "finished" and (verdict is None or verdict.stopped == "interrupted"):
        state = "interrupted"
    if verdict is None:
        return RunSummary(path, state, changed, source)
    return RunSummary(
        path,
        state,
        changed,
        source,
        verdict.decision,
        verdict.recommended,
        verdict.metric,
        _difference(verdict, arms),
        verdict.replicates,
        arms=arms,
    )


def _verdict(run: RunFolder) -> Verdict | None:
    if not run.verdict.exists():
        return None
    try:
        return from_json(Verdict, json.loads(run.verdict.read_text(encoding="utf-8")))
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise RunError(f"{run.verdict.name} is damaged; `gatewise resume {run.path}` writes it anew") from error


def _recorded_arms(run: RunFolder) -> tuple[Arm, ...]:
    """Those that the journal of a run has; verdicts of earlier versions hold names alone."""
    data = read_journal(run.journal).get("data") if run.journal.exists() else None
    return () if data is None else tuple(from_json(Arm, arm) for arm in data["arms"])


def _difference(verdict: Verdict, arms: tuple[Arm, ...]) -> str | None:
    found, metric = verdict.difference, METRICS.get(verdict.metric)
    if found is None or metric is None:
        return None
    leader, other = (found.first, found.second) if found.mean >= 0 else (found.second, found.first)
    by = difference_text(metric, abs(found.mean), verdict.margin, signed=False)
    title = Titles(arms)
    return f"{title(leader)} leads {title(other)} by {by} ({metric.label})"


def _changed(run: RunFolder) -> str:
    files = [file for file in (run.verdict, run.journal, run.config) if file.exists()]
    return datetime.fromtimestamp(max(file.stat().st_mtime for file in files)).isoformat(timespec="seconds")


def _is_held(run: RunFolder) -> bool:
    """Whether a process works on it."""
    try:
        with (run.path / ".lock").open() as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        # There is no lock before the work begins.
        return False
    return False

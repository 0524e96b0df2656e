"""What commands about runs show: progress, and the verdict."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from gatewise.interrupts import exit_code, resumable
from gatewise.report.streams import can_encode, say

if TYPE_CHECKING:
    from gatewise.study.api import Result
    from gatewise.study.together import Study

__all__ = ["begin", "finish", "finish_all", "print_result", "view"]


def begin(source: str, quiet: bool) -> None:
    """Refuse what cannot be there, and say what is being done, before anything heavy is loaded."""
    from gatewise.data.formats.paths import check_place

    check_place(source)
    if not quiet:
        print(f"reading {source}", file=sys.stderr, flush=True)


def view(quiet: bool) -> Any:
    """Where progress goes."""
    from rich.console import Console

    from gatewise.report.live import NullView, view_for

    return NullView() if quiet else view_for(Console(stderr=True))


def finish(result: Result, as_json: bool) -> None:
    """Print what a run found; one that was interrupted leaves with the code of that."""
    with resumable(result.path):
        print_result(result, as_json, result.path / "report.html")
    if result.comparison.stopped == "interrupted":
        say(f"interrupted; continue with `gatewise resume {result.path}`")
        raise typer.Exit(exit_code())


def finish_all(studies: list[Study], as_json: bool) -> None:
    """Print what several comparisons found, one line each; the exit code is that of the first that did not end well."""
    from rich.console import Console
    from rich.table import Table

    from gatewise.records import to_json
    from gatewise.report.metric_text import MetricText

    table = Table(box=None, pad_edge=False)
    for header in ("source", "verdict", "scores", "run"):
        table.add_column(header, overflow="fold")
    found = []
    for study in studies:
        result = study.result
        found.append(
            {
                "source": study.source,
                "run": str(study.path),
                "exit_code": study.code,
                "error": study.error or None,
                "verdict": None if result is None else to_json(result.verdict),
            }
        )
        verdict, scores = "not begun" if study.code is None else f"failed: {study.error}", ""
        if result is not None:
            words = MetricText.of(result.comparison)
            scores = "\n".join(f"{words.title(name)} {words.value(score.mean)}" for name, score in result.verdict.scores.items())
            verdict = f"{'interrupted; ' if study.interrupted else ''}{result.verdict.explanation[0]}"
        table.add_row(study.source, verdict, scores, str(study.path))
    if as_json:
        text = json.dumps(found, indent=2, ensure_ascii=False)
        print(text if can_encode(text) else json.dumps(found, indent=2))
    else:
        Console().print(table)
    begun = [study for study in studies if study.interrupted and study.path.exists()]
    for study in begun:
        say(f"interrupted; continue with `gatewise resume {study.path}`")
    if any(study.interrupted for study in studies):
        raise typer.Exit(exit_code())
    code = next((study.code for study in studies if study.code), 0)
    if code:
        raise typer.Exit(code)


def print_result(result: Result, as_json: bool, page: Path | None) -> None:
    """Print a verdict, for people or as JSON."""
    from gatewise.records import to_json

    if as_json:
        text = json.dumps(to_json(result.verdict), indent=2, ensure_ascii=False)
        print(text if can_encode(text) else json.dumps(to_json(result.verdict), indent=2))
        return
    from rich.console import Console

    from gatewise.report.terminal import verdict_panel

    # Lines to copy may be longer than the terminal is wide, which breaks them better than a new line would.
    Console().print(verdict_panel(result.comparison, result.verdict, page, result.path), crop=False)

"""A report as Markdown, and into a document between two marks, so that no figure is typed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.layers.results import Report
from benchmarks.layers.tables import Table, tables

from gatewise.records import from_json

__all__ = ["markdown_table", "render_markdown", "replace_between_marks"]


def render_markdown(document: Mapping[str, Any]) -> str:
    """Return the tables of the benchmark's JSON document as Markdown."""
    report = from_json(Report, document)
    parts = []
    for run in report.runs[:1]:
        machine, versions = run.machine, run.machine["versions"]
        processor = f"{machine['processor']}, {machine['usable_cores']} cores, {machine['instruction_set']}"
        python = f"Python {versions['python']}, torch {versions['torch']}, {machine['platform'].split('-')[0]}"
        parts.append(f"Measured {report.started[:10]} on {processor}; {python}.")
        parts.append("; ".join(f"{name}: {state}" for name, state in run.libraries.items()) + ".")
        if run.fma_peak is not None:
            parts.append(f"FMA peak of one thread, measured in the same process: {run.fma_peak:.0f} GFLOP/s.")
    if not all(run.complete for run in report.runs):
        parts.append("**The benchmark was interrupted; these are the rows it had.**")
    parts += [markdown_table(table) for table in tables(report)]
    return "\n\n".join(parts) + "\n"


def replace_between_marks(path: Path, name: str, text: str) -> None:
    """Put `text` between the lines `<!-- name: begin -->` and `<!-- name: end -->`. Raises ValueError where one is missing."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    document = path.read_text(encoding="utf-8")
    if begin not in document or end not in document:
        raise ValueError(f"{path} lacks the lines {begin!r} and {end!r}; put both where the figures belong")
    before, rest = document.split(begin, 1)
    after = rest.split(end, 1)[1]
    path.write_text(f"{before}{begin}\n\n{text}\n{end}{after}", encoding="utf-8")


def markdown_table(table: Table) -> str:
    """Return a heading, the note and the table."""
    lines = [f"### {table.title}"]
    if table.note:
        lines += ["", table.note]
    if table.rows:
        rule = ["---"] + ["---:"] * (len(table.header) - 1)
        lines += ["", *(f"| {' | '.join(cells)} |" for cells in (table.header, rule, *table.rows))]
    return "\n".join(lines)

"""A result as a notebook shows it: the verdict, the scores and the difference on one small card."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import jinja2

from gatewise.records import Comparison, Cost, Verdict
from gatewise.report.metric_text import MetricText
from gatewise.report.numbers import bytes_text, duration, milliseconds
from gatewise.wording import counted

__all__ = ["notebook_card"]

_NOTHING = "–"


def notebook_card(comparison: Comparison, verdict: Verdict, folder: Path) -> str:
    """Return the card as HTML without scripts, everything from the data escaped. folder: the run's, whose report is linked."""
    say = MetricText.of(comparison)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gatewise.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    rows = []
    for name in dict.fromkeys((*(arm.name for arm in comparison.arms), *verdict.scores)):
        score = verdict.scores.get(name)
        shown = _NOTHING
        if score is not None:
            shown = say.summary(score)
        chosen = name == verdict.recommended and verdict.decision != "undecided"
        rows.append((say.title(name), chosen, (shown, *_costs(verdict.costs.get(name)))))
    report = folder / "report.html"
    return environment.get_template("notebook.html.j2").render(
        decision=verdict.decision,
        headline=verdict.explanation[0] if verdict.explanation else f"Decision: {say.title(verdict.decision)}.",
        header=(say.axis("test"), "training step", "latency, batch 1", "size"),
        rows=rows,
        difference=_difference(verdict, say),
        replicates=f"{counted(verdict.replicates, 'replicate')} in {duration(verdict.elapsed_s)}",
        link=_link(report) if report.is_file() else "",
        folder=str(folder),
    )


def _costs(cost: Cost | None) -> tuple[str, str, str]:
    if cost is None:
        return ("", "", "")
    latency = cost.latency_ms.get("batch1")
    return (
        _NOTHING if cost.train_ms_per_step is None else milliseconds(cost.train_ms_per_step),
        _NOTHING if latency is None else milliseconds(latency.p50),
        bytes_text(cost.bytes) if cost.bytes else _NOTHING,
    )


def _difference(verdict: Verdict, say: MetricText) -> str:
    found = verdict.difference
    if found is None:
        return ""
    interval = f"95%: {say.interval(found)}" if found.is_known else "how far that may be off is not known yet"
    return f"{say.leads(found)} ({interval}), equal within {say.band()}."


def _link(path: Path) -> str:
    """An address of a file that a notebook can follow: relative to where it runs, for servers show no files outside."""
    path, here = path.resolve(), Path.cwd()
    return quote(Path(os.path.relpath(path, here)).as_posix()) if path.is_relative_to(here) else path.as_uri()

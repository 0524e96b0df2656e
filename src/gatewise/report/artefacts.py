"""Shipped models on the terminal, 80 columns wide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gatewise.records import Comparison, ShippedArtefact
from gatewise.report.metric_text import MetricText
from gatewise.report.numbers import NOT_KNOWN, bytes_text, significant

__all__ = ["artefact_lines"]

WIDTHS = (11, 10, 10, 9, 10, 10, 10)


def artefact_lines(comparison: Comparison, found: Sequence[ShippedArtefact]) -> Iterator[str]:
    """A table a model, and why a model has no such form."""
    say = MetricText.of(comparison)
    for arm in dict.fromkeys(one.arm for one in found):
        yield f"{say.title(arm)}, {say.label} on rows it did not learn from; times with preprocessing"
        yield _line(("form", "score", "size", "start", "batch 1", "batch 32", "memory"))
        mine = [one for one in found if one.arm == arm]
        for one in mine:
            if not one.refused:
                yield _line(_cells(one, say))
        yield from (f"  {one.form}: {one.refused}" for one in mine if one.refused)


def _cells(one: ShippedArtefact, say: MetricText) -> tuple[str, ...]:
    latencies = [one.latency_ms.get(size) for size in ("batch1", "batch32")]
    return (
        one.form,
        NOT_KNOWN if one.score is None else say.value(one.score),
        bytes_text(one.bytes),
        f"{significant(one.startup_s)} s",
        *(NOT_KNOWN if each is None else f"{significant(each.p50)} ms" for each in latencies),
        bytes_text(one.memory_bytes),
    )


def _line(cells: Sequence[str]) -> str:
    first, *others = (
        cell.ljust(width) if place == 0 else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    )
    return "  " + "".join([first, *others])

"""The models of a run in the forms they are shipped in: what each scores and costs where nothing but the artefact is."""

from __future__ import annotations

from gatewise.records import BatchLatency, Comparison, ShippedArtefact, Verdict
from gatewise.report.blocks import Section, Table
from gatewise.report.metric_text import MetricText
from gatewise.report.numbers import NOT_KNOWN, bytes_text, count, duration, milliseconds, percent

__all__ = ["shipping_section"]

_SIZES = ("batch1", "batch32")


def shipping_section(comparison: Comparison, verdict: Verdict) -> Section | None:
    """Return the section on artefacts; None where none was measured."""
    measured = [one for one in comparison.artefacts if not one.refused]
    if not comparison.artefacts:
        return None
    say = MetricText.of(comparison)
    header = ("Form", say.label.capitalize(), "Size", "Start", "Batch 1", "Batch 32", "Memory", "Error")
    slower = ("Form", *(f"{size}, {name}" for size in ("Batch 1", "Batch 32") for name in ("p90", "p99")))
    tables = []
    for arm in dict.fromkeys(one.arm for one in measured):
        mine = [one for one in measured if one.arm == arm]
        tables.append(Table(header, tuple(_row(one, say) for one in mine), caption=say.title(arm)))
        tables.append(Table(slower, tuple(map(_slower, mine)), fold="Latency of the slower calls: p90, p99"))
    refused = tuple(f"{say.title(one.arm)} as {one.form}: {one.refused}." for one in comparison.artefacts if one.refused)
    return Section("shipping", "Ready to ship", (*_paragraphs(measured), *refused), tables)


def _paragraphs(measured: list[ShippedArtefact]) -> tuple[str, ...]:
    if not measured:
        return ()
    rows = max(one.rows for one in measured)
    unseen = all(one.held_out for one in measured)
    part = (
        "of the source's own test part, which no model has seen"
        if unseen
        else "that ended the training, so that scores are a little too good; the replicates' own are the estimate"
    )
    return (
        f"Each form was loaded by a process that had nothing but the artefact, and predicted {count(rows)} rows {part}. Times "
        "are medians of calls from raw inputs to predictions, preprocessing included; the start is from the beginning of the "
        "process to the first prediction; memory is the most that the process had. The size of C is that of its constants, in a "
        "device's flash; its code is a few kilobytes more. The error is the greatest against the model's own predictions.",
    )


def _slower(one: ShippedArtefact) -> tuple[str, ...]:
    return one.form, *(text for size in _SIZES for text in _tail(one.latency_ms.get(size)))


def _tail(each: BatchLatency | None) -> tuple[str, str]:
    return (NOT_KNOWN, NOT_KNOWN) if each is None else (milliseconds(each.p90), milliseconds(each.p99))


def _row(one: ShippedArtefact, say: MetricText) -> tuple[str, ...]:
    latencies = [one.latency_ms.get(size) for size in _SIZES]
    same = "" if one.same is None or one.same == 1 else f", same class {percent(one.same)}"
    return (
        one.form,
        NOT_KNOWN if one.score is None else say.value(one.score),
        bytes_text(one.bytes),
        duration(one.startup_s) if one.startup_s >= 1 else milliseconds(1000 * one.startup_s),
        *(NOT_KNOWN if each is None else milliseconds(each.p50) for each in latencies),
        bytes_text(one.memory_bytes),
        f"{one.greatest_error:.1e}{same}",
    )

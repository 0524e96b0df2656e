"""Advice as a page."""

from __future__ import annotations

from gatewise.advice.recommend import Recommendation
from gatewise.report.blocks import Block, Bullets, Command, Section, Table
from gatewise.report.document import Document, Tone, render_document
from gatewise.report.numbers import rough_duration
from gatewise.wording import probability

__all__ = ["advice_page"]

_TONES: dict[str, Tone] = {"equivalent": "equivalent", "baseline": "baseline", "neither": "baseline"}


def advice_page(advice: Recommendation) -> str:
    """The advice as one HTML page: what to begin with, what decides it, and every question with its quantities."""
    lead, _, told = advice.headline.partition(": ")
    return render_document(
        Document(
            title="Advice",
            subject=advice.facts.name if advice.facts is not None else "no data yet",
            badge=lead,
            tone="undecided" if advice.weaker else _TONES.get(advice.answer, "winner"),
            headline=f"{told[:1].upper()}{told[1:]}",
            facts=tuple(("probability", probability(one.probability), one.words) for one in advice.ranked[:3]),
            sentences=advice.reasons,
            warnings=("Nothing of your data was measured: this rests on recorded outcomes alone.",) if advice.weaker else (),
            sections=(_ranking(advice), *_questions(advice), _changes(advice)),
            last_section=_settling(advice),
        )
    )


def _ranking(advice: Recommendation) -> Section:
    rows = tuple((one.words, probability(one.probability)) for one in advice.ranked)
    blocks: list[Block] = [Table(("answer", "probability"), rows)]
    if advice.nearest:
        alike = tuple((one.name, one.decision, f"{one.likeness:.2f}") for one in advice.nearest)
        blocks.append(Table(("data", "came out", "likeness"), alike, fold="The recorded studies that are most alike"))
    return Section("answers", "How probable every answer is", (), blocks)


def _questions(advice: Recommendation) -> tuple[Section, ...]:
    return tuple(
        Section(
            f"question-{number}",
            question.heading,
            question.answer,
            [Table(("what was measured", "how much"), question.quantities)] if question.quantities else [],
        )
        for number, question in enumerate(advice.questions, 1)
    )


def _changes(advice: Recommendation) -> Section:
    return Section("changes", "What would change it", (), [Bullets("", advice.changes)] if advice.changes else [])


def _settling(advice: Recommendation) -> Section:
    time = f"In about {rough_duration(advice.settles_s)}:" if advice.settles_s is not None else "It narrows the answer:"
    return Section("settles", "What settles it", (), [Command(advice.command, time)])

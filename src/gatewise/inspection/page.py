"""An inspection as one self-contained HTML page."""

from __future__ import annotations

import numpy as np

from gatewise.inspection.record import Inspected
from gatewise.inspection.sections.cells import cells_section
from gatewise.inspection.sections.gates import gates_section
from gatewise.inspection.sections.method import method_section
from gatewise.inspection.sections.steps import steps_section
from gatewise.inspection.sections.units import memory_section, use_section
from gatewise.inspection.sentences import (
    hangs_on,
    headline,
    leading_windows,
    model_title,
    sequence_title,
    spread_of,
    steps_text,
    time_constants_of,
    time_text,
)
from gatewise.report.blocks import Section
from gatewise.report.document import Document, render_document
from gatewise.report.numbers import count, percent
from gatewise.wording import counted

__all__ = ["render_inspection"]


def render_inspection(found: Inspected) -> str:
    """Return the page: what the model says and what that hangs on, the two cells drawn, then gates, memory and units."""
    sections: list[Section | None] = [
        cells_section(found),
        steps_section(found),
        gates_section(found),
        memory_section(found),
        use_section(found),
    ]
    document = Document(
        title=f"{found.subject.title} inspected",
        subject=sequence_title(found),
        badge=model_title(found),
        tone="undecided",
        headline=headline(found),
        sentences=hangs_on(found),
        facts=tuple(_facts(found)),
        sections=tuple(section for section in sections if section is not None),
        last_section=method_section(found),
    )
    return render_document(document)


def _facts(found: Inspected) -> list[tuple[str, str, str]]:
    importance, unit = found.importance, found.subject.unit
    facts = []
    leading = leading_windows(found)
    if len(leading):
        without = importance.without[int(importance.occlusion.starts[leading[0]])]
        facts.append(("Hangs most on", steps_text(found, leading[0]), f"{without} without it"))
    constants = time_constants_of(found)
    if len(constants):
        median = time_text(spread_of(constants)[1])
        facts.append(("Time constant", f"{median} {unit if median == '1' else f'{unit}s'}", "median of the units"))
    gates = [gate for use in found.data.layers for gate in use.gates.values()]
    if gates:
        stuck = float(np.mean([gate.shut.mean() + gate.open.mean() for gate in gates]))
        facts.append(("Saturated", percent(stuck), "of all values of gates are below 0.05 or above 0.95"))
    dead = sum(len(use.dead) for use in found.data.layers)
    units = sum(len(use.span) for use in found.data.layers)
    facts.append(("Never move", count(dead), f"of {counted(units, 'unit')}"))
    return facts

"""Section: the gates of every unit at every step."""

from __future__ import annotations

import numpy as np

from gatewise.inspection.columns import Column, columns_of
from gatewise.inspection.figures.cells import shade
from gatewise.inspection.figures.heat_map import MOST_ROWS, heat_map
from gatewise.inspection.record import Inspected, LayerSteps
from gatewise.inspection.sentences import place
from gatewise.inspection.units import LayerUse
from gatewise.report.blocks import Block, Figure, Gallery, Section

__all__ = ["gates_section"]

MOST_WORDS, MOST_COLUMNS = 24, 96
# Maps beyond these are left out: the page has to stay small.
MOST_MAPS = 16


def gates_section(found: Inspected) -> Section | None:
    """A heat map for every gate of every layer and direction; none where the cell has no gates."""
    gates = found.subject.gates
    if not gates:
        return Section(
            "gates",
            "The gates, step by step",
            (f"There is nothing to show of the {found.subject.title}. {found.subject.traits.meaning}",),
        )
    words = bool(found.sequence.words)
    columns = columns_of(found, MOST_WORDS if words else MOST_COLUMNS)
    layers = list(zip(found.layers, found.data.layers, strict=True))
    shown = layers[-max(1, MOST_MAPS // len(gates)) :]
    blocks: list[Block] = []
    for layer, use in sorted(shown, key=lambda pair: (-pair[0].layer, pair[0].backward)):
        # What a gate means is said once.
        figures = tuple(_map(found, layer, use, number, columns, told=not blocks) for number in range(len(gates)))
        blocks.append(Gallery(_heading(found, use), figures))
    return Section("gates", "The gates, step by step", (*_paragraphs(found, columns, len(layers) - len(shown)),), blocks)


def _heading(found: Inspected, use: LayerUse) -> str:
    where = place(found, use)
    return f"{where[0].upper()}{where[1:]}" if where else "Every unit at every step"


def _map(found: Inspected, layer: LayerSteps, use: LayerUse, number: int, columns: list[Column], *, told: bool) -> Figure:
    block = found.subject.gates[number]
    constants = use.time_constants
    order = None if constants is None else np.argsort(-constants, kind="stable")
    svg = heat_map(
        f"gate-{layer.layer}-{'backward' if layer.backward else 'forward'}-{block.symbol}",
        layer.blocks[block.symbol],
        order,
        columns,
        css=shade(block),
        title=f"{block.name} {block.symbol}",
        words=len(columns) <= MOST_WORDS,
    )
    return Figure(svg, block.meaning if told else "", heading=f"{block.name[0].upper()}{block.name[1:]} {block.symbol}")


def _paragraphs(found: Inspected, columns: list[Column], left_out: int) -> list[str]:
    subject, steps = found.subject, len(found.sequence)
    said = [
        "One row a unit, one column a step: the stronger the colour, the further open the gate, from 0, shut, to 1, open. The "
        "line above is the mean of all units. Rows are sorted by the units' time constants, so that the units which remember "
        "longest are above.",
    ]
    if subject.hidden_size > MOST_ROWS:
        said.append(f"{subject.hidden_size} units are drawn as {MOST_ROWS} rows: neighbours stand together, by their mean.")
    if found.sequence.words and len(columns) < steps:
        first, last = columns[0].start + 1, columns[-1].stop
        said.append(f"Words {first} to {last} of {steps} are drawn, the stretch that the prediction hangs on most.")
    elif len(columns) < steps:
        said.append(f"{steps} {subject.unit}s are drawn as {len(columns)} columns, by their mean.")
    if left_out:
        said.append(f"The first {left_out} layers and directions are left out here; `--json` has them all.")
    return said

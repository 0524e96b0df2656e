"""Section: the two cells drawn, their gates in words, and some steps of the sequence flowing through the model's own."""

from __future__ import annotations

from gatewise.cells import CELLS, CellTraits
from gatewise.inspection.columns import Column, columns_of
from gatewise.inspection.figures.cells import DRAWINGS, cell_figure
from gatewise.inspection.figures.flow import flow_figure, mean_of
from gatewise.inspection.record import Inspected, LayerSteps
from gatewise.report.blocks import Block, Bullets, Figure, Gallery, Section
from gatewise.wording import counted

__all__ = ["cells_section", "last_layer"]

MOST_STEPS = 8


def cells_section(found: Inspected) -> Section:
    """What a GRU and an LSTM do at a step, and what the model's cell did at these."""
    subject = found.subject
    columns = columns_of(found, MOST_STEPS)
    shown = max(columns, key=lambda column: abs(found.importance.effects[column.strongest]))
    blocks: list[Block] = [
        Gallery("", tuple(_drawn(found, name, shown) for name in _own_first(found))),
        *(_meanings(CELLS[name], own=name == subject.cell) for name in dict.fromkeys((subject.cell, *DRAWINGS))),
    ]
    blocks.insert(2, _flow(found, columns))
    return Section(
        "cells",
        f"The two cells, and your sequence in {'one of them' if subject.cell in DRAWINGS else f'the {subject.title}'}",
        (
            "A recurrent cell reads a sequence step by step and carries a memory along: a row of numbers, one for each unit. At "
            "every step it has to decide what of the memory to keep and what to write. That is what gates are for: each is a "
            "number between 0, shut, and 1, open, for every unit and every step, and it has learned when to open.",
            f"The model here has the {subject.title}. {subject.traits.meaning}",
        ),
        blocks,
    )


def last_layer(found: Inspected) -> LayerSteps:
    """The last layer that reads forwards."""
    return next(layer for layer in reversed(found.layers) if not layer.backward)


def _own_first(found: Inspected) -> list[str]:
    return sorted(DRAWINGS, key=lambda name: name != found.subject.cell)


def _drawn(found: Inspected, name: str, column: Column) -> Figure:
    traits = CELLS[name]
    own = name == found.subject.cell
    layer, step = last_layer(found), column.strongest
    label = f"“{found.sequence.words[step]}”" if found.sequence.words else f"{found.subject.unit} {step + 1}"
    caption = (
        f"The {traits.title}, which the model has. The numbers are its own at {label}: means of its "
        f"{found.subject.hidden_size} units{_which(found)}, of the new content the mean size."
        if own
        else f"The {traits.title}, for comparison. Dashed is what it knows of the past, thick its memory, × a product, + a sum."
    )
    values = {block.symbol: f"{mean_of(block, layer.blocks[block.symbol][step]):.2f}" for block in traits.blocks} if own else {}
    drawing = cell_figure(name, values, label if own else f"a {found.subject.unit}", identifier=f"cell-{name}")
    return Figure(drawing, caption, heading=traits.title)


def _which(found: Inspected) -> str:
    subject = found.subject
    layer = f" of layer {subject.layers}" if subject.layers > 1 else ""
    return f"{layer}{', forwards' if subject.bidirectional else ''}"


def _meanings(traits: CellTraits, *, own: bool) -> Bullets:
    blocks = sorted(traits.blocks, key=lambda block: block.turn)
    named = tuple(f"{block.turn} {block.name[0].upper()}{block.name[1:]} {block.symbol}: {block.meaning}" for block in blocks)
    return Bullets(f"The {traits.title}{', which the model has' if own else ''}", named if own else (traits.meaning, *named))


def _flow(found: Inspected, columns: list[Column]) -> Figure:
    layer, steps = last_layer(found), len(found.sequence)
    unit = found.subject.unit
    if found.sequence.words and len(columns) < steps:
        which = f"The {len(columns)} words in a row that the prediction hangs on most"
    else:
        which = counted(steps, unit) if len(columns) == steps else f"All {steps} {unit}s, several in one column"
    mean = f"the number is the mean of the units{_which(found)}. "
    gates = f"The fuller a bar, the further open the gate; {mean}" if found.subject.gates else ""
    return Figure(
        flow_figure(found.subject.blocks if found.subject.gates else (), layer.blocks, layer.norms, columns, unit=unit),
        f"{which}, from left to right, and in each column from top to bottom what happens at that {unit}, in the "
        f"order of the drawing. {gates}"
        "The size of the state is its Euclidean norm, drawn as a share of its greatest value.",
        heading="Your sequence flowing through",
    )

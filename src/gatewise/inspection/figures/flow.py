"""A few steps of the sequence flowing through the cell, its gates one below the other in the order in which a step is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gatewise.cells import Block
from gatewise.inspection.columns import Column
from gatewise.inspection.figures.cells import shade
from gatewise.inspection.figures.labels import cut, room_for
from gatewise.report.figures.svg import Drawing
from gatewise.report.numbers import significant

__all__ = ["flow_figure", "mean_of"]

HEAD, BAR, NUMBER, GAP = 24, 30, 20, 14
# Below the columns where their words are flat.
LEAST_FOOT = 42
# Of a word below a column, flat on a wide screen and turned on a phone.
FLAT_CHARACTERS, TURNED_CHARACTERS = 12, 11
# A bar's share of its column.
WIDTH = 0.7


def flow_figure(
    blocks: Sequence[Block],
    values: Mapping[str, NDArray[np.float64]],
    norms: NDArray[np.float64],
    columns: Sequence[Column],
    *,
    unit: str,
) -> str:
    """Return the figure: a row a block, filled by the mean of its units, then the size of the state, and the steps below.

    values: by the symbols of the blocks, float64 [steps, H]. norms: of the state, [steps].
    """
    row = HEAD + BAR + NUMBER + GAP
    foot = row * (len(blocks) + 1)
    told = "; ".join(
        f"{column.label}: " + ", ".join(f"{block.symbol} {_mean(values, block, column):.2f}" for block in blocks)
        for column in columns
    )
    drawing = Drawing(
        "flow",
        height=foot + max(room_for(columns, TURNED_CHARACTERS), LEAST_FOOT),
        left=0,
        right=0,
        title="Some steps flowing through the cell",
        description=told,
    )
    width = 100 / len(columns)
    for number, block in enumerate(blocks):
        top = row * number
        drawing.text(0, top + 14, f"{block.turn} {_called(block)}", "label strong")
        for place, column in enumerate(columns):
            value = _mean(values, block, column)
            _cell(drawing, width * place, width, top + HEAD, min(value, 1.0), f"{value:.2f}", shade(block))
    top = row * len(blocks)
    drawing.text(0, top + 14, f"{len(blocks) + 1} state h: its size", "label strong")
    greatest = float(norms.max()) or 1.0
    for place, column in enumerate(columns):
        size = float(norms[column.start : column.stop].mean())
        _cell(drawing, width * place, width, top + HEAD, size / greatest, significant(size, 2), "memory")
    drawing.line((0, foot - 4), (100, foot - 4), "axis")
    for place, column in enumerate(columns):
        middle = width * (place + 0.5)
        drawing.text(middle, foot + 14, cut(column.label, FLAT_CHARACTERS), "middle strong flat-words")
        drawing.text(middle, foot + 4, cut(column.label, TURNED_CHARACTERS), "end strong turned-words", turned=True)
    drawing.text(100, foot + 34, f"{unit}s, in their order", "tick end flat-words")
    return drawing.markup()


def _cell(drawing: Drawing, left: float, width: float, top: float, share: float, text: str, css: str) -> None:
    start = left + width * (1 - WIDTH) / 2
    stop = start + width * WIDTH
    drawing.rectangle(start, stop, top, top + BAR, "band")
    drawing.rectangle(start, stop, top + BAR * (1 - share), top + BAR, f"fill {css}", hint=text)
    drawing.text(left + width / 2, top + BAR + 15, text, "tick middle")


def mean_of(block: Block, values: NDArray[np.float64]) -> float:
    """Of a gate the mean of all values, of a candidate their mean size."""
    return float(values.mean() if block.role is not None else np.abs(values).mean())


def _mean(values: Mapping[str, NDArray[np.float64]], block: Block, column: Column) -> float:
    return mean_of(block, values[block.symbol][column.start : column.stop])


def _called(block: Block) -> str:
    does = {"keep": "keeps", "write": "writes", "look back": "looks back", "show": "shows"}
    return f"{block.name} {block.symbol}: {does[block.role] if block.role is not None else 'its size'}"

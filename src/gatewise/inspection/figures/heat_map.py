"""A gate of every unit at every step: rows are units, those that remember longest above, columns steps."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gatewise.inspection.columns import Column
from gatewise.inspection.figures.labels import cut, room_for
from gatewise.report.figures.svg import Drawing, Scale

__all__ = ["MOST_ROWS", "heat_map"]

MOST_ROWS = 64
SHADES = 10
CURVE, BETWEEN, FOOT = 44, 10, 24
LEAST_HEIGHT, MOST_HEIGHT = 120, 192
LEFT = 58
TURNED_CHARACTERS = 12


def heat_map(
    identifier: str,
    values: NDArray[np.float64],
    order: NDArray[np.int64] | None,
    columns: Sequence[Column],
    *,
    css: str,
    title: str,
    words: bool,
) -> str:
    """Return the map of values [steps, H] between 0 and 1, under the mean of the units.

    order: units in the order of their rows; None for their own. Where there are more units than rows, neighbours are one, by
    their mean; so are the steps of one column. words: whether the columns are named one by one, below.
    """
    steps = np.stack([values[column.start : column.stop].mean(0) for column in columns])
    means = steps.mean(1)
    units = steps.T if order is None else steps.T[order]
    edges = np.linspace(0, len(units), min(MOST_ROWS, len(units)) + 1).round().astype(int)
    rows = np.stack([units[start:stop].mean(0) for start, stop in itertools.pairwise(edges)])
    height = min(max(6 * len(rows), LEAST_HEIGHT), MOST_HEIGHT)
    top = CURVE + BETWEEN
    foot = top + height
    told = ", ".join(f"{column.label} {mean:.2f}" for column, mean in zip(columns, means, strict=True))
    drawing = Drawing(
        identifier,
        height=foot + (room_for(columns, TURNED_CHARACTERS) if words else FOOT),
        left=LEFT,
        right=4,
        title=title,
        description=f"Means: {told}",
    )
    width = 100 / len(columns)
    upwards = Scale(0, 1, CURVE, 6)
    for value in (0, 1):
        drawing.line((0, upwards(value)), (100, upwards(value)), "grid")
        drawing.text(0, upwards(value) + 4, str(value), "tick end", shift=-6)
    drawing.text(0, upwards(0.5) + 4, "mean", "tick end", shift=-6)
    middles = [width * (place + 0.5) for place in range(len(columns))]
    if len(columns) > 1:
        drawing.path([(x, upwards(mean)) for x, mean in zip(middles, means, strict=True)], f"line plain {css}")
    if words:
        for x, mean, column in zip(middles, means, columns, strict=True):
            drawing.dot(x, upwards(mean), f"fill {css}", radius=3, hint=f"{column.label}: {mean:.2f}")
    for level, boxes in enumerate(_boxes(rows, top, height)):
        if boxes:
            drawing.boxes(boxes, f"fill {css}", opacity=(level + 0.5) / SHADES)
    drawing.text(0, top + 11, "long" if order is not None else "units", "tick end", shift=-6)
    if order is not None:
        drawing.text(0, top + 24, "memory", "tick end", shift=-6)
        drawing.text(0, foot - 14, "short", "tick end", shift=-6)
        drawing.text(0, foot - 1, "memory", "tick end", shift=-6)
    drawing.line((0, foot), (100, foot), "axis")
    if words:
        for x, column in zip(middles, columns, strict=True):
            drawing.text(x, foot + 8, cut(column.label, TURNED_CHARACTERS), "end small", turned=True)
    else:
        drawing.text(0, foot + 17, str(columns[0].start + 1), "tick")
        drawing.text(100, foot + 17, str(columns[-1].stop), "tick end")
    return drawing.markup()


def _boxes(rows: NDArray[np.float64], top: float, height: float) -> list[list[tuple[float, float, float, float]]]:
    """Rectangles of every shade; equal neighbours in a row are one."""
    found: list[list[tuple[float, float, float, float]]] = [[] for _ in range(SHADES)]
    levels = np.minimum((rows * SHADES).astype(int), SHADES - 1)
    tall, wide = height / len(rows), 100 / rows.shape[1]
    for number, row in enumerate(levels):
        edges = [0, *(np.flatnonzero(np.diff(row)) + 1).tolist(), len(row)]
        for start, stop in itertools.pairwise(edges):
            found[row[start]].append((wide * start, wide * stop, top + tall * number, top + tall * (number + 1)))
    return found

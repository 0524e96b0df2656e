"""The sequence, and under each step what it does for the prediction."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gatewise.inspection.columns import Column
from gatewise.inspection.figures.labels import cut, room_for
from gatewise.inspection.record import Inspected
from gatewise.report.figures.svg import Drawing, Scale, padded
from gatewise.report.numbers import MINUS, count, significant

__all__ = ["MOST_CHANNELS", "importance_figure"]

MOST_CHANNELS = 3
VALUES, PANEL, BETWEEN, FOOT = 120, 72, 30, 24
SHADES = 6
TURNED_CHARACTERS = 12


def importance_figure(found: Inspected, columns: Sequence[Column], channels: Sequence[int]) -> str:
    """Return two rows of bars, by hiding and by gradients, under the values of a series or sound or above the words of a text.

    columns: of the steps; of a series and a sound all steps one by one. channels: that are drawn.
    """
    importance, words = found.importance, bool(found.sequence.words)
    shown = 0 if words else VALUES + BETWEEN
    height = shown + 2 * (PANEL + BETWEEN) + (room_for(columns, TURNED_CHARACTERS) if words else FOOT)
    start, stop = columns[0].start, columns[-1].stop
    named = ", ".join(found.sequence.words[start:stop]) if words else f"{found.subject.unit}s {start + 1} to {stop}"
    left = 12 if words else 64
    drawing = Drawing(
        "importance", height=height, left=left, right=6, title="What each step does for the prediction", description=named[:2000]
    )
    if not words:
        drawing.text(0, 12, _values_title(found, channels), "tick", shift=6 - left)
        if found.subject.kind == "audio":
            _picture(drawing, found.sequence.values, BETWEEN, VALUES)
        else:
            _curves(drawing, found.sequence.values, channels, BETWEEN, VALUES)
    panels = (("Hidden: what is lost without it", importance.effects), ("Integrated gradients: its part", importance.parts))
    top = float(shown)
    for title, values in panels:
        drawing.text(0, top + 14, title, "tick", shift=6 - left)
        _bars(
            drawing,
            [_of(values, column, found) for column in columns],
            columns,
            top + BETWEEN,
            PANEL,
            ways=() if words else importance.ways,
        )
        top += PANEL + BETWEEN
    width = 100 / len(columns)
    if words:
        for place, column in enumerate(columns):
            drawing.text(width * (place + 0.5), top + 8, cut(column.label, TURNED_CHARACTERS), "end small", turned=True)
    else:
        drawing.text(0, top + 17, f"{found.subject.unit} 1", "tick")
        drawing.text(100, top + 17, count(len(found.sequence)), "tick end")
    return drawing.markup()


def _of(values: NDArray[np.float64], column: Column, found: Inspected) -> float:
    return float(values[column.start : column.stop].mean())


def _values_title(found: Inspected, channels: Sequence[int]) -> str:
    if found.subject.kind == "audio":
        return "The sound: energy by pitch, the stronger the louder"
    every = found.sequence.channels
    return f"The values of {every[0]}" if len(every) == 1 else f"The values of {len(channels)} of {len(every)} channels"


def _curves(drawing: Drawing, values: NDArray[np.float64], channels: Sequence[int], top: float, height: float) -> None:
    drawn = values[:, list(channels)]
    low, high = float(drawn.min()), float(drawn.max())
    upwards = Scale(*padded([low, high], 0.05), top + height - BETWEEN / 2, top)
    for bound in dict.fromkeys((high, low)):
        drawing.line((0, upwards(bound)), (100, upwards(bound)), "grid")
        # What is nothing beside the range is written as nothing.
        text = significant(bound if abs(bound) > 1e-4 * (high - low) else 0.0)
        drawing.text(0, upwards(bound) + 4, text, "tick end", shift=-6)
    wide = 100 / len(values)
    for number in range(drawn.shape[1]):
        points = [(wide * (step + 0.5), upwards(value)) for step, value in enumerate(drawn[:, number])]
        if len(points) > 1:
            drawing.path(points, f"line channel-{number}")
        else:
            drawing.dot(*points[0], f"fill channel-{number}")


def _picture(drawing: Drawing, values: NDArray[np.float64], top: float, height: float) -> None:
    """Energies [frames, bands], low bands below."""
    low, high = float(values.min()), float(values.max())
    levels = np.minimum(((values - low) / ((high - low) or 1.0) * SHADES).astype(int), SHADES - 1)
    wide, tall = 100 / len(values), (height - BETWEEN / 2) / values.shape[1]
    boxes: list[list[tuple[float, float, float, float]]] = [[] for _ in range(SHADES)]
    for band, row in enumerate(levels.T):
        edges = [0, *(np.flatnonzero(np.diff(row)) + 1).tolist(), len(row)]
        under = top + height - BETWEEN / 2 - tall * band
        for start, stop in itertools.pairwise(edges):
            boxes[row[start]].append((wide * start, wide * stop, under - tall, under))
    for level, outlines in enumerate(boxes):
        if level and outlines:
            drawing.boxes(outlines, "fill ink", opacity=level / (SHADES - 1))
    drawing.text(0, top + 12, "high", "tick end", shift=-6)
    drawing.text(0, top + height - BETWEEN / 2, "low", "tick end", shift=-6)


def _bars(
    drawing: Drawing, values: Sequence[float], columns: Sequence[Column], top: float, height: float, *, ways: Sequence[str]
) -> None:
    greatest = max((abs(value) for value in values), default=0.0) or 1.0
    upwards = Scale(-greatest, greatest, top + height, top)
    wide = 100 / len(values)
    room = min(0.15 * wide, 0.4)
    for place, (value, column) in enumerate(zip(values, columns, strict=True)):
        low, high = sorted((upwards(value), upwards(0)))
        css = "speaks-for" if value > 0 else "speaks-against"
        hint = f"{column.label}: {value:+.3g}".replace("-", MINUS)
        if high - low > 0.3:
            drawing.rectangle(wide * place + room, wide * (place + 1) - room, low, high, f"fill {css}", hint=hint)
    drawing.line((0, upwards(0)), (100, upwards(0)), "axis")
    for at, way in zip((top + 14, top + height - 6), ways, strict=False):
        drawing.text(0, at, way, "tick end", shift=-6)

"""Values with their intervals, one below the other, about the value at which there is no difference."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gatewise.report.figures.axes import CHARACTER
from gatewise.report.figures.svg import PHONE, TICK_CHARACTER, Drawing, Scale, padded
from gatewise.report.numbers import number

__all__ = ["IntervalRow", "intervals_figure"]

ROW, LINE = 46, 16
TOP = 22
HEADING = 30
# An interval far wider than the values would leave no room for what they say.
WIDEST = 4.0


@dataclass(frozen=True)
class IntervalRow:
    """One value. text: it and its interval in words. low, high: None where no interval is known. colour: a class of the page's
    colours. heading: of this row and those after it, "" for none of its own."""

    label: str
    value: float
    low: float | None
    high: float | None
    text: str
    colour: str = "ink"
    heading: str = ""


def intervals_figure(
    identifier: str,
    rows: Sequence[IntervalRow],
    *,
    title: str,
    axis: str,
    even: float,
    sides: tuple[str, str] = ("", ""),
    band: tuple[float, float] | None = None,
    logarithmic: bool = False,
    write: Callable[[float], str] = number,
) -> str:
    """Return a forest plot: a row a value, its label above it, its interval as a line.

    even: where a dashed line says that there is no difference. sides: what it means to lie left and right of it. band: from where
    to where differences are too small to matter. logarithmic: for ratios, so that twice and half are as far from 1.
    """
    turn: Callable[[float], float] = math.log if logarithmic else float
    across = Scale(*padded([turn(value) for value in _shown(rows, even, band)], 0.08))
    beside = all(_fits(row) for row in rows)
    heights = _heights(rows, ROW if beside else ROW + LINE)
    axis_y = round(heights[-1]) + 24
    drawing = Drawing(
        identifier,
        height=axis_y + (66 if any(sides) else 46),
        title=title,
        description="; ".join(f"{row.label}: {row.text}" for row in rows),
    )
    if band is not None:
        drawing.rectangle(_within(across, turn(band[0])), _within(across, turn(band[1])), 8, axis_y, "band")
    drawing.line((across(turn(even)), 8), (across(turn(even)), axis_y), "zero")
    for tick in _ticks(across, logarithmic):
        drawing.line((across(turn(tick)), axis_y), (across(turn(tick)), axis_y + 5), "axis")
        drawing.text(across(turn(tick)), axis_y + 19, write(tick), "tick middle")
    drawing.line((0, axis_y), (100, axis_y), "axis")
    drawing.text(50, axis_y + 38, axis, "tick middle")
    if any(sides):
        drawing.text(0, axis_y + 60, f"◂ {sides[0]}", "label", shift=-18)
        drawing.text(100, axis_y + 60, f"{sides[1]} ▸", "label end", shift=18)
    for row, y in zip(rows, heights, strict=True):
        top = y - 14 if beside else y - 14 - LINE
        if row.heading:
            drawing.text(0, top - 26, row.heading, "label strong halo", shift=-18)
        drawing.text(0, top, row.label, "label halo", shift=-18)
        # A phone may have no room for both on one line.
        place, css, shift = (100, "tick halo end", 18) if beside else (0, "tick halo", -18)
        drawing.text(place, y - 14, row.text, css, shift=shift)
        _draw(drawing, across, row, y, turn)
    return drawing.markup()


def _draw(drawing: Drawing, across: Scale, row: IntervalRow, y: float, turn: Callable[[float], float]) -> None:
    if row.low is not None and row.high is not None:
        low, high = (_within(across, turn(bound)) for bound in (row.low, row.high))
        drawing.line((low, y), (high, y), "interval-wide")
        if turn(row.low) < across.low:
            drawing.text(0, y + 5, "◂", "label end", shift=2)
        if turn(row.high) > across.high:
            drawing.text(100, y + 5, "▸", "label", shift=-2)
    drawing.diamond(_within(across, turn(row.value)), y, f"fill {row.colour}", radius=6, hint=row.text)


def _shown(rows: Sequence[IntervalRow], even: float, band: tuple[float, float] | None) -> list[float]:
    """All that is to be seen: values, band, and intervals as far as they are not far wider than the values lie apart."""
    values = [row.value for row in rows] + [even] + list(band or ())
    reach = WIDEST * max(max(values) - min(values), 1e-9)
    bounds = [bound for row in rows for bound in (row.low, row.high) if bound is not None]
    return values + [min(max(bound, min(values) - reach), max(values) + reach) for bound in bounds]


def _fits(row: IntervalRow) -> bool:
    """Whether label and text stand side by side on a phone."""
    return CHARACTER * len(row.label) + TICK_CHARACTER * len(row.text) < PHONE


def _heights(rows: Sequence[IntervalRow], each: int) -> list[float]:
    heights, y = [], float(TOP - ROW + 10)
    for row in rows:
        y += each + (HEADING if row.heading else 0)
        heights.append(y)
    return heights


def _within(across: Scale, value: float) -> float:
    return across(min(max(value, across.low), across.high))


def _ticks(across: Scale, logarithmic: bool) -> list[float]:
    if not logarithmic:
        return across.ticks()
    low, high = math.exp(across.low), math.exp(across.high)
    even_steps = Scale(low, high).ticks(8)
    if high / low < 4:
        return even_steps
    powers = [factor * 10.0**power for power in range(-6, 7) for factor in (1, 2, 5)]
    inside = [value for value in powers if low <= value <= high]
    return inside[:: math.ceil(len(inside) / 6)]

"""Rows of dots on one scale: a row for every arm or baseline, a dot for every score."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gatewise.report.figures.svg import Drawing, Scale, padded
from gatewise.report.metric_text import MetricText

__all__ = ["Strip", "strips_figure"]

HEAD, FOOT, LINE = 32, 18, 18
# Of label and text side by side on a phone.
MOST_CHARACTERS = 43


@dataclass(frozen=True)
class Strip:
    """One row: scores, the one to mark with a diamond, and the text at the row's right end.

    A row with `sets_scale` false does not stretch the scale; where its scores fall outside, an arrow at the edge says so.
    """

    label: str
    colour: str
    values: tuple[float, ...]
    marked: float
    text: str
    sets_scale: bool = True


def strips_figure(identifier: str, strips: Sequence[Strip], say: MetricText, *, title: str, axis: str) -> str:
    """Return the figure of at least one strip with at least one finite score each; `axis` names what is measured."""
    inside = [value for strip in strips if strip.sets_scale for value in (*strip.values, strip.marked) if math.isfinite(value)]
    across = Scale(*padded(inside, 0.04, say.metric.bounds))
    # Where one row needs a second line for its text, all have it, so that they stay evenly apart.
    second = LINE if any(len(strip.label) + len(strip.text) > MOST_CHARACTERS for strip in strips) else 0
    row = HEAD + second + FOOT
    foot = row * len(strips) + 6
    description = "; ".join(f"{strip.label}: {strip.text}" for strip in strips)
    drawing = Drawing(identifier, height=foot + 46, title=title, description=description)
    for tick in across.ticks():
        drawing.line((across(tick), 0), (across(tick), foot), "grid")
        drawing.text(across(tick), foot + 18, say.tick(tick, across.step()), "tick middle")
    drawing.text(50, foot + 38, axis, "tick middle")
    for number, strip in enumerate(strips):
        top = row * number
        middle = top + HEAD + second
        drawing.text(0, top + 15, strip.label, "label strong halo", shift=-18)
        drawing.text(100, top + 15 + second, strip.text, "label end halo", shift=18)
        drawing.line((0, middle), (100, middle), "rail")
        for value in strip.values:
            if across.low <= value <= across.high:
                drawing.dot(across(value), middle, f"faint {strip.colour}", radius=5, hint=say.value(value, fine=True))
        if across.low <= strip.marked <= across.high:
            drawing.diamond(
                across(strip.marked), middle, f"fill outlined {strip.colour}", hint=say.value(strip.marked, fine=True)
            )
        elif math.isfinite(strip.marked):
            below = strip.marked < across.low
            place, css = (0, "label") if below else (100, "label end")
            drawing.text(place, middle + 5, "◂ off the scale" if below else "off the scale ▸", f"{css} muted halo")
    return drawing.markup()

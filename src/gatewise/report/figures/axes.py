"""What all figures of lines share: values upwards with their grid, under a line or two that say what they are."""

import re
import textwrap
from collections.abc import Callable, Sequence

from gatewise.report.figures.svg import Drawing, Scale, padded

__all__ = ["BOTTOM", "upright"]

BOTTOM = 240
BELOW = 44
LINE = 16
# What a phone has room for.
LABEL_CHARACTERS = 46
CHARACTER = 7


def upright(
    identifier: str,
    values: Sequence[float],
    write: Callable[[float, float], str],
    *,
    title: str,
    description: str,
    label: str,
) -> tuple[Drawing, Scale]:
    """Begin a figure of lines: return the drawing with its grid, and the scale that maps a value to its height.

    values: all that is to be seen, at least one. write: the text of a tick, given its value and how far apart ticks are.
    label: stands above. What stands below the axis, up to 44 px under `BOTTOM`, is left to the figure.
    """
    lines = _lines(label)
    upwards = Scale(*padded(values, 0.06), BOTTOM, 14 + LINE * len(lines))
    ticks = upwards.ticks()
    texts = [write(tick, upwards.step()) for tick in ticks]
    left = 13 + CHARACTER * max((len(text) for text in texts), default=0)
    drawing = Drawing(identifier, height=BOTTOM + BELOW, left=left, title=title, description=description)
    for tick, text in zip(ticks, texts, strict=True):
        drawing.line((0, upwards(tick)), (100, upwards(tick)), "grid")
        drawing.text(0, upwards(tick) + 4, text, "tick end", shift=-8)
    for number, line in enumerate(lines):
        drawing.text(0, 12 + LINE * number, line, "tick", shift=-left)
    drawing.line((0, BOTTOM), (100, BOTTOM), "axis")
    return drawing, upwards


def _lines(label: str) -> list[str]:
    """The label in lines that a phone has room for, broken behind a comma where there is one."""
    parts = [label] if len(label) <= LABEL_CHARACTERS else re.split(r"(?<=,) ", label)
    return [line for part in parts for line in textwrap.wrap(part, LABEL_CHARACTERS)]

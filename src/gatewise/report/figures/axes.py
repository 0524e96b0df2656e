"""What all figures of lines share: values upwards with their grid, under a line or two that say what they are."""

import math
import re
import textwrap
from collections.abc import Callable, Iterable, Sequence

from gatewise.report.figures.svg import Drawing, Scale, padded

__all__ = ["BOTTOM", "label_ends", "room_for_labels", "upright"]

BOTTOM = 240
BELOW = 44
LINE = 16
# What a phone has room for.
LABEL_CHARACTERS = 46
CHARACTER = 7
BOLD_CHARACTER = 8.4
BESIDE = 10
LONGEST_LABEL = 8


def upright(
    identifier: str,
    values: Sequence[float],
    write: Callable[[float, float], str],
    *,
    title: str,
    description: str,
    label: str,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    right: int = 20,
) -> tuple[Drawing, Scale]:
    """Begin a figure of lines: return the drawing with its grid, and the scale that maps a value to its height.

    values: all that is to be seen, at least one. write: the text of a tick, given its value and how far apart ticks are.
    label: stands above. bounds: what the axis may not go beyond. right: pixels kept free beside the figure. What stands below
    the axis, up to 44 px under `BOTTOM`, is left to the figure.
    """
    lines = _lines(label)
    upwards = Scale(*padded(values, 0.06, bounds), BOTTOM, 14 + LINE * len(lines))
    ticks = upwards.ticks()
    texts = [write(tick, upwards.step()) for tick in ticks]
    left = 13 + CHARACTER * max((len(text) for text in texts), default=0)
    drawing = Drawing(identifier, height=BOTTOM + BELOW, left=left, right=right, title=title, description=description)
    for tick, text in zip(ticks, texts, strict=True):
        drawing.line((0, upwards(tick)), (100, upwards(tick)), "grid")
        drawing.text(0, upwards(tick) + 4, text, "tick end", shift=-8)
    for number, line in enumerate(lines):
        drawing.text(0, 12 + LINE * number, line, "tick", shift=-left)
    drawing.line((0, BOTTOM), (100, BOTTOM), "axis")
    return drawing, upwards


def room_for_labels(names: Iterable[str]) -> int:
    """Return the pixels that `label_ends` takes at the right of a figure."""
    lines = (line for name in names for line in _label_lines(name))
    return BESIDE + round(BOLD_CHARACTER * max(map(len, lines), default=0))


def label_ends(drawing: Drawing, ends: Sequence[tuple[float, float, str, str]]) -> None:
    """Write beside the figure what each line is, with a thin one from where it ends; ends: (x, y, name, colour)."""
    ordered = sorted(ends, key=lambda end: end[1])
    heights = [y for _, y, _, _ in ordered]
    for place in range(1, len(heights)):
        heights[place] = max(heights[place], heights[place - 1] + LINE * len(_label_lines(ordered[place - 1][2])))
    # What was pushed below the axis goes up again, and pushes those above it.
    limit = float(BOTTOM + LINE)
    for place in reversed(range(len(heights))):
        heights[place] = min(heights[place], limit - LINE * len(_label_lines(ordered[place][2])))
        limit = heights[place]
    for (x, y, name, colour), height in zip(ordered, heights, strict=True):
        drawing.line((x, y), (100, height), f"leader {colour}")
        for number, line in enumerate(_label_lines(name)):
            drawing.text(100, height + 4 + LINE * number, line, f"label shade {colour}", shift=BESIDE - 4)


def _label_lines(name: str) -> list[str]:
    """A name in lines, for a phone has no room for "GRU (hidden 74)" beside a figure."""
    return name.replace(" (", "\n(").split("\n") if len(name) > LONGEST_LABEL else [name]


def _lines(label: str) -> list[str]:
    """The label in lines that a phone has room for, broken behind a comma where there is one."""
    parts = [label] if len(label) <= LABEL_CHARACTERS else re.split(r"(?<=,) ", label)
    return [line for part in parts for line in textwrap.wrap(part, LABEL_CHARACTERS)]

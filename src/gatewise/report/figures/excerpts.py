"""Rows of the data in a small drawing: the curves of a series, the log-mel energies of a sound."""

from gatewise.mistakes import Example
from gatewise.report.figures.svg import Drawing, Scale, padded
from gatewise.report.numbers import MINUS, count, significant

__all__ = ["curve_excerpt", "sound_excerpt"]

HEIGHT = 132
TOP, FOOT = 8, 108
# Shades of a sound's energies: as many as an eye tells apart.
SHADES = 6


def curve_excerpt(identifier: str, example: Example, *, title: str) -> str:
    """Return up to three channels of a series as lines over its steps."""
    values = [value for channel in example.values for value in channel]
    upwards = Scale(*padded(values, 0.05), FOOT, TOP)
    texts = [significant(bound) for bound in (max(values), min(values))]
    left = 12 + 7 * max(map(len, texts))
    shown = ", ".join(example.names) or "the values"
    drawing = Drawing(
        identifier, height=HEIGHT, left=left, right=6, title=title, description=f"{shown} over {example.length} steps"
    )
    for bound, text in zip((max(values), min(values)), texts, strict=True):
        drawing.line((0, upwards(bound)), (100, upwards(bound)), "grid")
        if bound == max(values) or max(values) > min(values):
            drawing.text(0, upwards(bound) + 4, text.replace("-", MINUS), "tick end", shift=-6)
    for number, channel in enumerate(example.values):
        across = Scale(0, max(1, len(channel) - 1))
        drawing.path([(across(step), upwards(value)) for step, value in enumerate(channel)], f"line channel-{number}")
    drawing.line((0, FOOT), (100, FOOT), "axis")
    drawing.text(0, HEIGHT - 6, "step 1", "tick")
    drawing.text(100, HEIGHT - 6, count(example.length), "tick end")
    return drawing.markup()


def sound_excerpt(identifier: str, example: Example, *, title: str) -> str:
    """Return the energies of a sound as a picture, low bands below; the darker the louder."""
    values = [value for band in example.values for value in band]
    low, high = min(values), max(values)
    bands, frames = len(example.values), len(example.values[0])
    drawing = Drawing(identifier, height=HEIGHT, left=44, right=6, title=title, description=f"{bands} bands of {frames} frames")
    height, width = (FOOT - TOP) / bands, 100 / frames
    outlines: list[list[tuple[float, float, float, float]]] = [[] for _ in range(SHADES)]
    for number, band in enumerate(example.values):
        top = FOOT - height * (number + 1)
        levels = [min(SHADES - 1, int(SHADES * (value - low) / (high - low or 1.0))) for value in band]
        start = 0
        # Equal neighbours are one rectangle.
        for frame in range(1, frames + 1):
            if frame == frames or levels[frame] != levels[start]:
                outlines[levels[start]].append((width * start, width * frame, top, top + height))
                start = frame
    for level, boxes in enumerate(outlines):
        if level and boxes:
            drawing.boxes(boxes, "fill ink", opacity=level / (SHADES - 1))
    drawing.text(0, TOP + 10, "high", "tick end", shift=-6)
    drawing.text(0, FOOT - 2, "low", "tick end", shift=-6)
    drawing.line((0, FOOT), (100, FOOT), "axis")
    drawing.text(0, HEIGHT - 6, "frame 1", "tick")
    drawing.text(100, HEIGHT - 6, count(example.length), "tick end")
    return drawing.markup()

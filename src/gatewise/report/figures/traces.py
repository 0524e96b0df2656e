"""Lines of any two quantities, with a spread about them where one is known."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gatewise.report.figures.axes import BOTTOM, label_ends, room_for_labels, upright
from gatewise.report.figures.svg import Scale
from gatewise.report.numbers import number

__all__ = ["Trace", "traces_figure"]


@dataclass(frozen=True)
class Trace:
    """One line. points: (x, y), x rising, at least one. spread: (x, low, high) of an area about it. text: the line in words."""

    label: str
    colour: str
    points: tuple[tuple[float, float], ...]
    text: str
    spread: tuple[tuple[float, float, float], ...] = ()


def traces_figure(
    identifier: str,
    traces: Sequence[Trace],
    *,
    title: str,
    label: str,
    axis: str,
    write: Callable[[float], str] = number,
    write_across: Callable[[float], str] = number,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    steps: bool = False,
) -> str:
    """Return the figure of at least one line. label: of y, stands above; axis: of x, below. write, write_across: the texts of
    ticks. bounds: what y cannot lie beyond. steps: whether a value lasts until the next."""
    heights = [y for trace in traces for _, y in trace.points]
    edges = [edge for trace in traces for _, *both in trace.spread for edge in both]
    drawing, upwards = upright(
        identifier,
        [*heights, *edges],
        lambda value, _: write(value),
        title=title,
        description="; ".join(f"{trace.label}: {trace.text}" for trace in traces),
        label=label,
        bounds=bounds,
        right=room_for_labels(trace.label for trace in traces),
    )
    places = [x for trace in traces for x, _ in trace.points]
    across = Scale(min(places), max(*places, min(places) + 1e-9))
    for tick in across.ticks():
        drawing.text(across(tick), BOTTOM + 18, write_across(tick), "tick middle")
    drawing.text(50, BOTTOM + 38, axis, "tick middle")
    for trace in traces:
        if trace.spread:
            upper = [(across(x), upwards(high)) for x, _, high in trace.spread]
            lower = [(across(x), upwards(low)) for x, low, _ in reversed(trace.spread)]
            drawing.path([*upper, *lower], f"spread {trace.colour}", closed=True)
    for trace in traces:
        points = [(across(x), upwards(y)) for x, y in trace.points]
        drawing.path(_stepped(points) if steps else points, f"line {trace.colour}")
    label_ends(
        drawing,
        [(across(trace.points[-1][0]), upwards(trace.points[-1][1]), trace.label, trace.colour) for trace in traces],
    )
    return drawing.markup()


def _stepped(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The same line with corners: each height lasts until the next one begins."""
    corners = [(x, y) for (_, y), (x, _) in pairwise(points)]
    return [points[0], *(place for pair in zip(corners, points[1:], strict=True) for place in pair)]

"""The difference of two arms against the band of practical equivalence, and the posterior probabilities."""

import math
from collections.abc import Sequence

from gatewise.records import Difference
from gatewise.report.figures.svg import Drawing, Scale
from gatewise.report.metric_text import MetricText
from gatewise.titles import Titles
from gatewise.wording import capitalised, counted, probability

__all__ = ["difference_figure", "probability_figure"]

DOT_SPACING = 10
DOT_WIDTH_PERCENT = 2.8
NARROWER_THAN_THE_REPLICATES = 3
# Of both arms' names side by side on a phone.
MOST_CHARACTERS = 30


def difference_figure(difference: Difference, values: Sequence[float], say: MetricText, identifier: str = "difference") -> str:
    """Return the figure of every replicate's difference, their mean with its intervals, and the band of practical equivalence.

    values: by how much the first is better in every replicate. The scale is symmetric about 0, so both sides have the same room.
    An interval wider than a few times the replicates' own range (few replicates) is cut at the edge and ends in an arrow; one
    that says nothing yet is not drawn.
    """
    margin = say.margin
    first, second = say.title(difference.first), say.title(difference.second)
    observed = max((abs(value) for value in (*values, difference.mean)), default=0.0)
    intervals = (*difference.ci95, *difference.ci95_sequential) if difference.is_known else ()
    bounds = [abs(bound) for bound in intervals if math.isfinite(bound)]
    widest = max([observed, 1.6 * margin, *bounds])
    reach = 1.08 * min(widest, NARROWER_THAN_THE_REPLICATES * max(observed, 1.6 * margin))
    across = Scale(-reach, reach)
    places = _beeswarm([across(value) for value in sorted(values)])
    top, dots = 26, 40 + DOT_SPACING * max((row for _, row in places), default=0)
    mean, axis = dots + 30, dots + 66
    stacked = 18 if len(first) + len(second) > MOST_CHARACTERS else 0
    versus = say.versus(difference.first, difference.second)
    drawing = Drawing(
        identifier,
        height=axis + 66 + stacked,
        title=f"{capitalised(versus)} in test {say.label}, against the band of practical equivalence",
        description=f"Mean {say.difference(difference.mean)}, 95% interval {say.interval(difference)}, "
        f"over {counted(len(values), 'replicate')}; "
        f"the band reaches from {say.range((-margin, margin))}.",
    )
    drawing.rectangle(across(-margin), across(margin), top, axis, "band")
    drawing.text(50, top - 9, f"practically equal: within {say.band()}", "label middle muted")
    for tick in across.ticks():
        drawing.line((across(tick), axis), (across(tick), axis + 5), "axis")
        drawing.text(across(tick), axis + 19, say.difference_tick(tick, across.step()), "tick middle")
    drawing.line((0, axis), (100, axis), "axis")
    drawing.line((50, top), (50, axis), "zero")
    drawing.text(50, axis + 38, say.difference_axis(), "tick middle")
    drawing.text(0, axis + 60, f"◂ {second} better", "label", shift=-18)
    drawing.text(100, axis + 60 + stacked, f"{first} better ▸", "label end", shift=18)
    for (x, row), value in zip(places, sorted(values), strict=True):
        drawing.dot(x, dots - DOT_SPACING * row, "replicate", hint=say.difference(value, fine=True))
    if difference.is_known and difference.ci95_sequential != difference.ci95:
        _interval_line(drawing, across, difference.ci95_sequential, mean, "interval-wide")
    if difference.is_known:
        _interval_line(drawing, across, difference.ci95, mean, "interval")
    drawing.diamond(across(difference.mean), mean, "mean", hint=say.difference(difference.mean, fine=True))
    place = across(difference.mean)
    side = "start" if place < 30 else "end" if place > 70 else "middle"
    drawing.text(min(max(place, 0), 100), mean + 24, f"mean {say.difference(difference.mean)}", f"label strong halo {side}")
    return drawing.markup()


def probability_figure(difference: Difference, colours: tuple[str, str], title: Titles, identifier: str = "probabilities") -> str:
    """Return one bar divided by the posterior probabilities: first better, practically equal, second better."""
    first, second = title(difference.first), title(difference.second)
    parts = (
        (difference.p_first, f"{first} better", colours[0]),
        (difference.p_equivalent, "practically equal", "equal"),
        (difference.p_second, f"{second} better", colours[1]),
    )
    drawing = Drawing(
        identifier,
        height=34,
        left=0,
        right=0,
        title="Posterior probabilities",
        description=", ".join(f"{label}: {probability(share)}" for share, label, _ in parts),
    )
    left = 0.0
    for share, _, colour in parts:
        drawing.rectangle(100 * left, 100 * (left + share), 0, 34, f"fill {colour}")
        if share >= 0.15:
            drawing.text(100 * (left + share / 2), 22, probability(share), "on-fill middle")
        left += share
    return drawing.markup()


def _interval_line(drawing: Drawing, across: Scale, bounds: tuple[float, float], y: float, css: str) -> None:
    if any(math.isnan(bound) for bound in bounds):
        return
    low, high = (min(max(bound, across.low), across.high) for bound in bounds)
    drawing.line((across(low), y), (across(high), y), css)
    if low > bounds[0]:
        drawing.text(0, y + 5, "◂", "label end", shift=2)
    if high < bounds[1]:
        drawing.text(100, y + 5, "▸", "label", shift=-2)


def _beeswarm(ordered: Sequence[float]) -> list[tuple[float, int]]:
    """Return (x, row) of dots given their ascending x in percent: the lowest row in which no dot covers another."""
    ends: list[float] = []
    places = []
    for x in ordered:
        row = next((row for row, end in enumerate(ends) if x - end >= DOT_WIDTH_PERCENT), len(ends))
        ends[row : row + 1] = [x]
        places.append((x, row))
    return places

"""Scores, gaps and differences against the amount of training data."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from gatewise.comparison.curve import CurvePoint, Estimate
from gatewise.report.figures.axes import BOTTOM, label_ends, room_for_labels, upright
from gatewise.report.figures.svg import Drawing, Scale
from gatewise.report.metric_text import MetricText
from gatewise.report.numbers import count
from gatewise.wording import capitalised, counted

__all__ = ["Quantity", "curve_by_data_figure"]

Quantity = Literal["scores", "gaps", "differences"]

NARROWEST_MARGINS = 4
BAR_PERCENT = 0.7
APART_PERCENT = 1.6


def curve_by_data_figure(
    points: Sequence[CurvePoint],
    colours: Mapping[str, str],
    say: MetricText,
    quantity: Quantity,
    identifier: str = "by-data",
) -> str:
    """Return one quantity of every arm against the rows of training data, with bars for 95% intervals.

    points: at least one, by rising fraction. Rows are on a logarithmic scale, so that each doubling takes the same room.
    differences: the lead of the first arm over each other one, in the other's colour, about a line at zero.
    """
    series = {name: [getattr(point, quantity)[name] for point in points] for name in getattr(points[-1], quantity)}
    values = [one.mean for estimates in series.values() for one in estimates]
    # Intervals of two or three replicates would leave no room for what the means say.
    most = max(max(values) - min(values), NARROWEST_MARGINS * say.margin)
    bounds = [
        min(max(bound, min(values) - most), max(values) + most)
        for estimates in series.values()
        for one in estimates
        if one.ci95 is not None
        for bound in one.ci95
    ]
    ground = [] if quantity == "scores" else [0.0]
    label = _label(quantity, say, points)
    drawing, upwards = upright(
        f"{identifier}-{quantity}",
        [*values, *bounds, *ground],
        say.tick if quantity == "scores" else say.difference_tick,
        title=f"{capitalised(label)}, against training rows",
        description=_description(points, series, say, quantity),
        label=label,
        bounds=say.metric.bounds if quantity == "scores" else (-math.inf, math.inf),
        right=room_for_labels(_name(name, say, quantity) for name in series),
    )
    rows = [math.log2(point.train_rows) for point in points]
    across = Scale(rows[0], max(rows[-1], rows[0] + 1), 4, 96)
    if ground:
        drawing.line((0, upwards(0.0)), (100, upwards(0.0)), "zero")
    _row_labels(drawing, [across(row) for row in rows], points)
    drawing.text(50, BOTTOM + 38, "training rows", "tick middle")
    ends = []
    for place, (name, estimates) in enumerate(series.items()):
        # Bars stand side by side, or the last one would hide the others.
        shift = APART_PERCENT * (place - (len(series) - 1) / 2)
        _draw(drawing, [across(row) + shift for row in rows], estimates, upwards, colours[name])
        for row, point, estimate in zip(rows, points, estimates, strict=True):
            hint = f"{_name(name, say, quantity)}: {_estimate_text(say, estimate, quantity)}, {counted(point.train_rows, 'row')}"
            drawing.dot(across(row) + shift, upwards(estimate.mean), f"fill {colours[name]}", hint=hint)
        ends.append((across(rows[-1]) + shift, upwards(estimates[-1].mean), _name(name, say, quantity), colours[name]))
    label_ends(drawing, ends)
    return drawing.markup()


def _draw(drawing: Drawing, places: Sequence[float], estimates: Sequence[Estimate], upwards: Scale, colour: str) -> None:
    for x, estimate in zip(places, estimates, strict=True):
        if estimate.ci95 is not None:
            low, high = (min(max(bound, upwards.low), upwards.high) for bound in estimate.ci95)
            drawing.rectangle(x - BAR_PERCENT / 2, x + BAR_PERCENT / 2, upwards(high), upwards(low), f"faint {colour}")
    drawing.path([(x, upwards(one.mean)) for x, one in zip(places, estimates, strict=True)], f"line {colour}")


def _row_labels(drawing: Drawing, places: Sequence[float], points: Sequence[CurvePoint]) -> None:
    """Write the rows below the points, from the last to the first, where there is room."""
    free = math.inf
    for place, point in zip(reversed(places), reversed(points), strict=True):
        if place <= free:
            drawing.text(place, BOTTOM + 18, count(point.train_rows), "tick middle")
            free = place - max(drawing.room(count(other.train_rows)) for other in points)


def _label(quantity: Quantity, say: MetricText, points: Sequence[CurvePoint]) -> str:
    if quantity == "scores":
        return say.axis("test")
    if quantity == "gaps":
        return f"{say.label}{_unit(say)}, {say.ahead_on_training()}"
    first = next(name for name in points[-1].scores if name not in points[-1].differences)
    return f"test {say.label}{_unit(say)}, {say.versus(first, 'the other')}"


def _unit(say: MetricText) -> str:
    return " in points" if say.metric.in_percent else ""


def _name(name: str, say: MetricText, quantity: Quantity) -> str:
    return f"over {say.title(name)}" if quantity == "differences" else say.title(name)


def _estimate_text(say: MetricText, estimate: Estimate, quantity: Quantity) -> str:
    if estimate.ci95 is None:
        return say.value(estimate.mean) if quantity == "scores" else say.difference(estimate.mean)
    if quantity == "scores":
        low, high = map(say.value, estimate.ci95)
        return f"{say.value(estimate.mean)} ({low} to {high})"
    return f"{say.difference(estimate.mean)} ({say.range(estimate.ci95)})"


def _description(
    points: Sequence[CurvePoint], series: Mapping[str, Sequence[Estimate]], say: MetricText, quantity: Quantity
) -> str:
    return "; ".join(
        f"{_name(name, say, quantity)}: "
        + ", ".join(
            f"{_estimate_text(say, one, quantity)} with {counted(point.train_rows, 'row')}"
            for point, one in zip(points, estimates, strict=True)
        )
        for name, estimates in series.items()
    )

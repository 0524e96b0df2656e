"""Scores as lines: against the epoch with their spread, and by sequence length."""

from collections.abc import Mapping, Sequence

from gatewise.names import display_name
from gatewise.records import LengthScore
from gatewise.report.evidence import Curve
from gatewise.report.figures.svg import Drawing, Scale, decimals_for
from gatewise.report.numbers import count, percent

__all__ = ["curves_figure", "length_range", "lengths_figure"]

TOP, BOTTOM, LEFT = 30, 240, 48
MOST_LENGTH_LABELS = 6


def curves_figure(curves: Mapping[str, Curve], colours: Mapping[str, str], target: float | None, metric: str) -> str:
    """Return validation score against epoch: a line for the mean over pairs, an area for one standard deviation either way.

    target: the score whose reaching is timed, drawn as a dashed line; None leaves it out.
    """
    edges = [
        mean + side * sd for curve in curves.values() for mean, sd in zip(curve.mean, curve.sd, strict=True) for side in (-1, 1)
    ]
    upwards = _upwards([*edges, *([] if target is None else [target])])
    last = max(curve.epochs[-1] for curve in curves.values())
    first = min(curve.epochs[0] for curve in curves.values())
    across = Scale(first, max(last, first + 1))
    ends = "; ".join(
        f"{display_name(name)} ends at {percent(curve.mean[-1])} after {curve.epochs[-1]} epochs"
        for name, curve in curves.items()
    )
    drawing = _start("curves", f"Validation {metric} against epoch", ends, upwards, f"validation {metric}", BOTTOM + 44)
    for tick in across.ticks(8):
        if tick == round(tick):
            drawing.text(across(tick), BOTTOM + 18, f"{tick:.0f}", "tick middle")
    drawing.text(50, BOTTOM + 38, "epoch", "tick middle")
    for name, curve in curves.items():
        x = [across(epoch) for epoch in curve.epochs]
        upper = [upwards(mean + sd) for mean, sd in zip(curve.mean, curve.sd, strict=True)]
        lower = [upwards(mean - sd) for mean, sd in zip(curve.mean, curve.sd, strict=True)]
        outline = [*zip(x, upper, strict=True), *reversed(list(zip(x, lower, strict=True)))]
        drawing.path(outline, f"spread {colours[name]}", closed=True)
    if target is not None:
        drawing.line((0, upwards(target)), (100, upwards(target)), "target")
        drawing.text(0, upwards(target) - 6, f"target {percent(target)}", "label halo", shift=4)
    for name, curve in curves.items():
        points = [(across(epoch), upwards(mean)) for epoch, mean in zip(curve.epochs, curve.mean, strict=True)]
        _line(drawing, points, colours[name], [f"{display_name(name)}: {percent(mean, 2)}" for mean in curve.mean])
    return drawing.markup()


def lengths_figure(bins: Sequence[LengthScore], colours: Mapping[str, str], metric: str, unit: str) -> str:
    """Return the score of every arm in every bin of sequence lengths; `unit` is "tokens" or "steps"."""
    upwards = _upwards([score for item in bins for score in item.scores.values()])
    places = [100 * (number + 0.5) / len(bins) for number in range(len(bins))]
    description = "; ".join(
        f"{length_range(item)} {unit}: "
        + ", ".join(f"{display_name(name)} {percent(score)}" for name, score in item.scores.items())
        for item in bins
    )
    drawing = _start("lengths", f"Test {metric} by sequence length", description, upwards, f"test {metric}", BOTTOM + 44)
    every = -(-len(bins) // MOST_LENGTH_LABELS)
    for number, (item, place) in enumerate(zip(bins, places, strict=True)):
        if number % every == 0:
            drawing.text(place, BOTTOM + 18, length_range(item), "tick middle")
    drawing.text(50, BOTTOM + 38, f"length in {unit}", "tick middle")
    for name in dict.fromkeys(name for item in bins for name in item.scores):
        held = [(place, item) for place, item in zip(places, bins, strict=True) if name in item.scores]
        points = [(place, upwards(item.scores[name])) for place, item in held]
        hints = [f"{display_name(name)}: {percent(item.scores[name], 2)} of {count(item.rows)} rows" for _, item in held]
        _line(drawing, points, colours[name], hints)
    return drawing.markup()


def _upwards(values: Sequence[float]) -> Scale:
    room = 0.06 * (max(values) - min(values)) or 0.01
    return Scale(min(values) - room, max(values) + room, BOTTOM, TOP)


def _start(identifier: str, title: str, description: str, upwards: Scale, label: str, height: int) -> Drawing:
    drawing = Drawing(identifier, height=height, left=LEFT, title=title, description=description)
    ticks = upwards.ticks()
    for tick in ticks:
        drawing.line((0, upwards(tick)), (100, upwards(tick)), "grid")
        drawing.text(0, upwards(tick) + 4, percent(tick, decimals_for(ticks)), "tick end", shift=-8)
    drawing.text(0, 12, label, "tick", shift=-LEFT)
    drawing.line((0, BOTTOM), (100, BOTTOM), "axis")
    return drawing


def _line(drawing: Drawing, points: Sequence[tuple[float, float]], colour: str, hints: Sequence[str]) -> None:
    drawing.path(points, f"line {colour}")
    for (x, y), hint in zip(points, hints, strict=True):
        drawing.dot(x, y, f"fill {colour}", radius=3.5, hint=hint)


def length_range(item: LengthScore) -> str:
    """Return the lengths of a bin, both ends included: "10–19"."""
    return str(item.low) if item.low == item.high else f"{item.low}–{item.high}"

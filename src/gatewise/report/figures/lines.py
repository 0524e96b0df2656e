"""Scores as lines: against the epoch with their spread, and by sequence length."""

import math
from collections.abc import Mapping, Sequence

from gatewise.records import LengthScore
from gatewise.report.figures.axes import BOTTOM, label_ends, room_for_labels, upright
from gatewise.report.figures.svg import Scale
from gatewise.report.metric_text import MetricText
from gatewise.report.summaries import Curve
from gatewise.wording import capitalised, counted

__all__ = ["curves_figure", "length_range", "lengths_figure"]

# A cap further off than this would squeeze the curves together.
NEAR_CAP = 0.6


def curves_figure(
    curves: Mapping[str, Curve], colours: Mapping[str, str], target: float | None, say: MetricText, cap: int | None = None
) -> str:
    """Return validation score against epoch: a line for the mean over replicates, an area for one standard deviation either way.

    target: the score whose reaching is timed, drawn as a dashed line. cap: most epochs of a training, marked where the curves
    come near it. None leaves either out.
    """
    least, most = say.metric.bounds
    edges = {
        name: [
            [min(max(mean + side * sd, least), most) for mean, sd in zip(curve.mean, curve.sd, strict=True)] for side in (1, -1)
        ]
        for name, curve in curves.items()
    }
    ends = "; ".join(
        f"{say.title(name)} ends at {say.value(curve.mean[-1])} after {counted(curve.epochs[-1], 'epoch')}"
        for name, curve in curves.items()
    )
    label = say.axis("validation")
    drawing, upwards = upright(
        "curves",
        [value for sides in edges.values() for side in sides for value in side] + ([] if target is None else [target]),
        say.tick,
        title=f"{capitalised(label)}, against epoch",
        description=ends,
        label=label,
        bounds=say.metric.bounds,
        right=room_for_labels(map(say.title, curves)),
    )
    last = max(curve.epochs[-1] for curve in curves.values())
    first = min(curve.epochs[0] for curve in curves.values())
    marked = cap is not None and last >= NEAR_CAP * cap
    across = Scale(first, max(last, first + 1, cap if cap is not None and marked else 0))
    for tick in across.ticks(8):
        if tick == round(tick):
            drawing.text(across(tick), BOTTOM + 18, f"{tick:.0f}", "tick middle")
    drawing.text(50, BOTTOM + 38, "epoch", "tick middle")
    for name, curve in curves.items():
        x = [across(epoch) for epoch in curve.epochs]
        upper, lower = ([upwards(value) for value in side] for side in edges[name])
        outline = [*zip(x, upper, strict=True), *reversed(list(zip(x, lower, strict=True)))]
        drawing.path(outline, f"spread {colours[name]}", closed=True)
    if cap is not None and marked:
        drawing.line((across(cap), upwards(upwards.high)), (across(cap), BOTTOM), "cap")
        # Where the curves are not: they rise to scores, and fall to errors.
        height = BOTTOM - 8 if say.metric.higher_is_better else upwards(upwards.high) + 12
        drawing.text(across(cap), height, f"cap: {counted(cap, 'epoch')}", "label halo end", shift=-6)
    if target is not None:
        drawing.line((0, upwards(target)), (100, upwards(target)), "target")
        # Where the curves come from the line's other side, or have left it behind.
        place, css, shift = (0, "label halo", 4) if say.metric.higher_is_better else (100, "label halo end", 0)
        drawing.text(place, upwards(target) - 6, f"target {say.value(target)}", css, shift=shift)
    for name, curve in curves.items():
        points = [(across(epoch), upwards(mean)) for epoch, mean in zip(curve.epochs, curve.mean, strict=True)]
        drawing.path(points, f"line {colours[name]}")
    label_ends(
        drawing,
        [(across(curve.epochs[-1]), upwards(curve.mean[-1]), say.title(name), colours[name]) for name, curve in curves.items()],
    )
    return drawing.markup()


def lengths_figure(bins: Sequence[LengthScore], colours: Mapping[str, str], say: MetricText, unit: str) -> str:
    """Return the score of every arm in every bin of sequence lengths; `unit` is "tokens", "steps" or "frames"."""
    places = [100 * (number + 0.5) / len(bins) for number in range(len(bins))]
    description = "; ".join(
        f"{length_range(item)} {unit}: "
        + ", ".join(f"{say.title(name)} {say.value(score)}" for name, score in item.scores.items())
        for item in bins
    )
    label = say.axis("test")
    names = list(dict.fromkeys(name for item in bins for name in item.scores))
    drawing, upwards = upright(
        "lengths",
        [score for item in bins for score in item.scores.values()],
        say.tick,
        title=f"{capitalised(label)}, by sequence length",
        description=description,
        label=label,
        bounds=say.metric.bounds,
        right=room_for_labels(map(say.title, names)),
    )
    widest = max(drawing.room(length_range(item)) for item in bins)
    every = math.ceil(widest * len(bins) / 100)
    for number, (item, place) in enumerate(zip(bins, places, strict=True)):
        if number % every == 0:
            drawing.text(place, BOTTOM + 18, length_range(item), "tick middle")
    drawing.text(50, BOTTOM + 38, f"length in {unit}", "tick middle")
    ends = []
    for name in names:
        held = [(place, item) for place, item in zip(places, bins, strict=True) if name in item.scores]
        points = [(place, upwards(item.scores[name])) for place, item in held]
        hints = [
            f"{say.title(name)}: {say.value(item.scores[name], fine=True)} of {counted(item.rows, 'row')}" for _, item in held
        ]
        drawing.path(points, f"line {colours[name]}")
        for (x, y), hint in zip(points, hints, strict=True):
            drawing.dot(x, y, f"fill {colours[name]}", radius=3.5, hint=hint)
        ends.append((*points[-1], say.title(name), colours[name]))
    label_ends(drawing, ends)
    return drawing.markup()


def length_range(item: LengthScore) -> str:
    """Return the lengths of a bin, both ends included: "10–19"."""
    return str(item.low) if item.low == item.high else f"{item.low}–{item.high}"

"""Numbers predicted, beside the truth: windows of a forecast, and dots of single numbers."""

from collections.abc import Mapping, Sequence

from gatewise.mistakes import NumberRow, Window
from gatewise.report.figures.axes import BOTTOM, upright
from gatewise.report.figures.svg import Scale
from gatewise.report.numbers import count, number, significant
from gatewise.titles import Titles

__all__ = ["error_lines_figure", "scatter_figure", "window_figure"]

MOST_LABELS = 6


def error_lines_figure(
    identifier: str,
    series: Mapping[str, Sequence[float]],
    places: Sequence[str],
    colours: Mapping[str, str],
    called: Titles,
    *,
    title: str,
    label: str,
    axis: str,
) -> str:
    """Return errors as lines, one a model. places: what the values of each belong to, in order; label, axis: up and across."""
    description = "; ".join(
        f"{called(name)}: {significant(values[0])} at {places[0]} to {significant(values[-1])} at {places[-1]}"
        for name, values in series.items()
    )
    values = [value for held in series.values() for value in held]
    drawing, upwards = upright(
        identifier, values, lambda value, _: number(value), title=title, description=description, label=label
    )
    across = Scale(0, max(1, len(places) - 1), 3, 97)
    every = -(-len(places) // MOST_LABELS)
    for at in range(0, len(places), every):
        drawing.text(across(at), BOTTOM + 18, places[at], "tick middle")
    drawing.text(50, BOTTOM + 38, axis, "tick middle")
    for name, held in series.items():
        points = [(across(at), upwards(value)) for at, value in enumerate(held)]
        drawing.path(points, f"line {colours[name]}")
        for (x, y), place, value in zip(points, places, held, strict=True):
            drawing.dot(x, y, f"fill {colours[name]}", radius=2.5, hint=f"{called(name)}: {significant(value)} at {place}")
    return drawing.markup()


def window_figure(
    identifier: str, window: Window, past: Sequence[float], arms: Sequence[str], colours: Mapping[str, str], title: Titles
) -> str:
    """Return a window's last steps, what followed and what was predicted. past: the steps read, the latest last; may be empty."""
    steps = len(window.truth)
    joined = [*past[-1:], *window.truth]
    errors = ", ".join(f"{title(name)} {significant(window.errors[name])}" for name in arms)
    drawing, upwards = upright(
        identifier,
        [*past, *window.truth, *(value for name in arms for value in window.predictions[name])],
        lambda value, _: number(value),
        title=f"The {window.rank} window: {window.channel}",
        description=f"Errors: {errors}",
        label=window.channel,
    )
    across = Scale(-max(0, len(past) - 1), max(1, steps), 1, 99)
    start = 1 if not past else 0
    drawing.line((across(0), 28), (across(0), BOTTOM), "zero")
    drawing.path([(across(step - len(past) + 1), upwards(value)) for step, value in enumerate(past)], "line past")
    drawing.path([(across(step + start), upwards(value)) for step, value in enumerate(joined)], "line truth")
    for name in arms:
        said = [*past[-1:], *window.predictions[name]]
        drawing.path([(across(step + start), upwards(value)) for step, value in enumerate(said)], f"line {colours[name]}")
    drawing.text(across(0), BOTTOM + 18, "now", "tick middle")
    drawing.text(100, BOTTOM + 18, f"+{count(steps)} {'step' if steps == 1 else 'steps'}", "tick end")
    return drawing.markup()


def scatter_figure(identifier: str, points: Sequence[NumberRow], name: str, colour: str, title: Titles) -> str:
    """Return what one model predicted against the truth, a dot a row; on the diagonal both agree."""
    truths = [point.truth for point in points]
    said = [point.predictions[name] for point in points]
    drawing, upwards = upright(
        identifier,
        # One scale for all models, so that their clouds can be compared.
        [*truths, *(value for point in points for value in point.predictions.values())],
        lambda value, _: number(value),
        title=f"{title(name)}: predicted against true",
        description=f"{count(len(points))} rows",
        label="predicted",
    )
    low, high = min(truths), max(truths)
    across = Scale(low, high if high > low else low + 1, 3, 97)
    for tick in across.ticks(4):
        drawing.text(across(tick), BOTTOM + 18, number(tick), "tick middle")
    drawing.text(50, BOTTOM + 38, "true", "tick middle")
    drawing.path([(across(bound), upwards(bound)) for bound in (low, high)], "line diagonal")
    for truth, value in zip(truths, said, strict=True):
        drawing.dot(across(truth), upwards(value), f"faint {colour}", radius=3)
    return drawing.markup()

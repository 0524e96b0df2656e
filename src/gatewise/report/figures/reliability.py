"""How often a model is right, against how sure it was."""

from collections.abc import Mapping

from gatewise.mistakes import Calibration
from gatewise.report.figures.axes import BOTTOM, upright
from gatewise.report.figures.svg import Scale
from gatewise.report.numbers import count, percent
from gatewise.titles import Titles

__all__ = ["FEWEST", "reliability_figure"]

# A bin of fewer predictions says nothing.
FEWEST = 10


def reliability_figure(calibration: Mapping[str, Calibration], colours: Mapping[str, str], title: Titles) -> str:
    """Return accuracy against mean confidence, a dot a bin of at least ten predictions; on the diagonal both agree."""
    shown = {name: [one for one in found.bins if one.rows >= FEWEST] for name, found in calibration.items()}
    points = [one for bins in shown.values() for one in bins]
    low = min((one.low for one in points), default=0.0)
    description = "; ".join(
        f"{title(name)}: " + ", ".join(f"{percent(one.accuracy)} right at {percent(one.confidence)}" for one in bins)
        for name, bins in shown.items()
    )
    drawing, upwards = upright(
        "reliability",
        [*(one.accuracy for one in points), low, 1.0],
        lambda value, _: percent(value, 0),
        title="Share of right predictions, against confidence",
        description=description,
        label="share that was right",
    )
    across = Scale(low, 1.0, 2, 98)
    for tick in across.ticks():
        drawing.text(across(tick), BOTTOM + 18, percent(tick, 0), "tick middle")
    drawing.text(50, BOTTOM + 38, "confidence in the class predicted", "tick middle")
    drawing.path([(across(low), upwards(low)), (across(1.0), upwards(1.0))], "line diagonal")
    for name, bins in shown.items():
        drawing.path([(across(one.confidence), upwards(one.accuracy)) for one in bins], f"line {colours[name]}")
        for one in bins:
            right = f"{percent(one.accuracy)} of {count(one.rows)} right"
            hint = f"{title(name)}: {right} at {percent(one.confidence)} confidence"
            drawing.dot(across(one.confidence), upwards(one.accuracy), f"fill {colours[name]}", radius=3.5, hint=hint)
    return drawing.markup()

"""Mistakes in forecasts: windows beside the truth, and the error by step ahead and channel."""

from collections.abc import Sequence

from gatewise.data.dataset.excerpts import shown_text
from gatewise.mistakes import Example, ForecastMistakes, Mistakes, Window
from gatewise.records import Comparison
from gatewise.report.blocks import Block, Figure, Gallery, Key, Table, arm_keys, colours
from gatewise.report.figures.predictions import error_lines_figure, window_figure
from gatewise.report.numbers import count, significant
from gatewise.report.sections.mistakes_in_rows import nearer_sentence
from gatewise.titles import Titles

__all__ = ["forecast_blocks"]

MOST_CHANNELS = 12
MOST_STEPS = 12
SCALE = "Errors are absolute errors over that of repeating the last season in the training part (MASE): 1 is as good as that."


def forecast_blocks(
    found: ForecastMistakes, mistakes: Mistakes, comparison: Comparison, shown: Sequence[str]
) -> tuple[list[str], list[Block]]:
    """Return sentences and blocks. shown: models in tables, the arms first."""
    title = Titles(comparison.arms)
    shades, arms = colours(comparison), [arm.name for arm in comparison.arms]
    legend = (*arm_keys(comparison), *(Key(shades[name], title(name)) for name in shown if name not in arms))
    blocks: list[Block] = []
    if found.windows:
        figures = tuple(_window(window, mistakes, arms, shades, title) for window in found.windows)
        caption = (
            f"The best, the median and the worst of {count(found.kept)} windows that were kept whole, by the mean error of the "
            f"cells over all channels. {SCALE}"
        )
        keys = (Key("past", "read"), Key("truth", "came"), *arm_keys(comparison))
        blocks.append(Gallery("Predicted beside the truth", figures, caption, keys))
    steps = {name: found.step_errors[name] for name in shown}
    places = [f"+{number + 1}" for number in range(len(steps[shown[0]]))]
    if len(places) > 1:
        figure = error_lines_figure(
            "horizon",
            steps,
            places,
            shades,
            title,
            title="Error by step ahead",
            label="mean absolute scaled error",
            axis="steps ahead",
        )
        blocks.append(Figure(figure, SCALE, legend, heading="Error by step ahead"))
        every = -(-len(places) // MOST_STEPS)
        rows = tuple((places[at], *(significant(steps[name][at]) for name in shown)) for at in range(0, len(places), every))
        blocks.append(Table(("Step ahead", *map(title, shown)), rows, caption="Error by step ahead (MASE)"))
    if len(found.channels) > 1:
        blocks.append(_channels(found, shown, title))
    return nearer_sentence(found.agreements, "windows", title), blocks


def _window(window: Window, mistakes: Mistakes, arms: Sequence[str], shades: dict[str, str], title: Titles) -> Figure:
    past = mistakes.examples.get(str(window.row), Example()).values
    svg = window_figure(f"window-{window.rank}", window, past[0] if past else (), arms, shades, title)
    errors = " · ".join(f"{title(name)} {significant(window.errors[name])}" for name in arms)
    heading = f"{window.rank.capitalize()} window ({shown_text(window.channel, 40)})"
    return Figure(
        svg, f"Replicate {count(window.replicate + 1)}, window {count(window.row + 1)}. Error: {errors}.", heading=heading
    )


def _channels(found: ForecastMistakes, shown: Sequence[str], title: Titles) -> Table:
    rows = tuple(
        (
            shown_text(channel, 40),
            *(f"{significant(found.channel_mase[name][at])} ({significant(found.channel_mae[name][at])})" for name in shown),
        )
        for at, channel in enumerate(found.channels[:MOST_CHANNELS])
    )
    left = len(found.channels) - len(rows)
    further = f" The {count(left)} easiest channels are left out." if left else ""
    note = f"MASE, and in brackets the mean absolute error in the channel’s own units; the hardest first.{further}"
    return Table(("Channel", *map(title, shown)), rows, caption="Error by channel", note=note)

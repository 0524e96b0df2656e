"""Mistakes in numbers: predicted against true, and where in the range the errors lie."""

from collections.abc import Sequence

from gatewise.mistakes import Mistakes, NumberMistakes, NumberRow, NumberScore
from gatewise.records import Comparison
from gatewise.report.blocks import Block, Figure, Gallery, Table, colours
from gatewise.report.figures.predictions import scatter_figure
from gatewise.report.numbers import count, significant
from gatewise.report.sections.mistakes_in_rows import nearer_sentence, rows_block
from gatewise.titles import Titles

__all__ = ["number_blocks"]


def number_blocks(
    found: NumberMistakes, mistakes: Mistakes, comparison: Comparison, shown: Sequence[str]
) -> tuple[list[str], list[Block]]:
    """Return sentences and blocks. shown: models in tables, the arms first."""
    title = Titles(comparison.arms)
    shades = colours(comparison)
    figures = tuple(
        Figure(
            scatter_figure(f"scatter-{arm.name}", found.points, arm.name, shades[arm.name], title), "", heading=title(arm.name)
        )
        for arm in comparison.arms
    )
    of = (
        f"{count(len(found.points))} of {count(mistakes.rows)} rows, spread evenly over the true values"
        if len(found.points) < mistakes.rows
        else f"All {count(mistakes.rows)} rows"
    )
    caption = f"{of}. On the dashed line a prediction is exact; a cloud flatter than the line shrinks towards the mean."
    everything, *fifths = found.scores
    rows = (("all", *_scores(everything, shown)), *((_range(score), *_scores(score, shown)) for score in fifths))
    header = ("True value", "Test predictions", *map(title, shown))
    note = "In brackets the mean error, predicted less true: below zero a model says too little."

    def cells(row: NumberRow) -> list[str]:
        return [significant(row.truth, 4), *(significant(row.predictions[name], 4) for name in shown)]

    columns = ("True", *map(title, shown))
    blocks: list[Block] = [
        Gallery("Predicted against true", figures, caption),
        Table(header, rows, caption="Mean absolute error, by the true value in fifths", note=note),
        rows_block("The worst mistakes of the cells", "worst", found.worst, comparison, columns, cells),
    ]
    return nearer_sentence(found.agreements, "test predictions", title), blocks


def _range(score: NumberScore) -> str:
    return f"{significant(score.low)} to {significant(score.high)}"


def _scores(score: NumberScore, shown: Sequence[str]) -> list[str]:
    found = [f"{significant(score.mae[name])} ({_signed(score.bias[name])})" for name in shown]
    return [count(score.rows), *found]


def _signed(value: float) -> str:
    text = significant(value)
    return f"+{text}" if value > 0 and text != "0" else text

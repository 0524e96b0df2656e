"""Mistakes in next steps: the loss by position and key, and the hardest sequences."""

from collections.abc import Sequence

from gatewise.data.dataset.excerpts import shown_text
from gatewise.mistakes import KeyScore, SequenceRow, StepMistakes
from gatewise.records import Comparison
from gatewise.report.blocks import Block, Figure, Key, Table, arm_keys, colours
from gatewise.report.figures.predictions import error_lines_figure
from gatewise.report.numbers import count, percent, significant
from gatewise.report.sections.mistakes_in_rows import nearer_sentence, rows_block
from gatewise.titles import Titles

__all__ = ["step_blocks"]

LOSS = "negative log-likelihood a step, in nats"


def step_blocks(found: StepMistakes, comparison: Comparison, shown: Sequence[str]) -> tuple[list[str], list[Block]]:
    """Return sentences and blocks. shown: models in tables, the arms first."""
    title = Titles(comparison.arms)
    shades, arms = colours(comparison), [arm.name for arm in comparison.arms]
    legend = (*arm_keys(comparison), *(Key(shades[name], title(name)) for name in shown if name not in arms))
    places = [str(first) if first == last else f"{first}–{last}" for first, last in found.positions]
    figure = error_lines_figure(
        "positions",
        {name: found.position_losses[name] for name in shown},
        places,
        shades,
        title,
        title="Loss by position in the sequence",
        label=LOSS,
        axis="steps predicted, from the beginning of a sequence",
    )
    columns = ("Steps predicted", *map(title, shown))

    def cells(row: SequenceRow) -> list[str]:
        return [count(row.steps), *(significant(row.losses[name]) for name in shown)]

    blocks: list[Block] = [
        Figure(
            figure,
            "Means over all sequences that are long enough. A line that falls shows that a model makes use of what it has read.",
            legend,
            heading="Loss by position in the sequence",
        ),
        _keys(found.keys, found.further_keys, shown, title),
        rows_block("The hardest sequences of the test parts", "hardest", found.worst, comparison, columns, cells, f"The {LOSS}."),
    ]
    return nearer_sentence(found.agreements, "sequences", title), blocks


def _keys(keys: Sequence[KeyScore], further: int, shown: Sequence[str], title: Titles) -> Table:
    rows = tuple(
        (
            shown_text(key.name, 40),
            percent(key.share),
            *(f"{significant(key.losses[name])} ({percent(key.expected[name])})" for name in shown),
        )
        for key in keys
    )
    left = f" {count(further)} further channels cost less." if further else ""
    note = f"The {LOSS}, that each channel adds; in brackets the mean probability it was given to be on.{left}"
    header = ("Channel", "Steps it is on", *map(title, shown))
    return Table(header, rows, caption="The channels that cost most", note=note)

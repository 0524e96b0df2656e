"""Single rows of the data on the page: as texts in a table, or as curves and sounds side by side."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from gatewise.mistakes import Agreement, Example
from gatewise.records import Comparison
from gatewise.report.blocks import Block, Figure, Gallery, Table
from gatewise.report.figures.excerpts import curve_excerpt, sound_excerpt
from gatewise.report.numbers import count, percent
from gatewise.titles import Titles
from gatewise.wording import joined

__all__ = ["nearer_sentence", "rows_block"]


class _Row(Protocol):
    @property
    def row(self) -> int: ...


R = TypeVar("R", bound=_Row)


def rows_block(
    heading: str,
    identifier: str,
    rows: Sequence[R],
    comparison: Comparison,
    columns: Sequence[str],
    cells: Callable[[R], Sequence[str]],
    note: str = "",
) -> Block:
    """Return some rows with what models said of them. columns: heads of what `cells` gives for a row, the truth first."""
    examples = {} if comparison.mistakes is None else comparison.mistakes.examples
    held = [(row, examples.get(str(row.row), Example())) for row in rows]
    if any(example.values for _, example in held):
        return Gallery(
            heading, tuple(_figure(f"{identifier}-{n}", row, one, columns, cells(row)) for n, (row, one) in enumerate(held)), note
        )
    texts = comparison.profile.kind == "text" and any(example.text for _, example in held)
    lines = tuple((example.text or _called(row), *cells(row)) for row, example in held)
    return Table(("Text" if texts else "Row", *columns), lines, caption=heading, note=note, texts=texts)


def _called(row: _Row) -> str:
    """A row by its number, from 1 as in every message."""
    return f"row {count(row.row + 1)}"


def _figure(identifier: str, row: _Row, example: Example, columns: Sequence[str], cells: Sequence[str]) -> Figure:
    title = _called(row)
    heading = f"{example.text or title}: {columns[0].lower()} {cells[0]}"
    caption = " · ".join(f"{column} {cell}" for column, cell in zip(columns[1:], cells[1:], strict=True))
    if not example.values:
        return Figure("", caption, heading=heading)
    if not example.names:
        return Figure(sound_excerpt(identifier, example, title=title), caption, heading=heading)
    left = example.channels - len(example.names)
    further = f" (and {count(left)} more channels)" if left > 0 else ""
    drawn = f"{joined(example.names)}{further}. " if example.channels > 1 else ""
    return Figure(curve_excerpt(identifier, example, title=title), drawn + caption, heading=heading)


def nearer_sentence(agreements: Sequence[Agreement], noun: str, title: Titles) -> list[str]:
    """Return how often one arm was nearer to the truth than another, a sentence for every two."""
    sentences = []
    for one in agreements:
        total = one.both + one.only_first + one.only_second
        shares = [percent(held / max(1, total)) for held in (one.only_first, one.only_second)]
        first, second = title(one.first), title(one.second)
        sentences.append(f"{first} is nearer to the truth in {shares[0]} of the {noun}, {second} in {shares[1]}.")
    return sentences

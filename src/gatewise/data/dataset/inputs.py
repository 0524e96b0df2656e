"""What a model predicts from, and what each sequence is called in the predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gatewise.data.values.table_cells import is_missing

__all__ = ["Future", "Inputs", "cell_texts", "numbered_inputs"]


@dataclass(frozen=True)
class Future:
    """The times that a forecast is about. time: what they are called. origin: the last time known of each series.

    after: the times of a series, by its number, that follow the origin, for as many steps as are asked for.
    """

    time: str
    origin: Sequence[str]
    after: Callable[[int, int], list[str]]


@dataclass(frozen=True, eq=False)
class Inputs:
    """Sequences as `Model.predict` takes them, and columns that tell them apart: ids, names of files, numbers of rows.

    names: a text for each sequence, by the column's name. future: of series with times, what follows them.
    """

    sequences: Sequence[Any]
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    future: Future | None = None


def numbered_inputs(sequences: Sequence[Any], more: Mapping[str, Sequence[str]] | None = None, *, first: int = 0) -> Inputs:
    """Inputs that are called by their number, from 1 or after the `first` ones. more: columns beside it."""
    return Inputs(sequences, {"row": [str(first + row) for row in range(1, len(sequences) + 1)], **(more or {})})


def cell_texts(cells: Sequence[Any]) -> list[str]:
    """The cells of a column as they are written again; nothing where one is missing."""
    return ["" if is_missing(cell) else str(cell) for cell in cells]

"""The rows of a source between reading and the last checks, whatever they were written in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.values.column_values import Cells, join_cells, take_cells
from gatewise.records import Kind

__all__ = ["TEST", "TRAIN", "VALIDATION", "Rows", "from_row_on", "join_rows", "row_name"]

TRAIN, VALIDATION, TEST = range(3)


def row_name(row: int) -> str:
    """What a row is called in messages: by its number, from 1."""
    return f"row {row + 1}"


def from_row_on(first: int) -> str:
    """What follows a place in messages, where rows are counted from the one with number `first`, counted from 0."""
    return f" of those from row {first + 1:,} on" if first else ""


@dataclass(frozen=True, eq=False)
class Rows:
    """What a source says of each row.

    sequences: a text, a series float32 [steps, channels], or the path of a sound; None where there is none. labels: what is to be
    predicted, as written; None where nothing is. groups: values whose rows stay together. parts: TRAIN, VALIDATION or TEST, int8.
    weights: float64. files: names of sounds that were read. where: how a row is called in messages; step: how a step of a row is.
    """

    kind: Kind
    sequences: Sequence[Any]
    labels: Cells | None = None
    groups: Cells | None = None
    parts: NDArray[np.int8] | None = None
    weights: NDArray[np.float64] | None = None
    channels: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    where: Callable[[int], str] = field(default=row_name)
    step: Callable[[int, int], str] | None = None

    def __len__(self) -> int:
        return len(self.sequences)

    def take(self, rows: NDArray[np.int64]) -> Rows:
        """Some of the rows, in their order; the messages keep calling them what they are called in the source."""
        where, step = self.where, self.step
        return replace(
            self,
            sequences=[self.sequences[row] for row in rows.tolist()],
            labels=None if self.labels is None else take_cells(self.labels, rows),
            groups=None if self.groups is None else take_cells(self.groups, rows),
            parts=None if self.parts is None else self.parts[rows],
            weights=None if self.weights is None else self.weights[rows],
            where=lambda row: where(int(rows[row])),
            step=None if step is None else lambda row, number: step(int(rows[row]), number),
        )


def join_rows(first: Rows, second: Rows, parts: tuple[int, int] | None = (TRAIN, TEST)) -> Rows:
    """The rows of two sources, one after the other, each a part of the data; with None each row keeps its own part."""
    count = len(first)
    one, other = first.step or _step_name, second.step or _step_name
    own = None
    if first.parts is not None and second.parts is not None:
        own = np.concatenate([first.parts, second.parts])
    return replace(
        first,
        sequences=[*first.sequences, *second.sequences],
        labels=_joined(first.labels, second.labels),
        groups=_joined(first.groups, second.groups),
        parts=own if parts is None else np.repeat(np.array(parts, dtype=np.int8), [count, len(second)]),
        weights=None if first.weights is None or second.weights is None else np.concatenate([first.weights, second.weights]),
        where=lambda row: first.where(row) if row < count else second.where(row - count),
        step=lambda row, number: one(row, number) if row < count else other(row - count, number),
    )


def _step_name(_row: int, step: int) -> str:
    return f"step {step + 1}"


def _joined(first: Cells | None, second: Cells | None) -> Cells | None:
    return None if first is None or second is None else join_cells(first, second)

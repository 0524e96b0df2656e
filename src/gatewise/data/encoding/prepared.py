"""A data set made ready once for all its splits: tokenised, measured, nothing fitted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.shared_rows import SharedRows
from gatewise.data.dataset.stored import StoredDataset
from gatewise.data.dataset.tokens import tokenize_all
from gatewise.data.dataset.windows import Windows, take
from gatewise.records import Dataset

__all__ = ["Prepared", "prepare"]

# Lengths that say what all are like.
SOME = 2**20


@dataclass(frozen=True, eq=False)
class Prepared:
    """A data set with its texts tokenised.

    tokens: a list a text, empty for series; of data on disk they are found as they are asked for. series: float32
    [steps, channels] a row, empty for texts; Windows in a forecast. lengths: int64 [rows], tokens or steps before any
    truncation; a text without tokens counts as one.
    """

    dataset: Dataset
    tokens: Sequence[list[str]]
    series: Sequence[NDArray[np.float32]]
    lengths: NDArray[np.int64]
    _found: dict[Callable[..., Any], Any] = field(default_factory=dict)

    def inputs(self, rows: NDArray[np.int64]) -> Sequence[list[str]] | Sequence[NDArray[np.float32]]:
        """Token lists or arrays of some rows, in the order of `rows`, as baselines read them."""
        if self.dataset.kind == "text":
            return [self.tokens[row] for row in rows]
        return self.series.select(rows) if isinstance(self.series, Windows) else [self.series[row] for row in rows]

    def shared(self, rows: NDArray[np.int64]) -> Sequence[list[str]] | Sequence[NDArray[np.float32]]:
        """The same rows, with what models find out about each row alone found out once: as fast as splits can be gone through,
        and no measure of what one of these models takes."""
        if isinstance(self.series, Windows) or isinstance(self.dataset, StoredDataset):
            return self.inputs(rows)
        whole: Sequence[Any] = self.tokens if self.dataset.kind == "text" else self.series
        return SharedRows(whole, rows, self._found)

    @cached_property
    def some_lengths(self) -> NDArray[np.int64]:
        """Lengths that stand for all: all, or of data on disk as many, evenly spread, as are quickly gone through."""
        return np.array(self.lengths[:: max(1, len(self.lengths) // SOME)])

    @cached_property
    def longest(self) -> int:
        """The greatest length."""
        return self.dataset.facts.length_max if isinstance(self.dataset, StoredDataset) else int(self.lengths.max())

    def weights(self, rows: NDArray[np.int64]) -> NDArray[np.float32] | None:
        """Weights of some rows, float32 [rows], None where the data set has none."""
        return None if self.dataset.weights is None else take(self.dataset.weights, rows).astype(np.float32)


def prepare(dataset: Dataset) -> Prepared:
    """Tokenise the texts of a data set, or take its series or sound as they are, and measure their lengths."""
    if isinstance(dataset, StoredDataset):
        series = () if dataset.kind == "text" else cast(Sequence[NDArray[np.float32]], dataset.sequences)
        return Prepared(dataset, dataset.tokens or (), series, dataset.lengths)
    if dataset.kind == "text":
        tokens = tuple(tokenize_all(cast(tuple[str, ...], dataset.sequences)))
        return Prepared(dataset, tokens, (), _lengths(tokens))
    series = cast(Sequence[NDArray[np.float32]], dataset.sequences)
    lengths = np.full(len(series), series.window) if isinstance(series, Windows) else _lengths(series)
    return Prepared(dataset, (), series, lengths)


def _lengths(sequences: Sequence[list[str]] | Sequence[NDArray[np.float32]]) -> NDArray[np.int64]:
    return np.array([max(1, len(sequence)) for sequence in sequences], dtype=np.int64)

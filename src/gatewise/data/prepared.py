"""A data set made ready once for all its splits: tokenised, measured, nothing fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from gatewise.data.tokens import tokenize_all
from gatewise.records import Dataset

__all__ = ["Prepared", "prepare"]


@dataclass(frozen=True, eq=False)
class Prepared:
    """A data set with its texts tokenised.

    tokens: a list a text, empty for series. series: float32 [steps, channels] a row, empty for texts.
    lengths: int64 [rows], tokens or steps before any truncation; a text without tokens counts as one.
    """

    dataset: Dataset
    tokens: tuple[list[str], ...]
    series: tuple[NDArray[np.float32], ...]
    lengths: NDArray[np.int64]


def prepare(dataset: Dataset) -> Prepared:
    """Tokenise the texts of a data set, or take its series as they are, and measure their lengths."""
    tokens: tuple[list[str], ...] = ()
    series: tuple[NDArray[np.float32], ...] = ()
    if dataset.kind == "text":
        tokens = tuple(tokenize_all(cast(tuple[str, ...], dataset.sequences)))
    else:
        series = cast(tuple[NDArray[np.float32], ...], dataset.sequences)
    lengths = np.array([max(1, len(sequence)) for sequence in tokens or series], dtype=np.int64)
    return Prepared(dataset, tokens, series, lengths)

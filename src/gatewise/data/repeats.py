"""Find the same sequence repeated, so that its rows never straddle a split."""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["group_series", "group_texts"]


def group_texts(texts: Sequence[str]) -> NDArray[np.int64]:
    """Return a group a row, int64 [rows], numbered by first appearance.

    Texts are the same when they are equal after NFKC normalisation, case folding and collapsing of white space.
    """
    return _number(_folded(text) for text in texts)


def group_series(sequences: Sequence[NDArray[np.float32]]) -> NDArray[np.int64]:
    """Return a group a row, int64 [rows], numbered by first appearance; series are the same when every value is."""
    return _number((sequence.shape, sequence.tobytes()) for sequence in sequences)


def _folded(text: str) -> str:
    normal = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return " ".join(normal.casefold().split())


def _number(keys: Iterable[Hashable]) -> NDArray[np.int64]:
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(key, len(known)) for key in keys], dtype=np.int64)

"""Which rows belong together: the same sequence repeated, and rows that share a group such as a speaker."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from gatewise.wording import counted

__all__ = [
    "group_series",
    "group_texts",
    "join_groups",
    "repeated_note",
    "repeats_across",
    "series_digest",
    "text_digest",
    "value_digest",
]

# Two of a thousand million different sequences share a digest of 128 bits with a probability below 10^-20.
_DIGEST_BYTES = 16


def group_texts(texts: Sequence[str]) -> NDArray[np.int64]:
    """Return a group a row, int64 [rows], numbered by first appearance.

    Texts are the same when they are equal after NFKC normalisation, case folding and collapsing of white space.
    """
    return _number((_folded(text).encode("utf-8", "surrogatepass") for text in texts), len(texts))


def group_series(sequences: Sequence[NDArray[np.float32]]) -> NDArray[np.int64]:
    """Return a group a row, int64 [rows], numbered by first appearance; series are the same when every value is."""
    return _number((repr(sequence.shape).encode() + sequence.tobytes() for sequence in sequences), len(sequences))


def text_digest(text: str) -> int:
    """A whole number of 64 bits that texts have in common which are the same as in `group_texts`; others by chance of 2^-64."""
    return _short(_folded(text).encode("utf-8", "surrogatepass"))


def series_digest(sequence: NDArray[np.float32]) -> int:
    """The same of series, as in `group_series`."""
    return _short(repr(sequence.shape).encode() + sequence.tobytes())


def value_digest(value: object) -> int:
    """The same of a cell that names a group."""
    return _short(f"{type(value).__name__} {value}".encode("utf-8", "surrogatepass"))


def join_groups(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the groups, int64 [rows], of rows that are together in `one`, in `other`, or by a chain of both.

    These are the connected components of the graph whose edges join a row's group in `one` with its group in `other`.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(one):
        return one
    first = int(one.max()) + 1
    nodes = first + int(other.max()) + 1
    edges = coo_array((np.ones(len(one), dtype=np.int8), (one, first + other)), shape=(nodes, nodes))
    return _by_appearance(connected_components(edges, directed=False)[1][one])


def repeats_across(groups: NDArray[np.int64], test: NDArray[np.bool_] | None, validation: NDArray[np.bool_] | None) -> list[str]:
    """Return a warning where a source's own test part repeats rows that are learned from; none where it has no such part."""
    if test is None:
        return []
    train = ~test if validation is None else ~test & ~validation
    return repeated_note(int(np.isin(groups[test], groups[train]).sum()))


def repeated_note(repeated: int) -> list[str]:
    """What is said of so many test rows that repeat a training row; nothing where there are none."""
    repeating = counted(repeated, "test row repeats", "test rows repeat")
    return [f"{repeating} a training row. The source's own split is kept, so test scores may flatter."] if repeated else []


def _short(content: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little", signed=True)


def _folded(text: str) -> str:
    normal = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return " ".join(normal.casefold().split())


def _number(contents: Iterable[bytes], rows: int) -> NDArray[np.int64]:
    """Number equal contents by their digests, which take 16 bytes a row however long the contents are."""
    digests = bytearray()
    for content in contents:
        digests += hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest()
    halves = np.frombuffer(digests, dtype="<u8").reshape(rows, 2)
    order = np.lexsort((halves[:, 0], halves[:, 1]))
    changes = np.ones(rows, dtype=bool)
    changes[1:] = (halves[order[1:]] != halves[order[:-1]]).any(axis=1)
    codes = np.empty(rows, dtype=np.int64)
    codes[order] = np.cumsum(changes) - 1
    return _by_appearance(codes)


def _by_appearance(codes: NDArray[np.integer]) -> NDArray[np.int64]:
    """The same groups, numbered by first appearance."""
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]

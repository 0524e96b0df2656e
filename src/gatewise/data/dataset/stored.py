"""A data set that lies on disk: arrays mapped into memory, of which the system keeps what there is room for.

A folder holds `about.json` and arrays end to end, little-endian, without headers. Processes that open it share its pages.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.tokens import tokenize
from gatewise.errors import DataError
from gatewise.records import AudioFeatures, Dataset, Kind, Label, Reading, Task, from_json, to_json

__all__ = [
    "FORMAT",
    "Facts",
    "RowsOnDisk",
    "StoredDataset",
    "StoredTokens",
    "array_file",
    "blocks_of",
    "open_stored",
    "write_about",
]

FORMAT = 1
"""Version of the folder's layout: a folder of another one is made anew."""

_ABOUT = "about.json"
_TYPES = {
    "texts": "u1",
    "text_ends": "<i8",
    "words": "<u4",
    "values": "<f4",
    "lengths": "<i8",
    "ends": "<i8",
    "targets": "<i8",
    "numbers": "<f4",
    "groups": "<i8",
    "few_groups": "<i8",
    "test": "?",
    "validation": "?",
    "weights": "<f8",
}
# Rows in no order: what lies around the one that is read is not wanted.
_AT_RANDOM = ("texts", "words", "values")

Row = TypeVar("Row")


@dataclass(frozen=True)
class Facts:
    """What was found out while a data set was written, and would take a pass through it to find out again.

    counts: rows of every class. outputs: least, median and greatest of what is predicted, where that is numbers. length_*: in
    tokens, steps or frames. repeated_rows: whose sequence, or group, an earlier row has; groups: how many of equal size they
    count as, None where no two rows share one. fixed_test_rows, fixed_validation_rows: of the source's own parts, None where it
    has none. fingerprint: of the content.
    """

    rows: int
    counts: tuple[int, ...]
    outputs: tuple[float, float, float] | None
    length_min: int
    length_median: float
    length_p95: float
    length_max: int
    length_mean: float
    repeated_rows: int
    groups: int | None
    fixed_test_rows: int | None
    fixed_validation_rows: int | None
    fingerprint: str


@dataclass(frozen=True)
class _About:
    """The content of `about.json`."""

    format: int
    name: str
    kind: Kind
    task: Task
    classes: tuple[str, ...]
    labels: tuple[Label, ...]
    channels: tuple[str, ...]
    outputs: tuple[str, ...]
    inferred: tuple[str, ...]
    warnings: tuple[str, ...]
    arrays: tuple[str, ...]
    vocabulary: tuple[str, ...]
    facts: Facts
    audio: AudioFeatures | None = None
    reading: Reading | None = None


@dataclass(frozen=True, eq=False)
class StoredDataset(Dataset):
    """A data set of a folder; its arrays are mapped, and its sequences made as they are asked for.

    few_groups: the different groups, where they are few. It goes to another process as the folder's path.
    """

    folder: Path = field(kw_only=True)
    facts: Facts = field(kw_only=True)
    lengths: NDArray[np.int64] = field(kw_only=True)
    tokens: StoredTokens | None = field(kw_only=True, default=None)
    few_groups: NDArray[np.int64] | None = field(kw_only=True, default=None)

    def __reduce__(self) -> tuple[Callable[[Path], StoredDataset], tuple[Path]]:
        return open_stored, (self.folder,)


class RowsOnDisk(Sequence[Row], Generic[Row]):
    """Rows that lie end to end in one array. make: one row of its part of it. ends: int64 [rows], where each ends."""

    def __init__(self, flat: NDArray[Any], ends: NDArray[np.int64], make: Callable[[NDArray[Any]], Row]) -> None:
        self._flat = flat
        self._ends = ends
        self._make = make

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        if isinstance(place, slice):
            return [self[row] for row in range(*place.indices(len(self)))]
        row = range(len(self))[place]
        start = int(self._ends[row - 1]) if row else 0
        return self._make(self._flat[start : int(self._ends[row])])

    def __iter__(self) -> Iterator[Row]:
        return (self[row] for row in range(len(self)))


class StoredTokens(Sequence[list[str]]):
    """Texts as tokens, and as the numbers that their words have in the store: word `i` of `vocabulary` is `i`, and all that is
    not in there has the number after the last.

    texts: the texts. numbers: uint32, of all rows end to end. lengths: [rows], of each; at least 1.
    """

    def __init__(
        self,
        texts: Sequence[str],
        numbers: NDArray[np.uint32],
        lengths: NDArray[np.int64],
        ends: NDArray[np.int64],
        words: Sequence[str],
    ) -> None:
        self._texts = texts
        self._numbers = numbers
        self._lengths = lengths
        self._ends = ends
        self.vocabulary = tuple(words)
        self._looked_up: tuple[object, NDArray[np.int64]] | None = None

    def __len__(self) -> int:
        return len(self._texts)

    @overload
    def __getitem__(self, place: int) -> list[str]: ...
    @overload
    def __getitem__(self, place: slice) -> list[list[str]]: ...
    def __getitem__(self, place: int | slice) -> list[str] | list[list[str]]:
        if isinstance(place, slice):
            return [tokenize(text) for text in self._texts[place]]
        return tokenize(self._texts[place])

    def numbers(self, rows: NDArray[np.int64], most: int | None) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """The words of some rows end to end, the first `most` of each, and how many each has, int64 [rows]."""
        whole = self._lengths[rows]
        lengths = whole if most is None else np.minimum(whole, most)
        starts = self._ends[rows] - whole
        before = np.cumsum(lengths) - lengths
        places = np.arange(int(lengths.sum())) + np.repeat(starts - before, lengths)
        return self._numbers[places], lengths

    def counts(self, rows: NDArray[np.int64], most: int | None) -> tuple[dict[str, int], int]:
        """How often each word comes in some rows, and how many words there are with those that are not in the vocabulary."""
        found = np.bincount(self.numbers(rows, most)[0], minlength=len(self.vocabulary) + 1)
        present = np.flatnonzero(found[:-1])
        words = self.vocabulary
        return {words[word]: int(found[word]) for word in present.tolist()}, int(found.sum())

    def look_up(self, key: object, of_word: Callable[[str], int], of_others: int) -> NDArray[np.int64]:
        """An array from the store's numbers to another's. key: whose; the last one's is kept."""
        if self._looked_up is None or self._looked_up[0] is not key:
            found = np.array([*map(of_word, self.vocabulary), of_others], dtype=np.int64)
            self._looked_up = key, found
        return self._looked_up[1]


def blocks_of(count: int, size: int = 2**20) -> Iterator[slice]:
    """Slices that go through so many values."""
    return (slice(start, start + size) for start in range(0, count, size))


def array_file(folder: Path, name: str) -> tuple[Path, np.dtype[Any]]:
    """Where an array lies in the folder of a data set, and of what type its numbers are."""
    return folder / f"{name}.bin", np.dtype(_TYPES[name])


def write_about(folder: Path, dataset: Dataset, facts: Facts, vocabulary: Sequence[str], arrays: Sequence[str]) -> bytes:
    """The content of the folder's `about.json`. dataset: what it says beside its rows."""
    about = _About(
        FORMAT,
        dataset.name,
        dataset.kind,
        dataset.task,
        dataset.classes,
        dataset.labels,
        dataset.channels,
        dataset.outputs,
        dataset.inferred,
        dataset.warnings,
        tuple(arrays),
        tuple(vocabulary),
        facts,
        dataset.audio,
        dataset.reading,
    )
    return json.dumps(to_json(about), ensure_ascii=False).encode("utf-8", "surrogatepass")


def open_stored(folder: Path) -> StoredDataset:
    """The data set of a folder. Raises DataError where it is not there, damaged, or of another version."""
    try:
        about = from_json(_About, json.loads((folder / _ABOUT).read_bytes().decode("utf-8", "surrogatepass")))
        if about.format != FORMAT:
            raise ValueError(f"version {about.format}")
        arrays = {name: _mapped(folder, name) for name in about.arrays}
        return _dataset(folder, about, arrays)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"the data that were encoded into {folder} cannot be read there ({error}). Every process of a run needs that folder: "
            "delete it, and it is made anew; on several machines put it on a disk that all share (GATEWISE_STORE=FOLDER)."
        ) from error


def _mapped(folder: Path, name: str) -> NDArray[Any]:
    path, kind = array_file(folder, name)
    found = np.memmap(path, dtype=kind, mode="r")
    if name in _AT_RANDOM and hasattr(mmap, "MADV_RANDOM"):
        found._mmap.madvise(mmap.MADV_RANDOM)  # type: ignore[attr-defined]
    # A plain array over the same pages: every part of a memmap is one again, at some cost.
    return np.asarray(found)


def _dataset(folder: Path, about: _About, arrays: Mapping[str, NDArray[Any]]) -> StoredDataset:
    rows, lengths = about.facts.rows, arrays["lengths"]
    expected = {"targets": rows, "lengths": rows, "groups": rows, "ends": rows, "test": rows, "validation": rows, "weights": rows}
    short = [name for name, count in expected.items() if name in arrays and len(arrays[name]) != count]
    if short:
        raise ValueError(f"{short[0]}.bin does not have {rows:,} rows")
    tokens: StoredTokens | None = None
    sequences: Sequence[Any]
    if about.kind == "text":
        sequences = RowsOnDisk(arrays["texts"], arrays["text_ends"], _text)
        tokens = StoredTokens(sequences, arrays["words"], lengths, arrays["ends"], about.vocabulary)
    else:
        channels = len(about.channels)
        sequences = RowsOnDisk(arrays["values"].reshape(-1, channels), arrays["ends"], lambda part: part)
    has_numbers = "numbers" in arrays
    return StoredDataset(
        about.name,
        about.kind,
        sequences,
        arrays["numbers"].reshape(rows, -1) if has_numbers else arrays["targets"],
        about.classes,
        arrays["groups"],
        arrays.get("test"),
        about.channels,
        about.inferred,
        about.warnings,
        about.task,
        arrays.get("validation"),
        arrays.get("weights"),
        about.outputs,
        about.audio,
        labels=about.labels,
        reading=about.reading,
        folder=folder,
        facts=about.facts,
        lengths=lengths,
        tokens=tokens,
        few_groups=arrays.get("few_groups"),
    )


def _text(content: NDArray[np.uint8]) -> str:
    return content.tobytes().decode("utf-8", "surrogatepass")

"""Windows of series without a copy: a million of them cost eight bytes each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

__all__ = ["Windows", "covered", "distinct", "in_chunks", "take"]

# Numbers gathered at a time where all windows are gone through: 32 MiB of float32.
CHUNK_NUMBERS = 2**23


class Windows(Sequence[NDArray[np.float32]]):
    """Equally long pieces of series that share their memory.

    values: float32 [steps, channels], the series end to end. starts: int64 [rows], where each window begins in `values`.
    window: steps of each. ends: int64 [series], where each series ends in `values`; one series where None. Indexing gives a view
    [window, channels]; a slice gives Windows.
    """

    def __init__(
        self, values: NDArray[np.float32], starts: NDArray[np.int64], window: int, ends: NDArray[np.int64] | None = None
    ) -> None:
        if len(starts) and not (starts.min() >= 0 and starts.max() + window <= len(values)):
            raise ValueError(f"windows of {window} steps from {starts.min()} to {starts.max()} leave the {len(values)} steps")
        self.values = values
        self.starts = starts
        self.window = window
        self.ends = np.array([len(values)]) if ends is None else ends

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, row: int) -> NDArray[np.float32]: ...
    @overload
    def __getitem__(self, row: slice) -> Windows: ...
    def __getitem__(self, row: int | slice) -> NDArray[np.float32] | Windows:
        if isinstance(row, slice):
            return Windows(self.values, self.starts[row], self.window, self.ends)
        start = int(self.starts[row])
        return self.values[start : start + self.window]

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        return (self.values[start : start + self.window] for start in self.starts.tolist())

    def select(self, rows: NDArray[np.int64]) -> Windows:
        """Some of the windows, in the order of `rows`."""
        return Windows(self.values, take(self.starts, rows), self.window, self.ends)

    def series_of(self, steps: NDArray[np.int64]) -> NDArray[np.int64]:
        """Which series each of some steps belongs to."""
        return np.searchsorted(self.ends, steps, side="right")

    def gather(self) -> NDArray[np.float32]:
        """All windows as one new array [rows, window, channels]."""
        if not len(self):
            return np.empty((0, self.window, self.values.shape[1]), dtype=np.float32)
        # The view is [starts, channels, window].
        return sliding_window_view(self.values, self.window, axis=0)[self.starts].transpose(0, 2, 1)


def in_chunks(inputs: Sequence[NDArray[np.float32]]) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Equally long windows as arrays [rows, window, channels], few enough at a time to bound the memory; with their rows."""
    if not len(inputs):
        return
    size = max(1, CHUNK_NUMBERS // max(1, inputs[0].size))
    for first in range(0, len(inputs), size):
        part = inputs[first : first + size]
        yield slice(first, first + len(part)), part.gather() if isinstance(part, Windows) else np.stack(part)


def take(array: NDArray, rows: NDArray[np.int64]) -> NDArray:  # type: ignore[type-arg]
    """`array[rows]`, as a view where the rows follow one another: the parts of a split in time mostly do."""
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1 and (np.diff(rows) == 1).all():
        return array[rows[0] : rows[-1] + 1]
    return array[rows]


def covered(starts: NDArray[np.int64], steps: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The stretches that pieces of `steps` steps from `starts` cover: where each begins, and ends (exclusive)."""
    starts = distinct(starts)
    apart = np.flatnonzero(np.diff(starts) >= steps)
    return starts[np.append(0, apart + 1)], starts[np.append(apart, len(starts) - 1)] + steps


def distinct(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """The different numbers in rising order; by sorting, which for positions in time is far quicker than np.unique's hashing."""
    ordered = np.sort(numbers)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered

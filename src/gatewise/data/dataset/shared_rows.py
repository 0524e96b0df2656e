"""Some rows of a data set that share with all others what is found out about each row alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

__all__ = ["SharedRows", "by_row"]

Row = TypeVar("Row")


class SharedRows(Sequence[Row], Generic[Row]):
    """Rows of a data set, each of which is looked at once, however many splits and models it is part of.

    whole: all rows of the data set. rows: int64, which of them these are. found: what `by_row` keeps, the same dictionary for all
    rows of one data set. Indexing gives a row; a slice gives SharedRows.
    """

    def __init__(self, whole: Sequence[Row], rows: NDArray[np.int64], found: dict[Callable[..., Any], Any]) -> None:
        self.whole = whole
        self.rows = rows
        self.found = found

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> SharedRows[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | SharedRows[Row]:
        if isinstance(place, slice):
            return self.select(np.arange(len(self))[place])
        return self.whole[int(self.rows[place])]

    def __iter__(self) -> Iterator[Row]:
        return (self.whole[row] for row in self.rows.tolist())

    def select(self, places: NDArray[np.int64]) -> SharedRows[Row]:
        """Some of these rows, in the order of `places`."""
        return SharedRows(self.whole, self.rows[places], self.found)


def by_row(inputs: Sequence[Any], look: Callable[[Sequence[Any]], Any]) -> Any:
    """What `look` finds in some rows: of rows that share, it is asked once for the whole data set.

    look: what it says of a row depends on that row alone; of rows it gives something that is indexed by their places, like an
    array [rows, ...].
    """
    if not isinstance(inputs, SharedRows):
        return look(inputs)
    if look not in inputs.found:
        inputs.found[look] = look(inputs.whole)
    return inputs.found[look][inputs.rows]

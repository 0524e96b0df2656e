"""Tables in which every row is a step: the rows of one id, in the order of their times, make one series.

Memory beside the columns that are read: 4 bytes a number, twice while they are sorted, and some 40 bytes a row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.columns.columns import Columns
from gatewise.data.dates.axis import time_text
from gatewise.data.dates.stamps import read_times
from gatewise.data.values.column_values import Cells, encode_cells, number_cells, take_cells
from gatewise.errors import DataError

__all__ = ["LongSeries", "long_names", "long_series"]

Series = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LongSeries:
    """The series of a long table, in the order in which their ids appear.

    sequences: float32 [steps, channels] each, parts of one array. names: the ids. columns: cells that are the same in all rows of
    an id, one a series. times: of all steps, series after series; None where no time is named. of: says which source it is.
    """

    sequences: list[Series]
    names: list[Any]
    columns: Mapping[str, Cells]
    times: NDArray[Any] | None
    inferred: tuple[str, ...]
    of: str
    warnings: tuple[str, ...] = ()
    date_format: str | None = None

    def where(self, row: int) -> str:
        """What a series is called in messages."""
        return f"the series {str(self.names[row])!r}{self.of}"

    def step(self, row: int, step: int) -> str:
        """What a step of a series is called in messages."""
        if self.times is None:
            return f"step {step + 1}"
        before = sum(len(sequence) for sequence in self.sequences[:row])
        return f"time {time_text(self.times[before + step])}"


def long_series(
    columns: Columns,
    *,
    id: str,
    time: str | None,
    channels: Sequence[str],
    constant: Sequence[str],
    date_format: str | None = None,
    guessed: bool = False,
    of: str = "",
) -> LongSeries:
    """Gather the rows of each value of the column `id` into a series, in the order of the column `time`.

    Without a time the rows stay in their order. channels: columns of one number a row; a missing one becomes NaN. constant:
    columns that are to have one value in all rows of an id. guessed: whether the time was inferred. Raises DataError where a cell
    is of another kind, an id or a time is missing, a time that was named comes twice in one id, or a constant column is not.
    """
    codes, names = _ids(columns[id], id, of)
    read = None if time is None else read_times(columns[time], time, date_format)
    times = None if read is None else read.values
    # Both sorts keep the order of equal rows.
    order = np.argsort(codes, kind="stable") if times is None else np.lexsort((times, codes))
    inferred = [f"The rows are steps of {len(names):,} series, one for each {id!r}{of}."]
    warnings: list[str] = []
    if read is not None and times is not None:
        equal = _equal_times(codes[order], times[order], names, id, str(time), of)
        if equal and not guessed:
            raise DataError(f"{equal} Give every step its own time, or average the rows of one time.")
        inferred += [f"The steps are in the order of {time!r}{of}."] if guessed else []
        inferred += read.inferred
        warnings += [*read.warnings, *([f"{equal} Those rows stay in their order."] if equal else [])]
        if _unordered(codes, times):
            inferred.append(f"The steps of each series are sorted by {time!r}{of}: the rows were in another order.")
    values = np.empty((len(codes), len(channels)), dtype=np.float32)
    for number, channel in enumerate(channels):
        # A value beyond 32-bit floats becomes infinite here, and check_series then names its place.
        with np.errstate(over="ignore"):
            values[:, number] = number_cells(columns[channel], f"the column {channel!r}", of)
    lengths = np.bincount(codes, minlength=len(names))
    first = order[np.cumsum(lengths) - lengths]
    return LongSeries(
        np.split(values[order], np.cumsum(lengths)[:-1]),
        names,
        {name: _constant(columns[name], name, codes, first, names, id) for name in constant},
        None if times is None else times[order],
        tuple(inferred),
        of,
        tuple(warnings),
        None if read is None else read.format,
    )


def long_names(columns: Columns, id: str, constant: Sequence[str]) -> dict[str, Cells]:
    """The ids of a long table in the order in which they appear, and the cells of other columns that each id has.

    Raises DataError as `long_series` does.
    """
    codes, names = _ids(columns[id], id, "")
    _, first = np.unique(codes, return_index=True)
    return {id: names, **{name: _constant(columns[name], name, codes, first, names, id) for name in constant}}


def _ids(cells: Cells, id: str, of: str) -> tuple[NDArray[np.int64], list[Any]]:
    try:
        codes, names = encode_cells(cells)
    except TypeError as error:
        raise DataError(f"the column {id!r}{of} holds cells that cannot be ids ({error}). Name another --id.") from error
    if (codes < 0).any():
        row = int((codes < 0).argmax())
        raise DataError(f"row {row + 1} of the column {id!r}{of} has no id. Say which series it belongs to, or drop the row.")
    return codes, names


def _equal_times(codes: NDArray[np.int64], times: NDArray[Any], names: Sequence[Any], id: str, time: str, of: str) -> str:
    """What to say of times that come twice in one series, nothing where none does. codes, times: of the rows in order."""
    equal = np.flatnonzero((codes[1:] == codes[:-1]) & (times[1:] == times[:-1]))
    if not len(equal):
        return ""
    place = equal[0]
    return (
        f"{len(equal):,} times in the column {time!r}{of} come twice in one series; the first is {time_text(times[place])} "
        f"of the {id} {str(names[codes[place]])!r}."
    )


def _unordered(codes: NDArray[np.int64], times: NDArray[Any]) -> bool:
    """Whether a step of a series stands above an earlier one."""
    order = np.argsort(codes, kind="stable")
    codes, times = codes[order], times[order]
    return bool(((codes[1:] == codes[:-1]) & (times[1:] < times[:-1])).any())


def _constant(
    cells: Cells, name: str, codes: NDArray[np.int64], first: NDArray[np.int64], names: Sequence[Any], id: str
) -> Cells:
    """The cells of each id's first row. codes: of the ids. first: the first row of each."""
    try:
        values, _ = encode_cells(cells)
    except TypeError as error:
        raise DataError(f"the column {name!r} holds cells that are neither texts nor numbers ({error}). Name another.") from error
    different = np.flatnonzero(values != values[first][codes])
    if len(different):
        row = int(different[0])
        other = int(first[codes[row]])
        raise DataError(
            f"the column {name!r} has different values in rows of the {id} {str(names[codes[row]])!r}: {str(cells[other])!r} in "
            f"row {other + 1} and {str(cells[row])!r} in row {row + 1}. It must be the same in all rows of a series."
        )
    return take_cells(cells, first)

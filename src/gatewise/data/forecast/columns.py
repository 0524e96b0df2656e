"""A table of steps as series in time order: which column is what, and its numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.columns.columns import Columns
from gatewise.data.columns.kinds import counts_rows, kind_of
from gatewise.data.columns.steps import time_column
from gatewise.data.dates.axis import TimeAxis, time_axis, time_text
from gatewise.data.dates.stamps import read_times
from gatewise.data.values.column_values import encode_cells, number_cells
from gatewise.errors import DataError
from gatewise.records import Reading
from gatewise.wording import listed, nearest

__all__ = ["SeriesTable", "read_series"]


@dataclass(frozen=True, eq=False)
class SeriesTable:
    """Series end to end, each in the order of time.

    values: float32 [steps, channels], NaN where missing. series: int64 [steps], which one, an index into `ids`. axis: positions
    [steps] in time. times: [steps] as read, None without a time column. rows: int64 [steps], the row of the table.
    channels: names of the columns. targets: which of them are predicted. reading: the time column and how it is written, also
    where they were inferred. inferred, warnings: what was guessed, and what to beware of, as sentences.
    """

    values: NDArray[np.float32]
    series: NDArray[np.int64]
    axis: TimeAxis
    times: NDArray[Any] | None
    rows: NDArray[np.int64]
    ids: tuple[str, ...]
    channels: tuple[str, ...]
    targets: tuple[int, ...]
    reading: Reading
    inferred: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def read_series(columns: Columns, reading: Reading) -> SeriesTable:
    """Read the columns that a forecast needs: a row a step; with `reading.id` the steps of several series, in any order.

    Without `reading.time` it is the column of times that there is; where those are irregular, or there is none, rows are equal
    steps. Raises DataError where a column is unknown or holds no numbers, a time is missing, unreadable or there twice, or times
    that were named are irregular.
    """
    if columns and not any(len(cells) for cells in columns.values()):
        raise DataError("the table is empty: it holds no rows. Expected a row a step.")
    time = _time(columns, reading)
    channels, inferred = _channels(columns, replace(reading, time=time))
    rows = len(columns[channels[0]])
    series, ids = _series_of(columns, reading.id, rows)
    found = None if time is None else read_times(columns[time], time, reading.date_format)
    times = None if found is None else found.values
    order = np.lexsort((series,) if times is None else (times, series))
    series_ordered = series[order]
    axis, warnings = TimeAxis(_counted(series_ordered), "row", 1, None), list(found.warnings if found else ())
    if found is None or times is None or time is None:
        inferred.append(_without_time(reading))
    else:
        if reading.time is None:
            inferred.append(f"The times are in the column {time!r}.")
        inferred += found.inferred
        if not _rises_within(times, series):
            inferred.append(f"The rows were sorted by {time!r}.")
        times = times[order]
        _refuse_repeats(times, series_ordered, time, ids if reading.id is not None else ())
        try:
            axis = time_axis(times, series_ordered, time)
            inferred.append(f"A step is {axis.step}.")
        except DataError as error:
            if reading.time is not None:
                raise
            warnings.append(f"Rows are taken as equal steps, in the order of {time!r}: {str(error).split('. ')[0]}.")
            time = None
    values = np.empty((rows, len(channels)), dtype=np.float32)
    for number, name in enumerate(channels):
        # A value beyond 32-bit floats becomes infinite here, and counts as missing.
        with np.errstate(over="ignore"):
            values[:, number] = number_cells(columns[name], f"the column {name!r}")[order]
    targets = tuple(channels.index(name) for name in reading.target) or tuple(range(len(channels)))
    read = replace(reading, time=time, date_format=reading.date_format or (found.format if found and time else None))
    return SeriesTable(values, series_ordered, axis, times, order, ids, channels, targets, read, tuple(inferred), tuple(warnings))


def _time(columns: Columns, reading: Reading) -> str | None:
    return reading.time or time_column(columns, (*reading.channels, *reading.target, reading.id, reading.split))


def _channels(columns: Columns, reading: Reading) -> tuple[tuple[str, ...], list[str]]:
    """The columns a forecast reads, and what was guessed."""
    for name in (*reading.channels, *reading.target, reading.time, reading.id, reading.split):
        if name is not None and name not in columns:
            raise DataError(f"there is no column {name!r}; the columns are: {listed(columns)}.{nearest(name, columns)}")
    used = {name: option for option in ("time", "id", "split") if (name := getattr(reading, option)) is not None}
    for name in (*reading.channels, *reading.target):
        if name in used:
            raise DataError(f"the column {name!r} is named as {used[name]} and as a value. Name two different columns.")
    for names, option in ((reading.channels, "--channels"), (reading.target, "--target")):
        if len(set(names)) < len(names):
            raise DataError(f"{option} names a column twice ({listed(names)}). Name each once.")
    if reading.channels:
        return (*reading.channels, *(name for name in reading.target if name not in reading.channels)), []
    found = tuple(name for name in columns if name not in used and (name in reading.target or _is_channel(columns, name)))
    if not found:
        raise DataError(
            f"there is no column of numbers to be forecast; the columns are: {listed(columns)}. Name them with --channels and "
            "--target."
        )
    return found, [f"The series are read from all columns of numbers: {listed(found)}."]


def _is_channel(columns: Columns, name: str) -> bool:
    return kind_of(name, columns[name]) == "number" and not counts_rows(name, columns[name])


def _series_of(columns: Columns, name: str | None, rows: int) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Which series every row belongs to, and their names in the order they come."""
    if name is None:
        return np.zeros(rows, dtype=np.int64), ("",)
    try:
        codes, values = encode_cells(columns[name])
    except TypeError as error:
        raise DataError(f"the column {name!r} names no series ({error}). Name one of texts or numbers with --id.") from error
    if (codes < 0).any():
        row = int((codes < 0).argmax()) + 1
        raise DataError(f"row {row} of the column {name!r} names no series. Give every row one, or drop the row.")
    return codes, tuple(map(str, values))


def _counted(series: NDArray[np.int64]) -> NDArray[np.int64]:
    """Steps of each series from 0 on."""
    first = np.flatnonzero(np.append(True, series[1:] != series[:-1]))
    return np.arange(len(series)) - np.repeat(first, np.diff(first, append=len(series)))


def _rises_within(times: NDArray[Any], series: NDArray[np.int64]) -> bool:
    """Whether each series comes in order, be they mixed or not."""
    order = np.argsort(series, kind="stable")
    times, series = times[order], series[order]
    return bool((times[1:] >= times[:-1])[series[1:] == series[:-1]].all())


def _without_time(reading: Reading) -> str:
    one = "A row is one step" if reading.id is None else "A row is one step of its series"
    return f"{one}, in the order they come: no column of times is known (--time names one)."


def _refuse_repeats(times: NDArray[Any], series: NDArray[np.int64], name: str, ids: tuple[str, ...]) -> None:
    same = np.flatnonzero((times[1:] == times[:-1]) & (series[1:] == series[:-1]))
    if not len(same):
        return
    step = int(same[0])
    of = f" of the series {ids[series[step]]!r}" if ids else ""
    count = f"{len(same):,} times come" if len(same) > 1 else "a time comes"
    # Without ids, every column was tried.
    advice = "" if ids else "; where several columns together tell series apart, write them into one and name it with --id"
    raise DataError(
        f"in the column {name!r} {count} more than once; the first is {time_text(times[step])}{of}. "
        f"Keep one row for each: add up or average those of one time{advice}."
    )

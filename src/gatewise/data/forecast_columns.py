"""A table of steps as series in time order: which column is what, and its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.cells import is_missing, is_number
from gatewise.data.column_values import encode_cells, number_cells
from gatewise.data.columns import Columns
from gatewise.data.suggestions import listed, nearest
from gatewise.data.time_axis import TimeAxis, time_axis, time_text
from gatewise.data.time_stamps import read_times
from gatewise.errors import DataError
from gatewise.records import Reading

__all__ = ["SeriesTable", "read_series"]

_TIME_NAMES = ("date", "time", "timestamp", "datetime", "ds")
_SAMPLE = 1000


@dataclass(frozen=True, eq=False)
class SeriesTable:
    """Series end to end, each in the order of time.

    values: float32 [steps, channels], NaN where missing. series: int64 [steps], which one, an index into `ids`. axis: positions
    [steps] in time. times: [steps] as read, None without a time column. rows: int64 [steps], the row of the table.
    channels: names of the columns. targets: which of them are predicted. inferred: what was guessed, as sentences.
    """

    values: NDArray[np.float32]
    series: NDArray[np.int64]
    axis: TimeAxis
    times: NDArray[Any] | None
    rows: NDArray[np.int64]
    ids: tuple[str, ...]
    channels: tuple[str, ...]
    targets: tuple[int, ...]
    inferred: tuple[str, ...]


def read_series(columns: Columns, reading: Reading) -> SeriesTable:
    """Read the columns that a forecast needs: a row a step; with `reading.id` the steps of several series, in any order.

    Raises DataError where a column is unknown or holds no numbers, a time is missing, unreadable or there twice, or the times
    are irregular.
    """
    channels, inferred = _channels(columns, reading)
    rows = len(columns[channels[0]])
    if not rows:
        raise DataError("the table is empty: it holds no rows. Expected a row a step.")
    series, ids = _series_of(columns, reading.id, rows)
    times = None if reading.time is None else read_times(columns[reading.time], reading.time)
    order = np.lexsort((series,) if times is None else (times, series))
    if times is not None and not _rises_within(times, series):
        inferred.append(f"The rows were sorted by {reading.time!r}.")
    series = series[order]
    if times is None or reading.time is None:
        axis = TimeAxis(_counted(series), "row", 1, None)
        inferred.append(_without_time(columns, reading))
    else:
        times = times[order]
        _refuse_repeats(times, series, reading.time, ids if reading.id is not None else ())
        axis = time_axis(times, series, reading.time)
        inferred.append(f"A step is {axis.step}.")
    values = np.empty((rows, len(channels)), dtype=np.float32)
    for number, name in enumerate(channels):
        # A value beyond 32-bit floats becomes infinite here, and counts as missing.
        with np.errstate(over="ignore"):
            values[:, number] = number_cells(columns[name], f"the column {name!r}")[order]
    targets = tuple(channels.index(name) for name in reading.target) or tuple(range(len(channels)))
    return SeriesTable(values, series, axis, times, order, ids, channels, targets, tuple(inferred))


def _channels(columns: Columns, reading: Reading) -> tuple[tuple[str, ...], list[str]]:
    """The columns a forecast reads, and what was guessed."""
    for name in (*reading.series, *reading.target, reading.time, reading.id, reading.split):
        if name is not None and name not in columns:
            raise DataError(f"there is no column {name!r}; the columns are: {listed(columns)}.{nearest(name, columns)}")
    used = {name: option for option in ("time", "id", "split") if (name := getattr(reading, option)) is not None}
    for name in (*reading.series, *reading.target):
        if name in used:
            raise DataError(f"the column {name!r} is named as {used[name]} and as a value. Name two different columns.")
    for names, option in ((reading.series, "--series"), (reading.target, "--target")):
        if len(set(names)) < len(names):
            raise DataError(f"{option} names a column twice ({listed(names)}). Name each once.")
    if reading.series:
        return (*reading.series, *(name for name in reading.target if name not in reading.series)), []
    found = tuple(name for name in columns if name not in used and (name in reading.target or _holds_numbers(columns[name])))
    if not found:
        raise DataError(
            f"there is no column of numbers to be forecast; the columns are: {listed(columns)}. Name them with --series and "
            "--target."
        )
    return found, [f"The series are read from all columns of numbers: {listed(found)}."]


def _holds_numbers(cells: Sequence[Any]) -> bool:
    if isinstance(cells, np.ndarray) and cells.dtype.kind != "O":
        return cells.ndim == 1 and cells.dtype.kind in "iuf"
    sample = list(islice((cell for cell in cells if not is_missing(cell)), _SAMPLE))
    return bool(sample) and 2 * sum(map(is_number, sample)) > len(sample)


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


def _without_time(columns: Columns, reading: Reading) -> str:
    likely = next((name for name in columns if name.strip().casefold() in _TIME_NAMES), None)
    hint = "" if likely is None else f" Name a column of times with --time, for example --time {likely}."
    one = "A row is one step" if reading.id is None else "A row is one step of its series"
    return f"{one}, in the order they come.{hint}"


def _refuse_repeats(times: NDArray[Any], series: NDArray[np.int64], name: str, ids: tuple[str, ...]) -> None:
    same = np.flatnonzero((times[1:] == times[:-1]) & (series[1:] == series[:-1]))
    if not len(same):
        return
    step = int(same[0])
    of = f" of the series {ids[series[step]]!r}" if ids else ""
    advice = "Keep one row for each, or average them" if ids else "Keep one row for each, or tell series apart with --id COLUMN"
    raise DataError(
        f"the column {name!r} holds {len(same):,} times more than once; the first is {time_text(times[step])}{of}. {advice}."
    )

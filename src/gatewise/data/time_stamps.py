"""Cells of a time column as times: ISO dates and time stamps, or numbers."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.arrow_cells import arrow_array
from gatewise.data.cells import is_number
from gatewise.data.column_values import Cells, number_cells
from gatewise.errors import DataError

__all__ = ["read_times"]

_MONTH = re.compile(r"\d{4}-\d{2}")
_EARLIEST_DAY, _LATEST_DAY = 1500_01_01, 2500_12_31


def read_times(cells: Cells, name: str) -> NDArray[Any]:
    """Read the times of a column: datetime64[us] [rows], in UTC where a zone is given, or float64 [rows] for plain numbers.

    Accepted are dates, datetimes, ISO 8601 texts (2016-07-01, 2016-07-01 13:00:00, 2016-07), whole numbers that spell dates
    (20160701), and numbers, in cells or as text. Raises DataError naming the first cell that is none of them, or missing.
    """
    import pyarrow
    from pyarrow import types

    array = arrow_array(cells)
    if array is None:
        if isinstance(cells, np.ndarray) and cells.dtype.kind == "M":
            # Arrow has no units longer than a second, but for days.
            cells = cells.astype("datetime64[us]")
        try:
            array = pyarrow.chunked_array([pyarrow.array(cells, from_pandas=True)])
        except (pyarrow.ArrowException, TypeError):
            return _one_by_one(cells, name)
    _refuse_missing(array, name)
    kind = array.type
    if types.is_timestamp(kind) or types.is_date(kind):
        return _moments(array, kind.tz if types.is_timestamp(kind) else None)
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return _dates_of(_finite(number_cells(cells, f"the column {name!r}"), name))
    if not (types.is_string(kind) or types.is_large_string(kind)):
        return _one_by_one(cells, name)
    if len(array) and is_number(array[0].as_py()):
        return _dates_of(_finite(number_cells(cells, f"the column {name!r}"), name))
    for zone in (None, "UTC"):
        try:
            return _moments(array, zone)
        except pyarrow.ArrowException:
            continue
    return _one_by_one(cells, name)


def _refuse_missing(array: Any, name: str) -> None:
    from pyarrow import compute, types

    missing = compute.is_null(array, nan_is_null=True)
    if types.is_string(array.type) or types.is_large_string(array.type):
        missing = compute.or_(missing, compute.equal(compute.utf8_trim_whitespace(array), "").fill_null(True))
    rows = np.flatnonzero(missing.to_numpy())
    if len(rows):
        raise DataError(f"row {rows[0] + 1} of the column {name!r} has no time. Give every row one, or drop the row.")


def _finite(numbers: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    bad = np.flatnonzero(~np.isfinite(numbers))
    if len(bad):
        raise DataError(f"row {bad[0] + 1} of the column {name!r} has no time that is finite. Correct it, or drop the row.")
    return numbers


def _moments(array: Any, zone: str | None) -> NDArray[Any]:
    import pyarrow

    return np.asarray(array.cast(pyarrow.timestamp("us", tz=zone), safe=False).to_numpy()).astype("datetime64[us]")


def _dates_of(numbers: NDArray[np.float64]) -> NDArray[Any]:
    """Numbers like 20160701 as the dates they spell; all others as they are."""
    if not len(numbers) or numbers.min() < _EARLIEST_DAY or numbers.max() > _LATEST_DAY or (numbers % 1).any():
        return numbers
    whole = numbers.astype(np.int64)
    months, days = whole // 100 % 100, whole % 100
    if months.min() < 1 or months.max() > 12 or days.min() < 1:
        return numbers
    first = (whole // 10000 - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (months - 1)
    dates = first.astype("datetime64[D]") + (days - 1)
    # The 31st of April would land in May.
    return dates.astype("datetime64[us]") if (dates.astype("datetime64[M]") == first).all() else numbers


def _one_by_one(cells: Cells, name: str) -> NDArray[Any]:
    return np.array([_time(cell, row, name) for row, cell in enumerate(cells, 1)], dtype="datetime64[us]")


def _time(cell: Any, row: int, name: str) -> np.datetime64:
    moment = cell
    if isinstance(cell, str):
        text = cell.strip()
        try:
            moment = datetime.fromisoformat(f"{text}-01" if _MONTH.fullmatch(text) else text)
        except ValueError as error:
            raise _unreadable(text, row, name) from error
    elif isinstance(cell, date) and not isinstance(cell, datetime):
        moment = datetime.combine(cell, time())
    if not isinstance(moment, datetime):
        raise _unreadable(cell, row, name)
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment, "us")


def _unreadable(cell: Any, row: int, name: str) -> DataError:
    return DataError(
        f"row {row} of the column {name!r} is {cell!r}, which is no time. Expected dates or time stamps such as 2016-07-01 or "
        "2016-07-01 13:00:00 (ISO 8601), or numbers."
    )

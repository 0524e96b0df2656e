"""Cells of a time column as times: dates and time stamps in any of the usual spellings, or numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dates.formats import parse_dates
from gatewise.data.dates.numbers import numbers_as_times
from gatewise.data.dates.order import find_format
from gatewise.data.values.arrow_cells import arrow_array
from gatewise.data.values.column_values import Cells, number_cells
from gatewise.data.values.table_cells import is_number
from gatewise.errors import DataError

__all__ = ["Times", "is_written", "iso_moment", "read_times"]

_MONTH = re.compile(r"(\d{4})[-M](\d{2})")
_QUARTER = re.compile(r"(\d{4})[- ]?[Qq]([1-4])|[Qq]([1-4])[- /]?(\d{4})")


@dataclass(frozen=True, eq=False)
class Times:
    """values: datetime64[us] [rows], in UTC where a zone is given, or float64 [rows] for plain numbers.

    format: by which texts were read, None where they are ISO 8601 or no texts. inferred: how they were read, where that is not
    plain, as sentences. warnings: what was assumed, because the column does not tell.
    """

    values: NDArray[Any]
    format: str | None = None
    inferred: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def read_times(cells: Cells, name: str, format: str | None = None) -> Times:
    """Read the times of a column.

    Accepted are dates, datetimes, ISO 8601 texts (2016-07-01, 2016-07-01 13:00:00, 2016-07), other spellings (`date_formats`),
    whole numbers that spell dates (20160701), seconds since 1970 where the column's name says time, and numbers, in cells or as
    text. format: of texts, as strptime has it; inferred from the whole column where None.
    Raises DataError naming the first cell that is none of them, or missing, OptionError for a format that does not do.
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
            return Times(_one_by_one(cells, name))
    _refuse_missing(array, name)
    kind = array.type
    if types.is_timestamp(kind) or types.is_date(kind):
        return Times(_moments(array, kind.tz if types.is_timestamp(kind) else None))
    is_text = types.is_string(kind) or types.is_large_string(kind)
    if is_text and format is not None:
        return Times(_by_format(array, name, format, given=True), format)
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return _of_numbers(cells, name)
    if not is_text:
        return Times(_one_by_one(cells, name))
    if len(array) and is_number(array[0].as_py()):
        return _of_numbers(cells, name)
    for zone in (None, "UTC"):
        try:
            return Times(_moments(array, zone))
        except pyarrow.ArrowException:
            continue
    found = find_format(array, name)
    if found is not None:
        return Times(_by_format(array, name, found.format), found.format, found.inferred, found.warnings)
    return Times(_one_by_one(cells, name))


def iso_moment(cell: str) -> datetime | None:
    """What ISO 8601 writes so, or the beginning of a month (2016-07, 2016M07) or a quarter (2016Q3, Q3 2016); else None."""
    text = cell.strip()
    if (month := _MONTH.fullmatch(text)) is not None:
        text = f"{month[1]}-{month[2]}-01"
    elif (quarter := _QUARTER.fullmatch(text)) is not None:
        text = f"{quarter[1] or quarter[4]}-{3 * int(quarter[2] or quarter[3]) - 2:02}-01"
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def is_written(cells: Cells, format: str) -> bool:
    """Whether cells are texts of times in that format, every one."""
    array = arrow_array(cells)
    if array is None:
        if not all(isinstance(cell, str) for cell in cells):
            return False
        import pyarrow

        array = pyarrow.chunked_array([pyarrow.array(cells, pyarrow.string())])
    if str(array.type) not in ("string", "large_string"):
        return False
    return not np.isnat(parse_dates(array, format)).any()


def _refuse_missing(array: Any, name: str) -> None:
    from pyarrow import compute, types

    missing = compute.is_null(array, nan_is_null=True)
    if types.is_string(array.type) or types.is_large_string(array.type):
        missing = compute.or_(missing, compute.equal(compute.utf8_trim_whitespace(array), "").fill_null(True))
    rows = np.flatnonzero(missing.to_numpy())
    if len(rows):
        raise DataError(f"row {rows[0] + 1} of the column {name!r} has no time. Give every row one, or drop the row.")


def _of_numbers(cells: Cells, name: str) -> Times:
    numbers = number_cells(cells, f"the column {name!r}")
    bad = np.flatnonzero(~np.isfinite(numbers))
    if len(bad):
        raise DataError(f"row {bad[0] + 1} of the column {name!r} has no time that is finite. Correct it, or drop the row.")
    values, said = numbers_as_times(numbers, name)
    return Times(values, None, said)


def _moments(array: Any, zone: str | None) -> NDArray[Any]:
    import pyarrow

    return np.asarray(array.cast(pyarrow.timestamp("us", tz=zone), safe=False).to_numpy()).astype("datetime64[us]")


def _by_format(array: Any, name: str, format: str, *, given: bool = False) -> NDArray[Any]:
    times = parse_dates(array, format)
    bad = np.flatnonzero(np.isnat(times))
    if len(bad):
        row, cell = int(bad[0]), array[int(bad[0])].as_py()
        more = f" ({len(bad):,} of {len(times):,} rows are none)" if len(bad) > 1 else ""
        if given:
            raise DataError(
                f"row {row + 1} of the column {name!r} is {cell!r}, which is no time as --date-format {format!r} has it{more}. "
                "Give the format of the cells, or leave it out and have it inferred."
            )
        raise DataError(
            f"row {row + 1} of the column {name!r} is {cell!r}, which is no time as the others are, {format}{more}. "
            "Write it so, or drop the row."
        )
    return times


def _one_by_one(cells: Cells, name: str) -> NDArray[Any]:
    return np.array([_time(cell, row, name) for row, cell in enumerate(cells, 1)], dtype="datetime64[us]")


def _time(cell: Any, row: int, name: str) -> np.datetime64:
    moment = cell
    if isinstance(cell, str):
        moment = iso_moment(cell)
        if moment is None:
            raise _unreadable(cell.strip(), row, name)
    elif isinstance(cell, date) and not isinstance(cell, datetime):
        moment = datetime.combine(cell, time())
    if not isinstance(moment, datetime):
        raise _unreadable(cell, row, name)
    return np.datetime64(moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment, "us")


def _unreadable(cell: Any, row: int, name: str) -> DataError:
    return DataError(
        f"row {row} of the column {name!r} is {cell!r}, which is no time that is known. Expected dates or time stamps such as "
        "2016-07-01, 2016-07-01 13:00:00 or 7/1/2016, or numbers. Write times so; where they have another order or other marks, "
        "name those with --date-format, like %d_%m_%Y."
    )

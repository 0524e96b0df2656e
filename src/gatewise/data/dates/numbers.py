"""Numbers of a time column as times: dates spelled as whole numbers, and seconds since 1970."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["names_time", "numbers_as_times"]

_WORDS = frozenset(
    (
        *("date", "dates", "datetime", "day", "ds", "dt", "month", "yyyymmdd", "epoch", "unix", "unixtime", "utc"),
        *("time", "times", "timestamp", "timestamps", "ts", "when", "created", "updated"),
    )
)
_YEARS = frozenset(("year", "years", "yr"))
_EARLIEST_DAY, _LATEST_DAY = 1500_01_01, 2500_12_31
_EARLIEST_YEAR, _LATEST_YEAR = 1500, 2500
# Seconds of 1973 and of 2100: milliseconds, microseconds and nanoseconds of these years never overlap.
_EARLIEST, _LATEST = 1e8, 4.2e9
_UNITS = {"seconds": 1.0, "milliseconds": 1e3, "microseconds": 1e6, "nanoseconds": 1e9}


def names_time(name: str, numbers: NDArray[np.float64]) -> bool:
    """Whether a column of numbers is one of times, or of years: by its name, and because its numbers can be that."""
    if not len(numbers) or not np.isfinite(numbers).all():
        return False
    words = _words(name)
    if words & _YEARS:
        return bool(numbers.min() >= _EARLIEST_YEAR and numbers.max() <= _LATEST_YEAR and not (numbers % 1).any())
    return bool(words & _WORDS) and numbers_as_times(numbers, name)[0].dtype.kind == "M"


def numbers_as_times(numbers: NDArray[np.float64], name: str) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Numbers like 20160701 as the dates they spell; where the column's name says time, seconds, milliseconds and so on since
    1970; all others as they are. Also what was done, as sentences.
    """
    if not len(numbers) or not np.isfinite(numbers).all():
        return numbers, ()
    dates = _dates_of(numbers)
    if dates is not None:
        return dates, ()
    low, high = float(numbers.min()), float(numbers.max())
    if _words(name) & _WORDS:
        for unit, per_second in _UNITS.items():
            if low >= _EARLIEST * per_second and high <= _LATEST * per_second:
                times = np.rint(numbers * (1e6 / per_second)).astype(np.int64).astype("datetime64[us]")
                first = str(times[0].astype("datetime64[s]")).replace("T", " ")
                return times, (f"The numbers in {name!r} are read as {unit} since 1970: {numbers[0]:.15g} is {first}.",)
    return numbers, ()


def _words(name: str) -> set[str]:
    """The words of a column's name: `EventTime_ms` is event, time, ms."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return set(re.findall(r"[a-z]+", apart.lower()))


def _dates_of(numbers: NDArray[np.float64]) -> NDArray[Any] | None:
    """Numbers like 20160701 as the dates they spell, None where one of them is none."""
    if numbers.min() < _EARLIEST_DAY or numbers.max() > _LATEST_DAY or (numbers % 1).any():
        return None
    whole = numbers.astype(np.int64)
    months, days = whole // 100 % 100, whole % 100
    if months.min() < 1 or months.max() > 12 or days.min() < 1:
        return None
    first = (whole // 10000 - 1970).astype("datetime64[Y]").astype("datetime64[M]") + (months - 1)
    dates = first.astype("datetime64[D]") + (days - 1)
    # The 31st of April would land in May.
    return dates.astype("datetime64[us]") if (dates.astype("datetime64[M]") == first).all() else None

"""Time stamps as whole steps on one axis: what the step is, and where it is missing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dates.spacing import Spacing, month_ends, month_moments
from gatewise.errors import DataError

__all__ = ["TimeAxis", "time_axis", "time_text"]

# A number that counts time is rarely exact; a difference this close to a whole number of steps is one.
_TOLERANCE = 0.01
_SECOND, _MINUTE, _HOUR, _DAY = 1.0, 60.0, 3600.0, 86400.0
_UNITS = (("week", 7 * _DAY), ("day", _DAY), ("hour", _HOUR), ("minute", _MINUTE), ("second", _SECOND))


@dataclass(frozen=True, eq=False)
class TimeAxis:
    """positions: int64 [rows], steps since the first time of all. step: the step in words. season: steps after which a series
    may be expected to repeat, 1 where none is known. step_seconds: None for months and for times that are plain numbers.
    spacing: None where there are no times.
    """

    positions: NDArray[np.int64]
    step: str
    season: int
    step_seconds: float | None
    spacing: Spacing | None = None


def time_axis(times: NDArray[Any], series: NDArray[np.int64], name: str) -> TimeAxis:
    """Find the step of time stamps and count in it.

    times: datetime64 or float64 [rows], rising within each series. series: int64 [rows], which one. name: of the column.
    The step is the most frequent difference. Months count as equal steps, and so do business days where no time stamp falls on
    a weekend. The season is a day for steps from a minute to half a day, else a week of days (five business days) or a year of
    months, as far as it is a whole number of steps.
    Raises DataError where no difference makes up over half, or one is no whole number of steps.
    """
    inside = np.flatnonzero(series[1:] == series[:-1])
    if not len(inside):
        return TimeAxis(np.zeros(len(times), dtype=np.int64), "unknown", 1, None)
    units, unit = _units(times, inside)
    differences = _numbers(units[inside + 1] - units[inside])
    step = _most_frequent(differences)
    share = float(np.isclose(differences, step, rtol=_TOLERANCE).mean())
    words = _duration(step, unit, calendar=times.dtype.kind == "M")
    if share <= 0.5:
        raise DataError(
            f"the times in the column {name!r} are irregular: the most frequent step, {words}, makes up {share:.0%} of all. "
            "Bring them to one step (for example by averaging over hours or days), or leave out --time to take the rows as equal "
            "steps in their order."
        )
    steps = np.rint(differences / step)
    odd = np.flatnonzero((np.abs(differences / step - steps) > _TOLERANCE) | (steps < 1))
    if len(odd):
        row = inside[odd[0]]
        raise DataError(
            f"the times in the column {name!r} are irregular: {len(odd):,} of {len(steps):,} differences are no whole number of "
            f"the usual step, {words}; the first lies between {time_text(times[row])} and {time_text(times[row + 1])}. "
            "Bring them to one step, or leave out --time to take the rows as equal steps in their order."
        )
    seconds = None if times.dtype.kind != "M" or unit == "month" else _DAY * step if unit else step / 1e6
    spacing = Spacing(step, unit, unit == "month" and len(np.unique(month_moments(times))) > 1)
    return TimeAxis(_positions(units, series, inside, steps, step), words, _season(step, unit, seconds), seconds, spacing)


def time_text(time: Any) -> str:
    """A time as a message shows it: 2016-07-01 13:00, or a number."""
    if not isinstance(time, np.datetime64):
        return f"{float(time):.15g}"
    text = str(time.astype("datetime64[s]")).replace("T", " ")
    return text.removesuffix(":00").removesuffix(" 00:00")


def _numbers(differences: NDArray[Any]) -> NDArray[np.float64]:
    # Differences of datetimes are timedelta64[us].
    return (differences.astype(np.int64) if differences.dtype.kind == "m" else differences).astype(np.float64)


def _most_frequent(differences: NDArray[np.float64]) -> float:
    # Rounded, because 0.3 - 0.2 is not 0.1; of equally frequent ones the shortest.
    middle = float(np.median(differences))
    found, first, counts = np.unique(np.round(differences / middle, 6), return_index=True, return_counts=True)
    return float(differences[first[counts.argmax()]]) if len(found) else middle


def _units(times: NDArray[Any], inside: NDArray[np.int64]) -> tuple[NDArray[Any], str | None]:
    """Times in the unit they are counted in, and its name; None for themselves: microseconds, or plain numbers."""
    if times.dtype.kind == "M":
        for count, unit in ((_months, "month"), (_business_days, "business day")):
            if (units := count(times, inside)) is not None:
                return units, unit
    return times, None


def _months(times: NDArray[Any], inside: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Months since 1970, where all times are the same moment of a month, or its last day."""
    if (times[inside + 1] - times[inside]).min() < np.timedelta64(28, "D"):
        return None
    moments, to_end = month_moments(times), month_ends(times) - times
    same = (moments == moments[0]).all() or (to_end == to_end[0]).all()
    return times.astype("datetime64[M]").astype(np.int64) if same else None


def _business_days(times: NDArray[Any], inside: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Business days since 1970, where times are whole days, mostly one after the other, and never on a weekend."""
    days = times.astype("datetime64[D]")
    moments = times - days.astype(times.dtype)
    if (moments != moments[0]).any() or not np.is_busday(days).all():
        return None
    differences = (days[inside + 1] - days[inside]).astype(np.int64)
    if (differences == 1).mean() <= 0.5 or differences.max() < 3:
        return None
    return np.busday_count(np.datetime64("1970-01-01"), days).astype(np.int64)


def _positions(
    units: NDArray[Any], series: NDArray[np.int64], inside: NDArray[np.int64], steps: NDArray[np.float64], step: float
) -> NDArray[np.int64]:
    """Steps counted from the first time of all: whole ones inside a series, whose first time may lie between two steps."""
    since = _numbers(units - units.min()) / step
    positions = np.zeros(len(units), dtype=np.int64)
    positions[inside + 1] = steps.astype(np.int64)
    positions = np.cumsum(positions)
    first = np.flatnonzero(np.append(True, series[1:] != series[:-1]))
    lengths = np.diff(first, append=len(units))
    return positions + np.repeat(np.floor(since[first] + _TOLERANCE).astype(np.int64) - positions[first], lengths)


def _season(step: float, unit: str | None, seconds: float | None) -> int:
    if unit == "month":
        return 12 // int(step) if 12 % step == 0 else 1
    if unit == "business day":
        return 5 if step == 1 else 1
    if seconds is None:
        return 1
    if seconds == _DAY:
        return 7
    return int(_DAY // seconds) if _MINUTE <= seconds < _DAY and _DAY % seconds == 0 else 1


def _duration(step: float, unit: str | None, *, calendar: bool) -> str:
    if not calendar:
        return f"{step:.6g}"
    if unit == "month" and step % 12 == 0:
        return _counted(step / 12, "year")
    if unit is not None:
        return _counted(step, unit)
    seconds = step / 1e6
    name, size = next(((name, size) for name, size in _UNITS if seconds % size == 0), _UNITS[-1])
    return _counted(seconds / size, name)


def _counted(number: float, unit: str) -> str:
    return f"1 {unit}" if math.isclose(number, 1) else f"{number:g} {unit}s"

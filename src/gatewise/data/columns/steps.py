"""Tables in which a row is a step in time: which column is the time, which tells series apart, whether a forecast is meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gatewise.data.columns.columns import LABEL_NAMES, Columns
from gatewise.data.columns.kinds import ColumnKind, counts_rows, kind_of
from gatewise.data.values.column_values import are_different, encode_cells
from gatewise.errors import DataError
from gatewise.records import Reading
from gatewise.tasks import in_time
from gatewise.wording import flag, listed

__all__ = ["Steps", "as_forecast", "time_column"]

_TIME_NAMES = ("date", "time", "timestamp", "datetime", "ds")
_TARGET_NAMES = ("y", "target")
# Beside a date or a year they say when, not whose.
_TIME_PARTS = ("hour", "hr", "minute", "second", "time", "day", "week", "month", "quarter", "period")
# An id comes again: a series has more than one step.
_FEWEST_STEPS = 3


@dataclass(frozen=True)
class Steps:
    """How a table of steps is read: `reading` with the task, the time and perhaps the id and the target that were inferred."""

    reading: Reading
    inferred: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def time_column(columns: Columns, used: Sequence[str | None]) -> str | None:
    """The column of times among those not used: of several the one of a usual name, else the first; None where there is none."""
    found = [name for name in columns if name not in used and kind_of(name, columns[name]) == "time"]
    usual = {name.strip().casefold(): name for name in reversed(found)}
    return next((usual[name] for name in _TIME_NAMES if name in usual), found[0] if found else None)


def as_forecast(columns: Columns, reading: Reading, works: Callable[[Reading], bool]) -> Steps | None:
    """How to read a table that is a forecast, by what was asked or by what it holds; None where it is none.

    Without a task it is one where a column holds times, the others numbers and perhaps words that come again, and nothing is
    named that only another task has. works: whether the table can be read so.
    Raises DataError where it may as well be something else, with the options to choose from.
    """
    if any(name is not None and name not in columns for name in (*_named(reading), reading.time)):
        # Refused by name where the columns are read.
        return Steps(reading) if in_time(reading.task) else None
    if in_time(reading.task):
        return _with_id(columns, Steps(reading), reading.time or time_column(columns, _named(reading)))
    if reading.task is not None or any((reading.text, reading.audio, reading.group, reading.split, reading.weights)):
        return None
    if reading.test is not None or (reading.id is not None and reading.target):
        return None
    time = reading.time or time_column(columns, _named(reading))
    if time is None:
        return None
    kinds = {name: kind_of(name, cells) for name, cells in columns.items() if name not in (time, reading.id)}
    if not _is_steps(columns, kinds, reading):
        return None
    asked = (*reading.channels, *reading.target)
    labels = [name for name in kinds if name.strip().casefold() in LABEL_NAMES and name not in asked]
    if reading.id is not None and (labels or "category" in kinds.values()):
        return None
    # The time stays open: where it is irregular, rows are equal steps, which they are not where a user names it.
    named = replace(reading, task="forecast")
    if labels:
        _refuse_labels(columns, named, time, labels[0], kinds, works)
    target = [name for name in kinds if name.strip().casefold() in _TARGET_NAMES and kinds[name] == "number"]
    if len(target) == 1 and not reading.target and not reading.channels:
        named = replace(named, target=(target[0],))
    steps = _with_id(columns, Steps(named), time)
    words = [name for name, kind in kinds.items() if kind in ("category", "clock") and name != steps.reading.id]
    unread = f" {listed(words, 5)} {'is' if len(words) == 1 else 'are'} not read." if words else ""
    why = (
        f"The table is taken for a forecast: a row is a time with numbers.{unread} To say otherwise, name the task with --task, "
        "or its columns with --text, --channels or --id."
    )
    return replace(steps, inferred=(why,))


def _named(reading: Reading) -> tuple[str | None, ...]:
    return (*reading.channels, *reading.target, reading.id, reading.split, reading.group, reading.weights)


def _is_steps(columns: Columns, kinds: dict[str, ColumnKind], reading: Reading) -> bool:
    """Whether the columns beside the time are those of a forecast: some of numbers, and none that a forecast cannot use."""
    numbers = _numbers(columns, kinds)
    if any(kinds.get(name) != "number" for name in (*reading.channels, *reading.target)):
        return False
    if reading.time is not None:
        return bool(numbers)
    return bool(numbers) and not {"text", "sound", "list", "other"} & set(kinds.values())


def _numbers(columns: Columns, kinds: dict[str, ColumnKind]) -> list[str]:
    return [name for name, kind in kinds.items() if kind == "number" and not counts_rows(name, columns[name])]


def _refuse_labels(
    columns: Columns, named: Reading, time: str, label: str, kinds: dict[str, ColumnKind], works: Callable[[Reading], bool]
) -> None:
    """Raise DataError for a row a time with a label beside it: it may be a forecast, or a series with its class."""
    numbers = [name for name in _numbers(columns, kinds) if name != label]
    choices = []
    if numbers and works(replace(named, time=time, target=(numbers[0],))):
        options = f"--task forecast {flag('time', time)} {flag('target', numbers[0])}"
        choices.append(f"To predict the next {numbers[0]!r}, add {options}.")
    ids = [name for name in kinds if name != label and works(Reading(id=name, time=time, target=(label,)))]
    choices += [f"To predict {label!r} of whole series, add {flag('id', one)} {flag('target', label)}." for one in ids[:1]]
    if not ids:
        choices.append(f"To predict {label!r} of whole series, the table needs a column that tells them apart, named with --id.")
    raise DataError(
        f"the table may be two things: times ({time!r}) with {listed(numbers, 5) or 'no numbers'} look like a forecast, and "
        f"{label!r} like the class of a series. {' '.join(choices)}"
    )


def _with_id(columns: Columns, steps: Steps, time: str | None) -> Steps:
    """With the column that tells series apart, where times come more than once and one column alone does that."""
    reading = steps.reading
    if reading.id is not None or time is None:
        return steps
    if are_different(columns[time]):
        return steps
    codes = _codes(columns, time)
    if codes is None:
        return steps
    free = [name for name in columns if name not in (time, *_named(reading))]
    parts = [name for name in free if _is_time_part(columns, name)]
    if parts:
        raise DataError(
            f"times in the column {time!r} come more than once, and {parts[0]!r} looks like a part of the time. Write both into "
            "one column, like 2016-07-01 13:00; or name the column that tells series apart with --id."
        )
    found = [name for name in free if _tells_apart(columns, name, codes)]
    if len(found) > 1:
        choices = " or ".join(f"--task forecast {flag('id', name)}" for name in found[:3])
        raise DataError(
            f"times in the column {time!r} come more than once, and more than one column tells series apart. Add {choices}."
        )
    if not found:
        return steps
    said = (
        f"The series are told apart by {found[0]!r}: a time comes more than once, but never twice with one {found[0]!r} (--id "
        "names another column)."
    )
    return Steps(replace(reading, id=found[0]), steps.inferred, (*steps.warnings, said))


def _is_time_part(columns: Columns, name: str) -> bool:
    return name.strip().casefold() in _TIME_PARTS or kind_of(name, columns[name]) == "clock"


def _tells_apart(columns: Columns, name: str, times: NDArray[np.int64]) -> bool:
    kind = kind_of(name, columns[name])
    if kind == "number":
        numbers = _codes(columns, name)
        # An amount may differ at every time, too; an id is one of a few.
        if numbers is None or len(np.unique(numbers)) * 10 > len(numbers):
            return False
    elif kind != "category":
        return False
    codes = _codes(columns, name)
    if codes is None or (codes < 0).any() or len(codes) < _FEWEST_STEPS * len(np.unique(codes)):
        return False
    both = np.stack([codes, times])
    return bool(np.unique(both, axis=1).shape[1] == len(times))


def _codes(columns: Columns, name: str) -> NDArray[np.int64] | None:
    try:
        return encode_cells(columns[name])[0]
    except TypeError:
        return None

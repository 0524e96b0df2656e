"""What a table was taken for on weak grounds: sentences that say so, and refusals where two readings are equally good."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gatewise.data.columns.columns import LABEL_NAMES, TARGET_NAMES, Choice, Columns
from gatewise.data.columns.steps import time_column
from gatewise.data.dataset.targets import MANY_CLASSES, Target
from gatewise.data.values.column_values import number_cells
from gatewise.errors import DataError
from gatewise.records import Reading
from gatewise.tasks import predicts
from gatewise.wording import flag

__all__ = ["refuse_two_readings", "settle_numbers", "unread_times"]

_WHOLE = re.compile(r"-?[0-9]+")
# Grades have fewer, ages and counts have more.
_FEW_CLASSES = 20


def settle_numbers(target: Target, cells: Sequence[Any], name: str, reading: Reading) -> tuple[Target, tuple[str, ...]]:
    """The target as it is, or as numbers, and what to say where whole numbers may be classes or amounts, and no task was named.

    Two values, and columns that are called a label or the like, are classes. Raises DataError where they are too many to be
    classes for sure and too few to be amounts for sure.
    """
    count = len(target.names)
    is_label = name.strip().casefold() in LABEL_NAMES
    if reading.task is not None or predicts(target.task) != "classes" or count < 3 or is_label:
        return target, ()
    if not all(_WHOLE.fullmatch(word) for word in target.names):
        return target, ()
    low, high = min(map(int, target.names)), max(map(int, target.names))
    found = f"the target {name!r} holds {count:,} different whole numbers, {low:,} to {high:,}"
    if count > MANY_CLASSES and count > np.count_nonzero(~target.missing) / 2:
        said = f"As {found}, it is predicted as a number; as classes they would be too many."
        return Target("regression", number_cells(cells, f"the target {name!r}")), (said,)
    if count > _FEW_CLASSES:
        raise DataError(
            f"{found}, which may be classes in no order, or numbers. Add --task regression to predict them as "
            "numbers, or --task classification."
        )
    said = f"{found[0].upper()}{found[1:]}, read as classes in no order; --task regression predicts them as numbers."
    return target, (said,)


def refuse_two_readings(
    columns: Columns, choice: Choice, target: Target, reading: Reading, works: Callable[[Reading], bool]
) -> None:
    """Raise DataError where nothing was named, and an amount beside a text and a time may as well be a forecast.

    works: whether the table can be read so; as a forecast it can where its times are even.
    """
    named = (reading.task, reading.text, reading.channels, reading.target, reading.group, reading.split, reading.weights)
    if any(named) or choice.kind != "text" or predicts(target.task) != "numbers" or choice.target is None:
        return
    time = time_column(columns, (*choice.inputs, choice.target))
    forecast = Reading(task="forecast", time=time, target=(choice.target,))
    if choice.target.strip().casefold() in TARGET_NAMES or time is None or not works(forecast):
        return
    amount, text = choice.target, choice.inputs[0]
    raise DataError(
        f"the table may be two things: a number ({amount!r}) for each text ({text!r}), or that number's course over time "
        f"({time!r}). Add {flag('text', text)} {flag('target', amount)}, or --task forecast {flag('time', time)} "
        f"{flag('target', amount)}."
    )


def unread_times(columns: Columns, choice: Choice, reading: Reading) -> tuple[str, ...]:
    """What to say of a column of times that is not read, where rows are split at random."""
    time = time_column(columns, (*choice.inputs, choice.target, reading.id, reading.time, reading.group, reading.weights))
    if time is None or reading.id is not None:
        return ()
    return (
        f"The times in {time!r} are not read, and rows are split at random: for a model that is to predict later rows this is "
        "too easy a test (--split-column or --test give a split in time).",
    )

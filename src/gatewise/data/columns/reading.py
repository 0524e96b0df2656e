"""The options that say how a source is read, as a user gives them, and the sources they do not apply to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gatewise.data.dates.formats import check_format
from gatewise.errors import OptionError
from gatewise.records import Dataset, Reading
from gatewise.tasks import TASKS
from gatewise.wording import listed, nearest

__all__ = ["has_columns", "read_options", "refuse_columns", "refuse_steps", "require_task"]

_COLUMNS = ("text", "audio", "channels", "target", "id", "time", "group", "split", "weights", "date_format")
_LISTS = ("channels", "target")
# Options that are called otherwise on the command line.
_FLAGS = {"split": "split-column", "date_format": "date-format"}


def read_options(given: Mapping[str, Any]) -> Reading:
    """Make a Reading of options: one name where several are possible becomes a tuple, None the default.

    Raises OptionError for a task that is not known, and a format of dates that does not do.
    """
    options = dict(given)
    for name in _LISTS:
        value = options.get(name)
        options[name] = () if value is None else (value,) if isinstance(value, str) else tuple(value)
    task = options.get("task")
    if task is not None and task not in TASKS:
        raise OptionError(f"the task is {task!r}; expected one of {listed(TASKS)}.{nearest(str(task), TASKS)}")
    if options.get("date_format") is not None:
        check_format(options["date_format"])
    return Reading(**options)


def has_columns(reading: Reading) -> bool:
    """Whether any column is named."""
    return any(getattr(reading, name) not in (None, ()) for name in _COLUMNS)


def refuse_columns(source: str, reading: Reading) -> None:
    """Raise OptionError where a column or a test part is named for a source that takes none."""
    given = [name for name in (*_COLUMNS, "test") if getattr(reading, name) not in (None, ())]
    named = [f"--{_FLAGS.get(name, name)}" for name in given]
    if named:
        plural = len(named) > 1
        raise OptionError(
            f"{source} has no columns to choose from, so {' and '.join(named)} {'do' if plural else 'does'} not apply. "
            f"Leave {'them' if plural else 'it'} out."
        )


def refuse_steps(reading: Reading) -> None:
    """Raise OptionError where an option is given that only another task has, such as the horizon of a forecast."""
    for task in TASKS.values():
        named = [f"--{name}" for name in task.options if getattr(reading, name) is not None]
        if named and reading.task != task.name:
            raise OptionError(f"{' and '.join(named)} belong to {task.noun}. Add --task {task.name}, or leave them out.")


def require_task(dataset: Dataset, reading: Reading) -> Dataset:
    """The data set. Raises OptionError where another task is asked for than its own."""
    if reading.task not in (None, dataset.task):
        raise OptionError(
            f"the task of {dataset.name} is {dataset.task}, and {reading.task} was asked for. Leave out --task or take others."
        )
    return dataset

"""What sequences are asked for: a module a task, with all that sets it apart from the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from gatewise.tasks.classification import CLASSIFICATION
from gatewise.tasks.forecast import FORECAST
from gatewise.tasks.next_step import NEXT_STEP
from gatewise.tasks.regression import REGRESSION
from gatewise.tasks.traits import Rivals, TaskTraits

if TYPE_CHECKING:
    from gatewise.records import Task

__all__ = ["TASKS", "Rivals", "TaskTraits", "in_time", "predicts", "traits_of"]

TASKS: Mapping[Task, TaskTraits] = {task.name: task for task in (CLASSIFICATION, REGRESSION, FORECAST, NEXT_STEP)}


def traits_of(task: Task) -> TaskTraits:
    """The traits of a task."""
    return TASKS[task]


def predicts(task: Task | None) -> Literal["classes", "numbers", "steps"] | None:
    """What a task predicts; None where none was named."""
    return None if task is None else TASKS[task].predicts


def in_time(task: Task | None) -> bool:
    """Whether a task is named whose rows are windows of time."""
    return task is not None and TASKS[task].in_time

"""How long networks train: batches, epochs, and when a training that no longer gets better ends."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gatewise.records import Task
from gatewise.tasks import traits_of

__all__ = [
    "FEWEST_EPOCHS",
    "LARGEST_BATCH",
    "LEAST_PATIENCE",
    "MOST_EPOCHS",
    "PATIENCE_SHARE",
    "SMALLEST_BATCH",
    "Schedule",
    "default_schedule",
]

SMALLEST_BATCH, LARGEST_BATCH = 8, 64
FEWEST_EPOCHS, MOST_EPOCHS = 20, 300
PATIENCE_SHARE = 0.15
LEAST_PATIENCE = 3


@dataclass(frozen=True)
class Schedule:
    """How long an arm may train; the same for every arm of a run."""

    batch_size: int
    max_epochs: int
    patience: int


def default_schedule(
    train_rows: int, *, batch_size: int | None, max_epochs: int | None, task: Task = "classification"
) -> Schedule:
    """Small data gets small batches and many epochs: at most about the task's steps, 20 to 300 epochs, patience 15% of them.

    Epochs beyond those are for trainings that go on getting better, and do not lengthen the patience.
    """
    traits = traits_of(task)
    size = batch_size or traits.batch_size or _batch_size(train_rows)
    own = int(np.clip(math.ceil(traits.steps / math.ceil(train_rows / size)), FEWEST_EPOCHS, MOST_EPOCHS))
    epochs = max_epochs or own
    return Schedule(size, epochs, max(LEAST_PATIENCE, math.ceil(PATIENCE_SHARE * min(epochs, own))))


def _batch_size(train_rows: int) -> int:
    return int(np.clip(2 ** round(math.log2(max(train_rows / 16, 1))), SMALLEST_BATCH, LARGEST_BATCH))

"""How long networks train, how fast, and when a training that no longer gets better ends."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from gatewise.records import Task
from gatewise.tasks import traits_of

__all__ = [
    "FEWEST_EPOCHS",
    "FEWEST_SHORT",
    "LARGEST_BATCH",
    "LEAST_PATIENCE",
    "MOST_EPOCHS",
    "PATIENCE_SHARE",
    "RISEN",
    "SMALLEST_BATCH",
    "SURE_SHARE",
    "WARM_UP",
    "Schedule",
    "default_schedule",
    "short_epochs",
]

SMALLEST_BATCH, LARGEST_BATCH = 8, 64
FEWEST_EPOCHS, MOST_EPOCHS = 20, 300
FEWEST_SHORT = 4
PATIENCE_SHARE = 0.3
LEAST_PATIENCE = 2
SURE_SHARE = 0.6
"""Share of its epochs that a training has in any case: at a high learning rate some cells begin late."""
RISEN = 0.01
"""How far above its least, as a part of it, a validation loss must be for a training to have passed its best epoch."""
WARM_UP = 0.1
"""Share of the steps in which the learning rate rises to its height."""


@dataclass(frozen=True)
class Schedule:
    """How long an arm may train; the same for every arm of a run."""

    batch_size: int
    max_epochs: int
    patience: int

    @property
    def earliest(self) -> int:
        """The epoch before which early stopping ends no training."""
        return math.ceil(SURE_SHARE * self.max_epochs)

    def rate(self, step: int, steps: int) -> float:
        """What part of its learning rate a training has in a step, counted from 0, of all the steps of its epochs.

        A linear rise, so that Adam's averages are there before the weights move far, and half a cosine down to nothing
        (Loshchilov & Hutter 2017, "SGDR", without restarts).
        """
        done = (step + 0.5) / steps
        falling = max(0.0, (done - WARM_UP) / (1 - WARM_UP))
        return min(1.0, done / WARM_UP) * (1 + math.cos(math.pi * falling)) / 2


def default_schedule(
    train_rows: int, *, batch_size: int | None, max_epochs: int | None, task: Task = "classification"
) -> Schedule:
    """Small data gets small batches and many epochs: about the task's steps, 20 to 300 epochs.

    Patience is 30% of the epochs: while the learning rate is high, the validation loss falls unsteadily.
    """
    traits = traits_of(task)
    size = batch_size or traits.batch_size or _batch_size(train_rows)
    own = int(np.clip(math.ceil(traits.steps / math.ceil(train_rows / size)), FEWEST_EPOCHS, MOST_EPOCHS))
    epochs = max_epochs or own
    return Schedule(size, epochs, max(LEAST_PATIENCE, math.ceil(PATIENCE_SHARE * epochs)))


def short_epochs(epochs: int, task: Task = "classification") -> int:
    """The part of a training's whole length that a comparison tries first, because it is enough for most data."""
    return min(epochs, max(FEWEST_SHORT, math.ceil(traits_of(task).short * epochs)))


def _batch_size(train_rows: int) -> int:
    return int(np.clip(2 ** round(math.log2(max(train_rows / 16, 1))), SMALLEST_BATCH, LARGEST_BATCH))

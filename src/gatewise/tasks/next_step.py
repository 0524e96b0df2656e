"""Every channel of every next step of a sequence of 0 and 1, such as a piano roll."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatewise.tasks.shared import NO_CLASSES, NO_SKIP
from gatewise.tasks.traits import Rivals, TaskTraits
from gatewise.wording import counted

if TYPE_CHECKING:
    from gatewise.records import Forecast, Hyperparameters, Kind, Profile

__all__ = ["NEXT_STEP"]


def _defaults(_: Kind) -> Hyperparameters:
    from gatewise.records import Hyperparameters

    return Hyperparameters(learning_rate=1e-2, dropout=0.2, input_dropout=0.0, weight_decay=0.01)


def _rivals(_: Kind, __: Forecast | None) -> Rivals:
    return Rivals(("step_frequency", "repeat_step", "linear_step"), ("phrases",))


def _asked(profile: Profile) -> str:
    return f"next step of {counted(profile.channels, 'channel')}"


NEXT_STEP = TaskTraits(
    name="next_step",
    noun="next-step prediction",
    title="next step of a sequence of labels",
    predicts="steps",
    metrics=("nll",),
    keeps="StepPredictions",
    refused={
        "weights": "--weights weighs rows, and next-step prediction counts every step alike; leave it out",
        "weigh_classes": NO_CLASSES,
        "pooling": "--pooling pools the steps of a sequence, and next-step prediction says something of each; leave it out",
        "skip": NO_SKIP,
        "max_length": "--max-length cuts sequences, and next-step prediction is scored on every step; leave it out",
    },
    # It learns from every step of a row: batches have few rows, and a training more steps.
    steps=6000,
    short=0.6,
    batch_size=8,
    highest_learning_rate=3e-2,
    defaults=_defaults,
    rivals=_rivals,
    asked=_asked,
    loss="The cross-entropy of every label at every next step.",
)

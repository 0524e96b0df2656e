"""What several tasks have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatewise.wording import counted

if TYPE_CHECKING:
    from gatewise.records import Hyperparameters, Kind, Profile

__all__ = ["NO_CLASSES", "NO_SKIP", "first_trial", "numbers_asked"]

NO_CLASSES = "--class-weights needs classes, and the target is numbers; leave it out"
NO_SKIP = "--skip and --no-skip are about the linear part of a forecast, and nothing is forecast; leave them out"


def first_trial(kind: Kind) -> Hyperparameters:
    """What the first tuning trial uses: strong dropout for text, whose embedding overfits in a few epochs; little for series."""
    from gatewise.records import Hyperparameters

    if kind == "text":
        return Hyperparameters(learning_rate=6e-3, dropout=0.6, input_dropout=0.2, weight_decay=0.01)
    return Hyperparameters(learning_rate=6e-3, dropout=0.2, input_dropout=0.0, weight_decay=0.01)


def numbers_asked(profile: Profile) -> str:
    """The name of what is predicted, or how many channels are."""
    outputs = list(profile.outputs)
    return outputs[0] if len(outputs) == 1 else counted(len(outputs), "channel")

"""A class of every sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatewise.tasks.shared import NO_SKIP, first_trial
from gatewise.tasks.traits import Rivals, TaskTraits
from gatewise.wording import counted

if TYPE_CHECKING:
    from gatewise.records import Forecast, Kind, Profile

__all__ = ["CLASSIFICATION"]


def _rivals(kind: Kind, _: Forecast | None) -> Rivals:
    if kind == "text":
        return Rivals(("majority", "tfidf_logistic"), ("nbsvm", "character_logistic"))
    # Boosted trees are seldom better than the others, and take longer.
    return Rivals(("majority", "linear_features"), ("minirocket", "nearest_dtw"), ("boosted_features",))


def _asked(profile: Profile) -> str:
    return counted(len(profile.classes), "class", "classes")


CLASSIFICATION = TaskTraits(
    name="classification",
    noun="a classification",
    title="classification",
    predicts="classes",
    metrics=("accuracy", "balanced_accuracy", "macro_f1", "auroc", "log_loss"),
    keeps="ClassPredictions",
    refused={"skip": NO_SKIP},
    defaults=first_trial,
    rivals=_rivals,
    asked=_asked,
    loss="The cross-entropy of the classes, where rows have weights the weighted mean.",
)

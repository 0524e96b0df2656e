"""A number of every sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatewise.tasks.shared import NO_CLASSES, NO_SKIP, first_trial, numbers_asked
from gatewise.tasks.traits import Rivals, TaskTraits

if TYPE_CHECKING:
    from gatewise.records import Forecast, Kind, Profile

__all__ = ["REGRESSION"]


def _rivals(kind: Kind, _: Forecast | None) -> Rivals:
    if kind == "text":
        return Rivals(("mean_value", "tfidf_ridge"), ())
    return Rivals(("mean_value", "ridge_features"), ("minirocket_ridge", "boosted_numbers"))


def _asked(profile: Profile) -> str:
    return f"regression of {numbers_asked(profile)}"


REGRESSION = TaskTraits(
    name="regression",
    noun="a regression",
    title="regression",
    predicts="numbers",
    metrics=("mae", "mse", "rmse", "r2"),
    keeps="NumberPredictions",
    refused={"weigh_classes": NO_CLASSES, "skip": NO_SKIP},
    defaults=first_trial,
    rivals=_rivals,
    asked=_asked,
)

"""Simple models on the same splits. A recurrent cell that does not beat them is not worth shipping."""

from __future__ import annotations

from typing import cast

from gatewise.records import Dataset
from gatewise.training.baselines.constant import Majority, MeanValue
from gatewise.training.baselines.features import LinearFeatures, RidgeFeatures
from gatewise.training.baselines.forecasts import LastSeason, LastValue, LinearWindow
from gatewise.training.baselines.steps import LinearStep, RepeatStep, StepFrequency
from gatewise.training.baselines.tfidf import TfidfLogistic, TfidfRidge
from gatewise.training.examples import Baseline

__all__ = ["BASELINES", "baselines_for"]

BASELINES: dict[str, type[Baseline]] = {
    model.name: model
    for model in cast(
        "tuple[type[Baseline], ...]",
        (
            Majority,
            TfidfLogistic,
            LinearFeatures,
            MeanValue,
            TfidfRidge,
            RidgeFeatures,
            LastValue,
            LastSeason,
            LinearWindow,
            StepFrequency,
            RepeatStep,
            LinearStep,
        ),
    )
}


def baselines_for(dataset: Dataset) -> tuple[str, ...]:
    """Names of the baselines that fit a data set, the simplest first."""
    if dataset.forecast is not None:
        seasonal = 1 < dataset.forecast.season <= dataset.forecast.window
        return (LastValue.name, *([LastSeason.name] if seasonal else []), LinearWindow.name)
    if dataset.task == "next_step":
        return (StepFrequency.name, RepeatStep.name, LinearStep.name)
    text = dataset.kind == "text"
    if dataset.task == "regression":
        return (MeanValue.name, TfidfRidge.name if text else RidgeFeatures.name)
    return (Majority.name, TfidfLogistic.name if text else LinearFeatures.name)

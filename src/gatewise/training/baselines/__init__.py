"""Simple models on the same splits. A recurrent cell that does not beat them is not worth shipping."""

from __future__ import annotations

from typing import cast

from gatewise.training.baselines.boosting import BoostedClasses, BoostedNumbers
from gatewise.training.baselines.constant import Majority, MeanValue
from gatewise.training.baselines.features import LinearFeatures, RidgeFeatures
from gatewise.training.baselines.forecasts import LastSeason, LastValue, LinearWindow
from gatewise.training.baselines.minirocket import MiniRocket, MiniRocketRidge
from gatewise.training.baselines.nbsvm import Nbsvm
from gatewise.training.baselines.neighbours import NearestWarped
from gatewise.training.baselines.phrases import Phrases
from gatewise.training.baselines.smoothing import ExponentialSmoothing, Theta
from gatewise.training.baselines.steps import LinearStep, RepeatStep, StepFrequency
from gatewise.training.baselines.tfidf import CharacterLogistic, TfidfLogistic, TfidfRidge
from gatewise.training.examples import Baseline

__all__ = ["BASELINES"]

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
            Nbsvm,
            CharacterLogistic,
            MiniRocket,
            NearestWarped,
            BoostedClasses,
            MiniRocketRidge,
            BoostedNumbers,
            ExponentialSmoothing,
            Theta,
            Phrases,
        ),
    )
}

"""MiniRocket (Dempster, Schmidt & Webb 2021): random convolutions and a ridge regression, near the best of what there is for
classes of series at a small part of the cost. `convolutions` has its features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from gatewise.training.baselines.closed_form import (
    RidgeScores,
    fit_ridge_classes,
    fit_ridge_numbers,
    probabilities,
)
from gatewise.training.baselines.convolutions import KERNELS, Convolutions, fit_convolutions
from gatewise.training.examples import Examples
from gatewise.training.size import Size

__all__ = ["MiniRocket", "MiniRocketRidge", "extent"]

FEATURES = 9996
FEWEST_FEATURES = 12 * len(KERNELS)
# Above so many rows the features are what is solved for, and so many of them.
MANY_ROWS = 1500
FEATURES_OF_MANY_ROWS = 1512
MOST_ROWS = 10_000
# Rows times steps times features of the training part.
MOST_WORK = 3e9

Series = Sequence[NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Rocket:
    """Channels standardised by the training part, convolutions, and a linear model of their features.

    middle, spread: float32 [channels]. Of more than 10,000 training rows, or of long ones fewer, as many drawn at random are
    learned from; there are 9,996 features, or fewer where the series are long or many.
    """

    name: ClassVar[str]
    classes: ClassVar[bool]
    middle: NDArray[np.float32]
    spread: NDArray[np.float32]
    convolutions: Convolutions
    scores: RidgeScores

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> Self:
        """The ridge penalty is the best of nine on the validation part."""
        generator = np.random.default_rng(0)
        rows, features = extent(len(train), sum(map(len, train.inputs)) / len(train))
        train = train.drawn(rows, generator)
        values = np.concatenate(train.inputs)
        middle, spread = values.mean(0, dtype=np.float64), values.std(0, dtype=np.float64)
        spread[spread < 1e-12] = 1.0
        standard = middle.astype(np.float32), spread.astype(np.float32)
        series = _standardised(train.inputs, *standard)
        convolutions = fit_convolutions(series, features, generator)
        held = convolutions.transform(_standardised(validation.inputs, *standard))
        fit_scores = fit_ridge_classes if cls.classes else fit_ridge_numbers
        return cls(*standard, convolutions, fit_scores(convolutions.transform(series), train, held, validation))

    def predict(self, inputs: Series) -> NDArray[np.float32]:
        """Probabilities [rows, classes], or numbers [rows, outputs]."""
        if not len(inputs):
            return np.empty((0, len(self.scores.bias)), dtype=np.float32)
        scores = self.scores(self.convolutions.transform(_standardised(inputs, self.middle, self.spread)))
        return probabilities(scores) if self.classes else scores

    @staticmethod
    def foreseen(size: Size) -> float:
        """Seconds in a replicate, scores included."""
        learned, features = extent(size.train, size.steps)
        rows = learned + size.seen - size.train
        convolved = rows * size.steps * features * (1 + 0.1 * min(size.channels, 9)) * 1e-9
        # A factorisation and its products for every penalty tried.
        return 0.3 + convolved + learned * min(learned, features) * features * 1.6e-10

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        parts = {item.name: getattr(self.convolutions, item.name) for item in fields(Convolutions)}
        own = {"middle": self.middle, "spread": self.spread, "weights": self.scores.weights, "bias": self.scores.bias}
        return {}, parts | own

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        convolutions = Convolutions(**{item.name: arrays[item.name] for item in fields(Convolutions)})
        return cls(arrays["middle"], arrays["spread"], convolutions, RidgeScores(arrays["weights"], arrays["bias"]))


class MiniRocket(Rocket):
    """Classes."""

    name: ClassVar[str] = "minirocket"
    classes = True


class MiniRocketRidge(Rocket):
    """Numbers."""

    name: ClassVar[str] = "minirocket_ridge"
    classes = False


def extent(rows: int, steps: float) -> tuple[int, int]:
    """How many of `rows` rows of `steps` steps on average are learned from, and the number of features."""
    learned = int(min(rows, MOST_ROWS, max(MANY_ROWS, MOST_WORK / (steps * FEWEST_FEATURES))))
    most = FEATURES if learned <= MANY_ROWS else FEATURES_OF_MANY_ROWS
    return learned, int(np.clip(MOST_WORK / (learned * steps), FEWEST_FEATURES, most))


def _standardised(inputs: Series, middle: NDArray[np.float32], spread: NDArray[np.float32]) -> Series:
    return [(np.asarray(one, dtype=np.float32) - middle) / spread for one in inputs]

"""Linear models on simple statistics of every channel of a series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.shared_rows import by_row
from gatewise.training.baselines.linear import Logistic, Ridge
from gatewise.training.examples import Examples
from gatewise.training.size import Size

__all__ = ["LinearFeatures", "RidgeFeatures", "feature_count", "series_features"]

SEGMENTS = 10

Arrays = Sequence[NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class SimpleFeatures:
    """A linear model on standardised simple statistics of every channel."""

    linear: ClassVar[type[Logistic] | type[Ridge]]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    model: Logistic | Ridge

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> Self:
        mean, scale, features, validation_features = _fit_standard(train.inputs, validation.inputs)
        return cls(mean, scale, cls.linear.fit(features, train, validation_features, validation))

    def predict(self, inputs: Arrays) -> NDArray[np.float32]:
        return self.model.predict((series_features(inputs) - self.mean) / self.scale)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {}, {"mean": self.mean, "scale": self.scale, "weights": self.model.weights, "bias": self.model.bias}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        return cls(arrays["mean"], arrays["scale"], cls.linear(arrays["weights"], arrays["bias"]))


class LinearFeatures(SimpleFeatures):
    """Logistic regression on simple statistics."""

    name: ClassVar[str] = "linear_features"
    linear = Logistic

    @staticmethod
    def foreseen(size: Size) -> float:
        """Seconds in a replicate, scores included."""
        return _foreseen_features(size) + size.train * feature_count(size.channels) * size.questions * 4e-7


class RidgeFeatures(SimpleFeatures):
    """Ridge regression on simple statistics."""

    name: ClassVar[str] = "ridge_features"
    linear = Ridge

    @staticmethod
    def foreseen(size: Size) -> float:
        """Seconds in a replicate, scores included."""
        return _foreseen_features(size) + 5 * size.train * feature_count(size.channels) ** 2 * 1e-9


def _fit_standard(
    train: Arrays, validation: Arrays
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean and scale of the training part's features, and the standardised features of both parts."""
    features = series_features(train)
    mean, scale = features.mean(0), features.std(0)
    scale[scale < 1e-12] = 1.0
    return mean, scale, (features - mean) / scale, (series_features(validation) - mean) / scale


def feature_count(channels: int) -> int:
    """Numbers that describe a series, its length included."""
    return 17 * channels + 1


def _foreseen_features(size: Size) -> float:
    return 0.1 + size.seen * (2e-4 + 2e-8 * size.steps * size.channels)


def series_features(sequences: Arrays) -> NDArray[np.float64]:
    """Simple statistics of every sequence.

    Per channel: mean, deviation, minimum, maximum, first, last, mean absolute change and the means of ten equal segments; then
    the length.
    sequences: float [steps, channels] each. Returns [rows, 17 * channels + 1].
    """
    found: NDArray[np.float64] = by_row(sequences, _all_features)
    return found


def _all_features(sequences: Arrays) -> NDArray[np.float64]:
    return np.stack([_features(np.asarray(sequence, dtype=np.float64)) for sequence in sequences])


def _features(values: NDArray[np.float64]) -> NDArray[np.float64]:
    steps = len(values)
    change = np.abs(np.diff(values, axis=0)).mean(0) if steps > 1 else np.zeros(values.shape[1])
    edges = np.linspace(0, steps, SEGMENTS + 1)
    # A sequence shorter than ten steps repeats steps, so that every segment has one.
    segments = [values[int(low) : max(int(np.ceil(high)), int(low) + 1)].mean(0) for low, high in pairwise(edges)]
    statistics = [values.mean(0), values.std(0), values.min(0), values.max(0), values[0], values[-1], change, *segments]
    return np.append(np.concatenate(statistics), steps)

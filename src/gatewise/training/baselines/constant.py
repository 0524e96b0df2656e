"""Models that do not look at the input: a cell that does no better has learned nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gatewise.training.examples import Examples
from gatewise.training.size import Size

__all__ = ["Majority", "MeanValue"]


@dataclass(frozen=True, eq=False)
class Majority:
    """Always the most frequent class of the training part."""

    name: ClassVar[str] = "majority"
    frequencies: NDArray[np.float32]

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> Majority:
        counts = np.bincount(train.targets, weights=train.weights, minlength=train.classes)
        return cls((counts / counts.sum()).astype(np.float32))

    def predict(self, inputs: Sequence[Any]) -> NDArray[np.float32]:
        return np.tile(self.frequencies, (len(inputs), 1))

    @staticmethod
    def foreseen(_: Size) -> float:
        """Seconds in a replicate, scores included."""
        return 0.01

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {}, {"frequencies": self.frequencies}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Majority:
        return cls(arrays["frequencies"])


@dataclass(frozen=True, eq=False)
class MeanValue:
    """Always the mean of the training part."""

    name: ClassVar[str] = "mean_value"
    mean: NDArray[np.float64]

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> MeanValue:
        return cls(np.average(train.targets.astype(np.float64), axis=0, weights=train.weights))

    def predict(self, inputs: Sequence[Any]) -> NDArray[np.float32]:
        return np.tile(self.mean.astype(np.float32), (len(inputs), 1))

    @staticmethod
    def foreseen(_: Size) -> float:
        """Seconds in a replicate, scores included."""
        return 0.01

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {}, {"mean": self.mean}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> MeanValue:
        return cls(arrays["mean"])

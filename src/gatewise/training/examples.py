"""What simple baselines learn from, and what they all can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.shared_rows import SharedRows
from gatewise.data.dataset.windows import Windows
from gatewise.metrics import METRICS
from gatewise.records import Forecast
from gatewise.runtime.scoring import Truth, log_loss, score
from gatewise.training.size import Size

__all__ = ["Baseline", "Examples"]

ABSOLUTE_ERRORS = ("mae", "mase")


@dataclass(frozen=True, eq=False)
class Examples:
    """Rows of a data set as baselines read them.

    inputs: token lists (text) or float32 arrays [steps, channels]. targets: as in `Dataset`, in the units of the data.
    classes: their number, 0 where numbers are predicted. weights: float64 [rows], how much each row counts in learning, None for
    1 each. metric: what the run is judged by; truth: what predictions are scored against, the targets where None.
    """

    inputs: Sequence[Any]
    targets: NDArray[Any]
    classes: int = 0
    forecast: Forecast | None = None
    weights: NDArray[Any] | None = None
    metric: str | None = None
    truth: Truth | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def drawn(self, most: int, generator: np.random.Generator) -> Examples:
        """These rows, or as many of them drawn at random as is bearable."""
        if len(self) <= most:
            return self
        rows = np.sort(generator.choice(len(self), most, replace=False))
        inputs = self.inputs.select(rows) if isinstance(self.inputs, Windows | SharedRows) else [self.inputs[row] for row in rows]
        weights = None if self.weights is None else self.weights[rows]
        return replace(self, inputs=inputs, targets=self.targets[rows], weights=weights, truth=None)

    @property
    def absolute(self) -> bool:
        """Whether the run's metric counts absolute errors, and not squared ones."""
        return self.metric in ABSOLUTE_ERRORS

    def merit(self, predictions: NDArray[np.float32]) -> tuple[float, float]:
        """How good predictions of these rows are: by the run's metric, and between equals by their loss; more is better.

        Without a metric it is accuracy for classes, the squared error for numbers.
        """
        metric = METRICS[self.metric or ("accuracy" if self.classes else "mse")]
        truth = self.truth or Truth(self.targets)
        reached = metric.gain(score(metric.name, predictions, truth))
        if self.classes:
            return reached, -log_loss(predictions, self.targets, self.weights)
        return reached, -score("mse", predictions, truth)


class Baseline(Protocol):
    """A fitted simple model: a frozen value made of plain numbers, so that a winner is saved without pickle."""

    name: ClassVar[str]

    @classmethod
    def foreseen(cls, size: Size, /) -> float:
        """Seconds that it takes in a replicate, scores included, roughly: from the size of the data alone."""

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> Baseline:
        """Fit on the training part; the validation part chooses the regularisation, by its metric."""

    def predict(self, inputs: Sequence[Any]) -> NDArray[Any]:
        """Float32 predictions: class probabilities [rows, classes], numbers [rows, outputs], or for next-step prediction the
        probabilities of every step but the first of every row, end to end [steps, outputs]."""

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """What `from_state` needs: JSON values, and arrays."""

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Baseline:
        """Rebuild a fitted model."""

"""What simple baselines learn from, and what they all can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from numpy.typing import NDArray

from gatewise.records import Forecast

__all__ = ["Baseline", "Examples"]


@dataclass(frozen=True, eq=False)
class Examples:
    """Rows of a data set as baselines read them.

    inputs: token lists (text) or float32 arrays [steps, channels]. targets: as in `Dataset`, in the units of the data.
    classes: their number, 0 where numbers are predicted. weights: float64 [rows], None for 1 each.
    """

    inputs: Sequence[Any]
    targets: NDArray[Any]
    classes: int = 0
    forecast: Forecast | None = None
    weights: NDArray[Any] | None = None


class Baseline(Protocol):
    """A fitted simple model: a frozen value made of plain numbers, so that a winner is saved without pickle."""

    name: ClassVar[str]

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> Baseline:
        """Fit on the training part; the validation part chooses the regularisation."""

    def predict(self, inputs: Sequence[Any]) -> NDArray[Any]:
        """Float32 predictions: class probabilities [rows, classes], numbers [rows, outputs], or for next-step prediction the
        probabilities of every step but the first of every row, end to end [steps, outputs]."""

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """What `from_state` needs: JSON values, and arrays."""

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Baseline:
        """Rebuild a fitted model."""

"""A regressor from a sequence to a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from gatewise.estimators.errors import estimator_errors
from gatewise.estimators.sequences import Asked, SequenceEstimator, own_weights
from gatewise.estimators.settings import read_choice
from gatewise.estimators.targets import read_numbers
from gatewise.training.threads import limited_torch

__all__ = ["SequenceRegressor"]

_METRIC_OF_LOSS = {"squared_error": "mse", "absolute_error": "mae"}


@dataclass(eq=False, repr=False, kw_only=True)
class SequenceRegressor(RegressorMixin, SequenceEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Predict a number from a text or a series with one recurrent cell.

    X, the training and the notes are those of `SequenceClassifier`.

    Parameters
    ----------
    {parameters}
    loss : "squared_error", which leads to the mean, or "absolute_error", which leads to the median and heeds outliers less

    Attributes
    ----------
    model_, history_, best_epoch_, n_features_in_, feature_names_in_ : as in `SequenceClassifier`

    Notes
    -----
    y is one number a row, kept in 32 bits. The rows of the validation part are drawn in proportion along its values. `score` is
    R², as everywhere in scikit-learn.
    """

    loss: str = "squared_error"

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from sequences and their numbers. X: as in `SequenceClassifier`. y: [rows]. sample_weight: [rows], at least 0.

        Raises DataError and OptionError as kinds of ValueError (TypeError for cells that cannot be numbers).
        """
        self._fit(X, y, sample_weight)
        return self

    def predict(self, X: Any) -> NDArray[np.float32]:
        """The numbers, float32 [rows], in the units of y."""
        check_is_fitted(self)
        with estimator_errors(), limited_torch(self.threads):
            return np.asarray(self.model_.predict(self._read(X)), dtype=np.float32)

    def _metric(self) -> str:
        return read_choice("loss", self.loss, _METRIC_OF_LOSS)

    def _read_targets(self, y: Any, rows: int) -> NDArray[Any]:
        return read_numbers(y, rows)

    def _ask(self, targets: NDArray[Any], weights: NDArray[np.float64]) -> Asked:
        return Asked("regression", targets, own_weights(weights))

"""A classifier of sequences."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted

from gatewise.data.values.class_labels import class_labels
from gatewise.estimators.errors import InputError, ParameterError, estimator_errors
from gatewise.estimators.sequences import Asked, SequenceEstimator, own_weights
from gatewise.estimators.targets import distinct, read_labels
from gatewise.training.threads import limited_torch

__all__ = ["SequenceClassifier"]


@dataclass(eq=False, repr=False, kw_only=True)
class SequenceClassifier(ClassifierMixin, SequenceEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Classify texts and series with one recurrent cell.

    The network, its training (AdamW, averaged weights, early stopping) and its preprocessing are those of an arm of
    `gatewise.compare`; nothing is tuned. X may be a list of texts; a list of arrays [steps, channels] or [steps] of any lengths;
    an array or tensor [rows, steps, channels]; or a table [rows, steps], whose rows are sequences of one channel.

    Parameters
    ----------
    {parameters}
    class_weight : None, "balanced" or {class: weight}; multiplied with the sample weights

    Attributes
    ----------
    classes_ : array [classes], sorted
    model_ : gatewise.Model, which predicts by itself
    history_ : list of dicts, one for every epoch, in plain JSON types
    best_epoch_ : the epoch whose weights are kept, from 1
    n_features_in_, feature_names_in_ : columns of X, where it was a table (with names)

    Notes
    -----
    The rows of the validation part are drawn in proportion to the classes, and are at least as many as these.
    Rows of weight 0 are left out; other weights scale the loss. Training goes through batches, so a weight of 2 is not exactly
    the same as the row given twice: the one of scikit-learn's estimator checks that applies and does not pass. Predictions
    are in 32 bits, whose last digits may depend on the rows beside a row.
    """

    _saved: ClassVar[tuple[str, ...]] = (*SequenceEstimator._saved, "classes_")

    class_weight: Any = None

    classes_: NDArray[Any] = field(init=False)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from sequences and their classes.

        X: as in the class. y: [rows], of any type that can be sorted. sample_weight: [rows], at least 0.
        Raises DataError and OptionError as kinds of ValueError (TypeError for cells that cannot be numbers).
        """
        # Classes are those of rows that count.
        self.classes_ = np.unique(self._fit(X, y, sample_weight))
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float32]:
        """Probabilities float32 [rows, classes], in the order of `classes_`."""
        check_is_fitted(self)
        with estimator_errors(), limited_torch(self.threads):
            return self.model_.predict_proba(self._read(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each row, in the type of y."""
        indices = self.predict_proba(X).argmax(1)
        return self.classes_[indices]  # type: ignore[no-any-return]

    def _metric(self) -> str:
        return "accuracy"

    def _read_targets(self, y: Any, rows: int) -> NDArray[Any]:
        return read_labels(y, rows)

    def _ask(self, targets: NDArray[Any], weights: NDArray[np.float64]) -> Asked:
        classes, indices = distinct(targets)
        if len(classes) < 2:
            raise InputError(f"y has one class only, {classes.tolist()[0]!r}; classification needs at least two.")
        names = tuple(map(str, classes.tolist()))
        labels = class_labels(names, classes.tolist(), names)
        return Asked("classification", indices, self._weigh(targets, weights), names, labels)

    def _weigh(self, labels: NDArray[Any], weights: NDArray[np.float64]) -> NDArray[np.float64] | None:
        if self.class_weight is None:
            return own_weights(weights)
        try:
            return weights * np.asarray(compute_sample_weight(self.class_weight, labels), dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ParameterError(
                f"class_weight is {self.class_weight!r}: {error}. Expected None, 'balanced' or {{class: weight}}."
            ) from error

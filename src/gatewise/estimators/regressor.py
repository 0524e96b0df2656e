"""A regressor from a sequence to a number."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from gatewise.estimators.base import SequenceEstimator
from gatewise.estimators.errors import estimator_errors
from gatewise.estimators.inputs import read_sequences
from gatewise.estimators.learning import learn
from gatewise.estimators.parts import stratified_parts
from gatewise.estimators.settings import read_choice, read_settings
from gatewise.estimators.targets import read_numbers, read_weights
from gatewise.training.threads import limited_torch

__all__ = ["SequenceRegressor"]

_METRIC_OF_LOSS = {"squared_error": "mse", "absolute_error": "mae"}


class SequenceRegressor(RegressorMixin, SequenceEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Predict a number from a text or a series with one recurrent cell.

    As `SequenceClassifier`, of which X, the other parameters and the notes hold too.

    Parameters
    ----------
    loss : "squared_error", which leads to the mean, or "absolute_error", which leads to the median and heeds outliers less
    validation_fraction : its rows are drawn in proportion along the values of y

    Attributes
    ----------
    model_, history_, best_epoch_, n_features_in_, feature_names_in_ : as in `SequenceClassifier`

    Notes
    -----
    y is one number a row, kept in 32 bits. `score` is R², as everywhere in scikit-learn.
    """

    def __init__(
        self,
        cell: str = "gru",
        *,
        hidden_size: int = 64,
        layers: int = 1,
        bidirectional: bool = False,
        pooling: str | None = None,
        embedding_size: int = 64,
        loss: str = "squared_error",
        learning_rate: float | None = None,
        dropout: float | None = None,
        input_dropout: float | None = None,
        weight_decay: float | None = None,
        batch_size: int | None = None,
        max_epochs: int | None = None,
        validation_fraction: float = 0.1,
        max_length: int | None = None,
        max_vocabulary: int = 20_000,
        forget_bias: float | None = None,
        chrono: int | None = None,
        random_state: Any = 0,
        threads: int = 1,
        verbose: int = 0,
    ) -> None:
        self.cell = cell
        self.hidden_size = hidden_size
        self.layers = layers
        self.bidirectional = bidirectional
        self.pooling = pooling
        self.embedding_size = embedding_size
        self.loss = loss
        self.learning_rate = learning_rate
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.validation_fraction = validation_fraction
        self.max_length = max_length
        self.max_vocabulary = max_vocabulary
        self.forget_bias = forget_bias
        self.chrono = chrono
        self.random_state = random_state
        self.threads = threads
        self.verbose = verbose

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from sequences and their numbers. X: as in `SequenceClassifier`. y: [rows]. sample_weight: [rows], at least 0.

        Raises DataError and OptionError as kinds of ValueError (TypeError for cells that cannot be numbers).
        """
        with estimator_errors():
            settings = read_settings(self.get_params(deep=False))
            metric = read_choice("loss", self.loss, _METRIC_OF_LOSS)
            sequences = read_sequences(self, X, reset=True)
            targets = read_numbers(y, len(sequences.rows))
            weights = read_weights(sample_weight, len(targets))
            rows = np.flatnonzero(weights)
            kept = None if (weights == weights[0]).all() else weights[rows]
            dataset = self._dataset(sequences, rows, targets[rows], kept, task="regression")
            parts = stratified_parts(dataset, settings.validation_fraction, settings.seed)
            self._keep(learn(dataset, parts, settings, metric))
        return self

    def predict(self, X: Any) -> NDArray[np.float32]:
        """The numbers, float32 [rows], in the units of y."""
        check_is_fitted(self)
        with estimator_errors(), limited_torch(self.threads):
            return np.asarray(self.model_.predict(self._read(X)), dtype=np.float32)

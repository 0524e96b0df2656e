"""A classifier of sequences."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted

from gatewise.data.values.class_labels import class_labels
from gatewise.estimators.base import SequenceEstimator
from gatewise.estimators.errors import InputError, ParameterError, estimator_errors
from gatewise.estimators.inputs import read_sequences
from gatewise.estimators.learning import learn
from gatewise.estimators.parts import stratified_parts
from gatewise.estimators.settings import read_settings
from gatewise.estimators.targets import read_labels, read_weights
from gatewise.training.threads import limited_torch

__all__ = ["SequenceClassifier"]


class SequenceClassifier(ClassifierMixin, SequenceEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Classify texts and series with one recurrent cell.

    The network, its training (AdamW, averaged weights, early stopping) and its preprocessing are those of an arm of
    `gatewise.compare`; nothing is tuned. X may be a list of texts; a list of arrays [steps, channels] or [steps] of any lengths;
    an array or tensor [rows, steps, channels]; or a table [rows, steps], whose rows are sequences of one channel.

    Parameters
    ----------
    cell : "gru", "lstm", "rnn", "min_gru" or "min_lstm"
    hidden_size, layers, bidirectional : of the recurrent part
    pooling : "last", "mean", "max", "summary" or "attention": what is read of the states; None for "summary", the first three
    embedding_size, max_vocabulary : of texts, whose words are the most frequent ones of the training part
    learning_rate, dropout, input_dropout, weight_decay : None for what a comparison tries first for this kind of data
    batch_size, max_epochs : None for a choice by the number of rows
    validation_fraction : fraction of the rows, drawn in proportion to the classes, that stops the training and chooses the epoch;
        where it would hold fewer rows than there are classes, or is 0, the training rows do that themselves
    max_length : steps or tokens read of every sequence, the first ones; None for 512 tokens, and for all steps of series
    forget_bias, chrono : first biases of the gates (`gatewise.nn`)
    class_weight : None, "balanced" or {class: weight}; multiplied with the sample weights
    random_state : int, None or RandomState; the same int gives the same model on one machine
    threads : of training and prediction; more than one is for large networks, and may change the last digits
    verbose : 1 prints a line for every epoch

    Attributes
    ----------
    classes_ : array [classes], sorted
    model_ : gatewise.Model, which predicts by itself
    history_ : list of dicts, one for every epoch, in plain JSON types
    best_epoch_ : the epoch whose weights are kept, from 1
    n_features_in_, feature_names_in_ : columns of X, where it was a table (with names)

    Notes
    -----
    Rows of weight 0 are left out; other weights scale the loss. Training goes through batches, so a weight of 2 is not exactly
    the same as the row given twice: the one of scikit-learn's estimator checks that applies and does not pass. Predictions
    are in 32 bits, whose last digits may depend on the rows beside a row.
    """

    _saved = (*SequenceEstimator._saved, "classes_")

    classes_: NDArray[Any]

    def __init__(
        self,
        cell: str = "gru",
        *,
        hidden_size: int = 64,
        layers: int = 1,
        bidirectional: bool = False,
        pooling: str | None = None,
        embedding_size: int = 64,
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
        class_weight: Any = None,
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
        self.class_weight = class_weight
        self.random_state = random_state
        self.threads = threads
        self.verbose = verbose

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from sequences and their classes.

        X: as in the class. y: [rows], of any type that can be sorted. sample_weight: [rows], at least 0.
        Raises DataError and OptionError as kinds of ValueError (TypeError for cells that cannot be numbers).
        """
        with estimator_errors():
            settings = read_settings(self.get_params(deep=False))
            sequences = read_sequences(self, X, reset=True)
            classes, targets = read_labels(y, len(sequences.rows))
            weights = read_weights(sample_weight, len(targets))
            rows = np.flatnonzero(weights)
            # Classes are those of rows that count.
            present, targets = np.unique(targets[rows], return_inverse=True)
            classes = classes[present]
            if len(classes) < 2:
                raise InputError(f"y has one class only, {classes.tolist()[0]!r}; classification needs at least two.")
            names = tuple(map(str, classes.tolist()))
            dataset = self._dataset(
                sequences,
                rows,
                targets,
                self._weigh(classes[targets], weights[rows]),
                task="classification",
                classes=names,
                labels=class_labels(names, classes.tolist(), names),
            )
            parts = stratified_parts(dataset, settings.validation_fraction, settings.seed)
            self._keep(learn(dataset, parts, settings, "accuracy"))
            self.classes_ = classes
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

    def _weigh(self, labels: NDArray[Any], weights: NDArray[np.float64]) -> NDArray[np.float64] | None:
        if self.class_weight is None:
            return None if (weights == weights[0]).all() else weights
        try:
            return weights * np.asarray(compute_sample_weight(self.class_weight, labels), dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ParameterError(
                f"class_weight is {self.class_weight!r}: {error}. Expected None, 'balanced' or {{class: weight}}."
            ) from error

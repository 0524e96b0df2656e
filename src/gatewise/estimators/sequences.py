"""What the estimators share that say something of every sequence."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.estimators.base import CellEstimator
from gatewise.estimators.errors import InputError, estimator_errors
from gatewise.estimators.inputs import Sequences, read_sequences
from gatewise.estimators.learning import learn
from gatewise.estimators.parts import stratified_parts
from gatewise.estimators.targets import read_weights
from gatewise.records import Dataset, Label, Task

__all__ = ["Asked", "SequenceEstimator", "own_weights"]


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked of the rows that count: fields of `Dataset`."""

    task: Task
    targets: NDArray[Any]
    weights: NDArray[np.float64] | None
    classes: tuple[str, ...] = ()
    labels: tuple[Label, ...] = ()


@dataclass(eq=False, repr=False, kw_only=True)
class SequenceEstimator(CellEstimator):
    """An estimator of texts and series.

    Parameters
    ----------
    {parameters}
    max_length : steps or tokens read of every sequence, the first ones; None for 512 tokens, and for all steps of series
    embedding_size, max_vocabulary : of texts, whose words are the most frequent ones of the training part
    """

    max_length: int | None = None
    embedding_size: int = 64
    max_vocabulary: int = 20_000

    @abstractmethod
    def _metric(self) -> str:
        """What the network is trained for, and what is shown for every epoch."""

    @abstractmethod
    def _read_targets(self, y: Any, rows: int) -> NDArray[Any]:
        """y, checked, [rows] or [rows, 1]."""

    @abstractmethod
    def _ask(self, targets: NDArray[Any], weights: NDArray[np.float64]) -> Asked:
        """What is asked of rows with these targets, as `_read_targets` gave them, and sample weights."""

    def _fit(self, X: Any, y: Any, sample_weight: Any) -> NDArray[Any]:
        """Learn, and return the targets of the rows that count. Called by `fit` alone, whose caller a warning points to."""
        with estimator_errors():
            settings, metric = self._settings(), self._metric()
            sequences = read_sequences(self, X, reset=True)
            targets = self._read_targets(y, len(sequences.rows))
            weights = read_weights(sample_weight, len(targets))
            rows = np.flatnonzero(weights)
            dataset = self._dataset(sequences, rows, self._ask(targets[rows], weights[rows]))
            parts = stratified_parts(dataset, settings.validation_fraction, settings.seed)
            self._keep(learn(dataset, parts, settings, metric, stacklevel=4))
        return targets[rows]

    def _read(self, X: Any) -> list[Any]:
        """The rows of X for prediction. Raises InputError where they are not what the model learned from."""
        sequences = read_sequences(self, X, reset=False)
        if sequences.kind != self.model_.kind:
            learned, came = ("texts", "numbers") if self.model_.kind == "text" else ("series of numbers", "texts")
            raise InputError(f"X holds {came}, and the estimator was fitted on {learned}. Give it the same kind of input.")
        return sequences.rows

    def _dataset(self, sequences: Sequences, rows: NDArray[np.int64], asked: Asked) -> Dataset:
        """A data set of some of the sequences."""
        return Dataset(
            name=type(self).__name__,
            kind=sequences.kind,
            sequences=tuple(sequences.rows[row] for row in rows),
            targets=asked.targets,
            classes=asked.classes,
            groups=np.arange(len(rows)),
            channels=tuple(f"channel {number}" for number in range(1, sequences.channels + 1)),
            task=asked.task,
            weights=asked.weights,
            outputs=() if asked.classes else ("y",),
            labels=asked.labels,
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # Texts and ragged lists are taken as well; scikit-learn has no tag for lists of them.
        tags.input_tags.three_d_array = True
        return tags


def own_weights(weights: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Weights of rows; None where all are equal."""
    return None if (weights == weights[0]).all() else weights

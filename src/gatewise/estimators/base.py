"""What the estimators share: data in, a model behind, saving and loading."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from gatewise.estimators.errors import InputError
from gatewise.estimators.inputs import Sequences, read_sequences
from gatewise.estimators.learning import Learned
from gatewise.estimators.saving import load_estimator, save_estimator
from gatewise.records import Dataset, Label, Task, to_json
from gatewise.training.model import Model

__all__ = ["CellEstimator", "SequenceEstimator"]


class CellEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """An estimator that holds a trained network: `model_`, `history_`, `best_epoch_`."""

    _saved: ClassVar[tuple[str, ...]] = ("n_features_in_", "feature_names_in_", "history_", "best_epoch_")

    model_: Model
    history_: list[dict[str, Any]]
    best_epoch_: int

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted estimator to a folder, without pickle: parameters as JSON, weights as safetensors.

        An estimator that is there is replaced. `gatewise.load_model` reads the same folder. Raises NotFittedError before `fit`,
        RunError where the path holds something else or cannot be written, OptionError for a parameter that is no plain value.
        """
        check_is_fitted(self)
        save_estimator(self, self._saved, Path(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read an estimator that `save` wrote. Raises RunError where there is none, or one of another class."""
        return load_estimator(cls, Path(path))  # type: ignore[no-any-return]

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def _keep(self, learned: Learned) -> None:
        self.model_ = learned.model
        self.history_ = [to_json(epoch) for epoch in learned.history]
        self.best_epoch_ = learned.best_epoch


class SequenceEstimator(CellEstimator):
    """An estimator that says something of every sequence."""

    def _read(self, X: Any) -> list[Any]:
        """The rows of X for prediction. Raises InputError where they are not what the model learned from."""
        sequences = read_sequences(self, X, reset=False)
        if sequences.kind != self.model_.kind:
            learned, came = ("texts", "numbers") if self.model_.kind == "text" else ("series of numbers", "texts")
            raise InputError(f"X holds {came}, and the estimator was fitted on {learned}. Give it the same kind of input.")
        return sequences.rows

    def _dataset(
        self,
        sequences: Sequences,
        rows: NDArray[np.int64],
        targets: NDArray[Any],
        weights: NDArray[np.float64] | None,
        *,
        task: Task,
        classes: tuple[str, ...] = (),
        labels: tuple[Label, ...] = (),
    ) -> Dataset:
        """A data set of some of the sequences. targets, weights: of those rows."""
        return Dataset(
            name=type(self).__name__,
            kind=sequences.kind,
            sequences=tuple(sequences.rows[row] for row in rows),
            targets=targets,
            classes=classes,
            groups=np.arange(len(rows)),
            channels=tuple(f"channel {number}" for number in range(1, sequences.channels + 1)),
            task=task,
            weights=weights,
            outputs=() if classes else ("y",),
            labels=labels,
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        # Texts and ragged lists are taken as well; scikit-learn has no tag for lists of them.
        tags.input_tags.three_d_array = True
        return tags

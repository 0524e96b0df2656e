"""What the estimators share: their parameters, a model behind, saving and loading.

The estimators are data classes: a parameter is declared and described once, in the class it belongs to, and scikit-learn finds
it, with its default, in the signature that the data class writes.
"""

from __future__ import annotations

import os
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from gatewise.estimators.learning import Learned
from gatewise.estimators.saving import load_estimator, save_estimator
from gatewise.estimators.settings import Settings, read_settings
from gatewise.records import to_json
from gatewise.runtime.model import Model

__all__ = ["CellEstimator"]

_BLANK = "    {parameters}\n"


@dataclass(eq=False, repr=False)
class CellEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """An estimator that holds a trained network. A subclass that writes `{parameters}` among its own has these described too.

    Parameters
    ----------
    cell : "gru", "lstm", "rnn", "min_gru" or "min_lstm"
    hidden_size, layers, bidirectional : of the recurrent part
    pooling : "last", "mean", "max", "summary" or "attention": what is read of the states; None for "summary", the first three
    forget_bias, chrono : first biases of the gates (`gatewise.nn`)
    learning_rate, dropout, input_dropout, weight_decay : None for what a comparison tries first for this kind of data
    batch_size, max_epochs : None for a choice by the number of rows
    validation_fraction : fraction of the rows that stops the training and chooses the epoch; where it would hold none, as where
        it is 0, the training rows do that themselves
    random_state : int, None or RandomState; the same int gives the same model on one machine
    device : "cpu", "cuda", "mps" or "auto" (a GPU where there is one): of training; predictions are made on the processor
    threads : of training and prediction; more than one is for large networks, and may change the last digits
    verbose : 1 prints a line for every epoch

    Attributes
    ----------
    model_ : gatewise.Model, which predicts by itself
    history_ : list of dicts, one for every epoch, in plain JSON types
    best_epoch_ : the epoch whose weights are kept, from 1
    """

    _saved: ClassVar[tuple[str, ...]] = ("n_features_in_", "feature_names_in_", "history_", "best_epoch_")

    cell: str = "gru"
    _: KW_ONLY
    hidden_size: int = 64
    layers: int = 1
    bidirectional: bool = False
    pooling: str | None = None
    forget_bias: float | None = None
    chrono: int | None = None
    learning_rate: float | None = None
    dropout: float | None = None
    input_dropout: float | None = None
    weight_decay: float | None = None
    batch_size: int | None = None
    max_epochs: int | None = None
    validation_fraction: float = 0.1
    random_state: Any = 0
    device: str = "cpu"
    threads: int = 1
    verbose: int = 0

    model_: Model = field(init=False)
    history_: list[dict[str, Any]] = field(init=False)
    best_epoch_: int = field(init=False)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        shared = next(parent.__doc__ for parent in cls.__mro__[1:] if issubclass(parent, CellEstimator))
        # `python -OO` leaves no docstrings.
        if cls.__doc__ is not None and shared is not None:
            cls.__doc__ = cls.__doc__.replace(_BLANK, _parameters(shared))

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

    def _settings(self) -> Settings:
        return read_settings(type(self).__name__, self.get_params(deep=False))

    def _keep(self, learned: Learned) -> None:
        self.model_ = learned.model
        self.history_ = [to_json(epoch) for epoch in learned.history]
        self.best_epoch_ = learned.best_epoch


def _parameters(docstring: str) -> str:
    """The lines of a docstring that describe parameters."""
    _, _, behind = docstring.partition("    Parameters\n    ----------\n")
    return behind.partition("\n    Attributes\n")[0].rstrip("\n") + "\n"

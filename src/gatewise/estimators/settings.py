"""An estimator's parameters, checked when it is fitted, as scikit-learn wants it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

from sklearn.utils import check_random_state

from gatewise.estimators.errors import ParameterError
from gatewise.options.table import OPTION
from gatewise.options.values import read_value
from gatewise.records import Hyperparameters, Kind
from gatewise.training.tune import default_hyperparameters

__all__ = ["Settings", "read_choice", "read_optional", "read_settings"]

_SHARED = ("hidden_size", "layers", "bidirectional", "embedding_size", "max_vocabulary", "threads")
_OPTIONAL = ("pooling", "skip", "batch_size", "max_epochs", "max_length", "forget_bias", "chrono")
# Greatest values are not allowed themselves: nothing would be left to learn from.
_REALS: dict[str, tuple[float, float]] = {
    "learning_rate": (0.0, math.inf),
    "weight_decay": (0.0, math.inf),
    "dropout": (0.0, 1.0),
    "input_dropout": (0.0, 1.0),
    "validation_fraction": (0.0, 1.0),
}


@dataclass(frozen=True)
class Settings:
    """How one network is built and trained. tuned: the hyperparameters that were given; the others are the defaults."""

    cell: str
    hidden_size: int
    layers: int
    bidirectional: bool
    embedding_size: int
    max_vocabulary: int
    pooling: str | None
    skip: bool | None
    batch_size: int | None
    max_epochs: int | None
    max_length: int | None
    forget_bias: float | None
    chrono: int | None
    validation_fraction: float
    tuned: Mapping[str, float]
    seed: int
    threads: int
    verbose: bool

    def hyperparameters(self, kind: Kind) -> Hyperparameters:
        """Those given, and for the others what the first tuning trial of a comparison uses."""
        return replace(default_hyperparameters(kind), **self.tuned)


def read_settings(parameters: Mapping[str, Any]) -> Settings:
    """Check parameters. Raises ParameterError (or OptionError) naming the one that is not acceptable, and what is."""
    # A forecaster reads no texts, and has no parameters for them.
    given = {name: parameters.get(name, OPTION[name].default) for name in (*_SHARED, *_OPTIONAL)}
    for name in _SHARED:
        if given[name] is None:
            raise ParameterError(f"{name} is None; expected a value such as {OPTION[name].default}.")
    values = {name: read_optional(name, value) for name, value in given.items()}
    (cell,) = read_value(OPTION["cells"], [parameters["cell"]], "cell")
    tuned = {name: _real(name, parameters[name]) for name in ("learning_rate", "dropout", "input_dropout", "weight_decay")}
    fraction = _real("validation_fraction", parameters["validation_fraction"])
    if fraction is None:
        raise ParameterError("validation_fraction is None; expected a number from 0 to below 1, such as 0.1.")
    return Settings(
        **values,
        cell=cell,
        validation_fraction=fraction,
        tuned={name: value for name, value in tuned.items() if value is not None},
        seed=_seed(parameters["random_state"]),
        verbose=bool(parameters["verbose"]),
    )


def read_choice(name: str, value: Any, choices: Mapping[str, str]) -> str:
    """What a parameter with a few possible values stands for. Raises ParameterError for another one."""
    if not isinstance(value, str) or value not in choices:
        raise ParameterError(f"{name} is {value!r}; expected one of {', '.join(map(repr, choices))}.")
    return choices[value]


def read_optional(name: str, value: Any) -> Any:
    """A parameter that is an option of a comparison too, or None. Raises OptionError where it is not acceptable."""
    return None if value is None else read_value(OPTION[name], value, name)


def _real(name: str, value: Any) -> float | None:
    if value is None:
        return None
    least, most = _REALS[name]
    number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    if not least <= number < most or (name == "learning_rate" and not number):
        above = "above" if name == "learning_rate" else "of at least"
        expected = "a number from 0 to below 1" if most == 1 else f"a finite number {above} 0"
        raise ParameterError(f"{name} is {value!r}; expected {expected}.")
    return number


def _seed(random_state: Any) -> int:
    try:
        return int(check_random_state(random_state).randint(2**31 - 1))
    except ValueError as error:
        raise ParameterError(
            f"random_state is {random_state!r}; expected a whole number, None or a numpy RandomState."
        ) from error

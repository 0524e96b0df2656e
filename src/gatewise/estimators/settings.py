"""An estimator's parameters, checked when it is fitted, as scikit-learn wants it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from numbers import Real
from typing import Any

from sklearn.utils import check_random_state

from gatewise.estimators.errors import ParameterError
from gatewise.options.checks import check_together
from gatewise.options.table import OPTION
from gatewise.options.values import read_value
from gatewise.records import Config, Hyperparameters, Reading
from gatewise.training.devices import resolve_devices

__all__ = ["Settings", "read_choice", "read_optional", "read_settings"]

_OF_READING = frozenset(item.name for item in fields(Reading))
_HYPERPARAMETERS = tuple(item.name for item in fields(Hyperparameters))
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
    """How one network is built and trained.

    config: the parameters that are options of a comparison too. hyperparameters: those that were given; the others are what the
    first tuning trial of a comparison uses.
    """

    config: Config
    hyperparameters: Mapping[str, float]
    validation_fraction: float
    seed: int
    verbose: bool


def read_settings(name: str, parameters: Mapping[str, Any]) -> Settings:
    """Check the parameters of an estimator, whose name is `name`.

    Raises ParameterError (or OptionError) naming the one that is not acceptable, and what is.
    """
    # What is to be read of the data is checked where it is read.
    options = {key: value for key, value in parameters.items() if key in OPTION and key not in _OF_READING}
    for key, value in options.items():
        if value is None and OPTION[key].default is not None:
            raise ParameterError(f"{key} is None; expected a value such as {_plain(OPTION[key].default)}.")
    (cell,) = read_value(OPTION["cells"], [parameters["cell"]], "cell")
    config = Config(f"<{name}>", cells=(cell,), **{key: read_optional(key, value) for key, value in options.items()})
    check_together(config, lambda option: option.name)
    if len(config.device) != 1:
        raise ParameterError(f"device is {parameters['device']!r}; expected one of cpu, cuda, mps and auto.")
    config = replace(config, device=resolve_devices(config.device, "device"))
    given = {key: _real(key, parameters[key]) for key in _HYPERPARAMETERS}
    fraction = _real("validation_fraction", parameters["validation_fraction"])
    if fraction is None:
        raise ParameterError("validation_fraction is None; expected a number from 0 to below 1, such as 0.1.")
    return Settings(
        config,
        {key: value for key, value in given.items() if value is not None},
        validation_fraction=fraction,
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


def _plain(default: Any) -> Any:
    return ", ".join(default) if isinstance(default, tuple) else default


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

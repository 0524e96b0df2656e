"""Whether the options of a configuration make sense, each by itself and together, before any data is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from gatewise.errors import OptionError
from gatewise.options.config import Config
from gatewise.options.table import OPTION, OPTIONS, Option
from gatewise.options.values import read_value

__all__ = ["check_options", "check_together"]

_STANDARD_INPUT = "-"
# Without a budget a run goes on to its number of replicates.
_NEVER_NONE = frozenset(field.name for field in fields(Config) if field.default is not None) - {"budget_s"}


def check_options(config: Config) -> None:
    """Raise OptionError for the first value that cannot work, or does not go with another, saying what is allowed."""
    for option in OPTIONS:
        if option.in_config:
            _check_value(option, getattr(config, option.config_field))
    if len(config.cells) < 2:
        raise OptionError(f"--cells names {len(config.cells)} cell; a comparison needs at least two, for example gru,lstm")
    if not config.rivals:
        raise OptionError("--rivals names nothing; write none for no baselines, or leave it out for the strong ones")
    if not config.device:
        raise OptionError("--device names nothing; write cpu, or leave it out for that")
    twice = next((name for name in config.device if config.device.count(name) > 1), None)
    if twice is not None:
        raise OptionError(f"--device names {twice} twice; name each device once")
    if config.budget_s is None and config.replicates is None:
        raise OptionError("neither a budget nor a number of replicates is given; pass --budget 10m or --replicates 10")
    if config.source == config.test == _STANDARD_INPUT:
        raise OptionError("SOURCE and --test are both -, and standard input can be read once; give one of them as a file")
    check_together(config)


def check_together(given: object, called: Callable[[Option], str] = lambda option: option.flag) -> None:
    """Raise OptionError where two options were given that exclude each other.

    given: a `Config`, or another record whose fields are options. called: how the message names an option.
    """
    for option in OPTIONS:
        others = [OPTION[name] for name in option.excludes if _is_given(given, OPTION[name])]
        if others and _is_given(given, option):
            raise OptionError(f"{' and '.join(map(called, (option, *others)))} {option.excludes[others[0].name]}")


def _is_given(given: object, option: Option) -> bool:
    value = getattr(given, option.config_field, None)
    # A test part may be a table, which compares cell by cell.
    return value is not None and not (isinstance(value, tuple) and not value)


def _check_value(option: Option, value: Any) -> None:
    if value is None:
        if option.config_field in _NEVER_NONE:
            raise OptionError(f"{option.flag} has no value; give one, or leave it out for {option.default_text}")
        return
    found = read_value(option, value)
    # What Python wrote into a record has not passed through `read_value`, which knows other spellings.
    if option.choices and found != (tuple(value) if isinstance(found, tuple) else value):
        raise OptionError(f"{option.flag} {value!r} is written {found!r} in a Config; write it so")

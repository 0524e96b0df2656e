"""Whether the options make sense, each by itself and together, before any data is read."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from gatewise.errors import OptionError
from gatewise.options.table import OPTION, OPTIONS, Option
from gatewise.options.values import read_value
from gatewise.records import Config
from gatewise.tasks import TASKS

__all__ = ["check_options"]

_STANDARD_INPUT = "-"
_SEQUENCES = ("text", "audio", "channels")
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
    if config.budget_s is None and config.replicates is None:
        raise OptionError("neither a budget nor a number of replicates is given; pass --budget 10m or --replicates 10")
    if config.forget_bias is not None and config.chrono is not None:
        raise OptionError("--forget-bias and --chrono both set the biases of the gates; give one of them")
    _check_columns(config)
    _check_task_options(config)


def _check_value(option: Option, value: Any) -> None:
    if value is None:
        if option.config_field in _NEVER_NONE:
            raise OptionError(f"{option.flag} has no value; give one, or leave it out for {option.default_text}")
        return
    found = read_value(option, value)
    # What Python wrote into a record has not passed through `read_value`, which knows other spellings.
    if option.choices and found != (tuple(value) if isinstance(found, tuple) else value):
        raise OptionError(f"{option.flag} {value!r} is written {found!r} in a Config; write it so")


def _check_columns(config: Config) -> None:
    given = [OPTION[name].flag for name in _SEQUENCES if getattr(config, name)]
    if len(given) > 1:
        raise OptionError(f"{' and '.join(given)} were given; a data set is texts, sounds or series. Give one of them.")
    if config.split is not None and config.test is not None:
        raise OptionError("--split-column and --test both say which rows are the test part; give one of them")
    if config.source == config.test == _STANDARD_INPUT:
        raise OptionError("SOURCE and --test are both -, and standard input can be read once; give one of them as a file")


def _check_task_options(config: Config) -> None:
    task = config.task
    for one in TASKS.values():
        asked = next((name for name in one.options if getattr(config, name) is not None), None)
        if asked is not None and one.name != task:
            raise OptionError(f"--{asked} belongs to {one.noun}; add --task {one.name}, or leave it out")
    if task is None or not TASKS[task].in_time:
        if len(config.target) > 1:
            raise OptionError(
                f"--target names {len(config.target)} columns, and only a forecast predicts several; add --task forecast"
            )
    else:
        other = next((name for name in ("text", "audio") if getattr(config, name) is not None), None)
        if other is not None:
            raise OptionError(f"--{other} was given, and a forecast reads series; leave it out, or name columns with --channels")

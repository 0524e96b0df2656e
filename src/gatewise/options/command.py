"""A configuration as the words of the command that asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gatewise.options.config import Config
from gatewise.options.table import OPTIONS, Option

__all__ = ["duration_words", "option_arguments", "option_words"]

_ALWAYS = ("cells", "seed")
_SIZES = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def option_words(config: Config) -> list[str]:
    """Words of `gatewise compare` behind the source: cells and seed always, other options where not the default."""
    defaults = Config(config.source)
    return [word for option in OPTIONS if option.in_config for word in _words(option, config, defaults)]


def option_arguments(config: Config) -> list[str]:
    """The same as arguments of `gatewise.compare` behind the data: `cells=("gru", "lstm")`, `replicates=12`."""
    defaults = Config(config.source)
    arguments = []
    for option in OPTIONS:
        if option.in_config and any(True for _ in _words(option, config, defaults)):
            arguments.append(f"{option.name}={getattr(config, option.config_field)!r}")
    return arguments


def duration_words(seconds: float) -> str:
    """A time as `--budget` takes it: "90s", "5m", "2h"."""
    if seconds % 3600 == 0:
        return f"{seconds / 3600:.0f}h"
    return f"{seconds / 60:.0f}m" if seconds % 60 == 0 else f"{_plain(seconds)}s"


def _words(option: Option, config: Config, defaults: Config) -> Iterator[str]:
    value = getattr(config, option.config_field)
    default = getattr(defaults, option.config_field)
    # An exact number of replicates implies no budget, so that beside it even the default one has to be said.
    said = option.name in _ALWAYS or (option.name == "budget" and config.replicates is not None)
    if option.name == "source" or value is None or (value == default and not said):
        return
    if option.kind == "flag":
        yield option.flag if value else option.off_flag
        return
    for item in value if option.kind == "columns" else (value,):
        yield option.flag
        yield _written(option, item)


def _written(option: Option, value: Any) -> str:
    if option.kind == "duration":
        return duration_words(value)
    if option.kind == "latency":
        return f"{_plain(value)}ms"
    if option.kind == "size":
        return next((f"{value // factor}{unit}" for factor, unit in _SIZES if value % factor == 0), str(value))
    if isinstance(value, tuple):
        return ",".join(_plain(item) for item in value)
    return _plain(value)


def _plain(value: Any) -> str:
    """Every digit that counts: 2.0 is "2", 0.1 is "0.1"."""
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)

"""The options of a comparison as a table, read from the fields of `Config`."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, Literal

from gatewise.metrics import METRICS
from gatewise.names import BASELINES, CELLS
from gatewise.options import config
from gatewise.options.config import PANELS
from gatewise.options.option import Option

__all__ = ["OPTION", "OPTIONS", "SPELLINGS", "Option"]

# Choices that are whatever there is of a kind; those that never change stand in the field's type.
_WHATEVER_THERE_IS: Mapping[str, tuple[str, ...]] = {
    "cells": tuple(CELLS),
    "metric": tuple(METRICS),
    "rivals": ("none", "simple", "strong", "all", *BASELINES),
}


def _read() -> Iterator[Option]:
    hints = typing.get_type_hints(config.Config, include_extras=True)
    for field in fields(config.Config):
        default = None if field.name == "source" else field.default
        found = _option(field.name, hints[field.name], default, in_config=True)
        yield replace(found, earlier=field.metadata.get("earlier", ""))
    for name, hint in typing.get_type_hints(config.Beside, include_extras=True).items():
        yield _option(name, hint, getattr(config.Beside, name), in_config=False)


def _option(field: str, hint: Any, default: Any, *, in_config: bool) -> Option:
    option: Option
    kind, option = typing.get_args(hint)
    name = option.name or field
    return replace(
        option,
        name=name,
        config_field=field if in_config else "",
        choices=_WHATEVER_THERE_IS.get(name, _texts(kind)),
        default=default if option.default is ... else option.default,
        keyword_default=default if option.keyword_default is ... else option.keyword_default,
    )


def _texts(hint: Any) -> tuple[str, ...]:
    """The texts a type allows by name."""
    if typing.get_origin(hint) is Literal:
        return typing.get_args(hint)
    return tuple(text for part in typing.get_args(hint) for text in _texts(part))


OPTIONS: tuple[Option, ...] = tuple(sorted(_read(), key=lambda option: PANELS.index(option.panel)))
"""All of them, panel by panel."""

OPTION: dict[str, Option] = {option.name: option for option in OPTIONS}
"""The options by name."""

SPELLINGS: dict[str, Option] = {key: option for option in OPTIONS for key in option.keys}
"""The options by every spelling of their names."""

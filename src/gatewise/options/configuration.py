"""Options by name become the record of a run's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gatewise.errors import OptionError
from gatewise.options.config import Config
from gatewise.options.table import OPTION, SPELLINGS
from gatewise.options.values import read_value

__all__ = ["build_config", "by_name"]


def by_name(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """The options among keywords, under the names of the table; those not given, in whatever spelling, are None.

    Raises OptionError where one option comes in two spellings.
    """
    options: dict[str, Any] = {}
    spelled: dict[str, str] = {}
    for key, value in keywords.items():
        option = SPELLINGS.get(key)
        if option is None:
            continue
        if value is None or (option.name in options and value == option.default):
            options.setdefault(option.name, None)
            continue
        # A default says nothing beside what another spelling says.
        if option.name in spelled and options[option.name] != option.default:
            raise OptionError(f"{spelled[option.name]} and {key} are one option, and both were given; give one of them")
        spelled[option.name] = key
        options[option.name] = value
    return options


def build_config(source: str, options: Mapping[str, Any]) -> Config:
    """The configuration that options by name ask for, in any spelling `read_value` knows; None stands for the default.

    Raises OptionError for a value of the wrong type, none of the choices or out of bounds.
    """
    values = {
        OPTION[name].config_field: read_value(OPTION[name], value)
        for name, value in options.items()
        if value is not None and OPTION[name].in_config
    }
    if "replicates" in values:
        # An exact number of replicates is a limit by itself.
        values.setdefault("budget_s", None)
    return Config(source, **values)

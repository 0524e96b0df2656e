"""Options by name become the record of a run's configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gatewise.options.table import OPTION
from gatewise.options.values import read_value
from gatewise.records import Config

__all__ = ["build_config"]


def build_config(source: str, options: Mapping[str, Any]) -> Config:
    """The configuration that options by name ask for, in any spelling `read_value` knows; None stands for the default.

    Raises OptionError for a value of the wrong type, none of the choices or out of bounds.
    """
    values = {
        OPTION[name].config_field: read_value(OPTION[name], value)
        for name, value in options.items()
        if value is not None and OPTION[name].in_config
    }
    if "pairs" in values:
        # An exact number of pairs is a limit by itself.
        values.setdefault("budget_s", None)
    return Config(source, **values)

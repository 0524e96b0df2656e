"""The one table of options agrees with the record that holds them, and with both entry points."""

import inspect
import re
import typing
from dataclasses import fields
from typing import Any

import pytest
import typer

from gatewise.cli import app
from gatewise.comparison.plan import CELL_NAMES
from gatewise.metrics import METRICS
from gatewise.nn import CELLS
from gatewise.options.table import OPTION, OPTIONS, PANELS
from gatewise.options.values import read_value
from gatewise.records import Config, Reading
from gatewise.study.api import compare

HINTS = typing.get_type_hints(Config)
FIELDS = {field.name: field for field in fields(Config)}
# Processes are many on the command line and one in Python, where a script needs a guard for more.
NOT_ALIKE = {"jobs"}


def literals(hint: Any) -> set[str]:
    """The texts a type allows."""
    if typing.get_origin(hint) is typing.Literal:
        return set(typing.get_args(hint))
    return {text for part in typing.get_args(hint) for text in literals(part)}


def test_every_field_of_the_record_is_an_option() -> None:
    assert {option.config_field for option in OPTIONS if option.in_config} == set(FIELDS)
    assert {field.name for field in fields(Reading)} <= set(FIELDS)
    assert len(OPTION) == len(OPTIONS)
    assert {option.panel for option in OPTIONS} == set(PANELS)


@pytest.mark.parametrize("option", [option for option in OPTIONS if option.in_config and option.name != "source"], ids=str)
def test_defaults_are_those_of_the_record(option: Any) -> None:
    if option.name == "budget":
        assert (option.default, FIELDS["budget_s"].default) == (None, 600.0)
    elif option.name not in NOT_ALIKE:
        assert option.default == FIELDS[option.config_field].default


@pytest.mark.parametrize("name", ["task", "match", "cost", "weigh_classes", "pooling"])
def test_choices_are_those_of_the_record(name: str) -> None:
    assert set(OPTION[name].choices) == literals(HINTS[OPTION[name].config_field])


def test_cells_and_metrics_are_those_there_are() -> None:
    assert set(OPTION["cells"].choices) == set(CELL_NAMES) == set(CELLS)
    assert OPTION["metric"].choices == tuple(METRICS)


def test_spellings_lead_to_choices_and_keys_to_one_option() -> None:
    for option in OPTIONS:
        assert set(option.spellings.values()) <= set(option.choices)
        assert not set(option.spellings) & set(option.choices)
    keys = [key for option in OPTIONS for key in option.keys]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("option", [option for option in OPTIONS if option.default not in (None, ())], ids=str)
def test_every_default_is_a_value(option: Any) -> None:
    assert read_value(option, option.default) == option.default


def test_what_a_default_means_is_said() -> None:
    assert [option.name for option in OPTIONS if option.default in (None, ()) and not option.unset] == []


def test_python_takes_every_option() -> None:
    parameters = inspect.signature(compare).parameters
    other_names = {name for option in OPTIONS for name in (option.other_flag, option.earlier)} - {""}
    assert set(parameters) == (set(OPTION) - {"source"}) | other_names | {"data", "started", "view", "verbose"}
    for name, parameter in parameters.items():
        if name in OPTION and name not in NOT_ALIKE:
            assert parameter.default == OPTION[name].default, name


def test_the_docstring_names_every_option() -> None:
    words = set(re.findall(r"\w+", compare.__doc__ or ""))
    assert set(OPTION) - words - {"source"} == set()


def test_the_command_line_takes_every_option_under_its_flag() -> None:
    command: Any = typer.main.get_command(app)
    parameters = {parameter.name: parameter for parameter in command.commands["compare"].params}
    assert set(parameters) >= set(OPTION)
    for name, option in OPTION.items():
        if name != "source":
            assert set(option.flags) <= {flag.partition("/")[0] for flag in parameters[name].opts}
            assert parameters[name].rich_help_panel == option.panel
            # What is not given must be told from what is, for the file's value to hold.
            assert not parameters[name].default


def test_earlier_flags_are_taken_and_hidden() -> None:
    command: Any = typer.main.get_command(app)
    parameters = {parameter.name: parameter for parameter in command.commands["compare"].params}
    earlier = [option for option in OPTIONS if option.earlier]
    assert [option.name for option in earlier] == ["channels", "replicates"]
    for option in earlier:
        assert parameters[option.earlier].opts == [option.earlier_flag]
        assert parameters[option.earlier].hidden and not parameters[option.name].hidden

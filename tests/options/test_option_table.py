"""The table of options is whole, and every place where options are met shows all of it."""

import inspect
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer

from gatewise.cli import app
from gatewise.comparison.plan import CELL_NAMES
from gatewise.metrics import METRICS
from gatewise.nn import CELLS
from gatewise.options.config import PANELS, Config
from gatewise.options.signature import compare_source
from gatewise.options.table import OPTION, OPTIONS
from gatewise.options.values import read_value
from gatewise.records import Reading
from gatewise.study import compare as entry_point
from gatewise.study.compare import compare
from gatewise.tasks import TASKS

FIELDS = {field.name: field for field in fields(Config)}


def test_every_field_of_the_record_is_an_option() -> None:
    assert {option.config_field for option in OPTIONS if option.in_config} == set(FIELDS)
    assert {field.name for field in fields(Reading)} <= set(FIELDS)
    assert len(OPTION) == len(OPTIONS)
    assert {option.panel for option in OPTIONS} == set(PANELS)


def test_defaults_that_depend_on_more_are_not_those_of_the_record() -> None:
    differ = {one.name for one in OPTIONS if one.in_config and one.name != "source" and one.default != default_of(one)}
    # Without a budget ten minutes are one only where no number of replicates is given. Processes are many on the command line and
    # one in Python, where a script needs a guard for more.
    assert differ == {"budget", "jobs"}
    assert (OPTION["budget"].keyword_default, OPTION["jobs"].keyword_default) == (None, 1)


def default_of(option: Any) -> Any:
    return FIELDS[option.config_field].default


def test_choices_are_those_of_the_types() -> None:
    assert OPTION["match"].choices == ("hidden", "parameters", "both")
    assert OPTION["weigh_classes"].choices == ("balanced",)
    assert OPTION["task"].choices == tuple(TASKS)


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


def test_python_takes_every_option_and_says_what_it_is() -> None:
    parameters = inspect.signature(compare).parameters
    keywords = {keyword: option for option in OPTIONS for keyword in option.keywords if option.name != "source"}
    earlier = {option.earlier for option in OPTIONS} - {""}
    assert set(parameters) == set(keywords) | earlier | {"data", "started", "view", "verbose"}
    said = " ".join((compare.__doc__ or "").split())
    for name, option in keywords.items():
        assert parameters[name].default == (option.keyword_default if name == option.name else None), name
        assert option.help_text in said


def test_compare_is_as_make_signature_writes_it() -> None:
    assert Path(entry_point.__file__).read_text(encoding="utf-8") == compare_source()


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


def test_ten_options_come_first() -> None:
    assert len([option for option in OPTIONS if option.panel == PANELS[0] and option.name != "source"]) == 10


@pytest.mark.parametrize("width", [80, 120])
def test_help_reads_well(width: int) -> None:
    environment = {**os.environ, "COLUMNS": str(width), "TERMINAL_WIDTH": str(width)}
    command = [sys.executable, "-m", "gatewise", "compare", "--help"]
    lines = subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, check=True).stdout.splitlines()
    assert max(map(len, lines)) == width
    at = [next(number for number, line in enumerate(lines) if f"─ {panel} ─" in line) for panel in PANELS]
    assert at == sorted(at)
    flags = " ".join(lines)
    assert [option.flag for option in OPTIONS if option.name != "source" and option.flag not in flags] == []

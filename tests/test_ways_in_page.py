"""What docs/ways_in.md tells people to type exists: commands parse, keywords are those of the functions."""

import ast
import inspect
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

import gatewise
from gatewise import estimators
from gatewise.cli import app
from gatewise.data.formats.layouts import EXPECTED

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "ways_in.md").read_text(encoding="utf-8")
BENCHMARK = (ROOT / "benchmarks" / "forecasting_data.py").read_text(encoding="utf-8")
COMMANDS = [found.strip() for found in re.findall(r"gatewise (?:compare|predict|report) [^`\n|]+", PAGE + BENCHMARK)]
SECTIONS = [
    section
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)
    if "    import gatewise" in section or "    from " in section
]


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_parse(line: str) -> None:
    _, name, *arguments = shlex.split(line)
    command: Any = typer.main.get_command(app)
    command.commands[name].make_context(name, arguments)


def test_commands_were_found() -> None:
    assert len(COMMANDS) > 20
    assert sum(" - " in line for line in COMMANDS) == 1
    assert len(SECTIONS) == 2


def test_the_layouts_of_archives_are_all_named() -> None:
    for key in re.findall(r"\b(?:[Xy]|values|lengths|labels|(?:X|y|train|test)_[a-z]+)\b", EXPECTED):
        assert f"`{key}`" in PAGE


@pytest.mark.parametrize("section", SECTIONS)
def test_python_names_real_keywords(section: str) -> None:
    tree = ast.parse("\n".join(line[4:] for line in section.splitlines() if line.startswith("    ")))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    known: dict[str, Any] = {"compare": gatewise.compare, **{name: getattr(estimators, name) for name in estimators.__all__}}
    checked = 0
    for call in calls:
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name in known:
            inspect.signature(known[name]).bind(*call.args, **{str(keyword.arg): None for keyword in call.keywords})
            checked += 1
    assert checked >= 4

"""An option that is declared in one place is met everywhere."""

import json
import subprocess
import sys

import pytest

# In a process of its own: the tables are made when they are imported.
DECLARED = """
import dataclasses, typing
from gatewise.options import config
from gatewise.options.option import Option

@dataclasses.dataclass(frozen=True)
class Config(config.Config):
    toy: typing.Annotated[
        int, Option(config.NETWORK, "whole", "Toys of every cell.", least=1, excludes={"chrono": "are one toy too many"})
    ] = 3

config.Config = Config
"""

EVERYWHERE = """
import json
from typer.testing import CliRunner
from gatewise.cli import app
from gatewise.errors import OptionError
from gatewise.options.checks import check_options
from gatewise.options.command import option_words
from gatewise.options.configuration import build_config
from gatewise.options.schema import json_schema
from gatewise.options.signature import compare_source
from gatewise.study.config_template import config_template

def refusal(**options):
    try:
        check_options(build_config("data.csv", options))
    except OptionError as error:
        return str(error)

namespace = {"__name__": "toy"}
exec(compare_source().replace("-> Result", "-> None"), namespace)
print(json.dumps({
    "help": CliRunner().invoke(app, ["compare", "--help"], env={"COLUMNS": "200"}).stdout,
    "file": config_template(),
    "schema": json_schema()["properties"]["toy"],
    "signature": str(__import__("inspect").signature(namespace["compare"])),
    "docstring": namespace["compare"].__doc__,
    "config": build_config("data.csv", {"toy": 5}).toy,
    "command": option_words(build_config("data.csv", {"toy": 5})),
    "too small": refusal(toy=0),
    "no number": refusal(toy="many"),
    "excluded": refusal(toy=5, chrono=10),
}))
"""


@pytest.fixture(scope="module")
def found() -> dict[str, object]:
    done = subprocess.run([sys.executable, "-c", DECLARED + EVERYWHERE], capture_output=True, encoding="utf-8", check=True)
    result: dict[str, object] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("help", "--toy"),
        ("help", "Toys of every cell. Default: 3."),
        ("file", "# Toys of every cell. At least 1.\ntoy: 3\n"),
        ("signature", "toy: 'int' = 3"),
        ("docstring", "toy: Toys of every cell. Default: 3."),
        ("too small", "--toy 0 is too small; give at least 1"),
        ("no number", "--toy 'many' is not a whole number; write it like 3"),
        ("excluded", "--toy and --chrono are one toy too many"),
    ],
)
def test_words(found: dict[str, object], place: str, text: str) -> None:
    assert text in str(found[place])


def test_values(found: dict[str, object]) -> None:
    assert found["config"] == 5
    assert found["command"] == ["--cells", "gru,lstm", "--toy", "5", "--seed", "0"]
    assert found["schema"] == {
        "description": "Toys of every cell. Default: 3.",
        "default": 3,
        "anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}],
    }

"""Which Python `make` takes: stand-ins on a PATH of their own answer as interpreters do."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "find_python.sh"
PutInterpreter = Callable[..., None]


@pytest.fixture
def stand_in(tmp_path: Path) -> PutInterpreter:
    """Puts a program on the PATH. answer: what it says of itself, nothing where it does not suit or does not run."""

    def put(name: str, answer: str = "", version: str = "Python 3.9.2") -> None:
        program = tmp_path / name
        known = f'echo "{answer} {program}"' if answer else "exit 1"
        program.write_text(f'#!/bin/sh\nif [ "$1" = -V ]; then echo "{version}"; else {known}; fi\n')
        program.chmod(0o755)

    return put


def find(path: Path, python: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(path), "PYTHON": python}
    return subprocess.run(["/bin/sh", SCRIPT], env=environment, capture_output=True, text=True, check=False)


def test_the_newest_that_suits_is_taken(tmp_path: Path, stand_in: PutInterpreter) -> None:
    stand_in("python3.11", "headers")
    stand_in("python3.13", "headers")
    stand_in("python3.14")
    stand_in("python3")
    found = find(tmp_path)
    assert (found.returncode, found.stdout, found.stderr) == (0, f"{tmp_path}/python3.13\n", "")


def test_one_with_headers_goes_before_a_newer_one_without(tmp_path: Path, stand_in: PutInterpreter) -> None:
    stand_in("python3.13", "none")
    stand_in("python3.12", "none")
    assert find(tmp_path).stdout == f"{tmp_path}/python3.13\n"
    stand_in("python3.11", "headers")
    assert find(tmp_path).stdout == f"{tmp_path}/python3.11\n"


def test_none_gives_one_line_that_says_what_to_do(tmp_path: Path, stand_in: PutInterpreter) -> None:
    stand_in("python3.12")
    stand_in("python")
    found = find(tmp_path)
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.count("\n") == 1
    for word in ("3.11 to 3.14", "apt install python3-venv", "make PYTHON="):
        assert word in found.stderr


def test_the_one_named_is_taken_or_refused_and_no_other(tmp_path: Path, stand_in: PutInterpreter) -> None:
    stand_in("python3.13", "headers")
    stand_in("mine", "none")
    stand_in("old")
    assert find(tmp_path, "mine").stdout == f"{tmp_path}/mine\n"
    for name, why in {"old": "Python 3.9.2", "absent": "does not run"}.items():
        found = find(tmp_path, name)
        assert (found.returncode, found.stdout, found.stderr.count("\n")) == (1, "", 1)
        assert f"PYTHON={name} does not suit ({why})" in found.stderr


def test_a_real_interpreter_answers() -> None:
    found = find(Path("/nowhere"), sys.executable)
    assert found.returncode == 0
    assert os.access(found.stdout.strip(), os.X_OK)

"""When `make` makes its environment, goes on with it, mends it, or leaves it alone. Nothing is downloaded here."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """scripts/environment.py for a project in `tmp_path`. `script.commands` collects what would be run."""
    spec = importlib.util.spec_from_file_location("environment", SCRIPTS / "environment.py")
    assert spec is not None and spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "environment", module)
    spec.loader.exec_module(module)
    for name in ("constraints.txt", "pyproject.toml", "CMakeLists.txt"):
        (tmp_path / name).write_text(name)
    (tmp_path / "requirements").mkdir()
    for name in ("demo", "test", "oldest", "libraries"):
        (tmp_path / "requirements" / f"{name}.txt").write_text(name)
    module.commands = []
    module.fails = ""

    def run(command: list[Any], **_: object) -> subprocess.CompletedProcess[str]:
        words = " ".join(map(str, command))
        module.commands.append(words)
        if module.fails and module.fails in words:
            raise subprocess.CalledProcessError(1, command)
        if command[1:3] == ["-m", "venv"]:
            (command[3] / "bin").mkdir()
            (command[3] / "bin" / "python").write_text("")
        there = Path(command[0]).exists()
        return subprocess.CompletedProcess(command, 0 if there else 1, module.VERSION if "sys, pip" in words else "", "")

    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module.subprocess, "run", run)
    return module


def installs(script: Any) -> list[str]:
    """The installations since the last call, by what tells them apart."""
    found = [command.rsplit("/", 1)[-1].rsplit(" ", 1)[-1] for command in script.commands if "pip install" in command]
    script.commands.clear()
    return found


def record(project: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((project / ".venv" / "gatewise-environment.json").read_text())
    return found


DEMO = ["demo.txt", "torch", "."]


def test_the_first_time_everything_and_the_second_time_nothing(script: Any, capsys: pytest.CaptureFixture[str]) -> None:
    script.main("demo")
    assert installs(script) == DEMO
    assert "Making .venv, with Python" in capsys.readouterr().out
    script.main("demo")
    assert installs(script) == []
    assert capsys.readouterr().out == ""


def test_the_demo_needs_no_tools_and_the_tests_add_them_only(script: Any) -> None:
    script.main("demo")
    assert "test.txt" not in installs(script)
    script.main("test")
    assert installs(script) == ["test.txt"]
    script.main("demo")
    assert installs(script) == []


def test_the_libraries_are_in_a_folder_of_their_own(script: Any, tmp_path: Path) -> None:
    script.main("libraries")
    assert installs(script) == ["libraries.txt", "torch", "."]
    assert [path.name for path in sorted(tmp_path.glob(".venv*"))] == [".venv-libraries"]
    script.main("libraries")
    assert installs(script) == []


@pytest.mark.parametrize(
    ("changed", "again"), [("requirements/demo.txt", ["demo.txt"]), ("constraints.txt", ["torch"]), ("CMakeLists.txt", ["."])]
)
def test_what_has_changed_is_done_again(script: Any, tmp_path: Path, changed: str, again: list[str]) -> None:
    script.main("demo")
    installs(script)
    (tmp_path / changed).write_text("other")
    script.main("demo")
    assert installs(script) == again


def test_kernels_are_compiled_once_there_is_a_compiler(script: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    script.main("demo")
    installs(script)
    monkeypatch.setenv("CXX", "g++")
    script.main("demo")
    assert installs(script) == ["."]


def remove_python(project: Path) -> None:
    (project / ".venv" / "bin" / "python").unlink()


def cut_short(project: Path) -> None:
    change_record(project, under_way="requirements/demo.txt")


def other_python(project: Path) -> None:
    change_record(project, Python="3.10 at /usr/bin/python3.10")


def moved(project: Path) -> None:
    change_record(project, folder="/elsewhere/.venv")


def change_record(project: Path, **changes: str) -> None:
    (project / ".venv" / "gatewise-environment.json").write_text(json.dumps(record(project) | changes))


@pytest.mark.parametrize("damage", [remove_python, cut_short, other_python, moved])
def test_what_cannot_be_trusted_is_made_anew(
    script: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: Callable[[Path], None]
) -> None:
    script.main("demo")
    installs(script)
    (tmp_path / ".venv" / "leftover").write_text("")
    damage(tmp_path)
    script.main("demo")
    assert "Making .venv anew: its " in capsys.readouterr().out
    assert installs(script) == DEMO
    assert not (tmp_path / ".venv" / "leftover").exists()


def test_an_environment_of_somebody_else_is_used_and_not_removed(script: Any, tmp_path: Path) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").write_text("")
    (tmp_path / ".venv" / "mine").write_text("")
    script.main("demo")
    assert installs(script) == DEMO
    assert (tmp_path / ".venv" / "mine").exists()


def test_a_failed_download_ends_with_one_line_and_is_taken_up_again(script: Any, tmp_path: Path) -> None:
    script.fails = "torch"
    with pytest.raises(SystemExit, match=r"^gatewise: this failed, and the message above says why: Downloading PyTorch"):
        script.main("demo")
    assert record(tmp_path)["under_way"] == ""
    installs(script)
    script.fails = ""
    script.main("demo")
    assert installs(script) == ["torch", "."]


def test_a_cut_in_an_installation_is_noted(script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(script.Environment, "pip", interrupted)
    with pytest.raises(KeyboardInterrupt):
        script.main("demo")
    assert record(tmp_path)["under_way"] == "requirements/demo.txt"

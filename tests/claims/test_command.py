"""`gatewise claims`: what goes to which stream, with which exit code."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from gatewise.claims.bench import Bench
from gatewise.cli import main
from tests.claims import made_up
from tests.claims.conftest import Install


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


class Run(Protocol):
    def __call__(self, *arguments: object) -> Done: ...


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run the command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run_one(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["gatewise", "claims", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        captured = capfd.readouterr()
        return Done(int(left.value.code or 0), captured.out, captured.err)

    return run_one


def test_the_list_has_names_and_questions_and_measures_nothing(run: Run, install: Install, tmp_path: Path) -> None:
    done = run("--list")
    assert done.code == 0
    assert "sweetness" in done.out and "How much sweeter is an apple than a pear?" in done.out
    assert not any(tmp_path.iterdir())


def test_results_go_to_the_terminal_and_a_folder_of_their_own(run: Run, install: Install, tmp_path: Path) -> None:
    done = run("sweetness", "--quick")
    assert done.code == 0
    assert "Of 1 rule of thumb 1 holds." in done.out and "runs/claims-quick/claims.html" in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    assert "sweetness: The ratio is 1.2." in done.err
    written = tmp_path / "runs" / "claims-quick"
    assert {item.name for item in written.iterdir()} >= {"claims.html", "claims.json", "claims.sqlite"}


def test_json_alone_goes_to_standard_output(run: Run, install: Install) -> None:
    done = run("--json", "--quiet", "--out", "out")
    assert json.loads(done.out)["outcomes"][0]["judgement"]["verdict"] == "holds"
    assert done.err == ""


def test_a_mistake_is_one_message_with_code_2(run: Run, install: Install, tmp_path: Path) -> None:
    done = run("sweetnes")
    assert (done.code, done.out) == (2, "")
    assert done.err == "gatewise: there is no claim 'sweetnes'; there are: sweetness. Did you mean 'sweetness'?\n"
    assert not any(tmp_path.iterdir())


def test_an_interrupt_says_how_to_go_on(run: Run, install: Install) -> None:
    def measure(bench: Bench) -> dict[str, Any]:
        raise KeyboardInterrupt

    install(made_up.study(measured=measure))
    done = run("--quiet")
    assert done.code == 130
    assert done.err == "gatewise: interrupted; continue with the same command\n"

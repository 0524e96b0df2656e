"""A folder's runs in a line each, whatever state they are in."""

import fcntl
import json
import os
import sys
from pathlib import Path

import pytest
from rich.console import Console

from gatewise.cli import main
from gatewise.errors import RunError
from gatewise.records import Config, Difference, ScoreSummary, Verdict
from gatewise.study.folder import RunFolder, write_json
from gatewise.study.listing import list_runs, runs_view


def verdict(decision: str = "lstm", mean: float = -0.031, stopped: str = "decided") -> Verdict:
    found = Difference("gru", "lstm", mean, (-0.05, -0.01), (-0.06, 0.0), 0.0, 0.1, 0.9, 7, "second")
    scores = {"gru": ScoreSummary(0.8, 0.01, 7), "lstm": ScoreSummary(0.831, 0.01, 7)}
    return Verdict(decision, "lstm", "accuracy", True, 0.01, 7, found, (found,), scores, {}, (), (), 60.0, 50.0, stopped, ())


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Five runs, the last the newest, and a folder that is none."""
    folder = tmp_path / "runs"
    for number, name in enumerate(("decided", "cut", "begun", "spoilt", "worked on")):
        run = RunFolder(folder / name)
        run.create(Config("/data/reviews.csv" if number else "builtin:digits"), {})
        if name in ("decided", "cut"):
            write_json(run.verdict, verdict(stopped="decided" if name == "decided" else "interrupted"))
        if name == "spoilt":
            run.config.write_text("cells: [")
        for file in run.path.iterdir():
            os.utime(file, (1_700_000_000 + number, 1_700_000_000 + number))
    (folder / "no run").mkdir()
    return folder


def test_runs_are_listed_newest_first_with_their_state(runs: Path) -> None:
    with (runs / "worked on" / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        found = list_runs(runs)
    states = {Path(run.path).name: (run.state, run.verdict) for run in found}
    assert states == {
        "worked on": ("running", "running"),
        "spoilt": ("damaged", "damaged"),
        "begun": ("interrupted", "interrupted"),
        "cut": ("interrupted", "LSTM (interrupted)"),
        "decided": ("finished", "LSTM"),
    }
    assert [Path(run.path).name for run in found] == list(states)
    assert found[-1].difference == "LSTM leads GRU by 3.1 points (accuracy)"
    assert "damaged" in (found[1].problem or "")


@pytest.mark.parametrize("width", [60, 140])
def test_every_run_is_named_on_any_terminal(runs: Path, width: int) -> None:
    console = Console(width=width, record=True, file=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    with console.file:
        console.print(runs_view(list_runs(runs), width))
        text = console.export_text()
    assert max(map(len, text.splitlines())) <= width
    joined = "".join(text.split())
    for word in ("decided", "reviews.csv", "builtin:digits", "damaged", "interrupted", "2023-11-1"):
        assert word in joined


def test_the_command_lists_them_also_as_json(
    runs: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(runs.parent)
    for words in ((), ("runs", "--json"), ("runs/decided", "--json")):
        monkeypatch.setattr(sys, "argv", ["gatewise", "runs", *words])
        with pytest.raises(SystemExit) as left:
            main()
        printed = capfd.readouterr()
        assert (left.value.code, printed.err) == (0, "")
        if words:
            assert [run["decision"] for run in json.loads(printed.out)][-1] == "lstm"
        else:
            assert "LSTM leads GRU by 3.1 points" in printed.out


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="there is no folder"):
        list_runs(tmp_path / "nowhere")


def test_a_verdict_is_short() -> None:
    assert repr(verdict()) == "<Verdict 'lstm', recommended 'lstm'; accuracy: gru 0.8, lstm 0.831; 7 replicates>"

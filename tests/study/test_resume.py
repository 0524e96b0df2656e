"""Killed, interrupted or run by several processes: the same result, and no unit of work twice."""

import json
import shutil
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import gatewise
from gatewise.errors import RunError
from gatewise.study.api import Result
from gatewise.study.journal import open_journal

QUICK: dict[str, Any] = {"replicates": 2, "tune": 1, "hidden_size": 4, "max_epochs": 1}
Start = Callable[..., Any]
Keys = Callable[[Path], list[str]]
Of = Callable[[Result], Any]


def test_killed_again_and_again_it_comes_to_the_same(
    uninterrupted: Result, start: Start, outcome: Of, keys: Keys, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    seen: list[str] = []
    for command, rows in (("compare", 8), ("resume", 14)):
        running = start(command, folder)
        before = running.wait_for_rows(rows)
        running.process.send_signal(signal.SIGKILL)
        # A worker that outlived the killed process would keep its standard error open, and this would time out.
        running.process.communicate(timeout=180)
        assert running.process.returncode == -signal.SIGKILL
        assert before[: len(seen)] == seen
        seen = keys(folder)
        assert not (folder / "verdict.json").exists()
        assert gatewise.open_run(folder).verdict.stopped == "interrupted"
    result = gatewise.resume(folder)
    assert keys(folder)[: len(seen)] == seen
    assert set(Counter(keys(folder)).values()) == {1}
    assert set(keys(folder)) == set(keys(uninterrupted.path))
    assert outcome(result) == outcome(uninterrupted)
    assert not list(folder.glob(".*.part"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_prints_the_verdict_so_far_and_resume_finishes(
    uninterrupted: Result, start: Start, outcome: Of, tmp_path: Path, number: signal.Signals
) -> None:
    folder = tmp_path / "run"
    running = start("compare", folder, "--json")
    running.wait_for_replicate(len(uninterrupted.comparison.arms) + len(uninterrupted.comparison.baselines))
    running.process.send_signal(number)
    printed, messages = running.process.communicate(timeout=180)
    assert running.process.returncode == 128 + number
    verdict = json.loads(printed)
    assert verdict == json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    assert verdict["stopped"] == "interrupted"
    assert verdict["replicates"] in (1, 2)  # another replicate may end between the look at the journal and the signal
    assert f"gatewise resume {folder}" in messages
    assert "Traceback" not in messages
    assert (folder / "report.html").is_file()
    assert outcome(gatewise.resume(folder)) == outcome(uninterrupted)


def test_a_second_signal_ends_it_at_once_and_nothing_is_lost(
    uninterrupted: Result, start: Start, outcome: Of, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    running = start("compare", folder)
    running.wait_for_rows(6)
    running.process.send_signal(signal.SIGINT)
    running.process.send_signal(signal.SIGTERM)
    printed, messages = running.process.communicate(timeout=180)
    assert running.process.returncode == 143
    assert printed == ""
    assert "Traceback" not in messages
    assert not (folder / "verdict.json").exists()
    assert outcome(gatewise.resume(folder)) == outcome(uninterrupted)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_the_data_are_read_says_that_nothing_is_lost(
    start_reading: Start, tmp_path: Path, number: signal.Signals
) -> None:
    running = start_reading(tmp_path)
    assert running.stderr.readline() == "reading -\n"
    running.send_signal(number)
    printed, messages = running.communicate(timeout=180)
    assert (running.returncode, printed) == (128 + number, "")
    assert messages == "gatewise: interrupted before anything was written; nothing is lost\n"
    assert not list(tmp_path.iterdir())


def test_a_signal_before_the_first_unit_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("gatewise.study.run._record_data", interrupt)
        with pytest.raises(KeyboardInterrupt, match=f"continue with `gatewise resume {tmp_path / 'run'}`"):
            gatewise.compare("builtin:parity?rows=60&length=10", **QUICK, out=tmp_path / "run")
    result = gatewise.resume(tmp_path / "run")
    assert result.verdict.replicates == QUICK["replicates"]


def test_data_that_changed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "reviews.csv"
    lines = [f"film {row % 7} is {('fine', 'poor')[row % 2]} in scene {row},{row % 2}" for row in range(40)]
    source.write_text("\n".join(["text,label", *lines]), encoding="utf-8")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("gatewise.study.run.tune", interrupt)
        gatewise.compare(source, replicates=2, tune=1, hidden_size=4, max_epochs=1, out=tmp_path / "run")
    source.write_text("\n".join(["text,label", *lines[::-1]]), encoding="utf-8")
    with pytest.raises(RunError, match="not what it was when the run began"):
        gatewise.resume(tmp_path / "run")
    source.unlink()
    with pytest.raises(gatewise.DataError, match="no file"):
        gatewise.resume(tmp_path / "run")


def test_a_run_that_did_nothing_yet_can_only_be_resumed(whole: Result, tmp_path: Path) -> None:
    for name in ("config.yaml", "environment.json"):
        (tmp_path / name).write_bytes((whole.path / name).read_bytes())
    with pytest.raises(RunError, match="no journal yet; continue it"):
        gatewise.open_run(tmp_path)
    with open_journal(tmp_path / "journal.sqlite"):
        pass
    with pytest.raises(RunError, match="has not begun its work; continue it"):
        gatewise.open_run(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("hidden_size: 8", "hidden_size: 9", "hidden_size was 8, is now 9. Put it back, or start a new run"),
        ("seed: 0", "seed: 1", "seed was 0, is now 1"),
        ("threads: 1", "threads: 2", "threads was 1, is now 2"),
        ("replicates: 2", "replicates: 3", "replicates was 2, is now 3"),
        ("- lstm", "- rnn", r"cells was \[gru, lstm\], is now \[gru, rnn\]"),
        ("margin: null", "margin: 0.02", "margin was null, is now 0.02"),
        ("bidirectional: false", "bidirectional: true", "bidirectional was false, is now true"),
    ],
)
def test_a_configuration_that_decides_other_results_is_refused(
    whole: Result, tmp_path: Path, old: str, new: str, message: str
) -> None:
    run = tmp_path / "run"
    shutil.copytree(whole.path, run)
    text = (run / "config.yaml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    (run / "config.yaml").write_text(text.replace(old, new), encoding="utf-8")
    journal = (run / "journal.sqlite").read_bytes()
    for work in (gatewise.resume, gatewise.open_run):
        with pytest.raises(RunError, match=rf"config\.yaml is not what the run began with: {message}"):
            work(run)
    assert (run / "journal.sqlite").read_bytes() == journal
    (run / "config.yaml").write_text(text, encoding="utf-8")
    assert gatewise.resume(run).verdict.scores == whole.verdict.scores


def test_what_decides_no_result_may_change(whole: Result, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(whole.path, run)
    text = (run / "config.yaml").read_text(encoding="utf-8")
    (run / "config.yaml").write_text(text.replace("jobs: 1", "jobs: 2").replace("budget_s: null", "budget_s: 900.0"))
    result = gatewise.resume(run, budget="20m")
    assert (result.comparison.config.jobs, result.comparison.config.budget_s) == (2, 1200.0)
    assert result.verdict.scores == whole.verdict.scores


def test_a_run_of_an_earlier_version_goes_on(whole: Result, tmp_path: Path) -> None:
    """Its journal keeps no configuration; from then on it does."""
    run = tmp_path / "run"
    shutil.copytree(whole.path, run)
    with closing(sqlite3.connect(run / "journal.sqlite")) as connection:
        connection.execute("DELETE FROM units WHERE kind = 'config'")
        connection.commit()
    assert gatewise.open_run(run).verdict.scores == whole.verdict.scores
    assert gatewise.resume(run).verdict.scores == whole.verdict.scores
    text = (run / "config.yaml").read_text(encoding="utf-8")
    (run / "config.yaml").write_text(text.replace("seed: 0", "seed: 1"), encoding="utf-8")
    with pytest.raises(RunError, match="seed was 0, is now 1"):
        gatewise.resume(run)


def test_a_model_that_was_damaged_is_trained_anew(whole: Result, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(whole.path, run)
    weights = run / "model" / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(RunError, match="run `gatewise resume` on its run to write it anew"):
        _ = gatewise.open_run(run).model
    gatewise.resume(run)
    assert weights.read_bytes() == content


def test_a_config_edited_into_nonsense_is_refused(whole: Result, tmp_path: Path) -> None:
    text = (whole.path / "config.yaml").read_text(encoding="utf-8")
    (tmp_path / "config.yaml").write_text(text.replace("- lstm", "- lstn"), encoding="utf-8")
    with pytest.raises(gatewise.RunError, match=r"config\.yaml cannot be used .*did you mean lstm"):
        gatewise.resume(tmp_path)

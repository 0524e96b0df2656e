"""Several studies: a run each, one table, and on a cluster each its share."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import gatewise
from gatewise.errors import OptionError
from gatewise.study.sharing import TOGETHER, another_measures, measuring, share_of, write_active

SOURCE = "builtin:parity?rows=60&length=10"
OPTIONS = ("--replicates", "2", "--tune", "1", "--max-epochs", "2", "--hidden-size", "8", "--rivals", "none", "--jobs", "1")


def test_a_study_takes_its_share_of_the_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert share_of(7) == 7
    monkeypatch.setenv(TOGETHER, str(tmp_path / "active"))
    # Nobody has said anything yet, or whoever did is gone.
    assert share_of(7) == 7
    for studies, share in ((1, 7), (2, 4), (3, 3), (8, 1)):
        write_active(tmp_path / "active", studies)
        assert share_of(7) == share


def test_while_one_measures_no_other_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with measuring():
        # Alone it waits for nobody.
        assert not another_measures()
    monkeypatch.setenv(TOGETHER, str(tmp_path / "active"))
    assert not another_measures()
    with measuring():
        assert another_measures()
    assert not another_measures()


def test_studies_have_a_run_each_and_one_that_fails_leaves_the_others(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("a\n", encoding="utf-8")
    command = [sys.executable, "-m", "gatewise", "compare", str(bad), SOURCE, *OPTIONS, "--out", str(tmp_path / "all"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    failed, whole = json.loads(done.stdout)
    assert done.returncode == failed["exit_code"] == 2 and "bad is empty" in failed["error"] and failed["verdict"] is None
    assert (whole["exit_code"], whole["error"], whole["verdict"]["replicates"]) == (0, None, 2)
    assert gatewise.open_run(tmp_path / "all" / "parity").verdict.replicates == 2


def test_an_interrupt_leaves_every_run_resumable(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gatewise", "compare", SOURCE, SOURCE, *OPTIONS, "--out", str(tmp_path / "all")]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  (no threads here)
    )
    journal, deadline = tmp_path / "all" / "parity" / "journal.sqlite", time.monotonic() + 60
    while not journal.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGINT)
    table, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"interrupted; continue with `gatewise resume {tmp_path / 'all' / 'parity'}`" in said
    assert "not begun" in table and not (tmp_path / "all" / "parity-2").exists()
    assert gatewise.resume(tmp_path / "all" / "parity").verdict.replicates == 2


def test_what_are_no_sources_or_no_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="there is no source"):
        gatewise.compare_all([])
    with pytest.raises(OptionError, match="is no file"):
        gatewise.compare_all(["-"])
    with pytest.raises(OptionError, match="there is no option 'colour'"):
        gatewise.compare_all([SOURCE], colour="red", out=tmp_path / "all")
    assert not (tmp_path / "all").exists()

"""A run of version 0.1 that was kept: it opens, predicts what it predicted, and goes on."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import gatewise
from gatewise.cli import app
from gatewise.report.page import render_page
from gatewise.study.config_file import read_config_file
from gatewise.study.journal import read_journal
from gatewise.study.listing import list_runs

STORED = Path(__file__).parent / "stored" / "seasonal"
PREDICTED = [[93.1295, 92.9241], [90.0518, 91.8797], [96.7688, 98.9432]]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    shutil.copytree(STORED, tmp_path / "run")
    return tmp_path / "run"


def test_it_opens_with_the_verdict_that_it_had(run: Path) -> None:
    stored = json.loads((run / "verdict.json").read_text(encoding="utf-8"))
    result = gatewise.open_run(run)
    assert (result.verdict.decision, result.verdict.recommended) == (stored["decision"], stored["recommended"])
    assert {name: score.mean for name, score in result.verdict.scores.items()} == {
        name: score["mean"] for name, score in stored["scores"].items()
    }
    assert result.verdict.difference is not None
    assert result.verdict.difference.mean == stored["difference"]["mean"]
    assert len(result.mistakes()) > 0


def test_its_model_predicts_what_it_predicted(run: Path) -> None:
    series = [10 * np.sin(np.arange(12) / 3 + start)[:, np.newaxis] + 100 for start in range(3)]
    predicted = gatewise.open_run(run).model.predict(series)
    np.testing.assert_allclose(predicted[:, :, 0], PREDICTED, atol=1e-3)


def test_what_it_wrote_has_its_names_of_today(run: Path) -> None:
    with closing(sqlite3.connect(run / "journal.sqlite")) as rows:
        stored = [key for (key,) in rows.execute("SELECT key FROM units ORDER BY rowid")]
    assert any(key.startswith("pair:") for key in stored)
    journal = read_journal(run / "journal.sqlite")
    rows_now = list(journal.rows())
    assert [row["key"] for row in rows_now] == [key.replace("pair:", "replicate:") for key in stored]
    assert {row["kind"] for row in rows_now if row["key"].startswith("replicate:")} == {"replicate"}
    assert read_config_file(run / "config.yaml")["replicates"] == 2
    result = gatewise.open_run(run)
    assert (result.comparison.config.replicates, result.comparison.replicates, result.verdict.stopped) == (2, 2, "replicates")
    assert {one.kind for one in result.comparison.trainings} == {"replicate"}
    assert {row["replicate"] for row in result.predictions()} == {0, 1}
    (listed,) = list_runs(run)
    assert (listed.state, listed.replicates, listed.verdict) == ("finished", 2, "undecided")
    assert [(arm.cell, arm.hidden_size) for arm in listed.arms] == [(arm.cell, arm.hidden_size) for arm in result.comparison.arms]
    assert "It stopped after the number of replicates asked for." in render_page(result.comparison, result.verdict, run)


def test_it_is_reported_and_goes_on_where_it_was_interrupted(run: Path) -> None:
    before = gatewise.open_run(run).verdict.scores
    reported = CliRunner().invoke(app, ["report", str(run)])
    assert reported.exit_code == 0, reported.output
    assert "2 replicates" in reported.output
    with closing(sqlite3.connect(run / "journal.sqlite")) as journal:
        keys = [key for (key,) in journal.execute("SELECT key FROM units")]
        gone = [key for key in keys if key.endswith(":1") or key.startswith("final")]
        journal.executemany("DELETE FROM units WHERE key = ?", [(key,) for key in gone])
        journal.commit()
    assert len(gone) >= 2
    result = gatewise.resume(run)
    assert result.comparison.replicates == 2
    written = json.loads((run / "verdict.json").read_text(encoding="utf-8"))
    assert written["replicates"] == 2
    assert [(arm["name"], arm["cell"]) for arm in written["arms"]] == [("gru", "gru"), ("lstm", "lstm")]
    assert not (run / "trials.jsonl").exists()
    units = [json.loads(line) for line in (run / "units.jsonl").read_text(encoding="utf-8").splitlines()]
    assert sum(unit["kind"] == "replicate" for unit in units) == 4
    for name, score in result.verdict.scores.items():
        # The version that began it drew dropout in another way.
        assert score.mean == pytest.approx(before[name].mean, rel=0.03)

"""Which baselines a run has, from the option to the verdict, the report and the command that repeats it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gatewise
from gatewise.errors import OptionError
from gatewise.report.sections.reproduce import as_it_was, command_line
from gatewise.study.journal import read_journal

SOURCE = "builtin:parity?rows=60&length=10"
SMALL: dict[str, Any] = {"replicates": 2, "tune": 0, "hidden_size": 4, "max_epochs": 1, "budget": "10m"}


def test_strong_baselines_are_there_by_default_and_stay_when_the_budget_changes(tmp_path: Path) -> None:
    result = gatewise.compare(SOURCE, out=tmp_path / "run", **SMALL)
    names = ("majority", "linear_features", "minirocket", "nearest_dtw")
    assert result.comparison.baselines == names
    assert set(result.verdict.scores) == {"gru", "lstm", *names}
    assert "MiniRocket" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    command = command_line(as_it_was(result.comparison))
    assert "--rivals majority,linear_features,minirocket,nearest_dtw" in command
    assert read_journal(tmp_path / "run" / "journal.sqlite").payloads("budget")[0]["baselines_s"] > 0
    again = gatewise.resume(tmp_path / "run", budget="5s")
    assert again.comparison.baselines == names


def test_what_the_budget_has_no_time_for_is_left_out_and_said(tmp_path: Path) -> None:
    result = gatewise.compare("builtin:digits", out=tmp_path / "run", **SMALL | {"budget": "10s", "replicates": None})
    assert result.comparison.baselines == ("majority",)
    (said,) = (one for one in result.comparison.profile.inferred if one.startswith("Left out for their time: "))
    assert "linear model on simple features" in said
    assert "MiniRocket" in said
    assert "linear model on simple features" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("source", [SOURCE, "builtin:waves?rows=60", "builtin:seasonal?rows=600"])
def test_a_run_without_baselines_has_a_verdict_and_a_margin(source: str, tmp_path: Path) -> None:
    result = gatewise.compare(source, rivals="none", out=tmp_path / "run", **SMALL)
    assert set(result.verdict.scores) == {"gru", "lstm"}
    assert result.verdict.margin > 0
    assert (tmp_path / "run" / "report.html").exists()


def test_names_are_taken_whatever_their_time_and_checked_before_anything_is_written(tmp_path: Path) -> None:
    result = gatewise.compare(SOURCE, rivals="majority,boosted_features", out=tmp_path / "run", **SMALL)
    assert result.comparison.baselines == ("majority", "boosted_features")
    for rivals, message in (
        ("nbsvm", "nbsvm, which does not fit"),
        ("minirokcet", "did you mean minirocket"),
        ([], "names nothing"),
    ):
        with pytest.raises(OptionError, match=message):
            gatewise.compare(SOURCE, rivals=rivals, out=tmp_path / "other", **SMALL)
    assert not (tmp_path / "other").exists()


def test_a_network_is_a_rival_that_trains_by_the_same_loop_and_has_its_costs(tmp_path: Path) -> None:
    result = gatewise.compare(SOURCE, rivals="majority,tcn", out=tmp_path / "run", **SMALL)
    assert result.comparison.baselines == ("majority", "tcn")
    trainings = [training for training in result.comparison.baseline_trainings if training.name == "tcn"]
    assert [len(training.history) for training in trainings] == [1, 1]
    assert all(training.ended == "epochs" and training.test_score is not None for training in trainings)
    (row,) = (row for row in result.leaderboard() if row["name"] == "tcn")
    assert all(row[name] for name in ("fit_s", "latency_ms_p50", "parameters", "bytes"))
    assert "temporal convolutional network" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


def test_a_network_that_wins_is_shipped_and_predicts(tmp_path: Path) -> None:
    # No cell is as small as that, so that the better of the rivals is shipped.
    options = SMALL | {"max_epochs": 8, "max_size": "100B", "hidden_size": 16}
    result = gatewise.compare("builtin:temporal-order?rows=200&length=20", rivals="tcn", out=tmp_path / "run", **options)
    assert (result.verdict.decision, result.verdict.recommended) == ("baseline", "tcn")
    assert result.verdict.explanation[0].startswith("Ship the rival network, the temporal convolutional network: no cell")
    sequences = [np.zeros((20, len(result.model.channels)), dtype=np.float32)]
    assert result.model.predict_proba(sequences).sum() == pytest.approx(1.0, abs=1e-5)

"""Whole runs of every task, tiny: each ends in a verdict in the units of its metric, and in a model that predicts."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gatewise
from gatewise.data.dataset.splits import make_split
from gatewise.data.sources import open_source

SMALL: dict[str, Any] = {"replicates": 2, "tune": 1, "hidden_size": 6, "max_epochs": 3, "budget": None, "rivals": "simple"}


def test_regression(tmp_path: Path) -> None:
    result = gatewise.compare("builtin:waves?rows=120", out=tmp_path / "run", **SMALL)
    assert (result.verdict.metric, result.verdict.higher_is_better) == ("mae", False)
    assert set(result.verdict.scores) == {"gru", "lstm", "mean_value", "ridge_features"}
    # The band is 2% of what the best baseline misses by.
    assert result.verdict.margin == pytest.approx(0.02 * result.verdict.scores["ridge_features"].mean, rel=0.5)
    dataset = open_source("builtin:waves?rows=120")
    parts, split = result.comparison, make_split(dataset, 0, 0)
    counted = (parts.train_rows - parts.validation_rows, parts.validation_rows, parts.test_rows)
    assert counted == (len(split.train), len(split.validation), len(split.test))
    predicted = result.model.predict(list(dataset.sequences))
    assert predicted.shape == (120,)
    error = np.abs(predicted - dataset.targets[:, 0]).mean()
    assert result.model.score(list(dataset.sequences), dataset.targets[:, 0]) == pytest.approx(error, rel=1e-5)


def test_forecast(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"task": "forecast", "window": 24, "horizon": 4}
    result = gatewise.compare("builtin:seasonal?rows=900", out=tmp_path / "run", **asked, **SMALL)
    assert result.verdict.metric == "mase"
    assert {"last_value", "last_season", "linear_window"} < set(result.verdict.scores)
    config = result.comparison.config
    assert (config.task, config.window, config.horizon, config.season) == ("forecast", 24, 4, 24)
    dataset = open_source("builtin:seasonal?rows=900", **asked)
    windows = [dataset.sequences[row] for row in (0, 5, 9)]
    predicted = result.model.predict(windows)
    assert dataset.forecast is not None
    assert predicted.shape == (3, 4, len(dataset.forecast.targets))
    # Longer histories are read at their end alone.
    longer = np.concatenate([np.full_like(windows[0], 7.0), windows[0]])
    np.testing.assert_allclose(result.model.predict([longer])[0], predicted[0], rtol=1e-5)
    with pytest.raises(gatewise.DataError, match="input 1 has 23 steps; the model reads the last 24"):
        result.model.predict([windows[0][1:]])
    assert 0 < result.model.score(windows, dataset.targets[[0, 5, 9]]) < 20


def test_next_step(tmp_path: Path) -> None:
    result = gatewise.compare("builtin:chords?rows=80", task="next_step", out=tmp_path / "run", **SMALL)
    assert result.verdict.metric == "nll"
    assert {"step_frequency", "repeat_step", "linear_step"} < set(result.verdict.scores)
    dataset = open_source("builtin:chords?rows=80", task="next_step")
    first = np.asarray(dataset.sequences[0])
    probabilities = result.model.predict([first, first[:5]])
    assert [found.shape for found in probabilities] == [first.shape, (5, first.shape[1])]
    np.testing.assert_allclose(probabilities[0][:5], probabilities[1], rtol=1e-4, atol=1e-6)
    before = probabilities[0][:-1].astype(np.float64)
    expected = -np.log(np.where(first[1:] > 0, before, 1 - before)).sum(1).mean()
    assert result.model.score([first]) == pytest.approx(expected, rel=1e-4)


def test_a_curve_and_weighed_classes(tmp_path: Path) -> None:
    source = "builtin:parity?rows=120&length=12"
    options: dict[str, Any] = {"curve": (0.25, 1.0), "weigh_classes": "balanced", "metric": "auroc"}
    result = gatewise.compare(source, out=tmp_path / "run", **options, **SMALL)
    curve = result.comparison.curve_trainings
    wanted = {(name, replicate, 0.25) for name in ("gru", "lstm") for replicate in (0, 1)}
    assert {(training.name, training.number, training.fraction) for training in curve} == wanted
    test_rows = {(training.name, training.number): training.test_rows for training in result.comparison.trainings}
    assert all(
        training.test_score is not None and training.test_rows == test_rows[training.name, training.number] for training in curve
    )
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "25%" in page and "AUROC" in page
    again = gatewise.resume(tmp_path / "run")
    assert again.comparison.curve_trainings == curve


def test_a_limit_shuts_an_arm_out(tmp_path: Path) -> None:
    result = gatewise.compare("builtin:parity?rows=120&length=12", max_size="900B", out=tmp_path / "run", **SMALL)
    sizes = {name: cost.bytes for name, cost in result.verdict.costs.items()}
    assert sizes["gru"] <= 900 < sizes["lstm"]
    assert set(result.verdict.excluded) == {"lstm"}
    assert result.verdict.decision in ("gru", "baseline")

"""Predictions as a table: one row for each input, whatever the task."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gatewise
from gatewise.data.sources import open_source
from gatewise.errors import OptionError
from gatewise.study.predictions import prediction_rows

QUICK: dict[str, Any] = {"budget": "53s", "pairs": 2, "tune": 1, "hidden_size": 4, "max_epochs": 1}


def model_of(source: str, folder: Path, **options: Any) -> Any:
    return gatewise.compare(source, **QUICK, **options, out=folder / "run").model


def test_a_class_stands_beside_the_probabilities_of_all(whole: gatewise.Result) -> None:
    inputs = open_source("builtin:parity?rows=60&length=10").sequences[:3]
    header, *rows = prediction_rows(whole.model, inputs)
    assert header == ["prediction", "p_even", "p_odd"]
    assert [row[0] for row in rows] == whole.model.predict(inputs)
    np.testing.assert_allclose(np.array([row[1:] for row in rows], dtype=float), whole.model.predict_proba(inputs), atol=1e-6)


def test_a_number_stands_under_the_name_of_the_output(tmp_path: Path) -> None:
    source = "builtin:adding?rows=60&length=10"
    model = model_of(source, tmp_path)
    inputs = open_source(source).sequences[:3]
    header, *rows = prediction_rows(model, inputs)
    assert header == list(model.outputs) == ["sum"]
    np.testing.assert_allclose(np.array(rows, dtype=float).ravel(), np.ravel(model.predict(inputs)), rtol=1e-6)
    assert prediction_rows(model, []) == [header]


def test_a_forecast_has_a_column_for_every_step(tmp_path: Path) -> None:
    source = "builtin:seasonal?rows=500"
    model = model_of(source, tmp_path, task="forecast", window=48, horizon=3)
    inputs = open_source(source, task="forecast", window=48, horizon=3).sequences[:2]
    header, *rows = prediction_rows(model, inputs)
    assert header == [f"{name}_{step}" for step in (1, 2, 3) for name in model.outputs]
    np.testing.assert_allclose(np.array(rows, dtype=float), np.reshape(model.predict(inputs), (2, -1)), rtol=1e-6)


def test_next_steps_are_no_table(tmp_path: Path) -> None:
    source = "builtin:chords?rows=30&length=10"
    model = model_of(source, tmp_path)
    with pytest.raises(OptionError, match="predicts every next step"):
        prediction_rows(model, open_source(source).sequences[:2])

"""What is kept of predictions: bounded, the same for every model, and true to the score."""

from typing import Any

import numpy as np
import pytest

from gatewise.data.sources import open_source
from gatewise.mistakes import ClassPredictions, ForecastPredictions, Kept, NumberPredictions, StepPredictions
from gatewise.runtime.scoring import Truth, score_rows, truth_of
from gatewise.training.kept import MOST_NUMBERS, MOST_ROWS, kept_of


def size_of(kept: Kept) -> int:
    return sum(getattr(kept, name).nbytes for name in kept.__dataclass_fields__)


def test_classes_of_every_row_up_to_a_bound() -> None:
    generator = np.random.default_rng(0)
    dataset: Any = open_source("builtin:parity?rows=60&length=10")
    for count in (60, 20_000):
        rows = np.arange(count) + 7
        truth = Truth(generator.integers(2, size=count))
        one, other = (generator.dirichlet([1.0, 1.0], count).astype(np.float32) for _ in range(2))
        kept = kept_of(dataset, one, truth, rows, seed=3)
        assert isinstance(kept, ClassPredictions)
        assert len(kept.rows) == min(count, MOST_ROWS)
        assert size_of(kept) <= 100_000
        np.testing.assert_array_equal(kept.rows, kept_of(dataset, other, truth, rows, seed=3).rows)
        places = kept.rows - 7
        np.testing.assert_array_equal(kept.predicted, one.argmax(1)[places])
        np.testing.assert_array_equal(kept.confidence, one.max(1)[places])
        np.testing.assert_array_equal(kept.p_truth, one[places, truth.targets[places].astype(int)])


def test_rows_drawn_depend_on_the_seed_alone() -> None:
    dataset: Any = open_source("builtin:parity?rows=60&length=10")
    rows, truth = np.arange(9000), Truth(np.zeros(9000, dtype=np.int64))
    said = np.tile(np.array([[0.5, 0.5]], dtype=np.float32), (9000, 1))
    first, again, other = (kept_of(dataset, said, truth, rows, seed).rows for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_numbers() -> None:
    dataset = open_source("builtin:waves?rows=60")
    rows = np.arange(5, 25)
    truth = truth_of(dataset, rows, np.arange(40))
    said = dataset.targets[rows] + np.float32(0.5)
    kept = kept_of(dataset, said, truth, rows, seed=0)
    assert isinstance(kept, NumberPredictions)
    np.testing.assert_array_equal(kept.predicted, said[:, 0])
    np.testing.assert_array_equal(kept.truth, dataset.targets[rows, 0])


def test_forecasts_keep_whole_windows_and_the_errors_of_all() -> None:
    dataset = open_source("builtin:seasonal?rows=900", task="forecast", window=24, horizon=4)
    rows = np.arange(200, 700)
    truth = truth_of(dataset, rows, np.arange(200))
    said = (dataset.targets[rows] + np.linspace(0, 1, len(rows))[:, np.newaxis]).astype(np.float32)
    kept = kept_of(dataset, said, truth, rows, seed=0)
    assert isinstance(kept, ForecastPredictions)
    assert dataset.forecast is not None
    value, by_row = score_rows("mase", said, truth)
    np.testing.assert_allclose(kept.errors, by_row, rtol=1e-4)
    assert kept.step_errors.mean() == pytest.approx(value, rel=1e-4)
    assert kept.channel_mase.mean() == pytest.approx(value, rel=1e-4)
    assert kept.channel_mae.mean() == pytest.approx(score_rows("mae", said, truth)[0], rel=1e-4)
    windows, channels = len(kept.windows), len(dataset.forecast.targets)
    assert kept.truth.shape == (windows, 4, channels)
    assert windows * 4 * channels <= MOST_NUMBERS
    places = kept.rows[kept.windows] - 200
    np.testing.assert_array_equal(kept.predicted.reshape(windows, -1), said[places])


def test_next_steps_are_summed_up() -> None:
    dataset = open_source("builtin:chords?rows=40", task="next_step")
    rows = np.arange(10, 22)
    truth = truth_of(dataset, rows, np.arange(10))
    generator = np.random.default_rng(1)
    said = generator.uniform(0.05, 0.95, truth.targets.shape).astype(np.float32)
    kept = kept_of(dataset, said, truth, rows, seed=0)
    assert isinstance(kept, StepPredictions)
    assert truth.steps is not None
    value, _ = score_rows("nll", said, truth)
    assert np.average(kept.losses, weights=kept.steps) == pytest.approx(value, rel=1e-5)
    assert np.average(kept.position_losses, weights=kept.position_rows) == pytest.approx(value, rel=1e-5)
    assert kept.key_losses.sum() == pytest.approx(value, rel=1e-5)
    np.testing.assert_allclose(kept.key_expected, said.mean(0), rtol=1e-5)
    np.testing.assert_array_equal(kept.position_rows, [(truth.steps > place).sum() for place in range(truth.steps.max())])

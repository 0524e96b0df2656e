"""Exponential smoothing and the theta method against versions step by step, and on series they are made for."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gatewise.data.dataset.windows import Windows
from gatewise.data.forecast.dataset import forecast_dataset
from gatewise.records import Dataset, Reading
from gatewise.training.baselines.forecasts import LastSeason, LastValue
from gatewise.training.baselines.smoothing import ExponentialSmoothing, Theta, _seasonal_means
from gatewise.training.examples import Examples


def made(values: NDArray[np.float64], **reading: Any) -> Dataset:
    columns = {f"channel {number}": channel for number, channel in enumerate(values.T)}
    return forecast_dataset("made", columns, Reading(target=tuple(columns), **reading))


def examples(dataset: Dataset, rows: slice, metric: str = "mse") -> Examples:
    assert isinstance(dataset.sequences, Windows)
    return Examples(dataset.sequences[rows], dataset.targets[rows], 0, dataset.forecast, None, metric)


def naive_smoothing(values: Sequence[float], constants: Sequence[float], season: int, horizon: int) -> list[float]:
    alpha, beta, damping, gamma = constants
    level, trend = sum(values[:season]) / season, 0.0
    indices = {step: values[step] - level for step in range(season)}
    for step in range(season, len(values)):
        index = indices[step - season]
        ahead = level + damping * trend
        before, level = level, alpha * (values[step] - index) + (1 - alpha) * ahead
        trend = beta * (level - before) + (1 - beta) * damping * trend
        indices[step] = gamma * (values[step] - ahead) + (1 - gamma) * index
    said = []
    for ahead_steps in range(1, horizon + 1):
        grown = sum(damping**power for power in range(1, ahead_steps + 1)) * trend
        at = len(values) + ahead_steps - 1
        while at not in indices:
            at -= season
        said.append(level + grown + indices[at])
    return said


@pytest.mark.parametrize("season", [1, 4])
def test_smoothing_equals_a_version_step_by_step(season: int) -> None:
    values = np.random.default_rng(0).normal(size=(3, 14, 2)).cumsum(1)
    constants = np.array([[0.3, 0.7], [0.1, 0.2], [0.9, 0.8], [0.2, 0.0]])
    found = ExponentialSmoothing._forecasts(values, constants, season, 6)
    for row in range(3):
        for channel in range(2):
            expected = naive_smoothing(values[row, :, channel].tolist(), constants[:, channel].tolist(), season, 6)
            np.testing.assert_allclose(found[row, :, channel], expected, rtol=1e-10)


def test_theta_is_simple_smoothing_with_half_the_slope_as_drift() -> None:
    """Hyndman & Billah (2003) show what the two lines come to."""
    values = np.random.default_rng(1).normal(size=(4, 20, 1)).cumsum(1)
    alpha, steps = 0.4, 20
    found = Theta._forecasts(values, np.array([[alpha]]), 1, 5)[:, :, 0]
    for row in range(4):
        series = values[row, :, 0]
        slope = np.polyfit(np.arange(steps), series, 1)[0]
        level = series[0]
        for value in series[1:]:
            level = alpha * value + (1 - alpha) * level
        drift = [ahead - 1 + (1 - (1 - alpha) ** steps) / alpha for ahead in range(1, 6)]
        np.testing.assert_allclose(found[row], level + slope / 2 * np.array(drift), rtol=1e-8)


def test_a_season_on_a_trend_is_found_without_the_trend() -> None:
    steps, wave = np.arange(24), np.array([1.0, -2.0, 0.5, 0.5])
    values = (3 + 0.7 * steps + np.tile(wave, 6))[np.newaxis, :, np.newaxis]
    found = _seasonal_means(values, 4)[0, :, 0]
    within = np.arange(4) - 1.5
    # The wave itself rises or falls a little inside a season, which no mean over seasons tells from a trend.
    assert found == pytest.approx(wave, abs=0.1)
    assert found.sum() == pytest.approx(0, abs=1e-9)
    assert abs(found @ within - wave @ within) < 0.1


def test_they_do_better_than_repeating_on_a_noisy_season_and_a_trend() -> None:
    generator = np.random.default_rng(0)
    steps = np.arange(900)
    seasonal = 2 * np.sin(steps * np.pi / 6) + generator.normal(0, 0.5, 900)
    rising = 0.3 * steps + generator.normal(0, 2.0, 900)
    dataset = made(np.stack([seasonal, rising], axis=1), window=48, horizon=12, season=12)
    train, validation, test = (examples(dataset, part) for part in (slice(0, 500), slice(500, 600), slice(600, 800)))

    def errors(model: type[ExponentialSmoothing] | type[Theta] | type[LastSeason] | type[LastValue]) -> NDArray[np.float64]:
        said = model.fit(train, validation).predict(test.inputs).reshape(-1, 12, 2)
        found: NDArray[np.float64] = np.square(said - test.targets.reshape(-1, 12, 2)).mean((0, 1))
        return found

    last, season, smoothing, theta = (errors(model) for model in (LastValue, LastSeason, ExponentialSmoothing, Theta))
    for found in (smoothing, theta):
        assert found[0] < 0.8 * min(season[0], last[0])
        assert found[1] < 0.8 * min(season[1], last[1])


@pytest.mark.parametrize("model", [ExponentialSmoothing, Theta])
def test_constants_suit_the_metric_and_the_state_rebuilds_the_model(model: type[ExponentialSmoothing] | type[Theta]) -> None:
    values = np.random.default_rng(2).standard_t(2, size=(400, 2)).cumsum(0)
    dataset = made(values, window=24, horizon=3, season=6)
    fitted = {}
    for metric in ("mae", "mse"):
        train = examples(dataset, slice(0, 200), metric)
        fitted[metric] = model.fit(train, train)
        again = model.from_state(*fitted[metric].state())
        np.testing.assert_array_equal(again.predict(train.inputs), fitted[metric].predict(train.inputs))
    train = examples(dataset, slice(0, 200))
    errors = {metric: one.predict(train.inputs) - train.targets for metric, one in fitted.items()}
    assert np.abs(errors["mae"]).mean() <= np.abs(errors["mse"]).mean() + 1e-9
    assert np.square(errors["mse"]).mean() <= np.square(errors["mae"]).mean() + 1e-9
    assert fitted["mse"].predict([]).shape == (0, 6)

"""Simple forecasts against naive versions and scikit-learn, and on the public data their figures were published for."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression

from gatewise.data.dataset import windows as windows_module
from gatewise.data.dataset.windows import Windows
from gatewise.data.forecast.dataset import forecast_dataset
from gatewise.records import Dataset, Forecast, Reading
from gatewise.runtime.scoring import truth_of
from gatewise.training.baselines import forecasts as forecast_baselines
from gatewise.training.baselines.forecasts import LastSeason, LastValue, LinearWindow
from gatewise.training.examples import Examples
from tests.arrays import series_of

SHARED = Path(__file__).resolve().parents[3] / ".." / "shared" / "data" / "forecasting"
MODELS = (LastValue, LastSeason, LinearWindow)


def made(values: NDArray[Any], **reading: Any) -> Dataset:
    """A forecast of the first and last channel of values [steps, channels]."""
    columns = {f"channel {number}": channel for number, channel in enumerate(values.T)}
    targets = tuple(dict.fromkeys((next(iter(columns)), f"channel {values.shape[1] - 1}")))
    return forecast_dataset("made", columns, Reading(target=targets, **reading))


def examples(dataset: Dataset, rows: slice, weights: NDArray[Any] | None = None) -> Examples:
    assert isinstance(dataset.sequences, Windows)
    return Examples(dataset.sequences[rows], dataset.targets[rows], 0, dataset.forecast, weights)


@pytest.fixture
def walk() -> Dataset:
    """A sine of period 12 with noise, a random walk, and the sum of both."""
    generator = np.random.default_rng(0)
    sine = np.sin(np.arange(600) * np.pi / 6) + generator.normal(0, 0.1, 600)
    drift = generator.normal(size=600).cumsum()
    return made(np.stack([sine, drift, sine + drift], axis=1), window=30, horizon=17, season=12)


def test_last_value_and_last_season(walk: Dataset) -> None:
    train, test = examples(walk, slice(0, 300)), examples(walk, slice(300, 500))
    last, season = (model.fit(train, train).predict(test.inputs) for model in (LastValue, LastSeason))
    assert last.shape == season.shape == test.targets.shape
    assert last.dtype == season.dtype == np.float32
    for row, window in enumerate(test.inputs):
        for step in range(17):
            for place, channel in enumerate((0, 2)):
                assert last[row, 2 * step + place] == window[-1, channel]
                # Thirteen steps ahead, the season before last is not yet over: its first step is repeated once more.
                assert season[row, 2 * step + place] == window[30 - 12 + step % 12, channel]


def test_linear_window_equals_least_squares_when_hardly_shrunk(walk: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast_baselines, "RIDGE", (1e-12,))
    train, test = examples(walk, slice(0, 300)), examples(walk, slice(300, 500))
    predicted = LinearWindow.fit(train, test).predict(test.inputs).reshape(200, 17, 2)
    for place, channel in enumerate((0, 2)):

        def features(part: Examples, channel: int = channel) -> tuple[NDArray[Any], NDArray[Any]]:
            values = np.stack(list(part.inputs))[:, :, channel].astype(float)
            return values[:, :-1] - values[:, -1:], values[:, -1:]

        (before, last), (later, base) = features(train), features(test)
        model = LinearRegression().fit(before, train.targets.reshape(300, 17, 2)[:, :, place] - last)
        np.testing.assert_allclose(predicted[:, :, place], model.predict(later) + base, atol=1e-3)


def test_linear_window_takes_the_strength_best_on_validation(walk: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    train, validation = examples(walk, slice(0, 120)), examples(walk, slice(140, 240))
    alone = walk.forecast
    assert alone is not None

    def errors(strengths: tuple[float, ...]) -> NDArray[Any]:
        monkeypatch.setattr(forecast_baselines, "RIDGE", strengths)
        predicted = LinearWindow.fit(train, validation).predict(validation.inputs)
        found: NDArray[Any] = np.square(predicted - validation.targets).reshape(100, 17, 2).mean((0, 1))
        return found

    every = (1e-6, 1e-2, 1.0, 100.0)
    separate = np.stack([errors((strength,)) for strength in every])
    np.testing.assert_allclose(errors(every), separate.min(0), rtol=1e-6)
    assert len(set(separate.argmin(0).tolist()) | {0}) > 1, "the data tell strengths apart"


def test_weights_count_as_repeated_rows(walk: Dataset) -> None:
    validation = examples(walk, slice(300, 400))
    counts = np.random.default_rng(0).integers(0, 3, 250)
    assert isinstance(walk.sequences, Windows)
    repeated = np.repeat(np.arange(250), counts)
    twice = Examples(walk.sequences.select(repeated), walk.targets[repeated], 0, walk.forecast)
    weighed = examples(walk, slice(0, 250), counts.astype(float))
    one, other = (LinearWindow.fit(train, validation) for train in (twice, weighed))
    np.testing.assert_allclose(one.predict(validation.inputs), other.predict(validation.inputs), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_chunks_and_lists_make_no_difference(model: Any, walk: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    train, test = examples(walk, slice(0, 300)), examples(walk, slice(300, 500))
    whole = model.fit(train, train).predict(test.inputs)
    monkeypatch.setattr(windows_module, "CHUNK_NUMBERS", 30 * 3 * 7)
    as_list = Examples(list(train.inputs), train.targets, 0, train.forecast)
    for inputs in (test.inputs, list(test.inputs)):
        np.testing.assert_allclose(model.fit(as_list, train).predict(inputs), whole, rtol=1e-5, atol=1e-5)
    assert model.fit(train, train).predict([]).shape == (0, 34)


@pytest.mark.parametrize("model", MODELS)
def test_state_rebuilds_the_model_exactly(model: Any, walk: Dataset) -> None:
    train = examples(walk, slice(0, 300))
    fitted = model.fit(train, train)
    again = model.from_state(*fitted.state())
    np.testing.assert_array_equal(again.predict(train.inputs), fitted.predict(train.inputs))


def test_a_window_of_one_step_and_a_constant_channel() -> None:
    steps = np.arange(100.0)[:, np.newaxis]
    one = made(steps, window=1, horizon=2)
    fitted = LinearWindow.fit(examples(one, slice(0, 50)), examples(one, slice(50, 70)))
    np.testing.assert_allclose(fitted.predict(series_of(one)), one.targets, rtol=1e-6)
    flat = made(np.full((100, 1), 7.0), window=5, horizon=2)
    for model in (LastValue, LinearWindow):
        predicted = model.fit(examples(flat, slice(0, 50)), examples(flat, slice(50, 70))).predict(series_of(flat))
        np.testing.assert_array_equal(predicted, flat.targets)


def test_a_season_longer_than_the_window() -> None:
    short = Examples([], np.empty((0, 2)), 0, Forecast(window=8, horizon=2, season=12, targets=(0,)))
    with pytest.raises(ValueError, match="holds no season of 12"):
        LastSeason.fit(short, short)


def published(name: str) -> Path:
    if not (SHARED / name).is_file():
        pytest.skip("the folder shared/data with public data sets is not beside the checkout")
    return SHARED / name


def test_etth1_under_its_standard_split() -> None:
    """Squared errors of z-scored channels, all seven columns, 24 hours ahead; the references are of the data's own notes."""
    values = np.loadtxt(published("ETTh1.csv"), delimiter=",", skiprows=1, usecols=range(1, 8))[: 8640 + 2 * 2880]
    values = (values - values[:8640].mean(0)) / values[:8640].std(0)
    columns: dict[str, Any] = {str(number): channel for number, channel in enumerate(values.T)}
    columns["part"] = ["train"] * 8640 + ["validation"] * 2880 + ["test"] * 2880
    dataset = forecast_dataset("ETTh1", columns, Reading(window=96, horizon=24, season=24, split="part"))
    assert dataset.fixed_test is not None
    assert dataset.fixed_validation is not None
    assert isinstance(dataset.sequences, Windows)
    rows = [
        np.flatnonzero(part)
        for part in (~dataset.fixed_test & ~dataset.fixed_validation, dataset.fixed_validation, dataset.fixed_test)
    ]
    assert [len(part) for part in rows] == [8640 - 96 - 23, 2880 - 23, 2880 - 23]
    train, validation, test = (
        Examples(dataset.sequences.select(part), dataset.targets[part], 0, dataset.forecast) for part in rows
    )
    errors = {
        model.name: np.square(model.fit(train, validation).predict(test.inputs) - test.targets, dtype=np.float64).mean()
        for model in MODELS
    }
    assert errors["last_value"] == pytest.approx(1.222, abs=0.002)
    assert errors["last_season"] == pytest.approx(0.424, abs=0.002)
    assert errors["linear_window"] == pytest.approx(0.297, abs=0.002)


def test_exchange_rate_is_a_random_walk() -> None:
    """Root relative squared error 3 days ahead, at the last step alone as Lai et al. (2018) have it."""
    values = np.loadtxt(published("exchange_rate.txt.gz"), delimiter=",")
    train, validation = int(0.6 * len(values)), int(0.8 * len(values))
    columns: dict[str, Any] = {str(number): channel for number, channel in enumerate(values.T)}
    columns["part"] = ["train"] * train + ["validation"] * (validation - train) + ["test"] * (len(values) - validation)
    dataset = forecast_dataset("exchange", columns, Reading(window=168, horizon=3, split="part"))
    assert dataset.fixed_test is not None
    test = np.flatnonzero(dataset.fixed_test)
    assert isinstance(dataset.sequences, Windows)
    held = Examples(dataset.sequences.select(test), dataset.targets[test], 0, dataset.forecast)
    predicted = LastValue.fit(held, held).predict(held.inputs).astype(np.float64)
    step = np.s_[:, -8:]
    error = np.sqrt(np.square(predicted[step] - held.targets[step]).sum())
    assert error / np.sqrt(np.square(held.targets[step] - held.targets[step].mean()).sum()) == pytest.approx(0.0171, abs=0.0002)


@pytest.mark.parametrize("metric", ["mae", "mse", "mase"])
def test_the_ridge_of_the_linear_window_is_what_the_metric_prefers(
    walk: Dataset, metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = np.arange(len(walk))
    train, validation = (
        replace(examples(walk, part), metric=metric, truth=truth_of(walk, rows[part], rows[:60]))
        for part in (slice(0, 60), slice(100, 300))
    )
    chosen = validation.merit(LinearWindow.fit(train, validation).predict(validation.inputs))
    for strength in forecast_baselines.RIDGE:
        monkeypatch.setattr(forecast_baselines, "RIDGE", (strength,))
        alone = LinearWindow.fit(train, validation).predict(validation.inputs)
        assert chosen[0] >= validation.merit(alone)[0] * (1 + 1e-6) - 1e-9

"""The forecaster beats repeating the last season, in every form its series may come in."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import TimeSeriesSplit, cross_val_score

from gatewise.errors import DataError, OptionError
from gatewise.estimators import Forecaster

Wave = NDArray[np.float64]


@pytest.fixture
def forecaster() -> Forecaster:
    return Forecaster(
        horizon=6, window=24, season=12, hidden_size=8, max_epochs=6, batch_size=16, learning_rate=0.02, dropout=0.0
    )


@pytest.fixture(scope="module")
def fitted(wave: Wave) -> Forecaster:
    return Forecaster(
        horizon=6, window=24, season=12, hidden_size=16, max_epochs=20, batch_size=16, learning_rate=0.02, dropout=0.0
    ).fit(wave)


def test_it_learns_a_wave(fitted: Forecaster, wave: Wave) -> None:
    following = np.sin(np.arange(400, 406) * 2 * np.pi / 12)
    assert_allclose(fitted.predict(), following, atol=0.25)
    # Repeating the last season of a noisy wave scores about -1.
    assert -0.95 < fitted.score(wave) < -0.5


def test_shapes(fitted: Forecaster, wave: Wave) -> None:
    assert (fitted.horizon_, fitted.window_, fitted.season_, fitted.n_features_in_) == (6, 24, 12, 1)
    assert fitted.predict().shape == (6,)
    assert fitted.predict(wave[:100]).shape == (6,)
    assert fitted.predict([wave[:100], wave[:50]]).shape == (2, 6)
    assert fitted.predict(np.stack([wave[:24], wave[1:25]])[:, :, np.newaxis]).shape == (2, 6)


def test_what_follows_a_series_depends_on_its_last_window_alone(fitted: Forecaster, wave: Wave) -> None:
    assert_array_equal(fitted.predict(), fitted.predict(wave))
    assert_array_equal(fitted.predict(wave), fitted.predict(wave[-24:]))
    assert_allclose(fitted.predict([wave[:40], wave])[1], fitted.predict(wave), rtol=1e-5)


@pytest.mark.parametrize(
    "form",
    [
        list,
        torch.from_numpy,
        lambda wave: wave[:, np.newaxis],
        lambda wave: pd.DataFrame({"value": wave}),
        lambda wave: pyarrow.table({"value": wave}),
    ],
    ids=["list", "tensor", "column", "pandas", "pyarrow"],
)
def test_forms_of_one_series(form: Any, forecaster: Forecaster, wave: Wave) -> None:
    expected = clone(forecaster).fit(wave).predict()
    found = clone(forecaster).fit(form(wave)).predict()
    assert_array_equal(found.reshape(-1), expected)


def test_channels_and_targets(forecaster: Forecaster, wave: Wave) -> None:
    both = np.column_stack([wave, np.roll(wave, 3)])
    every = clone(forecaster).fit(both)
    assert every.predict().shape == (6, 2)
    second = clone(forecaster).set_params(target=1).fit(both)
    assert second.predict().shape == (6, 1)
    assert second.predict([both, both]).shape == (2, 6, 1)
    frame = pd.DataFrame(both, columns=["a", "b"])
    named = clone(forecaster).set_params(target="b").fit(frame)
    assert_array_equal(named.predict(), second.predict())
    assert_array_equal(named.predict(frame[["b", "a"]]), named.predict())
    assert np.isfinite(second.score(both))


def test_a_time_column_orders_the_rows(forecaster: Forecaster, wave: Wave) -> None:
    frame = pd.DataFrame({"month": pd.date_range("2000-01-01", periods=400, freq="D"), "value": wave})
    timed = clone(forecaster).set_params(time="month")
    ordered = timed.fit(frame).predict()
    assert_array_equal(clone(timed).fit(frame.sample(frac=1.0, random_state=0)).predict(), ordered)
    assert_array_equal(timed.predict(frame.sample(frac=1.0, random_state=0)), ordered)


def test_what_is_not_given_is_chosen(wave: Wave) -> None:
    frame = pd.DataFrame({"time": pd.date_range("2000-01-01", periods=400, freq="h"), "value": wave})
    found = Forecaster(time="time", hidden_size=4, max_epochs=1).fit(frame)
    assert (found.season_, found.horizon_) == (24, 24)
    assert found.window_ % 24 == 0


def test_cross_validation_in_time(forecaster: Forecaster, wave: Wave) -> None:
    scores = cross_val_score(forecaster, wave, cv=TimeSeriesSplit(3), error_score="raise")
    assert scores.shape == (3,)
    assert (scores < 0).all()


def test_determinism(forecaster: Forecaster, wave: Wave) -> None:
    assert_array_equal(clone(forecaster).fit(wave).predict(), clone(forecaster).fit(wave).predict())


def test_gaps_are_told_and_left_out(forecaster: Forecaster, wave: Wave) -> None:
    broken = wave.copy()
    broken[100] = np.nan
    with pytest.warns(UserWarning, match="missing"):
        forecaster.fit(broken)
    assert np.isfinite(forecaster.predict()).all()
    with pytest.raises(DataError, match="the series to be scored has missing values"):
        forecaster.score(broken)
    broken[-1] = np.nan
    with pytest.raises(DataError, match="not finite"):
        forecaster.predict(broken)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((50, 2, 2)), r"the series has shape \(50, 2, 2\); expected \[steps\], \[steps, channels\]"),
        (["a", "b"], "the series holds something that is no number"),
        (np.arange(20.0), "the longest series has 20 steps"),
        (np.arange(40.0), "there are 11 windows"),
        (np.array([]), "the table is empty"),
    ],
    ids=["dimensions", "texts", "short", "few windows", "empty"],
)
def test_bad_series(X: Any, message: str, forecaster: Forecaster) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        forecaster.fit(X)
    assert isinstance(caught.value, DataError)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"horizon": 0}, "horizon 0 is too small"),
        ({"window": 1.5}, "window 1.5 is not a whole number"),
        ({"loss": "mse"}, "loss is 'mse'; expected one of 'absolute_error', 'squared_error'"),
        ({"target": 3}, "target is 3; the series has the columns 0 to 0"),
        ({"target": "b"}, "there is no column 'b'"),
        ({"time": "date"}, "there is no column 'date'"),
    ],
    ids=str,
)
def test_bad_parameters(parameters: dict[str, Any], message: str, forecaster: Forecaster, wave: Wave) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        forecaster.set_params(**parameters).fit(wave)
    assert isinstance(caught.value, (DataError, OptionError))


def test_bad_windows(fitted: Forecaster, wave: Wave) -> None:
    with pytest.raises(DataError, match="23 steps"):
        fitted.predict(wave[:23])
    with pytest.raises(DataError, match="the series to be scored has 29 steps"):
        fitted.score(wave[:29])
    with pytest.raises(DataError, match="the series has 2 channels, and the forecaster was fitted on 1"):
        fitted.predict(np.zeros((30, 2)))


def test_prediction_before_fit_and_after_one_that_failed(wave: Wave) -> None:
    forecaster = Forecaster()
    for series in (wave[:0], wave[:20]):
        for method in ("predict", "score"):
            with pytest.raises(NotFittedError):
                getattr(forecaster, method)(wave)
        with pytest.raises(DataError):
            forecaster.fit(series)


def test_the_linear_part_can_be_left_out(forecaster: Forecaster, wave: Wave) -> None:
    model = clone(forecaster).set_params(max_epochs=1, skip=False).fit(wave)
    assert model.model_.architecture.skip is None
    assert clone(forecaster).set_params(max_epochs=1).fit(wave).model_.architecture.skip is not None

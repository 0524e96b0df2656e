"""A forecaster of the steps that follow a series."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from gatewise.data.dataset.windows import Windows
from gatewise.data.encoding.encoders import encode_raw
from gatewise.data.forecast.dataset import forecast_dataset
from gatewise.estimators.base import CellEstimator
from gatewise.estimators.errors import InputError, estimator_errors
from gatewise.estimators.learning import learn
from gatewise.estimators.parts import time_parts
from gatewise.estimators.series_inputs import are_several, series_columns, series_values, target_names
from gatewise.estimators.settings import read_choice, read_optional
from gatewise.records import Forecast, Reading
from gatewise.runtime.scoring import Truth
from gatewise.runtime.scoring import score as score_of
from gatewise.training.threads import limited_torch

__all__ = ["Forecaster"]

_METRIC_OF_LOSS = {"absolute_error": "mase", "squared_error": "mse"}


@dataclass(eq=False, repr=False, kw_only=True)
class Forecaster(CellEstimator):
    """Predict the next steps of a series from its last ones with one recurrent cell.

    Trained and preprocessed as the arms of `gatewise.compare(..., task="forecast")`. The series is an array [steps] or
    [steps, channels], a tensor, or a data frame (pandas, polars, pyarrow) with a row a step.

    Parameters
    ----------
    {parameters}
    horizon, window, season : steps predicted, read, and of one period; None for a choice by the data's length and its time step
    target : the columns predicted, by name or by number from 0, one or a list; None for all. All are read
    time : column of a data frame that orders its rows; None for rows in order
    skip : whether a linear forecast is added to what the cell says; None for True
    loss : "absolute_error" or "squared_error"

    Attributes
    ----------
    horizon_, window_, season_ : as chosen
    model_, history_, best_epoch_ : as in `SequenceClassifier`
    n_features_in_ : number of channels

    Notes
    -----
    Rows are windows here, and those of the validation part are the last in time.

    `score` is minus the mean absolute scaled error (MASE, Hyndman & Koehler 2006), so that more is better: -1 is what repeating
    the last season does on the training data. It takes a series, without y, and forecasts from every step that has a window
    before it: use it with `sklearn.model_selection.TimeSeriesSplit`, whose parts follow one another in time. Parts drawn at
    random, as KFold has them, would teach it the future.
    """

    _saved: ClassVar[tuple[str, ...]] = (
        *CellEstimator._saved,
        "horizon_",
        "window_",
        "season_",
        "last_window_",
        "series_ndim_",
    )

    horizon: int | None = None
    window: int | None = None
    season: int | None = None
    target: Any = None
    time: str | None = None
    skip: bool | None = None
    loss: str = "absolute_error"

    horizon_: int = field(init=False)
    window_: int = field(init=False)
    season_: int = field(init=False)
    last_window_: NDArray[np.float32] = field(init=False)
    series_ndim_: int = field(init=False)

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from one series. y: ignored; there because scikit-learn's tools pass it.

        Raises DataError and OptionError as kinds of ValueError, for example where the series is too short.
        """
        with estimator_errors():
            settings = self._settings()
            metric = read_choice("loss", self.loss, _METRIC_OF_LOSS)
            columns, dimensions = series_columns(X)
            reading = Reading(
                task="forecast",
                target=target_names(self.target, columns),
                time=self.time,
                **{name: read_optional(name, getattr(self, name)) for name in ("window", "horizon", "season")},
            )
            dataset = forecast_dataset(type(self).__name__, columns, reading)
            for sentence in dataset.warnings:
                warnings.warn(sentence, stacklevel=2)
            self._keep(learn(dataset, time_parts(dataset, settings.validation_fraction), settings, metric))
            self.series_ndim_ = dimensions
            forecast = self._forecast
            self.horizon_, self.window_, self.season_ = forecast.horizon, forecast.window, forecast.season
            self.n_features_in_ = len(dataset.channels)
            self.last_window_ = series_values(X, self.time, dataset.channels)[-forecast.window :]
        return self

    def predict(self, X: Any = None) -> NDArray[np.float32]:
        """The steps after the end of X.

        X: None for the series of `fit`; one series of at least `window_` steps; or several, as a list of arrays or
        [rows, steps, channels]. Returns float32 [horizon, targets], or [rows, horizon, targets] for several, without the last
        dimension where `fit` was given [steps].
        """
        check_is_fitted(self)
        with estimator_errors(), limited_torch(self.threads):
            several = X is not None and are_several(X)
            rows = [self.last_window_] if X is None else [self._values(one) for one in (X if several else [X])]
            found = np.asarray(self.model_.predict(rows), dtype=np.float32)
            found = found[..., 0] if self.series_ndim_ == 1 else found
            return found if several else found[0]

    def score(self, X: Any, y: Any = None) -> float:
        """Minus the MASE over all forecasts that a series of at least `window_` + `horizon_` steps allows. y: ignored."""
        check_is_fitted(self)
        with estimator_errors(), limited_torch(self.threads):
            values, forecast, model = self._values(X), self._forecast, self.model_
            origins = len(values) - forecast.window - forecast.horizon + 1
            if origins < 1:
                raise InputError(
                    f"the series to be scored has {len(values):,} steps; a window of {forecast.window:,} and a horizon of "
                    f"{forecast.horizon:,} need {forecast.window + forecast.horizon:,}. Give a longer one."
                )
            following = np.ascontiguousarray(values[forecast.window :, forecast.targets]).reshape(-1)
            outputs = len(forecast.targets)
            truth = sliding_window_view(following, forecast.horizon * outputs)[::outputs]
            if not np.isfinite(values).all():
                raise InputError("the series to be scored has missing values. Fill them, or score the stretches between them.")
            encoded = encode_raw(model.encoder, Windows(values, np.arange(origins), forecast.window))
            return -score_of("mase", model.predict_encoded(encoded), Truth(truth, seasonal=np.array(model.seasonal)))

    @property
    def _forecast(self) -> Forecast:
        if self.model_.forecast is None:
            raise ValueError("a forecaster holds a model of a forecast")
        return self.model_.forecast

    def _values(self, X: Any) -> NDArray[np.float32]:
        return series_values(X, self.time, self.model_.channels)

"""Exponential smoothing of every window, with constants that the training part's windows choose once for all.

`exponential_smoothing` has a level, a damped trend and an additive season (Holt 1957, Winters 1960, Gardner & McKenzie 1985);
`theta` is the mean of a straight line through the window and of the smoothed double of what departs from it, less its season
(Assimakopoulos & Nikolopoulos 2000). Every channel has constants of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.windows import in_chunks
from gatewise.records import Forecast
from gatewise.training.examples import Examples
from gatewise.training.size import Size

__all__ = ["ExponentialSmoothing", "Theta"]

LEVELS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95)
# How fast the trend follows, and how much of it is left a step later.
TRENDS = ((0.0, 0.0), (0.02, 0.9), (0.1, 0.95))
SEASONS = (0.02, 0.1, 0.3)
# Windows that the constants are chosen on.
MOST_WINDOWS = 200

Inputs = Sequence[NDArray[np.float32]]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Smoothed:
    """Forecasts of each window by itself. constants: float64 [constants, targets]. season: steps, 1 where there is none."""

    name: ClassVar[str]
    candidates: ClassVar[int]
    horizon: int
    targets: tuple[int, ...]
    season: int
    constants: Floats

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> Self:
        """The constants with the least error, absolute or squared as in the run's metric, on at most 200 training windows."""
        forecast = train.forecast
        if forecast is None:
            raise ValueError("a forecast's baseline needs to know its window and horizon")
        season = _season(forecast)
        drawn = train.drawn(MOST_WINDOWS, np.random.default_rng(0))
        candidates = cls._candidates(season)
        errors = np.zeros((len(candidates), len(forecast.targets)))
        for rows, windows in in_chunks(drawn.inputs):
            values = windows[:, :, forecast.targets].astype(np.float64)
            truth = drawn.targets[rows].reshape(len(values), forecast.horizon, len(forecast.targets))
            weights = np.ones(len(values)) if drawn.weights is None else drawn.weights[rows]
            for place, constants in enumerate(candidates):
                said = cls._forecasts(values, np.repeat(constants[:, np.newaxis], values.shape[2], 1), season, forecast.horizon)
                missed = np.abs(said - truth) if train.absolute else np.square(said - truth)
                errors[place] += np.einsum("r,rhc->c", weights, missed)
        best = np.array([candidates[place] for place in errors.argmin(0)]).T
        return cls(forecast.horizon, forecast.targets, season, best)

    def predict(self, inputs: Inputs) -> NDArray[np.float32]:
        result = np.empty((len(inputs), self.horizon, len(self.targets)), dtype=np.float32)
        for rows, windows in in_chunks(inputs):
            values = windows[:, :, self.targets].astype(np.float64)
            result[rows] = self._forecasts(values, self.constants, self.season, self.horizon)
        return result.reshape(len(inputs), result.shape[1] * result.shape[2])

    @classmethod
    def _candidates(cls, season: int) -> list[Floats]:
        raise NotImplementedError

    @classmethod
    def _forecasts(cls, values: Floats, constants: Floats, season: int, horizon: int) -> Floats:
        """values: [rows, window, channels]. Returns [rows, horizon, channels]."""
        raise NotImplementedError

    @classmethod
    def foreseen(cls, size: Size) -> float:
        """Seconds in a replicate, scores included."""
        # Its candidates on the windows that choose, and every window once.
        windows = cls.candidates * min(size.train, 200) + size.seen
        return 0.1 + windows * size.longest * size.channels * 1.5e-7

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        values = {"horizon": self.horizon, "targets": list(self.targets), "season": self.season}
        return values, {"constants": self.constants}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        return cls(values["horizon"], tuple(values["targets"]), values["season"], arrays["constants"])


class ExponentialSmoothing(Smoothed):
    """Level, damped trend and season. constants: of the level, the trend, its damping, and the season."""

    name: ClassVar[str] = "exponential_smoothing"
    candidates: ClassVar[int] = 63

    @classmethod
    def _candidates(cls, season: int) -> list[Floats]:
        seasons = SEASONS if season > 1 else (0.0,)
        return [np.array([level, *trend, gamma]) for level, trend, gamma in product(LEVELS, TRENDS, seasons)]

    @classmethod
    def _forecasts(cls, values: Floats, constants: Floats, season: int, horizon: int) -> Floats:
        alpha, beta, damping, gamma = constants
        # The first season sets the state; smoothing begins after it.
        level = values[:, :season].mean(1)
        indices = values[:, :season] - level[:, np.newaxis]
        trend = np.zeros_like(level)
        for step in range(season, values.shape[1]):
            value, index = values[:, step], indices[:, step % season]
            ahead = level + damping * trend
            before, level = level, alpha * (value - index) + (1 - alpha) * ahead
            trend = beta * (level - before) + (1 - beta) * damping * trend
            indices[:, step % season] = gamma * (value - ahead) + (1 - gamma) * index
        steps = np.arange(1, horizon + 1)
        grown = np.cumsum(damping ** steps[:, np.newaxis], axis=0)
        return np.asarray(
            level[:, np.newaxis] + grown * trend[:, np.newaxis] + indices[:, (values.shape[1] + steps - 1) % season]
        )


class Theta(Smoothed):
    """The two lines of the theta method. constants: of the level."""

    name: ClassVar[str] = "theta"
    candidates: ClassVar[int] = 7

    @classmethod
    def _candidates(cls, season: int) -> list[Floats]:
        return [np.array([level]) for level in LEVELS]

    @classmethod
    def _forecasts(cls, values: Floats, constants: Floats, season: int, horizon: int) -> Floats:
        steps = values.shape[1]
        indices = _seasonal_means(values, season)
        plain = values - indices[:, np.arange(steps) % season]
        place = np.arange(steps) - (steps - 1) / 2
        slope = np.einsum("t,rtc->rc", place, plain) / max(float(place @ place), 1.0)
        line = plain.mean(1)[:, np.newaxis] + slope[:, np.newaxis] * place[:, np.newaxis]
        departing = 2 * plain - line
        level = departing[:, 0]
        for step in range(1, steps):
            level = constants[0] * departing[:, step] + (1 - constants[0]) * level
        ahead = np.arange(1, horizon + 1)
        straight = line[:, -1:] + slope[:, np.newaxis] * ahead[:, np.newaxis]
        return np.asarray((straight + level[:, np.newaxis]) / 2 + indices[:, (steps + ahead - 1) % season])


def _season(forecast: Forecast) -> int:
    """The period, where a window holds two of them."""
    return forecast.season if 1 < forecast.season <= forecast.window // 2 else 1


def _seasonal_means(values: Floats, season: int) -> Floats:
    """By how much each step of a season is above the mean of its season, over the window's whole seasons: [rows, season, ...].

    The first step of the window is the first of the season; zeros where there is no season.
    """
    if season == 1:
        return np.zeros_like(values[:, :1])
    whole = values.shape[1] // season * season
    cycles = values[:, :whole].reshape(len(values), -1, season, values.shape[2])
    # A trend inside a season is none of the season: the mean departure from a straight line through the cycles' means.
    means = cycles.mean(2)
    rise = (means[:, -1] - means[:, 0]) / max(whole - season, 1)
    within = np.arange(season) - (season - 1) / 2
    found = (cycles - means[:, :, np.newaxis]).mean(1) - rise[:, np.newaxis] * within[:, np.newaxis]
    return np.asarray(found)

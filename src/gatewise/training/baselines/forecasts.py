"""Simple forecasts on the same windows. Many series are such that no network beats them.

`last_value` repeats the last value seen, `last_season` the last season; `linear_window` is a ridge regression from the values of
a window, less its last one, to those that follow, less the same (NLinear: Zeng et al. 2023, solved in closed form).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.windows import in_chunks
from gatewise.records import Forecast
from gatewise.training.examples import Examples
from gatewise.training.size import Size

__all__ = ["LastSeason", "LastValue", "LinearWindow"]

# Shares of the mean variance of the values of a window.
RIDGE = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0)

Inputs = Sequence[NDArray[np.float32]]


@dataclass(frozen=True)
class LastValue:
    """Every predicted channel stays as it was last seen."""

    name: ClassVar[str] = "last_value"
    horizon: int
    targets: tuple[int, ...]

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> LastValue:
        forecast = _forecast(train)
        return cls(forecast.horizon, forecast.targets)

    def predict(self, inputs: Inputs) -> NDArray[np.float32]:
        result = np.empty((len(inputs), self.horizon, len(self.targets)), dtype=np.float32)
        for rows, windows in in_chunks(inputs):
            result[rows] = windows[:, -1:, self.targets]
        return result.reshape(len(inputs), result.shape[1] * result.shape[2])

    @staticmethod
    def foreseen(size: Size) -> float:
        """Seconds in a replicate, scores included."""
        return 0.05 + size.values * 1e-8

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {"horizon": self.horizon, "targets": list(self.targets)}, {}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> LastValue:
        return cls(values["horizon"], tuple(values["targets"]))


@dataclass(frozen=True)
class LastSeason:
    """Every predicted channel repeats the last season of its window, which must hold one."""

    name: ClassVar[str] = "last_season"
    horizon: int
    targets: tuple[int, ...]
    season: int

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> LastSeason:
        forecast = _forecast(train)
        if forecast.season > forecast.window:
            raise ValueError(f"a window of {forecast.window} steps holds no season of {forecast.season}")
        return cls(forecast.horizon, forecast.targets, forecast.season)

    def predict(self, inputs: Inputs) -> NDArray[np.float32]:
        result = np.empty((len(inputs), self.horizon, len(self.targets)), dtype=np.float32)
        steps = np.arange(self.horizon) % self.season - self.season
        for rows, windows in in_chunks(inputs):
            result[rows] = windows[:, steps][:, :, self.targets]
        return result.reshape(len(inputs), result.shape[1] * result.shape[2])

    @staticmethod
    def foreseen(size: Size) -> float:
        """Seconds in a replicate, scores included."""
        return 0.05 + size.values * 1e-8

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {"horizon": self.horizon, "targets": list(self.targets), "season": self.season}, {}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> LastSeason:
        return cls(values["horizon"], tuple(values["targets"]), values["season"])


@dataclass(frozen=True, eq=False)
class LinearWindow:
    """Every predicted channel from its own window: y - last = (x - last) W + b.

    weights: float64 [targets, window - 1, horizon]; bias: float64 [targets, horizon]. Channels are independent, because the
    products of all channels with all others are many more numbers to be learned, and predict no better.
    """

    name: ClassVar[str] = "linear_window"
    targets: tuple[int, ...]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> LinearWindow:
        """Of a few ridge strengths the one with the least error on the validation part, for each channel.

        The error is the absolute or the squared one, as in the run's metric: each of those is least where every channel's is.
        """
        forecast = _forecast(train)
        candidates = [_slopes(moments) for moments in _moments(train, forecast)]
        best = [int(np.argmin(errors)) for errors in _errors(validation, forecast, candidates)]
        chosen = [candidates[number][place] for number, place in enumerate(best)]
        return cls(forecast.targets, np.stack([slope for slope, _ in chosen]), np.stack([bias for _, bias in chosen]))

    def predict(self, inputs: Inputs) -> NDArray[np.float32]:
        result = np.empty((len(inputs), self.bias.shape[1], len(self.targets)), dtype=np.float32)
        for rows, windows in in_chunks(inputs):
            for number, target in enumerate(self.targets):
                before, last = _changes(windows, target)
                result[rows, :, number] = before @ self.weights[number] + self.bias[number] + last
        return result.reshape(len(inputs), result.shape[1] * result.shape[2])

    @staticmethod
    def foreseen(size: Size) -> float:
        """Seconds in a replicate, scores included."""
        return 0.1 + size.values * size.longest * 1e-9

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {"targets": list(self.targets)}, {"weights": self.weights, "bias": self.bias}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> LinearWindow:
        return cls(tuple(values["targets"]), arrays["weights"], arrays["bias"])


Line = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(eq=False)
class _Moments:
    """Weighted sums over rows of one channel, float64: all that a linear regression needs.

    weight: of the rows. x, y: sums of inputs [features] and outputs [horizon]. xx, xy: sums of products.
    """

    weight: float
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    xx: NDArray[np.float64]
    xy: NDArray[np.float64]

    def add(self, x: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64]) -> None:
        weighted = x * weights
        self.weight += float(weights.sum())
        self.x += weighted.sum(0)
        self.y += (y * weights).sum(0)
        self.xx += weighted.T @ x
        self.xy += weighted.T @ y


def _moments(examples: Examples, forecast: Forecast) -> list[_Moments]:
    """One for every predicted channel."""
    features, horizon = forecast.window - 1, forecast.horizon
    sums = [
        _Moments(0.0, np.zeros(features), np.zeros(horizon), np.zeros((features, features)), np.zeros((features, horizon)))
        for _ in forecast.targets
    ]
    for number, _, before, after, weights in _by_channel(examples, forecast):
        sums[number].add(before, after, weights)
    return sums


def _by_channel(
    examples: Examples, forecast: Forecast
) -> Iterator[tuple[int, slice, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]]:
    """Chunks of rows, for a bounded memory, of each predicted channel: its place, rows, changes before and after, weights."""
    for rows, windows in in_chunks(examples.inputs):
        outputs = examples.targets[rows].reshape(len(windows), forecast.horizon, len(forecast.targets))
        weights = np.ones((len(windows), 1)) if examples.weights is None else examples.weights[rows, np.newaxis]
        for number, target in enumerate(forecast.targets):
            before, last = _changes(windows, target)
            yield number, rows, before, outputs[:, :, number] - last, weights


def _errors(examples: Examples, forecast: Forecast, candidates: Sequence[Sequence[Line]]) -> NDArray[np.float64]:
    """Weighted sums of the errors of each candidate of each channel, [channels, candidates]."""
    sums = np.zeros((len(candidates), len(RIDGE)))
    for number, rows, before, after, weights in _by_channel(examples, forecast):
        scale = _seasonal(examples, rows, number)
        for place, (slope, bias) in enumerate(candidates[number]):
            error = (before @ slope + bias - after) / scale
            sums[number, place] += float((weights * (np.abs(error) if examples.absolute else np.square(error))).sum())
    return sums


def _seasonal(examples: Examples, rows: slice, channel: int) -> NDArray[np.float64] | float:
    """What MASE divides the errors of some rows and a channel by, where that differs from series to series, else 1."""
    seasonal = examples.truth.seasonal if examples.metric == "mase" and examples.truth is not None else None
    if seasonal is None or len(seasonal) == 1:
        return 1.0
    forecast = _forecast(examples)
    return seasonal[rows].reshape(-1, forecast.horizon, len(forecast.targets))[:, :, channel]


def _slopes(train: _Moments) -> list[Line]:
    """Slope [features, horizon] and bias [horizon] for every ridge strength; the bias is not shrunk."""
    mean_x, mean_y = train.x / train.weight, train.y / train.weight
    covariance = train.xx / train.weight - np.outer(mean_x, mean_x)
    shared = train.xy / train.weight - np.outer(mean_x, mean_y)
    if not covariance.trace() > 0:
        return [(np.zeros_like(shared), mean_y)] * len(RIDGE)
    variances, directions = np.linalg.eigh(covariance)
    along = directions.T @ shared
    slopes = (
        directions @ (along / (np.maximum(variances, 0) + strength * variances.mean())[:, np.newaxis]) for strength in RIDGE
    )
    return [(slope, mean_y - mean_x @ slope) for slope in slopes]


def _changes(windows: NDArray[np.float32], target: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """All values but the last of one channel less the last, float64 [rows, window - 1], and the last [rows, 1]."""
    values = windows[:, :, target].astype(np.float64)
    return values[:, :-1] - values[:, -1:], values[:, -1:]


def _forecast(examples: Examples) -> Forecast:
    if examples.forecast is None:
        raise ValueError("a forecast's baseline needs to know its window and horizon")
    return examples.forecast

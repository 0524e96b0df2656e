"""Tables of steps -> windows with the steps that follow them, and the scale their errors are measured on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from gatewise.data.columns.columns import Columns
from gatewise.data.dataset.inputs import Future, Inputs
from gatewise.data.dataset.windows import Windows, covered, take
from gatewise.data.dates.axis import time_text
from gatewise.data.encoding.series import channel_scale
from gatewise.data.forecast.columns import SeriesTable, read_series
from gatewise.data.forecast.parts import Parts, find_parts
from gatewise.data.forecast.windows import find_windows, longest_run
from gatewise.errors import OptionError
from gatewise.options.table import OPTION
from gatewise.options.values import read_value
from gatewise.records import Dataset, Forecast, Reading
from gatewise.tasks.forecast import FORECAST
from gatewise.wording import counted, listed

__all__ = ["forecast_dataset", "forecast_inputs", "seasonal_scale", "training_deviation"]

# Beyond these a season is too long to be predicted, or read, unless the user says so.
LONGEST_HORIZON = 100
LONGEST_PERIOD = 336
DEFAULT_HORIZON = 24
SHORTEST_WINDOW = 16


def forecast_dataset(
    name: str, columns: Columns, reading: Reading, *, inferred: Sequence[str] = (), warnings: Sequence[str] = ()
) -> Dataset:
    """Make a Dataset of windows, each with the `horizon` steps that follow it as its target.

    columns: a wide table (a row a time, a column a channel), or with `reading.id` a long one (a row a time and series, which are
    taken as series of the same channels). Inputs are the columns `reading.channels`, or all columns of numbers; `reading.target`,
    or all inputs, is predicted and read as well. Without a column of times rows are steps in their order.
    season: from the step, see `time_axis`. horizon: one season up to 100 steps, else 24, and at most an eighth of the longest
    series. window: the whole seasons (up to 336 steps each) that four horizons and 16 steps take, and at most a quarter of the
    longest series.
    reading.split: a window belongs to the part that holds all its predicted steps; it may begin in the part before. Windows whose
    predicted steps are in two parts are left out.
    Memory, beside the columns: at most 12 bytes a value and 120 a window, up to the encoded parts of a split. For each number
    that a window predicts there are 4 more where several channels are predicted, and 8 more with gaps or several series.
    Raises DataError where the table does not do, OptionError where an option does not.
    """
    _check_options(reading)
    table = read_series(columns, reading)
    forecast = _forecast(table, reading)
    found = find_windows(table, forecast)
    first = found.starts + forecast.window
    parts = Parts()
    if reading.split is not None:
        parts = find_parts(columns[reading.split], table, first, forecast.horizon, reading.split)
    starts, first = (found.starts, first) if parts.kept is None else (found.starts[parts.kept], first[parts.kept])
    return Dataset(
        name=name,
        kind="series",
        sequences=Windows(table.values, starts, forecast.window, np.cumsum(np.bincount(table.series))),
        targets=take(_following(table.values, forecast), first),
        classes=(),
        groups=np.arange(len(starts)),
        fixed_test=parts.test,
        channels=table.channels,
        inferred=(*inferred, *table.inferred, *parts.inferred, _sentence(table, forecast)),
        warnings=(*warnings, *table.warnings, *found.warnings),
        task="forecast",
        fixed_validation=parts.validation,
        outputs=tuple(table.channels[target] for target in forecast.targets),
        forecast=forecast,
        origins=table.axis.positions[first],
        reading=table.reading,
    )


def forecast_inputs(columns: Columns, reading: Reading, channels: Sequence[str]) -> Inputs:
    """Read what a forecast is to be made from: every series in the order of time, float32 [steps, channels].

    channels: what the model reads, in its order. Series are called by their ids; where there are times, those that follow each
    series are known. Raises DataError as `forecast_dataset` does.
    """
    asked = Reading(channels=tuple(channels), id=reading.id, time=reading.time, date_format=reading.date_format)
    table = read_series(columns, asked)
    ends = np.cumsum(np.bincount(table.series))
    names = {} if reading.id is None else {reading.id: list(table.ids)}
    future, times, spacing = None, table.times, table.axis.spacing
    if table.reading.time is not None and times is not None and spacing is not None:
        last = times[ends - 1]

        def after(series: int, steps: int) -> list[str]:
            return [time_text(time) for time in spacing.after(last[series], steps)]

        future = Future(table.reading.time, [time_text(time) for time in last], after)
    return Inputs(np.split(table.values, ends[:-1]), names, future)


def seasonal_scale(dataset: Dataset, train: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean absolute difference over one season, for each series and predicted channel: the denominators of MASE (Hyndman &
    Koehler 2006).

    Only steps that the training windows `train` (row indices) read or predict are looked at; a season longer than any stretch of
    them counts as one step. A series of which nothing was learned, or that never changes, has the mean of the others; 1 where
    none changes. Returns float64 [series, outputs], repeated over the horizon.
    """
    forecast, windows, low, high = _training_steps(dataset, train)
    series = windows.series_of(low)
    season = np.ones(len(windows.ends), dtype=np.int64)
    season[series[high - low > forecast.season]] = forecast.season
    totals, counts = np.zeros((len(windows.ends), len(forecast.targets))), np.zeros(len(windows.ends), dtype=np.int64)
    for one, first, last in zip(series.tolist(), low.tolist(), high.tolist(), strict=True):
        steps, apart = windows.values[first:last, forecast.targets].astype(np.float64), int(season[one])
        differences = np.abs(steps[apart:] - steps[:-apart])
        totals[one] += differences.sum(0)
        counts[one] += len(differences)
    scale = totals / np.maximum(counts, 1)[:, np.newaxis]
    known = scale > 0
    mean = scale.sum(0) / np.maximum(known.sum(0), 1)
    return np.tile(np.where(known, scale, np.where(mean > 0, mean, 1.0)), forecast.horizon)


def training_deviation(dataset: Dataset, train: NDArray[np.int64]) -> NDArray[np.float64]:
    """Standard deviation of each predicted channel over the steps that the training windows read or predict, each step once.

    Returns float64 [outputs], repeated over the horizon; 1 for a constant.
    """
    forecast, windows, low, high = _training_steps(dataset, train)
    stretches = [windows.values[first:last, forecast.targets] for first, last in zip(low.tolist(), high.tolist(), strict=True)]
    _, scale = channel_scale(np.concatenate(stretches))
    return np.tile(np.array(scale), forecast.horizon)


def _training_steps(dataset: Dataset, train: NDArray[np.int64]) -> tuple[Forecast, Windows, NDArray[np.int64], NDArray[np.int64]]:
    """The windows of a data set, and where the stretches of series that the training windows read or predict begin and end."""
    forecast, windows = dataset.forecast, dataset.sequences
    if forecast is None or not isinstance(windows, Windows):
        raise ValueError(f"a data set of the task {dataset.task!r} has no steps in time")
    # No stretch goes over the end of a series: windows of two series never overlap.
    return forecast, windows, *covered(windows.starts[train], forecast.window + forecast.horizon)


def _check_options(reading: Reading) -> None:
    for name in FORECAST.options:
        if (value := getattr(reading, name)) is not None:
            read_value(OPTION[name], value)
    for name, reason in FORECAST.refused.items():
        if getattr(reading, name, None) is not None:
            raise OptionError(reason)


def _forecast(table: SeriesTable, reading: Reading) -> Forecast:
    """The options given, and what is taken for those that are not."""
    longest = longest_run(table)
    season = reading.season or table.axis.season
    one_season = season if 1 < season <= LONGEST_HORIZON else DEFAULT_HORIZON
    horizon = reading.horizon or min(one_season, max(1, longest // 8))
    window = reading.window or _window(horizon, season, longest)
    return Forecast(window, horizon, season, table.targets, table.axis.step_seconds)


def _window(horizon: int, season: int, longest: int) -> int:
    period = season if season <= LONGEST_PERIOD else 1
    most = max(1, longest // 4)
    wanted = -(-max(4 * horizon, SHORTEST_WINDOW) // period) * period
    return wanted if wanted <= most else most // period * period or most


def _following(values: NDArray[np.float32], forecast: Forecast) -> NDArray[Any]:
    """A view [steps - horizon + 1, horizon * targets]: the predicted channels of each step and those after it."""
    predicted = np.ascontiguousarray(values[:, forecast.targets]).reshape(-1)
    outputs = len(forecast.targets)
    return sliding_window_view(predicted, forecast.horizon * outputs)[::outputs]


def _sentence(table: SeriesTable, forecast: Forecast) -> str:
    names = listed([table.channels[target] for target in forecast.targets], 10)
    of = f", in {len(table.ids):,} series" if len(table.ids) > 1 else ""
    season = f" A season is {forecast.season:,} steps." if forecast.season > 1 else ""
    return (
        f"The task is a forecast of {names}{of}: {counted(forecast.horizon, 'step')} from the {forecast.window:,} before.{season}"
    )

"""What is kept of a model's predictions on a test part: bounded whatever the size of the data, and the same in every process."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatewise.mistakes import ClassPredictions, ForecastPredictions, Kept, NumberPredictions, StepPredictions
from gatewise.records import Dataset, Forecast
from gatewise.runtime.next_step import step_nll
from gatewise.runtime.scoring import Truth
from gatewise.tasks import traits_of

__all__ = ["MOST_ROWS", "kept_of"]

# At most 100 kB a model and replicate.
MOST_ROWS = 5000
MOST_NUMBERS = 10_000
MOST_CHANNELS = 6
MOST_POSITIONS = 1000


def kept_of(dataset: Dataset, predictions: NDArray[np.float32], truth: Truth, rows: NDArray[np.int64], seed: int) -> Kept:
    """Keep of the predictions for some rows what an analysis needs; of more than 5,000 rows, as many drawn at random.

    predictions, truth: of `rows`, as `score` takes them. The same rows and seed keep the same, whatever model predicts. Of a
    forecast whole windows are kept up to 10,000 numbers, of the first six channels.
    """
    kept = _some(len(rows), MOST_ROWS, seed)
    predicts = traits_of(dataset.task).predicts
    if predicts == "classes":
        return _classes(predictions[kept], truth.targets[kept], rows[kept])
    if predicts == "steps":
        return _steps(predictions, truth, rows, kept)
    if dataset.forecast is not None:
        return _forecast(dataset.forecast, predictions, truth, rows, kept, seed)
    said, targets = predictions[kept, 0].astype(np.float32), truth.targets[kept, 0].astype(np.float32)
    return NumberPredictions(rows[kept].astype(np.int32), targets, said)


def _some(count: int, most: int, seed: int) -> NDArray[np.int64]:
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng([seed, 6]).choice(count, most, replace=False))


def _classes(probabilities: NDArray[np.float32], targets: NDArray[np.generic], rows: NDArray[np.int64]) -> ClassPredictions:
    places, truth = np.arange(len(rows)), targets.astype(np.int32)
    predicted = probabilities.argmax(1).astype(np.int32)
    confidence, p_truth = (probabilities[places, chosen].astype(np.float32) for chosen in (predicted, truth))
    return ClassPredictions(rows.astype(np.int32), truth, predicted, confidence, p_truth)


def _forecast(
    forecast: Forecast,
    predictions: NDArray[np.float32],
    truth: Truth,
    rows: NDArray[np.int64],
    kept: NDArray[np.int64],
    seed: int,
) -> ForecastPredictions:
    shape = (len(rows), forecast.horizon, len(forecast.targets))
    targets = np.asarray(truth.targets, dtype=np.float32).reshape(shape)
    said = predictions.reshape(shape)
    errors = np.abs(said - targets)
    scaled = errors if truth.seasonal is None else errors / truth.seasonal.reshape(-1, *shape[1:]).astype(np.float32)
    channels = np.arange(min(MOST_CHANNELS, shape[2]))
    windows = _some(len(kept), max(3, MOST_NUMBERS // (forecast.horizon * len(channels))), seed)
    whole = kept[windows]
    return ForecastPredictions(
        rows=rows[kept].astype(np.int32),
        errors=scaled[kept].mean((1, 2), dtype=np.float64).astype(np.float32),
        windows=windows.astype(np.int32),
        channels=channels.astype(np.int32),
        truth=np.ascontiguousarray(targets[whole][:, :, channels]),
        predicted=np.ascontiguousarray(said[whole][:, :, channels], dtype=np.float32),
        step_errors=scaled.mean((0, 2), dtype=np.float64),
        channel_mae=errors.mean((0, 1), dtype=np.float64),
        channel_mase=scaled.mean((0, 1), dtype=np.float64),
    )


def _steps(probabilities: NDArray[np.float32], truth: Truth, rows: NDArray[np.int64], kept: NDArray[np.int64]) -> StepPredictions:
    if truth.steps is None:
        raise ValueError("the likelihood of steps needs their number in each row")
    values, steps = truth.targets.astype(np.float32), truth.steps
    row_of_step = np.repeat(np.arange(len(steps)), steps)
    _, step_losses, _ = step_nll(probabilities, values, np.ones(len(values), dtype=np.int64))
    sums = np.bincount(row_of_step, weights=step_losses, minlength=len(steps))
    position = np.arange(len(values)) - (np.cumsum(steps) - steps)[row_of_step]
    inside = position < MOST_POSITIONS
    counts = np.bincount(position[inside])
    losses = np.bincount(position[inside], weights=step_losses[inside]) / np.maximum(counts, 1)
    return StepPredictions(
        rows=rows[kept].astype(np.int32),
        losses=(sums[kept] / np.maximum(steps[kept], 1)).astype(np.float32),
        steps=steps[kept].astype(np.int32),
        position_losses=losses,
        position_rows=counts.astype(np.int64),
        key_losses=np.array([step_nll(probabilities[:, [key]], values[:, [key]], steps)[0] for key in range(values.shape[1])]),
        key_shares=values.mean(0, dtype=np.float64),
        key_expected=probabilities.mean(0, dtype=np.float64),
    )

"""Splits of a forecast, in time only: rolling origins, so that every part comes after what its models learned from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.windows import distinct
from gatewise.errors import DataError
from gatewise.records import Dataset, Forecast, Split

__all__ = ["make_time_split", "time_folds"]

# The number of folds is the first for which every block holds at least so many windows.
WINDOWS_IN_BLOCK = {10: 20, 5: 10, 3: 2}
MINIMUM_TRAINING_WINDOWS = 10


def time_folds(dataset: Dataset) -> int:
    """Return how many different splits there are: 10, with less data 5 or 3, or 1 where the source has its own test part.

    Raises DataError where the data are too short for 3.
    """
    if dataset.fixed_test is not None:
        return 1
    forecast, origins = _forecast(dataset)
    rows = np.sort(origins)
    for folds, least in WINDOWS_IN_BLOCK.items():
        edges = _edges(origins, forecast.horizon, folds)
        held = _before(rows, edges[1:], forecast.horizon) - np.searchsorted(rows, edges[:-1])
        if held.min() >= least and _before(rows, edges[:1], forecast.horizon)[0] >= MINIMUM_TRAINING_WINDOWS:
            return folds
    steps = int(origins.max() - origins.min()) + forecast.horizon
    raise DataError(
        f"the data are too short to be split in time: windows of {forecast.window:,} steps leave {steps:,} steps to predict, "
        f"{forecast.horizon:,} at a time, for a training part and at least 4 blocks of validation and test. Choose a shorter "
        "--window or --horizon, or add data."
    )


def make_time_split(dataset: Dataset, number: int, seed: int) -> Split:
    """Return split `number` (0, 1, ...) by rolling origin (Tashman 2000; Bergmeir & Benitez 2012), row indices in rising order.

    With k folds the later half of the predicted steps is cut into k + 1 blocks of equal length. Fold number % k trains on all
    windows whose predicted steps lie before block number % k, validates on that block and tests on the next one. Windows whose
    predicted steps lie in two blocks are left out; those that a window reads may lie in the block before. Where the source has
    its own parts, these are taken; validation, if it has none, is then the last stretch of the rest, as long as the test part
    but at most a fifth of it. Nothing is drawn: `seed` is there because every split has one.
    Raises DataError where a part would be empty.
    """
    forecast, origins = _forecast(dataset)
    if dataset.fixed_test is not None:
        split = _own_parts(dataset, dataset.fixed_test, origins, forecast.horizon)
    else:
        folds = time_folds(dataset)
        edges = _edges(origins, forecast.horizon, folds)
        first, second, third = edges[number % folds : number % folds + 3]
        split = _cut(np.arange(len(origins)), origins, forecast.horizon, first, second, third)
    for name, rows in (("training", split.train), ("validation", split.validation), ("test", split.test)):
        if not len(rows):
            raise DataError(
                f"split {number} has no {name} windows: none has all its {forecast.horizon:,} predicted steps in that part. "
                "Choose a shorter --horizon, or add data."
            )
    return split


def _forecast(dataset: Dataset) -> tuple[Forecast, NDArray[np.int64]]:
    if dataset.forecast is None or dataset.origins is None:
        raise ValueError("only a forecast is split in time")
    return dataset.forecast, dataset.origins


def _cut(rows: NDArray[np.int64], origins: NDArray[np.int64], horizon: int, first: int, second: int, third: int) -> Split:
    """Windows whose predicted steps end by `first`, lie from there to `second`, and from there to `third`."""
    begin, end = origins[rows], origins[rows] + horizon
    return Split(
        train=rows[end <= first],
        validation=rows[(begin >= first) & (end <= second)],
        test=rows[(begin >= second) & (end <= third)],
    )


def _own_parts(dataset: Dataset, test: NDArray[np.bool_], origins: NDArray[np.int64], horizon: int) -> Split:
    if dataset.fixed_validation is not None:
        return Split(
            train=np.flatnonzero(~test & ~dataset.fixed_validation),
            validation=np.flatnonzero(dataset.fixed_validation),
            test=np.flatnonzero(test),
        )
    rows = np.flatnonzero(~test)
    if not len(rows) or not test.any():
        return Split(train=rows, validation=rows[:0], test=np.flatnonzero(test))
    end = int(origins[rows].max()) + horizon
    steps = min(int(np.ptp(origins[test])) + horizon, (end - int(origins[rows].min())) // 5)
    split = _cut(rows, origins, horizon, end - max(steps, horizon), end, end)
    return Split(train=split.train, validation=split.validation, test=np.flatnonzero(test))


def _before(rows: NDArray[np.int64], edges: NDArray[np.int64], horizon: int) -> NDArray[np.int64]:
    """How many of the sorted origins have all their predicted steps before each edge."""
    return np.searchsorted(rows, edges - horizon, side="right")


def _edges(origins: NDArray[np.int64], horizon: int, folds: int) -> NDArray[np.int64]:
    """int64 [folds + 2], where the blocks of the later half of all predicted steps begin, and the last one ends.

    Blocks hold equally many steps that are predicted at all, so that a gap in time does not make an empty one.
    """
    starts = distinct(origins)
    steps = np.minimum(np.diff(starts, append=starts[-1] + horizon), horizon)
    counted = np.cumsum(steps)
    half = int(counted[-1]) // 2
    ranks = half + (int(counted[-1]) - half) * np.arange(folds + 2) // (folds + 1)
    ranks[-1] -= 1
    place = np.searchsorted(counted, ranks, side="right")
    edges = starts[place] + ranks - (counted[place] - steps[place])
    edges[-1] += 1
    return np.asarray(edges, dtype=np.int64)

"""Which rows an estimator learns from, and which stop its training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatewise.records import Dataset

__all__ = ["Parts", "stratified_parts", "time_parts"]

Parts = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Rows of the training part and of the validation part, each in rising order."""


def stratified_parts(dataset: Dataset, fraction: float, seed: int) -> Parts:
    """Draw a fraction of the rows that has all targets in proportion.

    Rows shuffled by `seed` are put in the order of their targets, and every (1 / fraction)-th is taken, from a random one on:
    that stratifies classes and numbers alike. A class keeps at least one training row. Where it would hold fewer rows than there
    are classes (2 for numbers), as where the fraction is 0, all rows both train and stop the training.
    """
    rows, targets = len(dataset), dataset.targets.reshape(len(dataset))
    count = int(fraction * rows)
    if count < max(2, len(dataset.classes)):
        return np.arange(rows), np.arange(rows)
    generator = np.random.default_rng([seed, 2])
    shuffled = generator.permutation(rows)
    ordered = shuffled[np.argsort(targets[shuffled], kind="stable")]
    taken = ordered[((np.arange(count) + generator.random()) * rows / count).astype(np.int64)]
    held = np.zeros(rows, dtype=bool)
    held[taken] = True
    if dataset.classes:
        lost = np.setdiff1d(targets, targets[~held])
        held[[np.flatnonzero(targets == number)[0] for number in lost]] = False
    return np.flatnonzero(~held), np.flatnonzero(held)


def time_parts(dataset: Dataset, fraction: float) -> Parts:
    """Cut off the last fraction of the windows in time, leaving out of the training part those that predict steps of the other.

    Where either part would be empty, as where the fraction is 0, all windows both train and stop the training.
    """
    if dataset.origins is None or dataset.forecast is None:
        raise ValueError("only a forecast is split in time")
    everything = np.arange(len(dataset))
    count = int(fraction * len(dataset))
    if not count:
        return everything, everything
    first = np.sort(dataset.origins)[-count]
    train = np.flatnonzero(dataset.origins + dataset.forecast.horizon <= first)
    return (train, np.flatnonzero(dataset.origins >= first)) if len(train) else (everything, everything)

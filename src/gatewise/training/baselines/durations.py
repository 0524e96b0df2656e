"""How long a baseline takes in a pair, roughly, on one core of a recent machine: from the size of the data alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gatewise.nn.tcn import levels_for
from gatewise.records import Dataset, Split
from gatewise.training.schedule import LARGEST_BATCH

__all__ = ["Size", "foreseen_seconds"]

# Batches that a usual training takes, and products for a step in a block of 64 units, forward and backward.
TRAINED_BATCHES = 1200
WORK_OF_BLOCK = 3 * 2 * 3 * 64**2
# Rows of the training part that a baseline is scored on beside the others.
SCORED_TRAINING_ROWS = 2000


@dataclass(frozen=True)
class Size:
    """What the time of a baseline depends on.

    train, validation, test: rows. steps, longest, shortest: lengths, of texts in words, `steps` their mean.
    """

    train: int
    validation: int
    test: int
    steps: float
    longest: int
    shortest: int
    channels: int
    classes: int

    @classmethod
    def of(cls, dataset: Dataset, split: Split) -> Size:
        """The size of a data set cut as a split of the run cuts it."""
        # About five characters of a text are a word, its space included.
        lengths = np.array([len(one) for one in dataset.sequences]) / (5 if dataset.kind == "text" else 1)
        return cls(
            len(split.train),
            len(split.validation),
            len(split.test),
            float(lengths.mean()),
            int(lengths.max()),
            int(lengths.min()),
            len(dataset.channels),
            len(dataset.classes),
        )

    @property
    def questions(self) -> int:
        """How many classes are told from the rest; two are one question."""
        return self.classes if self.classes > 2 else 1

    @property
    def values(self) -> float:
        """Numbers that are read in a pair."""
        return self.seen * self.steps * self.channels

    @property
    def seen(self) -> int:
        """Rows whose features are computed in a pair."""
        return self.train + self.validation + self.test + min(self.train, SCORED_TRAINING_ROWS)


def foreseen_seconds(dataset: Dataset, split: Split, names: Sequence[str]) -> dict[str, float]:
    """Seconds that each baseline is estimated to take in a pair, scores included. split: one of the run's."""
    size = Size.of(dataset, split)
    return {name: _simple(name, size) or _strong(name, size) for name in names}


def _simple(name: str, size: Size) -> float:
    """Seconds of one of the simple ones; 0 of another."""
    statistics = 17 * size.channels + 1
    features = 0.1 + size.seen * (2e-4 + 2e-8 * size.steps * size.channels)
    seconds = {
        "majority": 0.01,
        "mean_value": 0.01,
        "tfidf_logistic": 0.2 + size.seen * size.steps * 4e-6 * size.questions,
        "tfidf_ridge": 0.2 + size.seen * size.steps * 6e-6,
        "linear_features": features + size.train * statistics * size.questions * 4e-7,
        "ridge_features": features + 5 * size.train * statistics**2 * 1e-9,
        "last_value": 0.05 + size.values * 1e-8,
        "last_season": 0.05 + size.values * 1e-8,
        "linear_window": 0.1 + size.values * size.longest * 1e-9,
        "step_frequency": 0.1 + size.values * 3e-8,
        "repeat_step": 0.1 + size.values * 4e-8,
        "linear_step": 0.5 + size.values * 1.1e-7,
    }
    return seconds.get(name, 0.0)


def _strong(name: str, size: Size) -> float:
    """Seconds of one of the others."""
    from gatewise.training.baselines import boosting, minirocket, neighbours

    if name == "nbsvm":
        return 0.1 + size.seen * size.steps * (3e-6 + 2e-6 * size.questions)
    if name == "character_logistic":
        return 0.2 + size.seen * size.steps * (6e-6 + 12e-6 * size.questions)
    if name in ("minirocket", "minirocket_ridge"):
        learned, features = minirocket.extent(size.train, size.steps)
        solved = min(learned, features)
        rows = learned + size.seen - size.train
        convolved = rows * size.steps * features * (1 + 0.1 * min(size.channels, 9)) * 1e-9
        # A factorisation and its products for every penalty tried.
        return 0.3 + convolved + learned * solved * features * 1.6e-10
    if name in ("theta", "exponential_smoothing"):
        # Its candidates on the windows that choose, and every window once.
        candidates = 63 if name == "exponential_smoothing" else 7
        return 0.1 + (candidates * min(size.train, 200) + size.seen) * size.longest * size.channels * 1.5e-7
    if name == "phrases":
        return 0.2 + size.values * 2.5e-7
    if name == "nearest_dtw":
        queries = len(neighbours.BANDS) * size.validation + size.test + min(size.train, SCORED_TRAINING_ROWS)
        return 1.5e-9 * neighbours.search_steps(queries, size.train, size.longest, size.shortest, size.channels)
    if name == "tcn":
        rows = TRAINED_BATCHES * LARGEST_BATCH
        return 0.1 + rows * size.steps * levels_for(size.longest) * WORK_OF_BLOCK * 5e-11
    return 0.2 + boosting.work(size.train, 17 * size.channels + 1, size.questions) * 1e-7

"""What the time of a baseline depends on: each says from it how long it takes in a replicate, on one core of a recent machine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gatewise.data.dataset.drawn import BASELINE_ROWS, lookup_rows
from gatewise.data.dataset.stored import StoredDataset
from gatewise.records import Dataset, Split

__all__ = ["SCORED_TRAINING_ROWS", "Size"]

SCORED_TRAINING_ROWS = 2000
"""Rows of the training part that a baseline is scored on beside the others."""


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
        if isinstance(dataset, StoredDataset):
            facts, learned = dataset.facts, len(lookup_rows(dataset, split.train, BASELINE_ROWS, 0))
            parts = learned, len(split.validation), len(split.test)
            lengths_of = facts.length_mean, facts.length_max, facts.length_min
            return cls(*parts, *lengths_of, len(dataset.channels), len(dataset.classes))
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
        """Numbers that are read in a replicate."""
        return self.seen * self.steps * self.channels

    @property
    def seen(self) -> int:
        """Rows whose features are computed in a replicate."""
        return self.train + self.validation + self.test + min(self.train, SCORED_TRAINING_ROWS)

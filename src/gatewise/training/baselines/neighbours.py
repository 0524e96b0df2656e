"""The class of the nearest training series by dynamic time warping: hard to beat where there are few series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from gatewise.training.baselines.warping import cells, nearest
from gatewise.training.examples import Examples
from gatewise.training.size import SCORED_TRAINING_ROWS, Size

__all__ = ["NearestWarped", "search_steps"]

# Shares of the longest series.
BANDS = (0.0, 0.03, 0.1, 0.2)

Series = Sequence[NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class NearestWarped:
    """The class of the one nearest series of the training part, as probable as it was right on the validation part.

    values: float32 [steps of all series, channels], channels standardised by middle and spread [channels]. lengths: int64
    [series]. targets: int64 [series]. confidence: probability of the nearest series' class; the others that the training part
    has share the rest, so that a mistake is not infinitely unlikely.
    """

    name: ClassVar[str] = "nearest_dtw"
    values: NDArray[np.float32]
    lengths: NDArray[np.int64]
    targets: NDArray[np.int64]
    middle: NDArray[np.float32]
    spread: NDArray[np.float32]
    present: NDArray[np.bool_]
    band: int
    confidence: float

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> NearestWarped:
        """The band is the best on the validation part out of 0, 3, 10 and 20% of the longest series; ties go to the narrowest."""
        values = np.concatenate(train.inputs)
        middle, spread = values.mean(0, dtype=np.float64), values.std(0, dtype=np.float64)
        spread[spread < 1e-12] = 1.0
        standard = middle.astype(np.float32), spread.astype(np.float32)
        series = [(one - standard[0]) / standard[1] for one in train.inputs]
        lengths = np.array([len(one) for one in series], dtype=np.int64)
        present = np.bincount(train.targets, minlength=train.classes) > 0
        parts = np.concatenate(series).astype(np.float32), lengths, train.targets.astype(np.int64), *standard, present
        candidates = []
        for band in sorted({round(share * int(lengths.max())) for share in BANDS}):
            model = cls(*parts, band, 1.0)
            found = model.targets[model.neighbours(validation.inputs)]
            # Laplace's rule, so that a small validation part leaves no certainty.
            right = np.average(found == validation.targets, weights=validation.weights) * len(found)
            model = cls(*parts, band, float((right + 1) / (len(found) + 2)))
            candidates.append((validation.merit(model._likely(found)), model))
        return max(candidates, key=lambda candidate: candidate[0])[1]

    def neighbours(self, inputs: Series) -> NDArray[np.int64]:
        """The nearest training series of each input."""
        series = np.split(self.values, np.cumsum(self.lengths)[:-1])
        return nearest([((one - self.middle) / self.spread).astype(np.float32) for one in inputs], series, self.band)

    def predict(self, inputs: Series) -> NDArray[np.float32]:
        if not len(inputs):
            return np.empty((0, len(self.present)), dtype=np.float32)
        return self._likely(self.targets[self.neighbours(inputs)])

    def _likely(self, found: NDArray[np.int64]) -> NDArray[np.float32]:
        others = max(int(self.present.sum()) - 1, 1)
        # Never below the rest, or the class found would not be the one predicted.
        confidence = max(self.confidence, 1.5 / (others + 1.5))
        result = np.tile(np.where(self.present, (1 - confidence) / others, 0.0), (len(found), 1))
        result[np.arange(len(found)), found] = confidence
        return result.astype(np.float32)

    @staticmethod
    def foreseen(size: Size) -> float:
        """Seconds in a replicate, scores included."""
        queries = len(BANDS) * size.validation + size.test + min(size.train, SCORED_TRAINING_ROWS)
        return 1.5e-9 * search_steps(queries, size.train, size.longest, size.shortest, size.channels)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        names = ("values", "lengths", "targets", "middle", "spread", "present")
        return {"band": self.band, "confidence": self.confidence}, {name: getattr(self, name) for name in names}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> NearestWarped:
        return cls(**cast(Any, {**arrays, **values}))


def search_steps(queries: int, candidates: int, longest: int, shortest: int, channels: int) -> float:
    """What a search for the neighbours of so many series takes at most, in steps of about a nanosecond and a half."""
    band = round(BANDS[-1] * longest)
    # The lower bound rules most candidates out where all series are equally long.
    left = 0.15 if longest == shortest else 1.0
    return (
        left * cells(queries, candidates, longest, shortest, band) * (1 + channels / 2)
        + queries * candidates * longest * channels
    )

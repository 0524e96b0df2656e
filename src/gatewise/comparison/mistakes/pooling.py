"""Predictions of all replicates put together, and rows that several replicates tested brought back to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import combinations
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from gatewise.mistakes import Agreement, Kept

__all__ = ["ByRow", "Pooled", "compared", "nearer", "pool"]

K = TypeVar("K", bound=Kept)

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pooled(Generic[K]):
    """The predictions of the replicates that every model has: replicates, their numbers; the rows of one place alike.

    by_replicate: of every model the predictions of each of `replicates`.
    """

    replicates: tuple[int, ...]
    by_replicate: Mapping[str, tuple[K, ...]]

    @property
    def names(self) -> tuple[str, ...]:
        """The models."""
        return tuple(self.by_replicate)

    @property
    def any(self) -> tuple[K, ...]:
        """The predictions of one of the models: rows and truth are the same in all."""
        return next(iter(self.by_replicate.values()))

    def joined(self, name: str, field: str) -> NDArray[Any]:
        """An array of one model, the replicates end to end."""
        return np.concatenate([getattr(kept, field) for kept in self.by_replicate[name]])

    @property
    def rows(self) -> NDArray[np.int64]:
        """Positions in the data, the replicates end to end."""
        return np.concatenate([np.asarray(kept.rows, dtype=np.int64) for kept in self.any])


def pool(kept: Mapping[str, Mapping[int, K]], count: int) -> Pooled[K]:
    """Put together the replicates below `count` of whose same rows all models have predictions. kept: by model and replicate."""
    replicates = tuple(
        number for number in range(count) if _complete([by_replicate.get(number) for by_replicate in kept.values()])
    )
    return Pooled(replicates, {name: tuple(by_replicate[number] for number in replicates) for name, by_replicate in kept.items()})


def _complete(held: Sequence[K | None]) -> bool:
    present = [kept for kept in held if kept is not None]
    if not present or len(present) < len(held):
        return False
    shapes = [getattr(present[0], item.name).shape for item in fields(present[0])]
    return all(
        np.array_equal(present[0].rows, kept.rows) and shapes == [getattr(kept, item.name).shape for item in fields(kept)]
        for kept in present
    )


@dataclass(frozen=True, eq=False)
class ByRow:
    """Rows that were tested, each once. rows: int64 [rows]; tests: how many replicates tested each."""

    rows: NDArray[np.int64]
    tests: NDArray[np.int64]
    _place: NDArray[np.int64]
    _order: NDArray[np.int64]
    _ends: NDArray[np.int64]

    @classmethod
    def of(cls, rows: NDArray[np.int64]) -> ByRow:
        """Group predictions by the row they are for."""
        distinct, place, tests = np.unique(rows, return_inverse=True, return_counts=True)
        return cls(distinct, tests, place, np.argsort(place, kind="stable"), np.cumsum(tests))

    @property
    def first(self) -> NDArray[np.int64]:
        """Where the first prediction of each row stands."""
        return np.asarray(self._order[self._ends - self.tests])

    def mean(self, values: NDArray[np.generic]) -> Floats:
        """The mean over the tests of each row."""
        sums = np.bincount(self._place, weights=values.astype(np.float64), minlength=len(self.rows))
        return np.asarray(sums / self.tests)

    def places(self, row: int) -> NDArray[np.int64]:
        """Where the predictions of the row at this place stand."""
        return np.asarray(self._order[self._ends[row] - self.tests[row] : self._ends[row]])


def compared(right: Mapping[str, NDArray[np.bool_]], arms: Sequence[str]) -> tuple[Agreement, ...]:
    """Who was right where, of every two arms."""
    return tuple(
        Agreement(
            one,
            other,
            int(np.count_nonzero(right[one] & right[other])),
            int(np.count_nonzero(right[one] & ~right[other])),
            int(np.count_nonzero(~right[one] & right[other])),
            int(np.count_nonzero(~right[one] & ~right[other])),
        )
        for one, other in combinations(arms, 2)
    )


def nearer(errors: Mapping[str, Floats], arms: Sequence[str]) -> tuple[Agreement, ...]:
    """Whose error was smaller where, of every two arms."""
    return tuple(
        Agreement(
            one,
            other,
            int(np.count_nonzero(errors[one] == errors[other])),
            int(np.count_nonzero(errors[one] < errors[other])),
            int(np.count_nonzero(errors[one] > errors[other])),
        )
        for one, other in combinations(arms, 2)
    )

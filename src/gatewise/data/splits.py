"""Repeated stratified k-fold splits that keep the rows of a group on one side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatewise.errors import DataError
from gatewise.records import Dataset, Split

__all__ = ["folds_of", "make_split"]

# With 10 folds of fewer rows a test part would be too small to tell two cells apart.
ROWS_FOR_TEN_FOLDS = 500


def folds_of(dataset: Dataset) -> int:
    """Return k: 10 folds for at least 500 rows, else 5. Rows of a source's own test part do not count."""
    return 10 if len(_pool(dataset)) >= ROWS_FOR_TEN_FOLDS else 5


def make_split(dataset: Dataset, number: int, seed: int) -> Split:
    """Return split `number` (0, 1, ...) of repeated stratified k-fold cross-validation, row indices in rising order.

    Repetition number // k deals all groups anew; fold number % k is the test part, the next one (cyclic) the validation part, the
    rest the training part. Where the source has its own test part, that is always the test part, and fold number % k of the other
    rows is the validation part. The same data, number and seed give the same split.
    Raises DataError where a part would be empty, or the training part of one class.
    """
    pool = _pool(dataset)
    folds = folds_of(dataset)
    repetition, turn = divmod(number, folds)
    fold = _deal(dataset, pool, folds, np.random.default_rng([seed, repetition]))
    if dataset.fixed_test is None:
        next_turn = (turn + 1) % folds
        test, validation, rest = fold == turn, fold == next_turn, (fold != turn) & (fold != next_turn)
        split = Split(train=pool[rest], validation=pool[validation], test=pool[test])
    else:
        split = Split(train=pool[fold != turn], validation=pool[fold == turn], test=np.flatnonzero(dataset.fixed_test))
    _check(dataset, split, number)
    return split


def _pool(dataset: Dataset) -> NDArray[np.int64]:
    """The rows that are dealt to folds."""
    return np.arange(len(dataset)) if dataset.fixed_test is None else np.flatnonzero(~dataset.fixed_test)


def _deal(dataset: Dataset, pool: NDArray[np.int64], folds: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return the fold of every row of the pool.

    The groups, shuffled within each class, are dealt one by one to the folds in turn, without starting over at a new class: every
    fold has as many groups of a class as any other, give or take one, and rare classes need no special case. A group's class is
    that of its first row.
    """
    _, first, group = np.unique(dataset.groups[pool], return_index=True, return_inverse=True)
    shuffled = generator.permutation(len(first))
    by_class = shuffled[np.argsort(dataset.targets[pool[first[shuffled]]], kind="stable")]
    fold_of_group = np.empty(len(first), dtype=np.int64)
    fold_of_group[by_class] = np.arange(len(first)) % folds
    return fold_of_group[group]


def _check(dataset: Dataset, split: Split, number: int) -> None:
    sizes = {"training": len(split.train), "validation": len(split.validation), "test": len(split.test)}
    empty = [name for name, size in sizes.items() if not size]
    if empty:
        different = len(np.unique(dataset.groups))
        raise DataError(
            f"split {number} has no {empty[0]} rows: the {len(dataset):,} rows hold {different:,} different sequences, and "
            "repeats stay on one side. Add different rows."
        )
    if len(np.unique(dataset.targets[split.train])) < 2:
        raise DataError(
            f"split {number} has one class only in its {sizes['training']:,} training rows. Add rows of the other classes."
        )

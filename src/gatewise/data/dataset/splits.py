"""Repeated k-fold splits, stratified by target, that keep the rows of a group on one side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.drawn import drawn_split
from gatewise.data.dataset.stored import StoredDataset
from gatewise.data.dataset.time_splits import make_time_split, time_folds
from gatewise.errors import DataError
from gatewise.records import Dataset, Split
from gatewise.tasks import in_time, predicts

__all__ = ["folds_of", "make_split"]

# With 10 folds of fewer rows a test part would be too small to tell two cells apart.
ROWS_FOR_TEN_FOLDS = 500


def folds_of(dataset: Dataset) -> int:
    """Return k, after which the folds are dealt anew: 10 for at least 500 rows, else 5, and no more than there are groups.

    Rows of a source's own test part do not count. 1 where the source has a validation part too, so that every split is the same;
    a forecast has as many as `time_folds` says. 1 of data on disk, which are drawn anew for each split.
    """
    if in_time(dataset.task):
        return time_folds(dataset)
    if isinstance(dataset, StoredDataset):
        return 1
    if _own_parts(dataset) is not None:
        return 1
    pool = _pool(dataset)
    wanted = 10 if len(pool) >= ROWS_FOR_TEN_FOLDS else 5
    # Fewer than one fold for each part would leave a part empty, which is then said.
    return max(3 if dataset.fixed_test is None else 2, min(wanted, len(np.unique(dataset.groups[pool]))))


def make_split(dataset: Dataset, number: int, seed: int) -> Split:
    """Return split `number` (0, 1, ...) of repeated stratified k-fold cross-validation, row indices in rising order.

    Repetition number // k deals all groups anew; fold number % k is the test part, the next one (cyclic) the validation part, the
    rest the training part. Where the source has its own test part, that is always the test part, and fold number % k of the other
    rows is the validation part; where it has a validation part too, every split is the source's own. A forecast is split in time
    alone, as `make_time_split` does, and of data on disk rows are drawn, as `drawn_split` does. The same data, number and seed
    give the same split.
    Raises DataError where a part would be empty, or the training part of one class.
    """
    if in_time(dataset.task):
        return make_time_split(dataset, number, seed)
    if isinstance(dataset, StoredDataset):
        split = drawn_split(dataset, number, seed)
    else:
        split = _own_parts(dataset) or _folded(dataset, number, seed)
    _check(dataset, split, number)
    return split


def _own_parts(dataset: Dataset) -> Split | None:
    """The source's own split, where it has all three parts."""
    if dataset.fixed_test is None or dataset.fixed_validation is None:
        return None
    return Split(
        train=np.flatnonzero(~dataset.fixed_test & ~dataset.fixed_validation),
        validation=np.flatnonzero(dataset.fixed_validation),
        test=np.flatnonzero(dataset.fixed_test),
    )


def _folded(dataset: Dataset, number: int, seed: int) -> Split:
    pool = _pool(dataset)
    folds = folds_of(dataset)
    repetition, turn = divmod(number, folds)
    fold = _deal(dataset, pool, folds, np.random.default_rng([seed, repetition]))
    if dataset.fixed_test is None:
        next_turn = (turn + 1) % folds
        test, validation, rest = fold == turn, fold == next_turn, (fold != turn) & (fold != next_turn)
        return Split(train=pool[rest], validation=pool[validation], test=pool[test])
    return Split(train=pool[fold != turn], validation=pool[fold == turn], test=np.flatnonzero(dataset.fixed_test))


def _pool(dataset: Dataset) -> NDArray[np.int64]:
    """The rows that are dealt to folds."""
    return np.arange(len(dataset)) if dataset.fixed_test is None else np.flatnonzero(~dataset.fixed_test)


def _deal(dataset: Dataset, pool: NDArray[np.int64], folds: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return the fold of every row of the pool.

    Classes: the groups, shuffled within each class, are dealt one by one to the folds in turn, without starting over at a new
    class: every fold has as many groups of a class as any other, give or take one, and rare classes need no special case. A
    group's class is that of its first row.
    Numbers: the groups, in the order of their mean target, are taken k at a time, and each k are dealt to the folds in random
    order, so that every fold covers the whole range of the target. Stratifying a regression so makes training and test part more
    alike (Saez & Romero-Bejar 2022, Mathematics 10(14), 2538).
    """
    _, first, group = np.unique(dataset.groups[pool], return_index=True, return_inverse=True)
    shuffled = generator.permutation(len(first))
    fold_of_group = np.empty(len(first), dtype=np.int64)
    if predicts(dataset.task) == "numbers":
        mean = np.bincount(group, weights=dataset.targets[pool, 0]) / np.bincount(group)
        ordered = shuffled[np.argsort(mean[shuffled], kind="stable")]
        blocks = np.tile(np.arange(folds), (-(-len(first) // folds), 1))
        fold_of_group[ordered] = generator.permuted(blocks, axis=1).ravel()[: len(first)]
    else:
        ordered = shuffled[np.argsort(dataset.targets[pool[first[shuffled]]], kind="stable")]
        fold_of_group[ordered] = np.arange(len(first)) % folds
    return fold_of_group[group]


def _check(dataset: Dataset, split: Split, number: int) -> None:
    sizes = {"training": len(split.train), "validation": len(split.validation), "test": len(split.test)}
    empty = [name for name, size in sizes.items() if not size]
    if empty:
        different = len(np.unique(dataset.groups))
        raise DataError(
            f"split {number} has no {empty[0]} rows: the {len(dataset):,} rows hold {different:,} different sequences or groups, "
            "and what belongs together stays on one side. Add different rows."
        )
    if predicts(dataset.task) == "classes" and len(np.unique(dataset.targets[split.train])) < 2:
        raise DataError(
            f"split {number} has one class only in its {sizes['training']:,} training rows. Add rows of the other classes."
        )

"""How the rows and splits of a data set depend on each other, for the statistics of its replicates."""

from __future__ import annotations

import numpy as np

from gatewise.data.dataset.splits import folds_of
from gatewise.data.dataset.stored import StoredDataset
from gatewise.records import Dataset, Dependence, Split
from gatewise.runtime.scoring import pack_rows
from gatewise.tasks import traits_of

__all__ = ["dependence_of"]


def dependence_of(dataset: Dataset, split: Split) -> Dependence:
    """Return it for a data set and its first split.

    Of a fixed test part: windows that begin at the same step are one block, whatever their series, and blocks follow each other
    in time; other rows are blocks by their groups. Of resampled splits: those of a forecast repeat after as many as there are
    blocks of time; others are dealt from groups of rows, of which fewer count where they are of unequal size.
    """
    if dataset.fixed_test is not None:
        if dataset.origins is not None:
            return Dependence(_packed(dataset.origins[split.test]), in_time=True)
        groups = dataset.groups[split.test]
        return Dependence(_packed(groups) if len(np.unique(groups)) < len(groups) else "")
    if traits_of(dataset.task).in_time:
        return Dependence(splits=folds_of(dataset))
    if isinstance(dataset, StoredDataset):
        return Dependence(groups=dataset.facts.groups)
    _, sizes = np.unique(dataset.groups, return_counts=True)
    if len(sizes) == len(dataset):
        return Dependence()
    shares = (sizes / sizes.sum()) ** 2
    return Dependence(groups=max(int(shares.sum() ** 2 / (shares**2).sum()), 2))


def _packed(of: np.ndarray[tuple[int], np.dtype[np.int64]]) -> str:
    """Which different value each row has, counted from 0, as text."""
    _, numbers = np.unique(of, return_inverse=True)
    return pack_rows(numbers.astype(np.float64))

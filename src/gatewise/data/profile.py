"""What a data set looks like: counts, lengths, repeats, and what to beware of."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from gatewise.records import Dataset, Profile

__all__ = ["describe", "fingerprint"]

_LOPSIDED = 0.8


def describe(dataset: Dataset, lengths: NDArray[np.int64]) -> Profile:
    """Profile a data set; lengths: int64 [rows], in tokens or steps before any truncation.

    Warns where one class holds over 80% of the rows, where sequences repeat, and where repeats carry different targets.
    """
    counts = np.bincount(dataset.targets, minlength=len(dataset.classes))
    group_sizes = np.bincount(dataset.groups)
    repeated = group_sizes[dataset.groups] > 1
    return Profile(
        name=dataset.name,
        kind=dataset.kind,
        rows=len(dataset),
        classes=dict(zip(dataset.classes, counts.tolist(), strict=True)),
        length_min=int(lengths.min()),
        length_median=float(np.median(lengths)),
        length_p95=float(np.percentile(lengths, 95)),
        length_max=int(lengths.max()),
        repeated_rows=int(repeated.sum()),
        channels=len(dataset.channels),
        fixed_test_rows=None if dataset.fixed_test is None else int(dataset.fixed_test.sum()),
        fingerprint=fingerprint(dataset),
        inferred=dataset.inferred,
        warnings=(*dataset.warnings, *_imbalance(dataset, counts), *_repeats(dataset, repeated)),
    )


def fingerprint(dataset: Dataset) -> str:
    """Return the SHA-256 (hex) over kind, classes, sequences and targets; the same rows in another order differ."""
    digest = hashlib.sha256(repr((dataset.kind, dataset.classes, len(dataset))).encode("utf-8", "surrogatepass"))
    for sequence in dataset.sequences:
        if isinstance(sequence, str):
            content, shape = sequence.encode("utf-8", "surrogatepass"), (len(sequence),)
        else:
            content, shape = sequence.astype("<f4", copy=False).tobytes(), sequence.shape
        # The shape keeps rows apart: without it ["ab", "c"] and ["a", "bc"] would look the same.
        digest.update(repr(shape).encode())
        digest.update(content)
    digest.update(dataset.targets.astype("<i8", copy=False).tobytes())
    return digest.hexdigest()


def _imbalance(dataset: Dataset, counts: NDArray[np.int64]) -> list[str]:
    share = counts.max() / len(dataset)
    if share <= _LOPSIDED:
        return []
    name = dataset.classes[int(counts.argmax())]
    return [f"The classes are imbalanced: {share:.0%} of the rows are {name!r}, which always guessing it would score."]


def _repeats(dataset: Dataset, repeated: NDArray[np.bool_]) -> list[str]:
    if not repeated.any():
        return []
    groups = dataset.groups[repeated]
    different = len(np.unique(groups))
    # The extra rows are what a plain random split would leak.
    extra = int(repeated.sum()) - different
    what = "text" if dataset.kind == "text" else "series"
    kept = " of the training part" if dataset.fixed_test is not None else ""
    warnings = [f"{extra:,} rows repeat the {what} of another row; repeats{kept} are kept on one side of every split."]
    labelled = len(np.unique(np.stack([groups, dataset.targets[repeated]]), axis=1).T)
    if labelled > different:
        warnings.append(
            f"{labelled - different:,} repeated {what} carry different targets in different rows; no model can get both right."
        )
    return warnings

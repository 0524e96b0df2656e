"""How sure the mean over one test part is, where its rows may depend on each other.

Rows of one group (a speaker, a patient, repeats of one text) are alike, and windows of one series overlap and share its ups and
downs. Their mean is then less sure than that of as many independent rows, often by a factor of several.

Sources: Lazarus, Lewis, Stock and Watson (2018), "HAR inference: recommendations for practice", Journal of Business and Economic
Statistics 36 (the variance of a mean over time from its lowest cosine components, with Student's t); Andrews (1991),
Econometrica 59 (how many, from a first-order autoregression); Cameron and Miller (2015), "A practitioner's guide to
cluster-robust inference", Journal of Human Resources 50, and Carter, Schnepel and Steigerwald (2017), Review of Economics and
Statistics 99 (groups, and groups of unequal size).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["RowVariance", "TestRows", "variance_over_rows"]

Values = NDArray[np.float64]

MOST_COSINES = 8
"""More would make the interval little narrower (t with 8 degrees of freedom, and not with 16), and wrong where rows depend on
each other for longer than their first autocorrelation shows."""

_BANDWIDTH = 0.17
_FEWEST_MEANS = 16
_CLEAR = 2.0


@dataclass(frozen=True, eq=False)
class TestRows:
    """What is known of the rows of a test part before anything is scored.

    blocks: int64 [rows], numbered from 0: rows of one block may depend on each other. in_time: blocks follow each other in time,
    and neighbours may depend on each other too; else blocks are independent.
    """

    __test__ = False  # no test of pytest's

    blocks: NDArray[np.int64]
    in_time: bool = False


@dataclass(frozen=True, eq=False)
class RowVariance:
    """Variance of the mean over the rows of a test part, the degrees of freedom it is known with, and the skewness of that mean.

    Where two models differ on a few rows only, the mean over so many rows is skewed: without one of these few it is smaller, and
    looks surer than it is. In its own standard deviations; 0 in time, where it is not looked for.
    sure: whether these tell all of its uncertainty. In time they do not: for how long rows depend on each other is estimated too.
    """

    variance: Values
    degrees_of_freedom: Values
    skewness: Values | float = 0.0
    sure: bool = True


def variance_over_rows(rows: ArrayLike, test_rows: TestRows | None = None) -> RowVariance:
    """Return how the mean of `rows` would vary over test parts like this one.

    rows: [..., n]. test_rows: how they depend on each other; None where they do not. Independent blocks: the delete-one-block
    jackknife, with one degree of freedom less than there are blocks (of equal size: fewer count where a few are large). In time:
    the sums of the blocks, in their order, are projected on the lowest cosines; the fewer, the longer the sums remember.
    A variance of infinity with one degree of freedom says that there is a single block.
    """
    values = np.asarray(rows, dtype=np.float64)
    if test_rows is None:
        test_rows = TestRows(np.arange(values.shape[-1]))
    count = int(test_rows.blocks.max()) + 1 if test_rows.blocks.size else 0
    if count < 2:
        return RowVariance(np.full(values.shape[:-1], np.inf), np.ones(values.shape[:-1]))
    sizes = np.bincount(test_rows.blocks, minlength=count).astype(np.float64)
    sums = _sums(values - values.mean(axis=-1, keepdims=True), test_rows.blocks, count)
    return _in_time(sums, values.shape[-1]) if test_rows.in_time else _independent(sums, sizes)


def _sums(values: Values, blocks: NDArray[np.int64], count: int) -> Values:
    """Sum of every block, [..., blocks]."""
    if count == values.shape[-1]:
        ordered: Values = values[..., np.argsort(blocks)]
        return ordered
    flat = values.reshape(-1, values.shape[-1])
    sums: Values = np.stack([np.bincount(blocks, weights=one, minlength=count) for one in flat])
    return sums.reshape(*values.shape[:-1], count)


def _independent(sums: Values, sizes: Values) -> RowVariance:
    """Jackknife over blocks. sums: of deviations from the mean; sizes: rows of each block."""
    count, rows = len(sizes), sizes.sum()
    # Without a block the mean moves by -sum / (rows - size).
    moves = sums / (rows - sizes)
    variance = (count - 1) / count * (moves**2).sum(-1)
    shares = (sizes / rows) ** 2
    counted = max(shares.sum() ** 2 / (shares**2).sum(), 2.0)
    third = (count - 1) / count * (moves**3).sum(-1)
    varies = variance > 0.0
    skewness = np.where(varies, third / np.where(varies, variance, 1.0) ** 1.5, 0.0)
    return RowVariance(variance, np.full(variance.shape, counted - 1.0), skewness)


def _in_time(sums: Values, rows: int) -> RowVariance:
    """Equally weighted cosine components of the sums, as many as their memory allows."""
    steps = sums.shape[-1]
    flat = sums.reshape(-1, steps)
    memory = np.maximum(_persistence(flat), 1e-9)
    allowed = np.floor(_BANDWIDTH * steps * (1.0 - memory) / np.sqrt(memory))
    used = np.clip(allowed, 1, min(MOST_COSINES, steps - 1)).astype(np.int64)
    times = (np.arange(steps) + 0.5) / steps
    cosines = np.sqrt(2.0 / steps) * np.cos(np.pi * np.outer(times, np.arange(1, used.max() + 1)))
    power = np.cumsum((flat @ cosines) ** 2, axis=1)[np.arange(len(flat)), used - 1] / used
    shape = sums.shape[:-1]
    return RowVariance((power * steps / rows**2).reshape(shape), used.astype(np.float64).reshape(shape), sure=False)


def _persistence(sums: Values) -> Values:
    """Autocorrelation of the sums at one step, [studies]: the highest that their means over 1, 2, 4, ... steps speak for.

    A slow part that noise hides from one step to the next shows in the means; of longer stretches only clear ones count.
    """
    highest = np.zeros(len(sums))
    length = 1
    while length == 1 or sums.shape[1] // length >= _FEWEST_MEANS:
        count = sums.shape[1] // length
        means = sums[:, : count * length].reshape(len(sums), count, length).mean(axis=2)
        means -= means.mean(axis=1, keepdims=True)
        power = (means**2).sum(axis=1)
        lagged = (means[:, 1:] * means[:, :-1]).sum(axis=1) / np.where(power > 0.0, power, 1.0)
        # Kendall (1954): what few steps make it too small by.
        one = np.clip(lagged + (1.0 + 3.0 * lagged) / count, 0.0, 0.9999)
        clear = one > (_CLEAR / np.sqrt(count) if length > 1 else 0.0)
        highest = np.maximum(highest, np.where(clear, one ** (1.0 / length), 0.0))
        length *= 2
    return highest

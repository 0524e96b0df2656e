"""How many times as much one arm costs as another, from paired measurements."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from gatewise.records import Ratio
from gatewise.statistics.binomial import binomial_quantile

__all__ = ["paired_ratio"]


def paired_ratio(first: ArrayLike, second: ArrayLike) -> Ratio:
    """Return the median of first[i] / second[i] with a 95% interval that assumes no distribution.

    The interval runs from the k-th smallest ratio to the k-th largest, with the greatest k for which the chance that the true
    median lies outside, 2 P(Binomial(n, 1/2) < k), is at most 0.05 (Thompson 1936, "On confidence ranges for the median",
    Annals of Mathematical Statistics 7). Below 6 pairs there is no such k: the interval is then the least and the greatest ratio,
    which cover the median with probability 1 - 2^(1-n) only (94% for 5 pairs, 50% for 2, none for 1).

    first, second: [n], positive and finite, in one unit; measured in pairs, close in time. The ratio has no unit.
    Raises ValueError where the two differ in length, are empty, or hold a value that is not positive and finite.
    """
    numerators = np.asarray(first, dtype=np.float64)
    denominators = np.asarray(second, dtype=np.float64)
    if numerators.ndim != 1 or numerators.shape != denominators.shape or numerators.size == 0:
        raise ValueError(
            f"expected two equally long series of measurements, got shapes {numerators.shape} and {denominators.shape}"
        )
    both = np.concatenate([numerators, denominators])
    if not (np.isfinite(both) & (both > 0)).all():
        raise ValueError("expected positive, finite measurements, got a value that is not; measure that pair again")
    ratios = np.sort(numerators / denominators)
    # This is the least k with P(X <= k) >= 0.025, hence P(X < k) < 0.025: the greatest rank that keeps the coverage.
    rank = max(binomial_quantile(0.025, ratios.size, 0.5), 1)
    return Ratio(median=float(np.median(ratios)), ci95=(float(ratios[rank - 1]), float(ratios[-rank])))

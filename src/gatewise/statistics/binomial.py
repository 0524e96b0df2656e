"""Quantiles of the binomial distribution without `scipy.stats`, whose import takes longer than many a reading of data."""

from __future__ import annotations

import numpy as np
from scipy.special import bdtr

__all__ = ["binomial_quantile"]


def binomial_quantile(probability: float, trials: int, chance: float) -> int:
    """Return the least k with P(X <= k) >= probability, where X counts the successes of so many trials."""
    cumulative = bdtr(np.arange(trials + 1, dtype=np.float64), trials, chance)
    return min(int(np.searchsorted(cumulative, probability)), trials)

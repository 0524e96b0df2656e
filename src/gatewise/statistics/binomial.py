"""The binomial distribution without `scipy.stats`, whose import takes longer than many a reading of data."""

from __future__ import annotations

import numpy as np
from scipy.special import bdtr, betaincinv

__all__ = ["binomial_interval", "binomial_quantile"]


def binomial_quantile(probability: float, trials: int, chance: float) -> int:
    """Return the least k with P(X <= k) >= probability, where X counts the successes of so many trials."""
    cumulative = bdtr(np.arange(trials + 1, dtype=np.float64), trials, chance)
    return min(int(np.searchsorted(cumulative, probability)), trials)


def binomial_interval(successes: int, trials: int, level: float = 0.95) -> tuple[float, float]:
    """Return the bounds of the central interval of the chance of success (Clopper & Pearson 1934), which covers it with at least
    `level` however few the trials are. Without any it is (0, 1). Raises ValueError for more successes than trials, or fewer than
    none."""
    if not 0 <= successes <= trials:
        raise ValueError(f"expected 0 to {trials} successes in {trials} trials, got {successes}")
    tail = (1.0 - level) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, trials - successes + 1, tail))
    high = 1.0 if successes == trials else float(betaincinv(successes + 1, trials - successes, 1.0 - tail))
    return low, high

"""The binomial distribution without `scipy.stats`, whose import takes longer than many a reading of data."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import bdtr, betaincinv, ndtri

__all__ = ["binomial_interval", "binomial_quantile", "paired_lead"]


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


def paired_lead(both: int, first: int, second: int, neither: int, level: float = 0.95) -> tuple[float, float, float]:
    """Return by how much the first of two succeeds more often than the second on the same trials, and the bounds of its interval.

    Method 10 of Newcombe (1998), "Improved confidence intervals for the difference between binomial proportions based on paired
    data", Statistics in Medicine 17: Wilson's intervals of both shares, put together by their correlation. It keeps its width
    where all trials agree. both, first, second, neither: trials in which both, one alone or none succeeded; at least one in all.
    """
    trials = both + first + second + neither
    if trials < 1 or min(both, first, second, neither) < 0:
        raise ValueError(f"expected counts of at least one trial, got {both}, {first}, {second} and {neither}")
    one, other = (both + first) / trials, (both + second) / trials
    (one_low, one_high), (other_low, other_high) = (_wilson(share, trials, level) for share in (one, other))
    margins = (both + first) * (second + neither) * (both + second) * (first + neither)
    product = float(both * neither - first * second)
    if product > 0:
        product = max(product - trials / 2, 0.0)
    correlation = product / math.sqrt(margins) if margins else 0.0

    def reach(of_one: float, of_other: float) -> float:
        return math.sqrt(max(of_one**2 - 2 * correlation * of_one * of_other + of_other**2, 0.0))

    lead = one - other
    return lead, lead - reach(one - one_low, other_high - other), lead + reach(one_high - one, other - other_low)


def _wilson(share: float, trials: int, level: float) -> tuple[float, float]:
    z = float(ndtri(0.5 + level / 2))
    centre = share + z**2 / (2 * trials)
    reach = z * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    return (centre - reach) / (1 + z**2 / trials), (centre + reach) / (1 + z**2 / trials)

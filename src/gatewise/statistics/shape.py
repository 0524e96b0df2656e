"""Whether the replicates look like what the statistics of their mean take them for: independent, and alike."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from gatewise.statistics.correlated import Differences

__all__ = ["FEWEST_FOR_SHAPE", "failure_rate_bound", "is_serial", "is_skewed"]

FEWEST_FOR_SHAPE = 8
"""Replicates that a look at their shape takes."""

_CLEAR = 2.0


def is_skewed(differences: ArrayLike) -> bool:
    """Whether some replicates lie far to one side: a sample skewness beyond two standard errors under a normal distribution."""
    seen = Differences.of(differences)
    replicates = int(seen.replicates)
    if replicates < FEWEST_FOR_SHAPE:
        return False
    error = math.sqrt(6.0 * replicates * (replicates - 1) / ((replicates - 2) * (replicates + 1) * (replicates + 3)))
    return abs(float(seen.skewness)) > _CLEAR * error


def is_serial(differences: ArrayLike) -> bool:
    """Whether replicates resemble the one before: an autocorrelation beyond 2.6 standard errors, by chance in 1% of runs."""
    values = np.asarray(differences, dtype=np.float64)
    values = values - values.mean()
    power = float((values**2).sum())
    if len(values) < FEWEST_FOR_SHAPE or power == 0.0:
        return False
    return abs(float((values[1:] * values[:-1]).sum()) / power + 1.0 / len(values)) > 2.6 / math.sqrt(len(values))


def failure_rate_bound(trainings: int, failures: int = 0, level: float = 0.95) -> float:
    """Return the share of trainings that fail at most, with so much confidence, where `failures` of `trainings` did.

    The upper bound of Clopper and Pearson (1934); without a failure it is 1 - (1 - level)^(1/n), about 3/n.
    """
    if failures >= trainings:
        return 1.0
    from scipy.special import betaincinv

    return float(betaincinv(failures + 1, trainings - failures, level))

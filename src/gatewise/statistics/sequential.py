"""How strict each look must be when the replicates are looked at again after every new one.

A test at 0.05 after each of many looks finds a difference that is not there far more often than in 5% of studies
(Armitage, McPherson and Rowe 1969, "Repeated significance tests on accumulating data", JRSS A 132). The remedy is theirs and
Pocock's (1977): one stricter level for every look, such that the chance of any false finding stays at 0.05. The same holds for
'equivalent' and for 'better by more than the margin': looked at often enough, a difference as large as the margin would be
taken for either in one study out of four.

How strict depends on what the looks have in common. What all replicates share, their test rows above all, is the same at every
look and gives chance no second try; only what differs from replicate to replicate does.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtr

from gatewise.statistics.binomial import binomial_quantile

__all__ = ["EQUIVALENCE_REPLICATES", "MINIMUM_REPLICATES", "MOST_REPLICATES", "nominal_level", "nominal_levels"]

MINIMUM_REPLICATES = 5
"""Replicates before the first look of a run that stops when decided."""

EQUIVALENCE_REPLICATES = 10
"""Replicates before such a run may call two arms equivalent: a training that fails now and then has to have had its chance."""

MOST_REPLICATES = 100
"""Replicates at which a run that stops when decided should end: the error is bounded for looks up to here."""

_STUDIES = 20_000
_CONFIDENCE = 0.99
_HIGHEST = 0.1
_LEAST_SHARED, _MOST_SHARED = 2.0**-5, 2.0**6


@lru_cache(maxsize=64)
def nominal_level(
    shared: float,
    *,
    alpha: float = 0.05,
    minimum_replicates: int = MINIMUM_REPLICATES,
    most_replicates: int = MOST_REPLICATES,
    known: bool = False,
) -> float:
    """Return the two-sided level of each look for which the chance of any false finding is at most `alpha`.

    Looks are taken after every replicate from `minimum_replicates` to `most_replicates`; a finding is a p-value at or below the
    level. Without a true difference the differences are d_j = sqrt(r) z + e_j, with z and e_j standard normal and r = shared, the
    variance that all replicates have in common in variances of one about it. Resampled splits: r is the ratio of test to training
    rows and the p-value that of the corrected t-test, exact where differences are so correlated (Nadeau and Bengio 2003).
    known: the common variance is known by itself, as that of a fixed test part is from its rows, and only that of e_j is
    estimated (degrees of freedom by Welch and Satterthwaite). The level is found from simulated studies with a fixed seed, low
    enough that the chance is at most `alpha` with 99% confidence in spite of the simulation's own error.

    With one look (minimum_replicates == most_replicates) the level is `alpha` itself. r = 0 gives the lowest level, since
    independent replicates let the looks differ most.

    Half of the level for twice `alpha` is the one-sided level of each look at which a bound is passed by chance in at most
    `alpha` of the studies whose true difference lies on it.

    Raises ValueError where alpha is not in (0, 0.1], the ratio is negative, or there is no look with at least two replicates.
    """
    if not 0.0 < alpha <= _HIGHEST or shared < 0.0 or not 2 <= minimum_replicates <= most_replicates:
        raise ValueError(
            f"expected alpha in (0, {_HIGHEST}], a ratio of at least 0 and 2 <= minimum_replicates <= most_replicates, got "
            f"alpha={alpha}, shared={shared}, minimum_replicates={minimum_replicates}, "
            f"most_replicates={most_replicates}"
        )
    if minimum_replicates == most_replicates:
        return alpha
    smallest = _smallest_p_values(shared, minimum_replicates, most_replicates, known)
    findings = binomial_quantile(1.0 - _CONFIDENCE, _STUDIES, alpha)
    return float(smallest[findings - 1])


def nominal_levels(shared: ArrayLike, *, alpha: float, most_replicates: int = MOST_REPLICATES) -> NDArray[np.float64]:
    """Return `nominal_level` with a known part for every value of `shared`, rounded down to a power of two from 1/32 to 64, or 0.

    Rounded down, because a smaller part in common has the stricter level.
    """
    values = np.asarray(shared, dtype=np.float64)
    powers = 2.0 ** np.floor(np.log2(np.clip(values, _LEAST_SHARED, _MOST_SHARED)))
    different, which = np.unique(np.where(values < _LEAST_SHARED, 0.0, powers), return_inverse=True)
    levels = [nominal_level(float(one), alpha=alpha, most_replicates=most_replicates, known=True) for one in different]
    return np.array(levels)[which].reshape(values.shape)


@lru_cache(maxsize=32)
def _smallest_p_values(
    ratio: float, minimum_replicates: int, most_replicates: int, known: bool
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Smallest p-value over all looks of each simulated study, sorted; those above any level asked for may be 1."""
    generator = np.random.default_rng(0)
    shared = np.sqrt(ratio) * generator.standard_normal(_STUDIES)
    total = np.zeros(_STUDIES)
    squares = np.zeros(_STUDIES)
    smallest = np.ones(_STUDIES)
    for replicates in range(1, most_replicates + 1):
        difference = shared + generator.standard_normal(_STUDIES)
        total += difference
        squares += difference**2
        if replicates < minimum_replicates:
            continue
        mean = total / replicates
        variance = (squares - replicates * mean**2) / (replicates - 1)
        own = variance / replicates
        both = own + ratio if known else variance * (1.0 / replicates + ratio)
        degrees = (replicates - 1.0) * (np.square(both / own) if known else np.ones(_STUDIES))
        t = -np.abs(mean) / np.sqrt(both)
        candidates = np.flatnonzero(t <= ndtri(_HIGHEST / 2))
        smallest[candidates] = np.minimum(smallest[candidates], 2.0 * stdtr(degrees[candidates], t[candidates]))
    return np.sort(smallest)

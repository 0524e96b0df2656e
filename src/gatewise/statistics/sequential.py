"""How strict each look must be when the replicates are looked at again after every new one.

A test at 0.05 after each of many looks finds a difference that is not there far more often than in 5% of studies
(Armitage, McPherson and Rowe 1969, "Repeated significance tests on accumulating data", JRSS A 132). The remedy is theirs and
Pocock's (1977): one stricter level for every look, such that the chance of any false finding stays at 0.05. The same holds for
'equivalent' and for 'better by more than the margin': looked at often enough, a difference as large as the margin would be
taken for either in one study out of four.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import stdtr, stdtrit

from gatewise.statistics.binomial import binomial_quantile

__all__ = ["EQUIVALENCE_REPLICATES", "MINIMUM_REPLICATES", "MOST_REPLICATES", "nominal_level"]

MINIMUM_REPLICATES = 5
"""Replicates before the first look of a run that stops when decided."""

EQUIVALENCE_REPLICATES = 10
"""Replicates before such a run may call two arms equivalent: a training that fails now and then has to have had its chance."""

MOST_REPLICATES = 100
"""Replicates at which a run that stops when decided should end: the error is bounded for looks up to here."""

_STUDIES = 20_000
_CONFIDENCE = 0.99
_HIGHEST = 0.1


@lru_cache(maxsize=64)
def nominal_level(
    test_to_train_ratio: float,
    *,
    alpha: float = 0.05,
    minimum_replicates: int = MINIMUM_REPLICATES,
    most_replicates: int = MOST_REPLICATES,
) -> float:
    """Return the two-sided level of each look for which the chance of any false finding is at most `alpha`.

    Looks are taken after every replicate from `minimum_replicates` to `most_replicates`; a finding is a p-value of the corrected
    resampled t-test at or below the level. Without a true difference the differences are d_j = sqrt(r) z + e_j, with z and e_j
    standard normal and r = test_to_train_ratio, that is, equally correlated with rho = r / (1 + r), the model under which that
    test is exact (Nadeau and Bengio 2003). The level is found from simulated studies with a fixed seed, low enough that the
    chance is at most `alpha` with 99% confidence in spite of the simulation's own error.

    With one look (minimum_replicates == most_replicates) the level is `alpha` itself. r = 0 gives the lowest level, since
    independent replicates let the looks differ most; use it where r is not known in advance (a fixed test part).

    Half of the level for twice `alpha` is the one-sided level of each look at which a bound is passed by chance in at most
    `alpha` of the studies whose true difference lies on it.

    Raises ValueError where alpha is not in (0, 0.1], the ratio is negative, or there is no look with at least two replicates.
    """
    if not 0.0 < alpha <= _HIGHEST or test_to_train_ratio < 0.0 or not 2 <= minimum_replicates <= most_replicates:
        raise ValueError(
            f"expected alpha in (0, {_HIGHEST}], a ratio of at least 0 and 2 <= minimum_replicates <= most_replicates, got "
            f"alpha={alpha}, test_to_train_ratio={test_to_train_ratio}, minimum_replicates={minimum_replicates}, "
            f"most_replicates={most_replicates}"
        )
    if minimum_replicates == most_replicates:
        return alpha
    smallest = _smallest_p_values(test_to_train_ratio, minimum_replicates, most_replicates)
    findings = binomial_quantile(1.0 - _CONFIDENCE, _STUDIES, alpha)
    return float(smallest[findings - 1])


@lru_cache(maxsize=16)
def _smallest_p_values(
    ratio: float, minimum_replicates: int, most_replicates: int
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Smallest p-value over all looks of each simulated study, sorted; 1 where none could matter at any level asked for."""
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
        t = -np.abs(mean) / np.sqrt(variance * (1.0 / replicates + ratio))
        candidates = np.flatnonzero(t <= stdtrit(replicates - 1, _HIGHEST / 2))
        smallest[candidates] = np.minimum(smallest[candidates], 2.0 * stdtr(replicates - 1, t[candidates]))
    return np.sort(smallest)

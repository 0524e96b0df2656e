"""How strict each look must be when the pairs are looked at again after every new one.

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

__all__ = ["EQUIVALENCE_PAIRS", "MINIMUM_PAIRS", "MOST_PAIRS", "nominal_level"]

MINIMUM_PAIRS = 5
"""Pairs before the first look of a run that stops when decided."""

EQUIVALENCE_PAIRS = 10
"""Pairs before two arms may be called equivalent by such a run: a training that fails now and then has to have had its chance."""

MOST_PAIRS = 100
"""Pairs for which a run that stops when decided is planned. It should end there: the error is bounded for looks up to here."""

_STUDIES = 20_000
_CONFIDENCE = 0.99
_HIGHEST = 0.1


@lru_cache(maxsize=64)
def nominal_level(
    test_to_train_ratio: float, *, alpha: float = 0.05, minimum_pairs: int = MINIMUM_PAIRS, most_pairs: int = MOST_PAIRS
) -> float:
    """Return the two-sided level of each look for which the chance of any false finding is at most `alpha`.

    Looks are taken after every pair from `minimum_pairs` to `most_pairs`; a finding is a p-value of the corrected resampled
    t-test at or below the level. Without a true difference the differences are d_j = sqrt(r) z + e_j, with z and e_j standard
    normal and r = test_to_train_ratio, that is, equally correlated with rho = r / (1 + r), the model under which that test is
    exact (Nadeau and Bengio 2003). The level is found from simulated studies with a fixed seed, low enough that the chance is
    at most `alpha` with 99% confidence in spite of the simulation's own error.

    With one look (minimum_pairs == most_pairs) the level is `alpha` itself. r = 0 gives the lowest level, since independent pairs
    let the looks differ most; use it where r is not known in advance (a fixed test part).

    Half of the level for twice `alpha` is the one-sided level of each look at which a bound is passed by chance in at most
    `alpha` of the studies whose true difference lies on it.

    Raises ValueError where alpha is not in (0, 0.1], the ratio is negative, or there is no look with at least two pairs.
    """
    if not 0.0 < alpha <= _HIGHEST or test_to_train_ratio < 0.0 or not 2 <= minimum_pairs <= most_pairs:
        raise ValueError(
            f"expected alpha in (0, {_HIGHEST}], a ratio of at least 0 and 2 <= minimum_pairs <= most_pairs, got alpha={alpha}, "
            f"test_to_train_ratio={test_to_train_ratio}, minimum_pairs={minimum_pairs}, most_pairs={most_pairs}"
        )
    if minimum_pairs == most_pairs:
        return alpha
    smallest = _smallest_p_values(test_to_train_ratio, minimum_pairs, most_pairs)
    findings = binomial_quantile(1.0 - _CONFIDENCE, _STUDIES, alpha)
    return float(smallest[findings - 1])


@lru_cache(maxsize=16)
def _smallest_p_values(ratio: float, minimum_pairs: int, most_pairs: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Smallest p-value over all looks of each simulated study, sorted; 1 where none could matter at any level asked for."""
    generator = np.random.default_rng(0)
    shared = np.sqrt(ratio) * generator.standard_normal(_STUDIES)
    total = np.zeros(_STUDIES)
    squares = np.zeros(_STUDIES)
    smallest = np.ones(_STUDIES)
    for pairs in range(1, most_pairs + 1):
        difference = shared + generator.standard_normal(_STUDIES)
        total += difference
        squares += difference**2
        if pairs < minimum_pairs:
            continue
        mean = total / pairs
        variance = (squares - pairs * mean**2) / (pairs - 1)
        t = -np.abs(mean) / np.sqrt(variance * (1.0 / pairs + ratio))
        candidates = np.flatnonzero(t <= stdtrit(pairs - 1, _HIGHEST / 2))
        smallest[candidates] = np.minimum(smallest[candidates], 2.0 * stdtr(pairs - 1, t[candidates]))
    return np.sort(smallest)

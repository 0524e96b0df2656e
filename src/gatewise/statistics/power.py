"""How many more pairs a decision would probably take."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gatewise.statistics.correlated import Posterior
from gatewise.statistics.decision import conclude

__all__ = ["MOST_FURTHER_PAIRS", "further_pairs"]

MOST_FURTHER_PAIRS = 1_000


def further_pairs(
    posterior_after: Callable[[NDArray[np.int64]], Posterior], margin: float, level: float, *, at_least: int = 1
) -> int | None:
    """Return the fewest further pairs after which the rule of `conclude` decides if the evidence stays as it is.

    posterior_after: the posterior after each of the given numbers of further pairs, with mean, s and the part of the variance
    that pairs do not remove kept as they are (`further` of `resampled_posterior` and `fixed_test_posterior`). As the mean will
    move, this is about the number at which a decision becomes more likely than not. at_least: pairs that are due in any case.

    None where up to 1,000 further pairs would not decide: the variance has a part that only more data removes.
    """
    numbers = np.arange(at_least, MOST_FURTHER_PAIRS + 1)
    decided = np.flatnonzero(conclude(posterior_after(numbers), margin, level) != "undecided")
    return int(numbers[decided[0]]) if decided.size else None

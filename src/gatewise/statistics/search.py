"""What a random search finds, from the trials of one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["expected_best"]


def expected_best(scores: ArrayLike, trials: int) -> NDArray[np.float64]:
    """Return the expected best score, more is better, after 1, 2, ... `trials` random trials, float64 [trials].

    Trials are taken as drawn from the scores seen: with these in rising order, v_1 to v_N, the best of n is v_i with probability
    (i/N)^n - ((i-1)/N)^n (Dodge, Gururangan, Card, Schwartz & Smith 2019, "Show your work", EMNLP, eq. 3).
    Raises ValueError without scores.
    """
    ordered = np.sort(np.asarray(scores, dtype=np.float64))
    if ordered.size == 0:
        raise ValueError("no scores were given; at least one trial is needed")
    below = np.arange(ordered.size + 1) / ordered.size
    return np.array([np.diff(below**number) @ ordered for number in range(1, trials + 1)])

"""Differences and ratios of the statistics as effects, and what several of them say together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gatewise.claims.records import Effect
from gatewise.records import Difference, Ratio
from gatewise.statistics.ratio import paired_ratio

__all__ = ["FEWEST_RATIOS", "points_of", "ratio_effect", "ratio_of"]

FEWEST_RATIOS = 6
"""Fewer pairs give no 95% interval of a median ratio."""


def points_of(label: str, difference: Difference) -> Effect:
    """A difference of shares (accuracy) in points."""
    low, high = difference.ci95
    known = difference.is_known
    return Effect(
        label,
        100 * difference.mean,
        100 * low if known else None,
        100 * high if known else None,
        "points",
        difference.replicates,
    )


def ratio_of(first: Sequence[float] | NDArray[np.float64], second: Sequence[float] | NDArray[np.float64]) -> tuple[Ratio, int]:
    """The median of paired ratios with its interval, and the number of pairs."""
    return paired_ratio(np.asarray(first), np.asarray(second)), len(first)


def ratio_effect(label: str, ratio: Ratio, pairs: int) -> Effect:
    """How many times as much one is as the other; without an interval where there are too few pairs for one."""
    known = pairs >= FEWEST_RATIOS
    return Effect(label, ratio.median, ratio.ci95[0] if known else None, ratio.ci95[1] if known else None, "times", pairs)

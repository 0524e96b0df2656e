"""When a difference between two arms is decided, and what is concluded."""

from __future__ import annotations

from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from gatewise.records import Difference
from gatewise.statistics.correlated import Posterior

__all__ = ["DECISION_PROBABILITY", "compare", "conclude"]

DECISION_PROBABILITY = 0.95

Conclusion = Literal["first", "equivalent", "second", "undecided"]


def conclude(posterior: Posterior, margin: float, level: float) -> NDArray[np.str_]:
    """Return "first", "equivalent", "second" or "undecided" for every study that `posterior` holds.

    An arm wins where the posterior probability that it is better by more than `margin` is at least 0.95 (Benavoli et al. 2017)
    and the p-value is at or below `level`, the look-adjusted level of `nominal_level`; the two are equivalent where the
    probability of a difference inside the band is at least 0.95.
    """
    p_first, p_equivalent, p_second = posterior.probabilities(margin)
    differs = posterior.p_value() <= level
    return np.select(
        [
            (p_first >= DECISION_PROBABILITY) & differs,
            (p_second >= DECISION_PROBABILITY) & differs,
            p_equivalent >= DECISION_PROBABILITY,
        ],
        ["first", "second", "equivalent"],
        "undecided",
    )


def compare(
    first: str,
    second: str,
    posterior: Posterior,
    margin: float,
    level: float,
    *,
    pairs: int,
    minimum_pairs: int,
    bounds: tuple[float, float] = (-1.0, 1.0),
) -> Difference:
    """Return what `pairs` pairs say about score(first) - score(second), undecided below `minimum_pairs`.

    margin: half width of the band of practical equivalence. level: two-sided level of one look (`nominal_level`).
    bounds: the least and greatest possible difference; intervals end there, so they are finite even after a single pair.
    """
    conclusion = str(conclude(posterior, margin, level)) if pairs >= minimum_pairs else "undecided"
    p_first, p_equivalent, p_second = posterior.probabilities(margin)
    return Difference(
        first=first,
        second=second,
        mean=float(posterior.mean),
        ci95=_bounded(posterior, 0.95, bounds),
        ci95_sequential=_bounded(posterior, 1.0 - level, bounds),
        p_first=float(p_first),
        p_equivalent=float(p_equivalent),
        p_second=float(p_second),
        pairs=pairs,
        conclusion=cast(Conclusion, conclusion),
    )


def _bounded(posterior: Posterior, level: float, bounds: tuple[float, float]) -> tuple[float, float]:
    low, high = np.clip(posterior.interval(level), *bounds)
    return float(low), float(high)

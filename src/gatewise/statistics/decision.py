"""When a difference between two arms is decided, and what is concluded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from gatewise.records import Difference
from gatewise.statistics.correlated import Differences, Posterior, Resampled, Spread
from gatewise.statistics.sequential import (
    EQUIVALENCE_REPLICATES,
    MINIMUM_REPLICATES,
    MOST_REPLICATES,
    nominal_level,
    nominal_levels,
)

__all__ = ["ERROR", "MINIMUM_PLANNED_REPLICATES", "Rule", "compare", "conclude"]

ERROR = 0.05
"""Chance, at most, of each wrong statement: a winner without a difference, a lead beyond the margin that is none, and
'equivalent' of a difference that is not inside it."""

MINIMUM_PLANNED_REPLICATES = 2
"""Replicates below which a planned look decides nothing: a single one gives no standard deviation."""

Values = NDArray[np.float64]

Conclusion = Literal["first", "equivalent", "second", "undecided"]


@dataclass(frozen=True)
class Rule:
    """What a conclusion asks for at one look.

    level: two-sided, of no difference at all. beyond: largest probability that the lead is not above the margin; inside: that the
    difference is beyond one given end of the band. minimum_replicates, equivalence_replicates: fewer decide nothing, or no
    equivalence. The first three are numbers, or arrays of one shape with one entry a study.
    """

    level: Values | float
    beyond: Values | float
    inside: Values | float
    minimum_replicates: int
    equivalence_replicates: int

    @classmethod
    def planned(cls, comparisons: int = 1) -> Rule:
        """One look, after a number of replicates that was fixed beforehand.

        comparisons: in how many a winner may be found; the error is divided by them (Bonferroni). 'Equivalent' needs no such
        division, because it is only said where every single comparison allows it (Berger 1982, intersection-union).
        """
        alpha = ERROR / max(comparisons, 1)
        return cls(alpha, alpha, ERROR, MINIMUM_PLANNED_REPLICATES, MINIMUM_PLANNED_REPLICATES)

    @classmethod
    def after_each(cls, seen: Differences, spread: Spread, comparisons: int = 1, most_replicates: int = MOST_REPLICATES) -> Rule:
        """A look after every replicate, from the fifth to `most_replicates`, until something is concluded."""
        if isinstance(spread, Resampled):
            return cls.sequential(spread.test_to_train_ratio, comparisons, most_replicates)
        return cls.on_one_test_part(spread.shared(seen), comparisons, most_replicates)

    @classmethod
    def sequential(cls, test_to_train_ratio: float, comparisons: int = 1, most_replicates: int = MOST_REPLICATES) -> Rule:
        """Such a look where the splits are resampled."""
        return cls._of_looks(
            lambda alpha: nominal_level(test_to_train_ratio, alpha=alpha, most_replicates=most_replicates), comparisons
        )

    @classmethod
    def on_one_test_part(cls, shared: Values | float, comparisons: int = 1, most_replicates: int = MOST_REPLICATES) -> Rule:
        """Such a look where every replicate is scored on the same test rows.

        shared: variance that these give every replicate alike, in variances of one replicate about it (`FixedTest.shared`).
        """
        return cls._of_looks(lambda alpha: nominal_levels(shared, alpha=alpha, most_replicates=most_replicates), comparisons)

    @classmethod
    def _of_looks(cls, level: Callable[[float], Values | float], comparisons: int) -> Rule:
        """level: two-sided, of a look, for the chance of a finding in all of them."""
        alpha = ERROR / max(comparisons, 1)
        return cls(level(alpha), level(2 * alpha) / 2, level(2 * ERROR) / 2, MINIMUM_REPLICATES, EQUIVALENCE_REPLICATES)


def conclude(posterior: Posterior, margin: float, rule: Rule, replicates: int | NDArray[np.int64]) -> NDArray[np.str_]:
    """Return "first", "equivalent", "second" or "undecided" for every study that `posterior` holds, after so many replicates.

    An arm wins where it is shown to differ at all and to lead by more than `margin`; two are equivalent where each end of the
    band is shown to be out of reach (two one-sided tests, Schuirmann 1987).
    """
    differs = posterior.p_value() <= rule.level
    inside = (posterior.not_below(margin) <= rule.inside) & (posterior.not_above(-margin) <= rule.inside)
    enough = np.asarray(replicates) >= rule.minimum_replicates
    return np.select(
        [
            (posterior.not_above(margin) <= rule.beyond) & differs & enough,
            (posterior.not_below(-margin) <= rule.beyond) & differs & enough,
            inside & enough & (np.asarray(replicates) >= rule.equivalence_replicates),
        ],
        ["first", "second", "equivalent"],
        "undecided",
    )


def compare(
    first: str,
    second: str,
    posterior: Posterior,
    margin: float,
    rule: Rule,
    *,
    replicates: int,
    bounds: tuple[float, float] = (-1.0, 1.0),
) -> Difference:
    """Return what `replicates` replicates say about score(first) - score(second).

    margin: half width of the band of practical equivalence. bounds: the least and greatest possible difference; intervals end
    there, so they are finite even after a single replicate.
    """
    p_first, p_equivalent, p_second = posterior.probabilities(margin)
    return Difference(
        first=first,
        second=second,
        mean=float(posterior.mean),
        ci95=_bounded(posterior, 0.95, bounds),
        ci95_sequential=_bounded(posterior, 1.0 - float(rule.level), bounds),
        p_first=float(p_first),
        p_equivalent=float(p_equivalent),
        p_second=float(p_second),
        replicates=replicates,
        conclusion=cast(Conclusion, str(conclude(posterior, margin, rule, replicates))),
    )


def _bounded(posterior: Posterior, level: float, bounds: tuple[float, float]) -> tuple[float, float]:
    low, high = np.clip(posterior.interval(level), *bounds)
    return float(low), float(high)

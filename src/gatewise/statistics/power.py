"""How many more replicates a decision would probably take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatewise.statistics.correlated import Differences, Spread, posterior
from gatewise.statistics.decision import Rule, conclude

__all__ = ["MOST_FURTHER_REPLICATES", "Foresight", "foresee"]

MOST_FURTHER_REPLICATES = 1_000
_STUDIES = 400
_STEP = 1.15

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Foresight:
    """further_replicates: the fewest after which a decision is more likely than not; None where 1,000 would not make it so.
    within_most: probability that these 1,000 would decide."""

    further_replicates: int | None
    within_most: float


def foresee(seen: Differences, spread: Spread, margin: float, rule: Rule) -> Foresight:
    """Simulate how the study may go on, and look where it is decided.

    What is uncertain now is drawn: the spread of the differences, and the mean that further replicates scatter around, both from
    their posterior (without prior knowledge). Assuming that they stay as estimated would foresee no decision at all wherever the
    mean happens to lie near an end of the band. The part of the variance that replicates do not remove stays as it is. Looks
    between the numbers simulated (every seventh part further) are left out, so that a decision may come a little earlier. The
    same evidence gives the same answer. Skewness is not foreseen.
    """
    replicates = int(seen.replicates)
    if np.isnan(seen.variance) or not spread.informative:
        return Foresight(max(rule.minimum_replicates - replicates, 1), 1.0)
    generator = np.random.default_rng(0)
    variance = np.maximum(seen.variance, spread.resolution**2)
    true_variance = variance * (replicates - 1) / generator.chisquare(replicates - 1, _STUDIES)
    true_mean = seen.mean + np.sqrt(true_variance / replicates) * generator.standard_normal(_STUDIES)
    mean, squares = np.full(_STUDIES, float(seen.mean)), np.full(_STUDIES, float(seen.variance) * (replicates - 1))
    open_studies = np.ones(_STUDIES, dtype=bool)
    count = replicates
    for number in _numbers(max(rule.minimum_replicates - replicates, 1)):
        added = replicates + number - count
        new_mean = true_mean + np.sqrt(true_variance / added) * generator.standard_normal(_STUDIES)
        if added > 1:
            squares += true_variance * generator.chisquare(added - 1, _STUDIES)
        squares += (new_mean - mean) ** 2 * count * added / (count + added)
        mean += (new_mean - mean) * added / (count + added)
        count += added
        now = Differences(mean, squares / (count - 1), np.zeros(_STUDIES), np.asarray(float(count)))
        open_studies &= conclude(posterior(now, spread), margin, rule, count) == "undecided"
        if open_studies.mean() < 0.5:
            return Foresight(number, 1.0)
    return Foresight(None, float(1.0 - open_studies.mean()))


def _numbers(first: int) -> list[int]:
    """From `first` to the most, each a seventh more than the one before or at least one more."""
    numbers = [first]
    while numbers[-1] < MOST_FURTHER_REPLICATES:
        numbers.append(min(max(numbers[-1] + 1, round(numbers[-1] * _STEP)), MOST_FURTHER_REPLICATES))
    return numbers

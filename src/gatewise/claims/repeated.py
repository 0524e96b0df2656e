"""What independent repetitions say: a mean with its interval as an effect, and one verdict of several answers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from gatewise.claims.records import Effect, Verdict
from gatewise.statistics.correlated import Differences, Resampled, posterior

__all__ = ["SURE", "answer", "joint_level", "mean_effect", "mean_ratio_effect", "verdict_of"]

SURE = 0.95
"""Of every interval that is shown."""

_FINEST = 1e-12
_FEWEST = 3


def joint_level(answers: int) -> float:
    """The level of the intervals that so many answers are read off, so that with 95% confidence none of them is wrong.

    Each asks on which side of a bound an effect lies, and errs on one side only: (1 - level) / 2 is 5% divided by their number
    (Bonferroni). For one or two it is no less than that of the intervals shown.
    """
    return max(SURE, 1.0 - 2.0 * (1.0 - SURE) / max(answers, 1))


def mean_effect(label: str, values: Sequence[float], unit: str, *, level: float = SURE) -> Effect:
    """The mean of repetitions that share nothing but what is measured, with Student's t interval."""
    low, high = _interval(values, level)
    return Effect(label, float(np.mean(values)), low, high, unit, len(values))


def mean_ratio_effect(
    label: str, logarithms: Sequence[float], unit: str = "times", *, level: float = SURE, resolution: float = _FINEST
) -> Effect:
    """The geometric mean of ratios, with Student's t interval of their logarithms. logarithms: natural, of each repetition.

    resolution: the least difference that one of them can show; a few that are alike do not show that there is none.
    """
    low, high = (None if bound is None else math.exp(bound) for bound in _interval(logarithms, level, resolution))
    return Effect(label, math.exp(float(np.mean(logarithms))), low, high, unit, len(logarithms))


def answer(effect: Effect, yes_above: float, no_below: float) -> bool | None:
    """Whether the effect lies above a bound (yes) or below another (no) with its whole interval; None where neither is told."""
    if effect.low is None or effect.high is None:
        return None
    return True if effect.low > yes_above else False if effect.high < no_below else None


def verdict_of(answers: Iterable[bool | None]) -> Verdict:
    """One verdict of what several settings say: yes and no side by side means that it depends."""
    found = set(answers)
    if {True, False} <= found:
        return "depends"
    if None in found or not found:
        return "not told"
    return "holds" if True in found else "does not hold"


def _interval(values: Sequence[float], level: float, resolution: float = _FINEST) -> tuple[float | None, float | None]:
    # Two values that happen to be alike would look like certainty.
    if len(values) < _FEWEST:
        return None, None
    low, high = posterior(Differences.of(values), Resampled(0.0, resolution)).interval(level)
    return float(low), float(high)

"""How like two data sets are in what was measured of them, and what came out where it was like this one.

Every recorded study votes for what came out of it, the louder the more alike its facts are (a Nadaraya-Watson estimate with a
Gaussian kernel), beside votes for what the quick pairs themselves say and for what comes out on average, which decide where
nothing is alike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatewise.advice.base import Study
from gatewise.advice.facts import Facts, Measured
from gatewise.advice.outcomes import ANSWERS, way_to_perfect
from gatewise.metrics import METRICS

__all__ = ["Vote", "coordinates", "vote"]

# How much each coordinate counts in a distance. Differences are in margins on a logarithmic scale, so that one and two are as far
# apart as ten and twenty; probabilities differ by 1 at most.
WEIGHTS: Mapping[str, float] = {
    "quick first": 2.0,
    "quick second": 2.0,
    "quick equivalent": 2.0,
    "quick baseline": 2.0,
    "quick neither": 2.0,
    "difference": 0.6,
    "uncertainty": 0.3,
    "lead": 0.6,
    "cells' way to perfect": 1.5,
    "best way to perfect": 1.5,
    "rows": 0.4,
    "length": 0.2,
    "order": 0.15,
    "memory": 0.15,
    "slope": 0.3,
}
BANDWIDTH = 0.7
# Votes for what the pairs say, and for what comes out on average.
QUICK_VOTES, AVERAGE_VOTES = 1.0, 0.1
# A difference of unknown uncertainty is as uncertain as so many margins.
UNKNOWN_MARGINS = 20.0


@dataclass(frozen=True)
class Vote:
    """What came out on data like this. probabilities: of every answer, by all votes. recorded: by those of the studies alone.
    weight: their likeness, added up, where a study just like this one has 1. nearest: the most alike, with their likeness."""

    probabilities: Mapping[str, float]
    recorded: Mapping[str, float]
    weight: float
    nearest: tuple[tuple[Study, float], ...]


def coordinates(facts: Facts) -> Mapping[str, float]:
    """Where a data set stands among others; what was not measured is 0."""
    metric, margin = METRICS[facts.metric], facts.margin
    cells = max((facts.scores[name] for name in facts.scores if name not in _baselines(facts)), key=metric.gain)
    best = max(facts.scores.values(), key=metric.gain)
    simplest = facts.scores.get(facts.simplest, cells)
    return {
        **{f"quick {answer}": facts.quick.get(answer, 0.0) for answer in ANSWERS},
        "difference": _in_margins(facts.difference, margin),
        "uncertainty": math.log1p(_half_width(facts.difference, margin)),
        "lead": _in_margins(facts.lead, margin),
        "cells' way to perfect": float(np.clip(way_to_perfect(facts.metric, cells, simplest), -0.5, 1.0)),
        "best way to perfect": float(np.clip(way_to_perfect(facts.metric, best, simplest), -0.5, 1.0)),
        "rows": math.log10(facts.data.train_rows),
        "length": math.log10(facts.data.length_median),
        "order": _in_margins(facts.shuffled, margin),
        "memory": _memory(facts),
        "slope": _slope(facts),
    }


def vote(facts: Facts, studies: Sequence[Study]) -> Vote:
    """What came out of studies, by how alike their facts are to these."""
    if not studies:
        return Vote({answer: facts.quick.get(answer, 0.0) for answer in ANSWERS}, {}, 0.0, ())
    points, outcomes = points_of([one.facts for one in studies]), outcomes_of(studies)
    weights = kernel(points_of([facts]), points)[0]
    probabilities = blended(weights, outcomes, quick_of([facts])[0])
    recorded = weights @ outcomes / max(weights.sum(), np.finfo(np.float64).tiny)
    order = np.argsort(-weights, kind="stable")[:5]
    return Vote(
        dict(zip(ANSWERS, probabilities.tolist(), strict=True)),
        dict(zip(ANSWERS, recorded.tolist(), strict=True)),
        float(weights.sum()),
        tuple((studies[place], float(weights[place])) for place in order),
    )


def points_of(facts: Sequence[Facts]) -> NDArray[np.float64]:
    """Weighted coordinates, float64 [studies, coordinates]."""
    return np.array([[WEIGHTS[name] * value for name, value in coordinates(one).items()] for one in facts])


def outcomes_of(studies: Sequence[Study]) -> NDArray[np.float64]:
    """Probabilities of the answers, float64 [studies, answers]."""
    return np.array([[one.outcome.probabilities.get(answer, 0.0) for answer in ANSWERS] for one in studies])


def quick_of(facts: Sequence[Facts]) -> NDArray[np.float64]:
    """What the quick pairs say by themselves, float64 [studies, answers]."""
    return np.array([[one.quick.get(answer, 0.0) for answer in ANSWERS] for one in facts])


def kernel(points: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """How loud every other's vote is, float64 [points, others], 1 for one that is the same."""
    squares = ((points[:, np.newaxis] - others[np.newaxis]) ** 2).sum(axis=2)
    return np.asarray(np.exp(-squares / (2 * BANDWIDTH**2)))


def blended(weights: NDArray[np.float64], outcomes: NDArray[np.float64], quick: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities by votes, float64 [answers], of weights [studies], outcomes [studies, answers] and what the pairs say."""
    votes = weights @ outcomes + QUICK_VOTES * quick + AVERAGE_VOTES * outcomes.mean(axis=0)
    return np.asarray(votes / votes.sum())


def _baselines(facts: Facts) -> set[str]:
    return set(facts.scores) - set(facts.gap)


def _in_margins(measured: Measured | None, margin: float) -> float:
    value = 0.0 if measured is None else measured.value / margin
    return math.copysign(math.log1p(abs(value)), value)


def _half_width(measured: Measured | None, margin: float) -> float:
    if measured is None or measured.low is None:
        return UNKNOWN_MARGINS
    return min((measured.value - measured.low) / margin, UNKNOWN_MARGINS)


def _memory(facts: Facts) -> float:
    """How many times the sequence is as long as the past that suffices, as a power of 2; 0 where all of it is needed."""
    enough = [one.steps for one in facts.contexts if one.loss.value <= facts.margin]
    return math.log2(facts.data.length_median / min(enough)) if enough else 0.0


def _slope(facts: Facts) -> float:
    """What the last half of the rows brings the better cell, in margins, as differences are."""
    if len(facts.curve) < 2:
        return 0.0
    metric = METRICS[facts.metric]
    half, whole = (max(metric.gain(score) for score in point.scores.values()) for point in facts.curve[-2:])
    return _in_margins(Measured(whole - half), facts.margin)

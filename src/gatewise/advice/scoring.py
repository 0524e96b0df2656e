"""How good the advice is on data sets that it has not seen: every study is left out in turn, with all others of its data set."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gatewise.advice.base import Study
from gatewise.advice.likeness import blended, kernel, outcomes_of, points_of, quick_of
from gatewise.advice.outcomes import ANSWERS
from gatewise.advice.recommend import recommended_by

__all__ = ["CalibrationBin", "RuleScore", "Score", "right_by", "score_advice"]

# The folklore's border between short and long sequences, in steps.
SHORT = 100.0
BINS = (0.0, 0.4, 0.6, 0.8, 0.9, 1.0)
BASELINE = "a baseline"


@dataclass(frozen=True)
class RuleScore:
    """How often a rule was right.

    name: `advice`; `first`: always the first cell; `length`: that below 100 steps, else the second. right: among the decided
    studies, of so many. expected: over all studies, the mean probability that what it recommends is right, by what the comparison
    found.
    """

    name: str
    right: int
    decided: int
    expected: float


@dataclass(frozen=True)
class CalibrationBin:
    """Of studies whose most probable answer had a probability from low to high: how many, the mean of that, and how often it was
    the answer (of an undecided comparison, how probably)."""

    low: float
    high: float
    studies: int
    said: float
    happened: float


@dataclass(frozen=True)
class Score:
    """The advice beside the rules of thumb. log_loss: mean cross-entropy of the answers, of the advice and of always saying what
    comes out on average, in nats."""

    studies: int
    undecided: int
    rules: tuple[RuleScore, ...]
    log_loss: float
    average_log_loss: float
    calibration: tuple[CalibrationBin, ...]


def score_advice(studies: Sequence[Study], group: Callable[[Study], str] = lambda study: study.name) -> Score:
    """Leave every data set out in turn, and compare what the others advise with what came out.

    group: which studies are left out together; those of one data set by default.
    """
    names = np.array([group(one) for one in studies])
    facts = [one.facts for one in studies]
    points, outcomes, quick = points_of(facts), outcomes_of(studies), quick_of(facts)
    weights = kernel(points, points)
    others = names[:, np.newaxis] != names[np.newaxis]
    advised = np.array([blended(row[keep], outcomes[keep], own) for row, keep, own in zip(weights, others, quick, strict=True)])
    average = np.array([outcomes[keep].mean(axis=0) for keep in others])
    rules = (
        ("advice", [_recommended(row, one) for row, one in zip(advised, studies, strict=True)]),
        ("first", [one.facts.cells[0] for one in studies]),
        ("length", [one.facts.cells[0 if one.facts.data.length_median < SHORT else 1] for one in studies]),
    )
    return Score(
        studies=len(studies),
        undecided=sum(one.outcome.decision == "undecided" for one in studies),
        rules=tuple(_score(name, recommended, studies) for name, recommended in rules),
        log_loss=_log_loss(advised, outcomes),
        average_log_loss=_log_loss(average, outcomes),
        calibration=tuple(_calibration(advised, outcomes)),
    )


def _recommended(probabilities: NDArray[np.float64], study: Study) -> str:
    found = dict(zip(ANSWERS, probabilities.tolist(), strict=True))
    return recommended_by(found, study.facts.cells, _cheaper(study), BASELINE)


def _cheaper(study: Study) -> str:
    """The cell whose training step takes less time, as the comparison measured it."""
    first, second = study.facts.cells
    return first if (study.costs or {}).get("training_step", 1.0) <= 1.0 else second


def right_by(recommended: str, study: Study) -> float:
    """How probably a recommendation is right by what a comparison found: a cell that is better, or equal and cheaper; any other
    name is a baseline's."""
    probabilities, (first, second) = study.outcome.probabilities, study.facts.cells
    if recommended not in (first, second):
        return probabilities.get("baseline", 0.0) + probabilities.get("neither", 0.0)
    equal = probabilities.get("equivalent", 0.0) if recommended == _cheaper(study) else 0.0
    return probabilities.get("first" if recommended == first else "second", 0.0) + equal


def _score(name: str, recommended: Sequence[str], studies: Sequence[Study]) -> RuleScore:
    right = [right_by(one, study) for one, study in zip(recommended, studies, strict=True)]
    decided = [value for value, study in zip(right, studies, strict=True) if study.outcome.decision != "undecided"]
    return RuleScore(name, round(sum(decided)), len(decided), math.fsum(right) / len(right))


def _log_loss(said: NDArray[np.float64], outcomes: NDArray[np.float64]) -> float:
    return float(-(outcomes * np.log(np.maximum(said, 1e-6))).sum(axis=1).mean())


def _calibration(said: NDArray[np.float64], outcomes: NDArray[np.float64]) -> list[CalibrationBin]:
    top = said.argmax(axis=1)
    rows = np.arange(len(said))
    sure, happened = said[rows, top], outcomes[rows, top]
    bins = []
    for low, high in pairwise(BINS):
        inside = (sure > low) & (sure <= high)
        if inside.any():
            bins.append(CalibrationBin(low, high, int(inside.sum()), float(sure[inside].mean()), float(happened[inside].mean())))
    return bins

"""What came out of a comparison, as one of five answers and how probable each is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from gatewise.advice.facts import Measured
from gatewise.comparison.verdict import far_cheaper
from gatewise.metrics import METRICS
from gatewise.records import Comparison, Difference, Verdict

__all__ = ["ANSWERS", "LITTLE", "Odds", "Outcome", "answers", "is_little", "outcome_of", "way_to_perfect"]

ANSWERS = ("first", "second", "equivalent", "baseline", "neither")
"""first, second: that cell is better. equivalent: the cells are. baseline: no recurrent net is worth it. neither: no cell learns
more than a baseline does, and that is little."""

# Of the way from the simplest baseline to a perfect score: who is not half way there has not solved it.
LITTLE = 0.5

Odds: TypeAlias = tuple[float, float, float]
"""Probabilities that one is better than another by more than the margin, equal within it, or worse by more."""

SURE = 0.95
"""Where cells were decided between, how probable it has to be that no baseline is better than both for that to be the answer."""

_DECIDED: Mapping[str, Odds] = {"first": (1.0, 0.0, 0.0), "equivalent": (0.0, 1.0, 0.0), "second": (0.0, 0.0, 1.0)}


@dataclass(frozen=True)
class Outcome:
    """What a comparison found.

    decision: of `ANSWERS`, or undecided: also where the comparison decided between the cells, and left open whether a baseline is
    better than both, which is another answer. probabilities: of every answer, adding up to 1: from the posteriors, and certain
    as to what was decided. difference: the first cell's lead over the second. scores: means.
    """

    decision: str
    probabilities: Mapping[str, float]
    replicates: int
    difference: Measured | None
    scores: Mapping[str, float]


def outcome_of(comparison: Comparison, verdict: Verdict) -> Outcome:
    """Sum up a verdict on two arms."""
    first, second = (arm.name for arm in comparison.arms)
    between = next((one for one in verdict.comparisons if {one.first, one.second} == {first, second}), None)
    if between is not None and between.first != first:
        between = between.turned()
    decision = {first: "first", second: "second"}.get(verdict.decision, verdict.decision)
    rival = next((one for one in verdict.comparisons if one.first not in verdict.costs), None)
    if decision == "baseline" and is_little(comparison, verdict):
        decision = "neither"
    if decision in ("baseline", "neither"):
        probabilities = {answer: float(answer == decision) for answer in ANSWERS}
    else:
        probabilities = answers(
            _DECIDED.get(decision, _odds(between)),
            _odds(rival),
            little=is_little(comparison, verdict),
            cheap=rival is not None and rival.second in verdict.costs and far_cheaper(rival.first, rival.second, comparison),
        )
        if decision != "undecided" and probabilities[decision] < SURE:
            decision = "undecided"
    return Outcome(
        decision,
        probabilities,
        verdict.replicates,
        None if between is None else Measured(between.mean, *(between.ci95 if between.is_known else (None, None))),
        {name: score.mean for name, score in verdict.scores.items()},
    )


def _odds(found: Difference | None) -> Odds | None:
    return None if found is None or not found.is_known else (found.p_first, found.p_equivalent, found.p_second)


def way_to_perfect(metric: str, score: float, simplest: float) -> float:
    """How far a score has come from the simplest baseline's to a perfect one, from 0 to 1; below 0 where it is worse."""
    perfect = 1.0 if METRICS[metric].higher_is_better else 0.0
    left = METRICS[metric].gain(perfect) - METRICS[metric].gain(simplest)
    gained = METRICS[metric].gain(score) - METRICS[metric].gain(simplest)
    return gained / left if left > 0 else 0.0


def is_little(comparison: Comparison, verdict: Verdict) -> bool:
    """Whether not even the best score, of cells or baselines, is half way to a perfect one, and the metric knows what that is."""
    metric, scores = METRICS[comparison.metric], verdict.scores
    if not metric.in_percent or not comparison.baselines or comparison.baselines[0] not in scores:
        return False
    best = max((one.mean for one in scores.values()), key=metric.gain)
    return way_to_perfect(metric.name, best, scores[comparison.baselines[0]].mean) < LITTLE


def answers(cells: Odds | None, rival: Odds | None, *, little: bool, cheap: bool) -> dict[str, float]:
    """How probable every answer is.

    cells: of the first cell against the second; rival: of the best baseline against the better cell; None where nothing is known.
    little: as in `is_little`. cheap: whether a fit of the baseline takes a tenth of a training.
    First comes whether the baseline is better, or as good where little is learned or it is cheap, as a comparison decides; what
    is left is the cells'.
    """
    known = cells or (1 / 3, 1 / 3, 1 / 3)
    beaten = 0.0 if rival is None else rival[0] + (rival[1] if little or cheap else 0.0)
    total = sum(known) or 1.0
    rest = 1.0 - beaten
    found = dict(zip(("first", "equivalent", "second"), (rest * one / total for one in known), strict=True))
    return {answer: found.get(answer, 0.0) for answer in ANSWERS} | {"neither" if little else "baseline": beaten}

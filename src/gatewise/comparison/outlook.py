"""What an undecided run would take to be decided, in time."""

from __future__ import annotations

from statistics import fmean

from gatewise.records import Comparison, Verdict
from gatewise.statistics.sequential import MINIMUM_REPLICATES, MOST_REPLICATES

__all__ = ["budget_to_decide", "replicates_to_decide"]

# Replicates differ in length, and further_replicates is where a decision becomes more likely than not.
_SPARE = 1.25


def replicates_to_decide(verdict: Verdict, *, adaptive: bool) -> int | None:
    """Return about how many more replicates would decide; None where it is decided, or where no number that a run makes would.

    adaptive: whether replicates are added until it is decided.
    """
    if verdict.decision != "undecided":
        return None
    further = None if verdict.difference is None else verdict.difference.further_replicates
    if further is None and adaptive and verdict.replicates < MINIMUM_REPLICATES:
        # So few do not tell yet.
        further = MINIMUM_REPLICATES - verdict.replicates
    return None if further is None or (adaptive and verdict.replicates + further > MOST_REPLICATES) else further


def budget_to_decide(comparison: Comparison, verdict: Verdict) -> float | None:
    """Return a total budget in seconds, in whole minutes, within which an undecided run would probably be decided.

    None where it is decided, where more replicates would not decide, or where nothing has been trained by which to tell.
    """
    further, replicate = (
        replicates_to_decide(verdict, adaptive=comparison.config.replicates is None),
        _replicate_seconds(comparison),
    )
    if further is None or replicate is None:
        return None
    needed = comparison.elapsed_s + _SPARE * replicate * (further + 1)
    return 60.0 * _round_minutes(max(needed, (comparison.config.budget_s or 0.0) + 60) / 60)


def _replicate_seconds(comparison: Comparison) -> float | None:
    """Wall seconds of a replicate: of those done, or of one training of each arm where none is."""
    together = min(comparison.config.jobs, len(comparison.arms))
    totals: dict[int, float] = {}
    for training in (*comparison.trainings, *comparison.baseline_trainings):
        totals[training.number] = totals.get(training.number, 0.0) + training.seconds
    if totals:
        return fmean(totals.values()) / together
    if comparison.tuning:
        return fmean(trial.seconds for trial in comparison.tuning) * len(comparison.arms) / together
    return None


def _round_minutes(minutes: float) -> int:
    """Up to ten minutes whole ones, up to an hour steps of five, then half hours: nobody types 37m."""
    step = 1 if minutes <= 10 else 5 if minutes <= 60 else 30
    return step * -int(-minutes // step)

"""What the report draws, gathered from the trials of a comparison: arrays in, plain numbers out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from gatewise.records import Comparison, Trial

__all__ = ["Curve", "differences", "learning_curves", "phase_seconds", "scores_by_pair", "train_test_gaps", "tuning_by_arm"]


@dataclass(frozen=True)
class Curve:
    """Validation score against epoch over the pairs of one arm: `mean` and standard deviation `sd` at each of `epochs`."""

    epochs: tuple[int, ...]
    mean: tuple[float, ...]
    sd: tuple[float, ...]


def scores_by_pair(comparison: Comparison) -> dict[str, dict[int, float]]:
    """Return the test score of every arm and baseline by the number of the pair, in the order arms, then baselines."""
    scores: dict[str, dict[int, float]] = {name: {} for name in (*_arm_names(comparison), *comparison.baselines)}
    for trial in (*comparison.trials, *comparison.baseline_trials):
        if trial.test_score is not None:
            scores.setdefault(trial.name, {})[trial.number] = trial.test_score
    return scores


def differences(scores: Mapping[str, Mapping[int, float]], first: str, second: str) -> list[float]:
    """Return score(first) - score(second) of every pair that has both, by the number of the pair."""
    one, other = scores.get(first, {}), scores.get(second, {})
    return [one[number] - other[number] for number in sorted(one.keys() & other.keys())]


def train_test_gaps(comparison: Comparison) -> dict[str, float]:
    """Return the mean of train score - test score of every arm and baseline that was scored on both."""
    gaps: dict[str, list[float]] = {}
    for trial in (*comparison.trials, *comparison.baseline_trials):
        if trial.train_score is not None and trial.test_score is not None:
            gaps.setdefault(trial.name, []).append(trial.train_score - trial.test_score)
    return {name: fmean(values) for name, values in gaps.items()}


def learning_curves(comparison: Comparison) -> dict[str, Curve]:
    """Return the learning curve of every arm that has one.

    Early stopping ends the pairs at different epochs. A curve ends where fewer than half of the arm's pairs were still
    training, so that the few that train longest do not bend its end.
    """
    curves = {}
    for name in _arm_names(comparison):
        histories = [trial.history for trial in comparison.trials if trial.name == name and trial.history]
        by_epoch: dict[int, list[float]] = {}
        for history in histories:
            for epoch in history:
                by_epoch.setdefault(epoch.epoch, []).append(epoch.validation_score)
        kept = sorted(epoch for epoch, values in by_epoch.items() if 2 * len(values) >= len(histories))
        if kept:
            curves[name] = Curve(
                tuple(kept), tuple(fmean(by_epoch[epoch]) for epoch in kept), tuple(pstdev(by_epoch[epoch]) for epoch in kept)
            )
    return curves


def tuning_by_arm(comparison: Comparison) -> dict[str, list[Trial]]:
    """Return the tuning trials of every arm that was tuned, in the order they ran."""
    trials = {
        name: sorted((trial for trial in comparison.tuning if trial.name == name), key=lambda trial: trial.number)
        for name in _arm_names(comparison)
    }
    return {name: found for name, found in trials.items() if found}


def phase_seconds(trials: Sequence[Trial]) -> dict[str, dict[str, float]]:
    """Return the wall seconds of every phase, summed over trials, by the trials' name; "other" is the rest."""
    seconds: dict[str, dict[str, float]] = {}
    for trial in trials:
        phases = seconds.setdefault(trial.name, {})
        other = trial.seconds - sum(trial.phases.values())
        for phase, spent in {**trial.phases, **({"other": other} if other > 0 else {})}.items():
            phases[phase] = phases.get(phase, 0.0) + spent
    return seconds


def _arm_names(comparison: Comparison) -> list[str]:
    return [arm.name for arm in comparison.arms]

"""What the report draws, gathered from the trainings of a comparison: arrays in, plain numbers out."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from gatewise.metrics import METRICS, Metric
from gatewise.records import Comparison, Difference, Training, Verdict

__all__ = [
    "Curve",
    "arms_left",
    "differences",
    "leading_baseline",
    "near_best",
    "phase_seconds",
    "scores_by_replicate",
    "shown_difference",
    "train_test_gaps",
    "training_curves",
    "tuning_by_arm",
    "without_far_epochs",
]

FAR_MARGINS = 40
FAR_SHARE = 0.5
FEWEST_EPOCHS = 3


@dataclass(frozen=True)
class Curve:
    """Validation score against epoch over the replicates of one arm: `mean` and standard deviation `sd` at each of `epochs`."""

    epochs: tuple[int, ...]
    mean: tuple[float, ...]
    sd: tuple[float, ...]


def arms_left(comparison: Comparison, verdict: Verdict) -> list[str]:
    """Return the names of the arms that no constraint excludes."""
    return [name for name in _arm_names(comparison) if name not in verdict.excluded]


def shown_difference(verdict: Verdict) -> Difference | None:
    """Return the comparison that decides, or the first where constraints leave fewer than two arms; None where there is none."""
    return verdict.difference or next((one.better_first() for one in verdict.comparisons), None)


def leading_baseline(verdict: Verdict) -> Difference | None:
    """Return the best baseline against the best arm where its mean is better and it is not the decision already."""
    found = (one for one in verdict.comparisons if one.first not in verdict.costs and one.mean > 0)
    return None if verdict.decision == "baseline" else next(found, None)


def scores_by_replicate(comparison: Comparison) -> dict[str, dict[int, float]]:
    """Return the finite test scores of every arm and baseline by number of the replicate, in the order arms, then baselines."""
    scores: dict[str, dict[int, float]] = {name: {} for name in (*_arm_names(comparison), *comparison.baselines)}
    for training in (*comparison.trainings, *comparison.baseline_trainings):
        if training.test_score is not None and math.isfinite(training.test_score):
            scores.setdefault(training.name, {})[training.number] = training.test_score
    return scores


def differences(scores: Mapping[str, Mapping[int, float]], first: str, second: str, metric: Metric) -> list[float]:
    """Return by how much the first is better than the second in every replicate that has both, by the number of the replicate."""
    one, other = scores.get(first, {}), scores.get(second, {})
    return [metric.gain(one[number] - other[number]) for number in sorted(one.keys() & other.keys())]


def train_test_gaps(comparison: Comparison) -> dict[str, float]:
    """Return by how much every arm and baseline is better on training rows than on test rows, the mean where both were scored."""
    metric = METRICS[comparison.metric]
    gaps: dict[str, list[float]] = {}
    for training in (*comparison.trainings, *comparison.baseline_trainings):
        if training.train_score is not None and training.test_score is not None:
            gaps.setdefault(training.name, []).append(metric.gain(training.train_score - training.test_score))
    return {name: fmean(values) for name, values in gaps.items()}


def training_curves(comparison: Comparison) -> dict[str, Curve]:
    """Return the score by epoch of every arm that has one.

    Early stopping ends the replicates at different epochs. A curve ends where fewer than half of the arm's replicates were still
    training, so that the few that train longest do not bend its end. Scores that are not finite, of a training that
    diverged, do not count.
    """
    curves = {}
    for name in _arm_names(comparison):
        histories = [training.history for training in comparison.trainings if training.name == name and training.history]
        by_epoch: dict[int, list[float]] = {}
        for history in histories:
            for epoch in history:
                if math.isfinite(epoch.validation_score):
                    by_epoch.setdefault(epoch.epoch, []).append(epoch.validation_score)
        kept = sorted(epoch for epoch, values in by_epoch.items() if 2 * len(values) >= len(histories))
        if kept:
            curves[name] = Curve(
                tuple(kept), tuple(fmean(by_epoch[epoch]) for epoch in kept), tuple(pstdev(by_epoch[epoch]) for epoch in kept)
            )
    return curves


def near_best(values: Iterable[float], metric: Metric, margin: float) -> Callable[[float], bool]:
    """Return whether a value is near enough to the best of `values` to be drawn on one scale with it.

    Far from the best is 40 margins, and half of the best itself. Errors have no bound, and those of a first epoch or of a bad
    learning rate can be many times the others, which would be a flat line beside them; what is in percent cannot run away.
    """
    best = max((metric.gain(value) for value in values), default=0.0)
    worst = -math.inf if metric.in_percent else best - max(FAR_MARGINS * margin, FAR_SHARE * abs(best))
    return lambda value: metric.gain(value) >= worst


def without_far_epochs(curves: Mapping[str, Curve], metric: Metric, margin: float) -> dict[str, Curve]:
    """Return the curves without the epochs that are far from the best of all, or whole where too few would be left of one."""
    is_near = near_best((value for curve in curves.values() for value in curve.mean), metric, margin)
    near = {}
    for name, curve in curves.items():
        kept = [place for place, value in enumerate(curve.mean) if is_near(value)]
        if len(kept) < FEWEST_EPOCHS:
            return dict(curves)
        near[name] = Curve(
            tuple(curve.epochs[place] for place in kept),
            tuple(curve.mean[place] for place in kept),
            tuple(curve.sd[place] for place in kept),
        )
    return near


def tuning_by_arm(comparison: Comparison) -> dict[str, list[Training]]:
    """Return the tuning trials of every arm that was tuned, in the order they ran."""
    trials = {
        name: sorted((trial for trial in comparison.tuning if trial.name == name), key=lambda trial: trial.number)
        for name in _arm_names(comparison)
    }
    return {name: found for name, found in trials.items() if found}


def phase_seconds(trainings: Sequence[Training]) -> dict[str, dict[str, float]]:
    """Return the wall seconds of every phase, summed over trainings, by the trainings' name; "other" is the rest."""
    seconds: dict[str, dict[str, float]] = {}
    for training in trainings:
        phases = seconds.setdefault(training.name, {})
        other = training.seconds - sum(training.phases.values())
        for phase, spent in {**training.phases, **({"other": other} if other > 0 else {})}.items():
            phases[phase] = phases.get(phase, 0.0) + spent
    return seconds


def _arm_names(comparison: Comparison) -> list[str]:
    return [arm.name for arm in comparison.arms]

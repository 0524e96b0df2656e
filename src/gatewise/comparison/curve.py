"""How scores grow with the training data: the arms' replicates at fractions of the training part, as estimates with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatewise.metrics import Metric
from gatewise.records import Training
from gatewise.statistics.correlated import Differences, Resampled, posterior

__all__ = ["CurvePoint", "Estimate", "curve_points"]


@dataclass(frozen=True)
class Estimate:
    """A mean over replicates with its 95% interval, corrected for the rows that they share; None for fewer than two of them."""

    mean: float
    ci95: tuple[float, float] | None


@dataclass(frozen=True)
class CurvePoint:
    """What the arms reach with a fraction of the training part.

    train_rows: that fraction in rows. replicates: those in which every arm was scored. scores: test score of each arm. gaps: by
    how much each arm is better on the rows it learned from than on the test rows, in units of the metric. differences: by how
    much the first arm is better than each other one, by the other's name.
    """

    fraction: float
    train_rows: int
    replicates: int
    scores: Mapping[str, Estimate]
    gaps: Mapping[str, Estimate]
    differences: Mapping[str, Estimate]


def curve_points(
    trainings: Sequence[Training], arms: Sequence[str], metric: Metric, *, train_rows: int, test_rows: int, resolution: float
) -> tuple[CurvePoint, ...]:
    """One point for every fraction of the training data at which all arms were scored on the same replicate, the smallest first.

    trainings: of kind `curve`, and of kind `replicate` for the whole training part; others are passed over. arms: names, the one
    that the others are subtracted from first. train_rows: of the whole training part. resolution: the least change of a score
    that can be seen, below which no standard deviation is taken (1 / test_rows for accuracy).

    Replicates at fraction f learn from f * train_rows rows, and so overlap less than those on all of it: the variance of a mean
    over J replicates is s^2 (1/J + test_rows / (f * train_rows)) (Nadeau and Bengio 2003, "Inference for the generalization
    error").
    """
    by_fraction: dict[float, dict[int, dict[str, Training]]] = {}
    for training in trainings:
        scored = training.test_score is not None and training.train_score is not None
        if training.kind in ("replicate", "curve") and training.name in arms and scored:
            by_fraction.setdefault(training.fraction, {}).setdefault(training.number, {})[training.name] = training
    points = []
    for fraction, replicates in sorted(by_fraction.items()):
        complete = [replicates[number] for number in sorted(replicates) if len(replicates[number]) == len(arms)]
        if complete:
            rows = max(1, round(fraction * train_rows))
            points.append(_point(fraction, rows, complete, arms, metric, test_rows / rows, resolution))
    return tuple(points)


def _point(
    fraction: float,
    rows: int,
    replicates: Sequence[Mapping[str, Training]],
    arms: Sequence[str],
    metric: Metric,
    ratio: float,
    resolution: float,
) -> CurvePoint:
    tests = {name: np.array([replicate[name].test_score for replicate in replicates], dtype=np.float64) for name in arms}
    trains = {name: np.array([replicate[name].train_score for replicate in replicates], dtype=np.float64) for name in arms}
    sign = metric.gain(1.0)

    def estimate(values: NDArray[np.float64]) -> Estimate:
        if len(values) < 2:
            return Estimate(float(values.mean()), None)
        low, high = posterior(Differences.of(values), Resampled(ratio, resolution)).interval(0.95)
        return Estimate(float(values.mean()), (float(low), float(high)))

    return CurvePoint(
        fraction=fraction,
        train_rows=rows,
        replicates=len(replicates),
        scores={name: estimate(tests[name]) for name in arms},
        gaps={name: estimate(sign * (trains[name] - tests[name])) for name in arms},
        differences={name: estimate(sign * (tests[arms[0]] - tests[name])) for name in arms[1:]},
    )

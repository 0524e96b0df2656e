"""Two real classifiers cross-validated on finite samples, where no model is assumed to hold.

They see the two halves of exchangeable features, so they are equally good by symmetry. The columns `plan` are for information:
with the number of replicates planned and one look at 0.05, the correction is slightly too small on samples of a few hundred rows,
as the variance between training sets is only approximated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from benchmarks.calibration.studies import Row, Values, resampled_look, stop_when_decided
from numpy.typing import NDArray

from gatewise.statistics.correlated import Differences, Resampled, posterior
from gatewise.statistics.decision import Rule, conclude
from gatewise.statistics.sequential import MOST_REPLICATES

__all__ = ["equal_learners"]


def cross_validated_differences(
    generator: np.random.Generator,
    studies: int,
    *,
    rows: int,
    folds: int,
    features: int,
    shift: float,
    replicates: int,
    heavy: bool = False,
) -> Values:
    """Accuracy differences [studies, replicates] of two nearest-centroid classifiers under repeated stratified k-fold.

    Each study draws one sample: two classes of rows / 2, 2 * features independent normal features whose mean differs by `shift`
    between the classes. One classifier sees the first half of the features, the other the second.
    heavy: features of Student's t with 2 degrees of freedom, whose outliers sway a centroid. folds divides rows / 2 and
    replicates.
    """
    half = rows // 2
    shape = (studies, rows, 2 * features)
    sample = generator.standard_t(2, shape) if heavy else generator.standard_normal(shape)
    sample[:, half:] += shift
    is_second = np.arange(rows) >= half
    blocks = []
    for _ in range(replicates // folds):
        fold = np.concatenate([generator.random((studies, half)).argsort(axis=1) % folds for _ in range(2)], axis=1)
        in_fold = (fold[:, :, None] == np.arange(folds)).astype(np.float64)
        first, second = (
            _held_out_classes(sample[:, :, columns], fold, in_fold) == is_second
            for columns in (slice(0, features), slice(features, None))
        )
        paired = first.astype(np.float64) - second
        blocks.append((paired[:, None, :] @ in_fold)[:, 0] / (rows // folds))
    return np.concatenate(blocks, axis=1)


def _held_out_classes(sample: Values, fold: NDArray[np.int64], in_fold: Values) -> NDArray[np.bool_]:
    """Whether each row [studies, rows] is closer to the second class's centroid, fitted without the row's fold."""
    half = sample.shape[1] // 2
    centroids = []
    for members in (slice(0, half), slice(half, None)):
        left_out = in_fold[:, members].transpose(0, 2, 1) @ sample[:, members]
        centroids.append((sample[:, members].sum(axis=1, keepdims=True) - left_out) / (half - half // in_fold.shape[2]))
    first, second = centroids
    direction = second - first
    threshold = ((second**2).sum(axis=2) - (first**2).sum(axis=2)) / 2
    sides = sample @ direction.transpose(0, 2, 1) > threshold[:, None]
    return np.take_along_axis(sides, fold[:, :, None], axis=2)[:, :, 0]


def equal_learners(
    studies: int,
    sizes: Iterable[int] = (100, 300),
    folds: Iterable[int] = (5, 10),
    shapes: Iterable[tuple[int, float]] = ((5, 0.3), (20, 0.2)),
) -> Iterator[Row]:
    """Rate at which one of two equally good classifiers is named the winner, with a margin so small that it cannot help."""
    generator = np.random.default_rng(5)
    margin = 0.001
    for rows in sizes:
        for parts in folds:
            for features, shift in shapes:
                drawn = cross_validated_differences(
                    generator, studies, rows=rows, folds=parts, features=features, shift=shift, replicates=MOST_REPLICATES
                )
                spread = Resampled(1 / (parts - 1), parts / rows)
                rates = {}
                for most_replicates in (30, MOST_REPLICATES):
                    rule = Rule.sequential(spread.test_to_train_ratio, most_replicates=most_replicates)
                    outcome = stop_when_decided(resampled_look(drawn, spread), studies, margin, rule, most_replicates)
                    rates[f"stop {most_replicates}"] = outcome.rate("first", "second")
                bounded = tuple(rates)
                for planned in (30, MOST_REPLICATES):
                    ended = conclude(posterior(Differences.of(drawn[:, :planned]), spread), margin, Rule.planned(), planned)
                    rates[f"plan {planned}"] = float(np.isin(ended, ("first", "second")).mean())
                yield Row(f"{rows} rows, {parts}-fold, {features} features", studies, rates, bounded)

"""What paired score differences say about the true difference, when the pairs are not independent.

Pairs overlap: they reuse training rows (resampled splits) or test rows (one fixed test part). Treating them as independent
makes the variance of their mean too small, so both posteriors here add the part of the variance that more pairs do not remove.

Sources: Nadeau and Bengio (2003), "Inference for the generalization error", Machine Learning 52; Bouckaert and Frank (2004),
"Evaluating the replicability of significance tests for comparing learning algorithms", PAKDD; Corani and Benavoli (2015),
"A Bayesian approach for comparing cross-validated algorithms on multiple data sets", Machine Learning 100; Benavoli, Corani,
Demšar and Zaffalon (2017), "Time for a change", JMLR 18.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

__all__ = ["Posterior", "fixed_test_posterior", "resampled_posterior"]

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Posterior:
    """Student's t distribution of the true difference: mean + scale * t(degrees_of_freedom).

    Under the flat prior of Corani and Benavoli (2015) it is the posterior, and its central interval is also the
    corrected t confidence interval. The fields are numbers, or arrays of one shape that hold one entry a study.
    An infinite scale says that the pairs carry no information: the interval is unbounded, the p-value 1.
    """

    mean: Values | float
    scale: Values | float
    degrees_of_freedom: Values | float

    def interval(self, level: float) -> tuple[Values, Values]:
        """Return the bounds of the central interval that holds `level` (0.95, say) of the probability."""
        reach = stdtrit(self.degrees_of_freedom, 0.5 + level / 2) * self.scale
        return np.asarray(self.mean - reach), np.asarray(self.mean + reach)

    def probabilities(self, margin: float) -> tuple[Values, Values, Values]:
        """Return (p_first, p_equivalent, p_second): the difference above, inside or below the band [-margin, margin]."""
        p_first = self._below((self.mean - margin) / self.scale)
        p_second = self._below((-margin - self.mean) / self.scale)
        return p_first, np.maximum(1.0 - p_first - p_second, 0.0), p_second

    def p_value(self) -> Values:
        """Return the two-sided p-value of no difference; at most 1 - level exactly where `interval(level)` excludes zero."""
        return 2.0 * self._below(-np.abs(self.mean) / self.scale)

    def _below(self, t: Values | float) -> Values:
        return np.asarray(stdtr(self.degrees_of_freedom, t))


def resampled_posterior(
    differences: ArrayLike, test_to_train_ratio: float, resolution: float, further: ArrayLike = 0
) -> Posterior:
    """Posterior of the true difference from pairs on resampled splits of the same rows.

    The variance of the mean of J differences with sample variance s^2 is s^2 (1/J + n_test/n_train), with J - 1 degrees of
    freedom (Nadeau and Bengio 2003); for k-fold cross-validation repeated, J counts every fold (Bouckaert and Frank 2004).

    s is not taken below `resolution`, the change of the score when one test row changes hands (1 / n_test for accuracy): a
    score moves in steps of that size, so equal differences show only that s is too small to be seen, not that it is zero.

    differences: [..., J], one study along the last axis. further: numbers of pairs still to come, to foresee the posterior
    after them if the mean and s stay as they are; it broadcasts against the studies.
    A single difference gives an infinite scale. Raises ValueError where there is no difference at all.
    """
    values, pairs = _checked(differences, further)
    mean = values.mean(axis=-1)
    if values.shape[-1] < 2:
        return _no_information(mean, pairs)
    scale = np.sqrt(_variance(values, resolution) * (1.0 / pairs + test_to_train_ratio))
    return Posterior(mean, scale, pairs - 1.0)


def fixed_test_posterior(
    differences: ArrayLike, row_differences: ArrayLike, resolution: float, further: ArrayLike = 0
) -> Posterior:
    """Posterior of the true difference from pairs that were all scored on the same test rows.

    The variance of the mean of J differences is s^2/J + v/n: seeds and validation parts vary from pair to pair (s^2), and the
    n test rows are a sample too (v), which no number of pairs removes. v is the variance over the rows of the paired
    difference in correctness, averaged over the pairs; it also holds 1/J of each row's own seed noise, which s^2/J counts
    already, so the sum errs on the side of caution, the less the more pairs there are. Degrees of freedom by Welch (1947) and
    Satterthwaite (1946): (a + b)^2 / (a^2/(J-1) + b^2/(n-1)) for a = s^2/J and b = v/n.

    Neither s nor the square root of v/n is taken below `resolution` (1/n for accuracy): a single row that changed hands
    would give each about that value, so nothing smaller can be told from n rows.

    differences: [..., J]. row_differences: [..., n], the mean over the pairs of correct(first) - correct(second), in [-1, 1].
    further: as in `resampled_posterior`; v/n stays as it is.
    A single difference, or a single test row, gives an infinite scale. Raises ValueError where there is no difference at all.
    """
    values, pairs = _checked(differences, further)
    rows = np.asarray(row_differences, dtype=np.float64)
    mean = values.mean(axis=-1)
    if values.shape[-1] < 2 or rows.shape[-1] < 2:
        return _no_information(mean, pairs)
    from_pairs = _variance(values, resolution) / pairs
    from_rows = np.maximum(rows.var(axis=-1, ddof=1) / rows.shape[-1], resolution**2)
    total = from_pairs + from_rows
    degrees = total**2 / (from_pairs**2 / (pairs - 1.0) + from_rows**2 / (rows.shape[-1] - 1.0))
    return Posterior(mean, np.sqrt(total), degrees)


def _checked(differences: ArrayLike, further: ArrayLike) -> tuple[Values, Values]:
    values = np.atleast_1d(np.asarray(differences, dtype=np.float64))
    if values.shape[-1] == 0:
        raise ValueError("no score differences were given; at least one pair is needed")
    return values, np.asarray(further, dtype=np.float64) + values.shape[-1]


def _variance(values: Values, resolution: float) -> Values:
    return np.asarray(np.maximum(values.var(axis=-1, ddof=1), resolution**2))


def _no_information(mean: Values, pairs: Values) -> Posterior:
    return Posterior(mean, np.full_like(mean + pairs, np.inf), 1.0)

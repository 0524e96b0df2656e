"""What paired score differences say about the true difference, when the replicates are not independent.

Replicates overlap: they reuse training rows (resampled splits) or test rows (one fixed test part). Treating them as independent
makes the variance of their mean too small, so both posteriors here add the part of the variance that more replicates do not
remove.

Sources: Nadeau and Bengio (2003), "Inference for the generalization error", Machine Learning 52; Bouckaert and Frank (2004),
"Evaluating the replicability of significance tests for comparing learning algorithms", PAKDD; Corani and Benavoli (2015),
"A Bayesian approach for comparing cross-validated algorithms on multiple data sets", Machine Learning 100; Benavoli, Corani,
Demšar and Zaffalon (2017), "Time for a change", JMLR 18; Hall (1992), "On the removal of skewness by transformation", JRSS B 54.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtri, stdtr, stdtrit

from gatewise.statistics.rows import RowVariance

__all__ = ["Differences", "FixedTest", "Posterior", "Resampled", "Spread", "posterior"]

Values = NDArray[np.float64]

_SHARE_CONFIDENCE = 0.8
"""That the test rows have at least the share of the variance that is counted on. With the share as estimated, few replicates that
are alike by chance would lead to a lax level: the error would come to 5.4% within 100 looks."""


@dataclass(frozen=True, eq=False)
class Posterior:
    """Student's t distribution of the true difference: mean + scale * t(degrees_of_freedom), and how skewed its evidence is.

    Under the flat prior of Corani and Benavoli (2015) it is the posterior, and its central interval is also the
    corrected t confidence interval. The fields are numbers, or arrays of one shape that hold one entry a study.
    An infinite scale says that the replicates carry no information: the interval is unbounded, the p-value 1.

    skewness: of the mean of the differences, in its own standard deviations. Where differences are skewed, a t distribution takes
    the side of the many small ones to be surer than it is: a few replicates without the rare large difference look alike and
    small. Every tail is therefore the larger of Student's and of that after the transformation of Hall (1992).
    """

    mean: Values | float
    scale: Values | float
    degrees_of_freedom: Values | float
    skewness: Values | float = 0.0

    def interval(self, level: float) -> tuple[Values, Values]:
        """Return the bounds of the central interval that holds `level` (0.95, say) of the probability."""
        reach = stdtrit(self.degrees_of_freedom, 0.5 + level / 2) * self.scale
        return np.asarray(self.mean - reach), np.asarray(self.mean + reach)

    def probabilities(self, margin: float) -> tuple[Values, Values, Values]:
        """Return (p_first, p_equivalent, p_second): the difference above, inside or below the band [-margin, margin].

        Each is what the tails leave of 1, so that none is said to be surer than its tails allow; they add up to 1 without
        skewness, and to less with it.
        """
        above, below = self.not_above(margin), self.not_below(-margin)
        inside = 1.0 - self.not_below(margin) - self.not_above(-margin)
        return 1.0 - above, np.maximum(inside, 0.0), 1.0 - below

    def not_above(self, value: float) -> Values:
        """Probability, on the cautious side, that the true difference is at most `value`."""
        return self._tail((value - self.mean) / self.scale, -np.asarray(self.skewness))

    def not_below(self, value: float) -> Values:
        """Probability, on the cautious side, that the true difference is at least `value`."""
        return self._tail((self.mean - value) / self.scale, np.asarray(self.skewness))

    def p_value(self) -> Values:
        """Return the two-sided p-value of no difference; without skewness at most 1 - level exactly where `interval(level)`
        excludes zero."""
        return np.minimum(2.0 * np.minimum(self.not_above(0.0), self.not_below(0.0)), 1.0)

    def _tail(self, t: Values | float, skewness: Values) -> Values:
        plain = stdtr(self.degrees_of_freedom, t)
        # Hall's transformation of t is monotone: t + k t^2/3 + k^2 t^3/27 + k/6 = ((1 + k t/3)^3 - 1)/k + k/6.
        transformed = t + skewness * np.square(t) / 3 + np.square(skewness) * np.power(t, 3) / 27 + skewness / 6
        return np.asarray(np.maximum(plain, np.where(skewness == 0.0, plain, stdtr(self.degrees_of_freedom, transformed))))


@dataclass(frozen=True, eq=False)
class Differences:
    """The score differences of some replicates, summed up: mean, sample variance and skewness, and the number of replicates.

    The fields are numbers, or arrays of one shape with one entry a study. variance: NaN for a single replicate.
    """

    mean: Values
    variance: Values
    skewness: Values
    replicates: Values

    @classmethod
    def of(cls, differences: ArrayLike) -> Differences:
        """differences: [..., J], one study along the last axis. Raises ValueError where there is none."""
        values = np.atleast_1d(np.asarray(differences, dtype=np.float64))
        replicates = values.shape[-1]
        if replicates == 0:
            raise ValueError("no score differences were given; at least one replicate is needed")
        mean = values.mean(axis=-1)
        variance = values.var(axis=-1, ddof=1) if replicates > 1 else np.full(mean.shape, np.nan)
        return cls(mean, variance, _skewness(values, mean), np.asarray(float(replicates)))


def _skewness(values: Values, mean: Values) -> Values:
    """Sample skewness with the correction for few values; 0 for fewer than three, or where nothing varies."""
    replicates = values.shape[-1]
    if replicates < 3:
        return np.zeros(mean.shape)
    deviations = values - mean[..., None]
    second = (deviations**2).mean(axis=-1)
    third = (deviations**3).mean(axis=-1)
    varies = second > 1e-30
    skewness = np.where(varies, third / np.where(varies, second, 1.0) ** 1.5, 0.0)
    return np.asarray(skewness * (np.sqrt(replicates * (replicates - 1.0)) / (replicates - 2.0)), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Resampled:
    """Replicates on resampled splits of the same rows.

    The variance of the mean of J differences with sample variance s^2 is s^2 (1/J + n_test/n_train), with J - 1 degrees of
    freedom (Nadeau and Bengio 2003); for k-fold cross-validation repeated, J counts every fold (Bouckaert and Frank 2004).

    resolution: s is not taken below this, the change of the score when one test row changes hands (1 / n_test for accuracy): a
    score moves in steps of that size, so equal differences show only that s is too small to be seen, not that it is zero.
    distinct: how many splits there are before they repeat, as the blocks of a series do; more replicates on the same splits
    average over seeds only, so that J is not counted beyond it. groups: how many groups of rows the splits are dealt from;
    however often they are dealt anew, s is known no better than from as many rows. None where there is no end of them.
    """

    test_to_train_ratio: float
    resolution: float
    distinct: int | None = None
    groups: int | None = None

    def scale(self, seen: Differences) -> tuple[Values, Values]:
        """Standard deviation and degrees of freedom of the mean."""
        counted = np.asarray(seen.replicates, dtype=np.float64)
        variance = np.maximum(seen.variance, self.resolution**2)
        if self.distinct is not None:
            counted = np.minimum(counted, float(self.distinct))
            # Repeats make the sample variance smaller than that of the splits' own means.
            variance = variance * (counted / (counted - 1.0)) / (seen.replicates / (seen.replicates - 1.0))
        degrees = counted - 1.0 if self.groups is None else np.minimum(counted - 1.0, self.groups - 1.0)
        return np.sqrt(variance * (1.0 / counted + self.test_to_train_ratio)), degrees

    def skewness(self, seen: Differences, scale: Values) -> Values:
        """Skewness of the mean, as far as the replicates show theirs."""
        return _skewness_of_mean(seen, self.resolution, scale)

    @property
    def informative(self) -> bool:
        """Whether more than one replicate says anything."""
        return all(one is None or one > 1 for one in (self.distinct, self.groups))


@dataclass(frozen=True, eq=False)
class FixedTest:
    """Replicates that were all scored on the same test rows.

    The variance of the mean of J differences is s^2/J + v: seeds and validation parts vary from replicate to replicate (s^2), and
    the test rows are a sample too (v), which no number of replicates removes. v comes from the rows' paired differences, averaged
    over replicates (`variance_over_rows`); it also holds 1/J of each row's own seed noise, which s^2/J counts already, so the sum
    errs on the side of caution, the less the more replicates there are. Degrees of freedom by Welch (1947) and Satterthwaite
    (1946).

    Neither s nor the square root of v is taken below `resolution` (1/n for accuracy): a single row that changed hands would give
    each about that value, so nothing smaller can be told from n rows.
    """

    rows: RowVariance
    resolution: float

    def scale(self, seen: Differences) -> tuple[Values, Values]:
        """Standard deviation and degrees of freedom of the mean."""
        from_replicates = np.maximum(seen.variance, self.resolution**2) / seen.replicates
        from_rows = np.maximum(self.rows.variance, self.resolution**2)
        total = from_replicates + from_rows
        with np.errstate(invalid="ignore"):
            degrees = total**2 / (from_replicates**2 / (seen.replicates - 1.0) + from_rows**2 / self.rows.degrees_of_freedom)
        return np.sqrt(total), np.where(np.isfinite(degrees), degrees, 1.0)

    def skewness(self, seen: Differences, scale: Values) -> Values:
        """Skewness of the mean: what the replicates show of theirs, and the rows."""
        of_rows = np.sqrt(np.maximum(self.rows.variance, self.resolution**2)) / scale
        return np.asarray(_skewness_of_mean(seen, self.resolution, scale) + self.rows.skewness * of_rows)

    def shared(self, seen: Differences) -> Values:
        """Variance that the test rows give every replicate alike, at least, in variances of one replicate about it.

        0, the least it can be, where the variance over rows is not sure, or a single replicate shows nothing.
        """
        if not self.rows.sure or np.isnan(seen.variance).any():
            return np.zeros(np.broadcast(seen.mean, seen.replicates).shape)
        further = seen.replicates - 1.0
        most = np.maximum(seen.variance, self.resolution**2) * further / chdtri(further, _SHARE_CONFIDENCE)
        return np.asarray(np.maximum(self.rows.variance, self.resolution**2) / most)

    @property
    def informative(self) -> bool:
        """Whether more than one replicate says anything."""
        return bool(np.isfinite(self.rows.variance).all())


Spread = Resampled | FixedTest


def posterior(seen: Differences, spread: Spread) -> Posterior:
    """What replicates say about the true difference. One of them, one split or one block of rows gives an infinite scale."""
    if np.isnan(seen.variance).any() or not spread.informative:
        shape = np.broadcast(seen.mean, seen.replicates).shape
        return Posterior(seen.mean, np.full(shape, np.inf), 1.0)
    scale, degrees = spread.scale(seen)
    return Posterior(seen.mean, scale, degrees, spread.skewness(seen, scale))


def _skewness_of_mean(seen: Differences, resolution: float, scale: Values) -> Values:
    """Skewness of the mean of the replicates; it speaks of the part of the spread that they themselves show."""
    own = np.sqrt(np.maximum(seen.variance, resolution**2) / seen.replicates) / scale
    return np.asarray(seen.skewness / np.sqrt(seen.replicates) * own)

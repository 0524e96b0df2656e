"""What the rows could add on resampled splits: the part of the scatter that the sampling of test rows explains, taken as known.

Differences scatter by the test rows, whose part the paired rows show with thousands of degrees of freedom, and by training
(seed, split), whose part a handful of replicates shows. The tables say what a posterior that uses the first would gain, and what
it risks. They bound nothing: the package does not use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from benchmarks.calibration.learners import cross_validated_differences
from benchmarks.calibration.resampled import normal_differences
from benchmarks.calibration.studies import Outcome, Row, Values, resampled_look, stop_when_decided
from scipy.special import ndtr

from gatewise.statistics.correlated import Differences, Resampled
from gatewise.statistics.decision import ERROR, Rule
from gatewise.statistics.sequential import EQUIVALENCE_REPLICATES, MINIMUM_REPLICATES, MOST_REPLICATES

__all__ = ["in_common", "known_rows"]

RATIO = 1 / 9


@dataclass(frozen=True, eq=False)
class Moderated(Resampled):
    """The scatter drawn towards the rows' part, as that counts for so many degrees of freedom (Smyth 2004, "Linear models and
    empirical Bayes methods", Statistical Applications in Genetics and Molecular Biology 3).

    of_rows: the rows' part of the variance. weight: its degrees of freedom. trust: the weight is divided by this power of how
    many times the scatter exceeds the rows' part; 0 where it counts whatever the replicates say.
    """

    of_rows: float = 1.0
    weight: float = 4.0
    trust: float = 0.0

    def scale(self, seen: Differences) -> tuple[Values, Values]:
        """Standard deviation and degrees of freedom of the mean."""
        further = seen.replicates - 1.0
        weight = self.weight * np.minimum(1.0, (self.of_rows / seen.variance) ** self.trust)
        degrees = weight + further
        variance = (weight * self.of_rows + further * seen.variance) / degrees
        return np.sqrt(variance * (1.0 / seen.replicates + self.test_to_train_ratio)), degrees

    def skewness(self, seen: Differences, scale: Values) -> Values:
        """None: a scatter that is taken as known has the shape of many rows."""
        return np.zeros(scale.shape)


def known_rows(studies: int, trained: Iterable[float] = (0.0, 0.5, 0.9)) -> Iterator[Row]:
    """Wrong and right statements by posteriors that know the rows' part; s is 1 margin, `trained` of its variance by training.

    `known`: the whole variance is known, which nobody knows: the most that can be gained. `fewer`: replicates until a decision,
    30 at most, than without the rows; on the mean over true differences of 0, 2 and 3 margins and s of 0.5, 1 and 2.
    """
    plain = Rule.sequential(RATIO)
    ways: dict[str, tuple[Resampled, Rule]] = {
        "no rows": (Resampled(RATIO, 0.0), plain),
        "no rows, skewness left alone": (Moderated(RATIO, 0.0, weight=0.0), plain),
        "variance known": (Moderated(RATIO, 0.0, weight=1e9), _rule_of_known_scatter()),
    }
    for name, trust in (("rows", 0.0), ("rows, where they agree", 4.0)):
        for share in trained:
            ways[f"{name}; training {share:.0%}"] = (Moderated(RATIO, 0.0, of_rows=1.0 - share, trust=trust), plain)
    taken = {name: _taken(studies // 2, *way) for name, way in ways.items()}
    for name, way in ways.items():
        ended = {truth: _ended(truth, studies, *way) for truth in (0.0, 1.0, 2.0, 3.0)}
        rates = {
            "win|1m": ended[1.0].rate("first", "second"),
            "eq|1m": ended[1.0].rate("equivalent"),
            "2m 10": ended[2.0].rate("first", within=10),
            "3m 10": ended[3.0].rate("first", within=10),
            "0m 30": ended[0.0].rate("equivalent", within=30),
            "fewer": 1.0 - taken[name] / taken["no rows"],
        }
        yield Row(name, studies, rates)


def _taken(studies: int, spread: Resampled, rule: Rule) -> float:
    """Replicates until a decision, on the mean over settings; in margins the scatter of each, and the rows' part with it."""
    found = []
    for sd in (0.5, 1.0, 2.0):
        scaled = replace(spread, of_rows=spread.of_rows * sd**2) if isinstance(spread, Moderated) else spread
        for truth in (0.0, 2.0, 3.0):
            found.append(_ended(truth, studies, scaled, rule, sd, most_replicates=30).taken(30))
    return float(np.mean(found))


def _ended(
    truth: float, studies: int, spread: Resampled, rule: Rule, sd: float = 1.0, most_replicates: int = MOST_REPLICATES
) -> Outcome:
    generator = np.random.default_rng(10)
    drawn = normal_differences(generator, studies, most_replicates, difference=truth, sd=sd, ratio=RATIO)
    return stop_when_decided(resampled_look(drawn, spread), studies, 1.0, rule, most_replicates)


def _rule_of_known_scatter(studies: int = 20_000) -> Rule:
    """The rule whose looks are as strict as they must be where the scatter is known."""
    generator = np.random.default_rng(0)
    counts = np.arange(1, MOST_REPLICATES + 1)
    drawn = normal_differences(generator, studies, MOST_REPLICATES, difference=0.0, sd=1.0, ratio=RATIO)
    z = np.abs(np.cumsum(drawn, axis=1) / counts) / np.sqrt(1.0 / counts + RATIO)
    furthest = z[:, MINIMUM_REPLICATES - 1 :].max(axis=1)
    level, twice = (2.0 * float(ndtr(-np.quantile(furthest, 1.0 - alpha))) for alpha in (ERROR, 2 * ERROR))
    return Rule(level, twice / 2, twice / 2, MINIMUM_REPLICATES, EQUIVALENCE_REPLICATES)


def in_common(studies: int) -> Iterator[Row]:
    """What the replicates of one data set have in common: the variance of their mean in that of one replicate, less 1 / number.

    `assumed`: what the posterior adds, whatever the number of replicates.
    """
    generator = np.random.default_rng(12)
    numbers = (5, 10, 20, 50)
    for heavy in (False, True):
        for rows, folds, features, shift in ((100, 10, 5, 0.3), (300, 10, 20, 0.2), (300, 5, 20, 0.2)):
            drawn = cross_validated_differences(
                generator,
                studies,
                rows=rows,
                folds=folds,
                features=features,
                shift=shift,
                replicates=max(numbers),
                heavy=heavy,
            )
            rates = {}
            for number in numbers:
                seen = Differences.of(drawn[:, :number])
                rates[str(number)] = float(seen.mean.var() / seen.variance.mean() - 1.0 / number)
            rates["assumed"] = 1 / (folds - 1)
            yield Row(f"{rows} rows, {folds}-fold, {features}{', heavy tails' if heavy else ''}", studies, rates)

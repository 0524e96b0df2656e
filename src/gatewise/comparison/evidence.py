"""What the finished trainings of a comparison say, as paired scores and posteriors."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from gatewise.errors import RunError
from gatewise.metrics import METRICS, Metric
from gatewise.records import Comparison, ScoreSummary, Training
from gatewise.runtime.scoring import unpack_rows
from gatewise.statistics.correlated import Differences, FixedTest, Resampled, Spread
from gatewise.statistics.decision import MINIMUM_PLANNED_REPLICATES, Rule
from gatewise.statistics.rows import TestRows, variance_over_rows
from gatewise.statistics.sequential import MINIMUM_REPLICATES, MOST_REPLICATES

__all__ = ["Evidence"]

_FAILED_MARGINS = 5


@dataclass(frozen=True)
class Evidence:
    """The complete replicates of a comparison: those that every arm has finished, and the baselines' trainings on the same."""

    comparison: Comparison

    @property
    def metric(self) -> Metric:
        """What the scores are."""
        return METRICS[self.comparison.metric]

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and greatest difference worth writing down: in percent the possible ones, else far beyond every score."""
        if self.metric.in_percent:
            return -1.0, 1.0
        most = 10 * max((abs(score.mean) for score in self.scores.values()), default=1.0)
        return -most, most

    @property
    def resolution(self) -> float:
        """The smallest difference that the scores can tell from none: in percent about one row's step, else 1% of the margin.

        A row moves the accuracy by one row's part; a metric that gives every class the same say by that part of its class,
        and here the mean square over the rows is taken.
        """
        if not self.metric.in_percent:
            return self.comparison.margin / 100
        rows, classes = self.comparison.test_rows, self.comparison.profile.classes
        if self.metric.name == "accuracy" or not classes:
            return 1.0 / rows
        parts = np.array([count for count in classes.values() if count], dtype=np.float64) / sum(classes.values())
        return float(np.sqrt((1.0 / parts).sum()) / (len(parts) * rows))

    @property
    def adaptive(self) -> bool:
        """Whether the run stops when decided, so that every replicate is a look at the data."""
        return self.comparison.config.replicates is None

    @property
    def fixed_test(self) -> bool:
        """Whether all replicates are scored on the source's own test part."""
        return self.comparison.profile.fixed_test_rows is not None

    @property
    def minimum_replicates(self) -> int:
        """Replicates below which nothing is decided."""
        return MINIMUM_REPLICATES if self.adaptive else MINIMUM_PLANNED_REPLICATES

    @cached_property
    def couples(self) -> tuple[tuple[str, str], ...]:
        """Every two arms: the family of comparisons among which the error is divided."""
        return tuple(combinations(self.arms, 2))

    @cached_property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms, in the order in which they were asked for."""
        return tuple(arm.name for arm in self.comparison.arms)

    @cached_property
    def trainings(self) -> Mapping[str, Mapping[int, Training]]:
        """Scored trainings by name of arm or baseline, then by number of the replicate, in ascending order."""
        names = (*self.arms, *self.comparison.baselines)
        scored: dict[str, dict[int, Training]] = {name: {} for name in names}
        trainings = (*self.comparison.trainings, *self.comparison.baseline_trainings)
        for training in sorted(trainings, key=lambda one: one.number):
            if training.name in scored and training.number < self.comparison.finished and training.test_score is not None:
                scored[training.name][training.number] = training
        complete = set.intersection(*(set(scored[name]) for name in self.arms))
        return {name: {number: scored[name][number] for number in scored[name] if number in complete} for name in names}

    @property
    def replicates(self) -> int:
        """Number of complete replicates."""
        return len(self.trainings[self.arms[0]])

    @cached_property
    def scores(self) -> Mapping[str, ScoreSummary]:
        """Mean, standard deviation and number of the test scores of everything that has one; sd is 0 for a single score."""
        summaries = {}
        for name, trainings in self.trainings.items():
            values = np.array([training.test_score for training in trainings.values()], dtype=np.float64)
            if values.size:
                sd = float(values.std(ddof=1)) if values.size > 1 else 0.0
                summaries[name] = ScoreSummary(mean=float(values.mean()), sd=sd, n=values.size)
        return summaries

    @cached_property
    def failed_trainings(self) -> Mapping[str, int]:
        """Of every arm, how often it lost more than half of its median lead over the simplest baseline, and 5 margins."""
        simplest = next((name for name in self.comparison.baselines if self.trainings[name]), None)
        if simplest is None or not self.replicates:
            return dict.fromkeys(self.arms, 0)
        return {name: self._failures(self.differences(name, simplest)) for name in self.arms}

    def _failures(self, leads: NDArray[np.float64]) -> int:
        usual = float(np.median(leads)) if leads.size else 0.0
        lost = usual - leads
        return int(((lost > usual / 2) & (lost > _FAILED_MARGINS * self.comparison.margin)).sum()) if usual > 0 else 0

    @cached_property
    def baselines(self) -> tuple[str, ...]:
        """Names of the baselines that have scores, in the order in which they are fitted."""
        return tuple(name for name in self.comparison.baselines if name in self.scores)

    def rule(self, first: str, second: str) -> Rule:
        """What a conclusion asks for at one look at two arms, one comparison of all couples, or at a baseline and an arm, one of
        as many as there are baselines.

        A run that goes on past the most replicates it is planned for is judged with the next multiple of them.
        """
        comparisons = len(self.couples if {first, second} <= set(self.arms) else self.baselines)
        if not self.adaptive:
            return Rule.planned(comparisons)
        most = MOST_REPLICATES * math.ceil(max(self.replicates, 1) / MOST_REPLICATES)
        seen = Differences.of(self.differences(first, second))
        return Rule.after_each(seen, self.spread(first, second), comparisons, most)

    def shared_replicates(self, first: str, second: str) -> list[int]:
        """Numbers of the complete replicates on which both were scored."""
        return [number for number in self.trainings[first] if number in self.trainings[second]]

    def differences(self, first: str, second: str) -> NDArray[np.float64]:
        """The first's lead over the second in every replicate that both were scored in, turned so that more is better."""
        numbers = self.shared_replicates(first, second)
        return self._gains_of(first, numbers) - self._gains_of(second, numbers)

    def spread(self, first: str, second: str) -> Spread:
        """What, beside the scatter of the replicates, makes the mean lead uncertain.

        Raises RunError where a training on a fixed test part lacks its record of the rows' scores.
        """
        if (first, second) not in self._spreads:
            self._spreads[first, second] = self._spread(first, second)
        return self._spreads[first, second]

    @cached_property
    def _spreads(self) -> dict[tuple[str, str], Spread]:
        """Those asked for so far: what is recorded of the rows takes long to read."""
        return {}

    def _spread(self, first: str, second: str) -> Spread:
        of = self.comparison.dependence
        if not self.fixed_test:
            return Resampled(self._test_to_train_ratio, self.resolution, of.splits, of.groups)
        numbers = self.shared_replicates(first, second)
        rows = self._gain_of_rows(first, numbers) - self._gain_of_rows(second, numbers)
        return FixedTest(variance_over_rows(rows, self._test_rows), self.resolution)

    @cached_property
    def _test_rows(self) -> TestRows | None:
        """How the rows of a fixed test part depend on each other; None where they do not."""
        of = self.comparison.dependence
        if not of.blocks:
            return None
        try:
            blocks = unpack_rows(of.blocks, self.comparison.test_rows).astype(np.int64)
        except ValueError as error:
            raise RunError(f"the record of how test rows belong together is damaged: {error}; start the run again") from error
        return TestRows(blocks, of.in_time)

    @property
    def _test_to_train_ratio(self) -> float:
        return self.comparison.test_rows / self.comparison.train_rows

    def _gains_of(self, name: str, numbers: list[int]) -> NDArray[np.float64]:
        return np.array(
            [self.metric.gain(self.trainings[name][number].test_score or 0.0) for number in numbers], dtype=np.float64
        )

    def _gain_of_rows(self, name: str, numbers: list[int]) -> NDArray[np.float64]:
        """Mean over the replicates of what each test row adds to the score, turned so that more is better, [rows]."""
        total = np.zeros(self.comparison.test_rows)
        for number in numbers:
            total += _row_scores(self.trainings[name][number], self.comparison.test_rows)
        return total * self.metric.gain(1.0) / len(numbers)


def _row_scores(training: Training, rows: int) -> NDArray[np.float64]:
    try:
        if training.test_rows != rows:
            raise ValueError(f"there are {training.test_rows} rows")
        return unpack_rows(training.row_scores, rows)
    except ValueError as error:
        raise RunError(
            f"replicate {training.number} of {training.name} should record the scores of {rows} test rows, but {error}; the run "
            "is damaged: start it again in a new folder"
        ) from error

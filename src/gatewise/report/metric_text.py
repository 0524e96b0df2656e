"""Scores, differences and intervals of one comparison, written the way of its metric."""

from dataclasses import dataclass, field
from typing import Self

from gatewise.metrics import METRICS, Metric, difference_text, value_text
from gatewise.records import Comparison, Difference, ScoreSummary
from gatewise.report.numbers import MINUS
from gatewise.titles import Titles

__all__ = ["UNKNOWN", "MetricText"]

UNKNOWN = "not known yet"
FINER = 0.1


@dataclass(frozen=True)
class MetricText:
    """How everything measured by `metric` is written; a tenth of `margin` is the last decimal. title: what arms are called."""

    metric: Metric
    margin: float
    title: Titles = field(default_factory=Titles)

    @classmethod
    def of(cls, comparison: Comparison) -> Self:
        """Return the writing of a comparison's own metric, margin and arms."""
        return cls(METRICS[comparison.metric], comparison.margin, Titles(comparison.arms))

    @property
    def label(self) -> str:
        """The metric's name: "accuracy", "MASE"."""
        return self.metric.label

    @property
    def direction(self) -> str:
        """The end of an axis' name: ", lower is better" where that is so, else nothing."""
        return "" if self.metric.higher_is_better else ", lower is better"

    def axis(self, part: str) -> str:
        """Return what an axis of scores is called: "test MASE, lower is better"."""
        return f"{part} {self.label}{self.direction}"

    def value(self, value: float, *, fine: bool = False) -> str:
        """Return a score: 0.774 is "77.4%". fine: with one decimal more."""
        return value_text(self.metric, value, self.margin * (FINER if fine else 1)).replace("-", MINUS)

    def difference_axis(self) -> str:
        """Return what an axis of differences is called: "lead in test accuracy, points"."""
        return f"lead in test {self.label}{', points' if self.metric.in_percent else ''}"

    def tick(self, value: float, step: float) -> str:
        """Return a score at an axis whose ticks are `step` apart."""
        # Ten steps, because a value is written to a tenth of what it is compared with.
        return value_text(self.metric, value, 10 * step).replace("-", MINUS)

    def summary(self, score: ScoreSummary) -> str:
        """Return mean and standard deviation: "77.4% ± 0.6"; a single score has none."""
        return f"{self.value(score.mean)} ± {self.size(score.sd, unit=False)}" if score.n > 1 else self.value(score.mean)

    def difference(self, value: float, *, unit: bool = True, fine: bool = False) -> str:
        """Return a difference with its sign: 0.004 is "+0.4 points". fine: with one decimal more."""
        return difference_text(self.metric, value, self.margin * (FINER if fine else 1), unit=unit).replace("-", MINUS)

    def size(self, value: float, *, unit: bool = True) -> str:
        """Return how large a difference is, without its sign: "0.4 points"."""
        return difference_text(self.metric, abs(value), self.margin, signed=False, unit=unit)

    def difference_tick(self, value: float, step: float) -> str:
        """Return a difference at an axis whose ticks are `step` apart."""
        return difference_text(self.metric, value, 10 * step, unit=False).replace("-", MINUS) if value else "0"

    def band(self) -> str:
        """Return the band of practical equivalence: "±1.0 points"."""
        return f"±{self.size(self.margin)}"

    def range(self, bounds: tuple[float, float], *, unit: bool = True) -> str:
        """Return an interval of differences: "−0.3 to +1.1 points"."""
        return f"{self.difference(bounds[0], unit=False)} to {self.difference(bounds[1], unit=unit)}"

    def interval(self, difference: Difference, *, unit: bool = True) -> str:
        """Return the 95% interval of a difference, where it has enough replicates to say anything."""
        return self.range(difference.ci95, unit=unit) if difference.is_known else UNKNOWN

    def versus(self, first: str, second: str) -> str:
        """Return what a difference is called that favours the first: "lead of GRU over LSTM", whichever way is better."""
        return f"lead of {self.title(first)} over {self.title(second)}"

    def leads(self, difference: Difference) -> str:
        """Return who leads whom by how much: "LSTM leads GRU by 0.2 points"."""
        better = difference.better_first()
        return f"{self.title(better.first)} leads {self.title(better.second)} by {self.size(better.mean)}"

    def ahead_on_training(self) -> str:
        """Return what the gap is called by which an arm does better on the rows that it learned from."""
        return "train minus test" if self.metric.higher_is_better else "test minus train"

"""One fixed test part: correctness of single rows under changing seeds, and rows that depend on each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial, reduce

import numpy as np
from benchmarks.calibration.resampled import POWER_REPLICATES, SCATTERS, SYMMETRIC, TRUTHS, Scatter, autoregressive, scattered
from benchmarks.calibration.studies import (
    STRESS_BOUND,
    Judge,
    Look,
    Outcome,
    Row,
    Seen,
    Values,
    resampled_look,
    statements,
    stop_when_decided,
)
from scipy.stats import norm

from gatewise.statistics.correlated import Differences, FixedTest
from gatewise.statistics.decision import Rule
from gatewise.statistics.rows import RowVariance, TestRows, variance_over_rows
from gatewise.statistics.sequential import MOST_REPLICATES

__all__ = ["dependent_rows", "errors", "power", "shared_parts", "stress"]


@dataclass(frozen=True)
class RowModel:
    """An arm is right on a row where mu + ease(row) + taste(arm, row) + luck(arm, replicate) + noise(arm, row, replicate) > 0.

    All terms but mu are normal; the fields are their standard deviations, so the expected accuracy is Phi(mu / total).
    """

    taste: float
    luck: float
    noise: float
    ease: float = 1.0
    accuracy: float = 0.8

    def mu(self, accuracy: float) -> float:
        """Return the mu that gives the expected accuracy."""
        return float(norm.ppf(accuracy) * np.sqrt(self.ease**2 + self.taste**2 + self.luck**2 + self.noise**2))


ROW_MODELS = {
    "rows differ": RowModel(taste=0.7, luck=0.05, noise=0.3),
    "both differ": RowModel(taste=0.35, luck=0.06, noise=0.4),
    "seeds differ": RowModel(taste=0.2, luck=0.3, noise=0.5),
    "nearly alike": RowModel(taste=0.1, luck=0.02, noise=0.1),
}

Way = tuple[Judge, bool]  # how strict the looks are, and whether the rows' skewness is corrected for
NOW: Way = (Rule.after_each, True)


def _looks(
    generator: np.random.Generator, model: RowModel, studies: int, *, rows: int, replicates: int, difference: float
) -> Callable[[bool], Look]:
    """Looks at studies that score every replicate on the same `rows` test rows, with a true difference of expected accuracy; with
    or without the skewness of the rows."""
    ease = model.ease * generator.standard_normal((studies, rows), dtype=np.float32)
    taste = [model.taste * generator.standard_normal((studies, rows), dtype=np.float32) for _ in range(2)]
    mu = [model.mu(model.accuracy + difference), model.mu(model.accuracy)]
    agreement = np.zeros((replicates, studies, rows), dtype=np.int8)
    for replicate in range(replicates):
        first, second = (
            mu[arm]
            + ease
            + taste[arm]
            + model.luck * generator.standard_normal((studies, 1), dtype=np.float32)
            + model.noise * generator.standard_normal((studies, rows), dtype=np.float32)
            > 0
            for arm in range(2)
        )
        agreement[replicate] = first.astype(np.int8) - second.astype(np.int8)
    differences = agreement.mean(axis=2).T
    summed = np.cumsum(agreement, axis=0, dtype=np.int8)

    def look(skewed: bool, count: int, running: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Seen:
        of_rows = variance_over_rows(summed[count - 1, running] / count)
        spread = FixedTest(of_rows if skewed else replace(of_rows, skewness=0.0), 1.0 / rows)
        return Differences.of(differences[running, :count]), spread

    return lambda skewed: partial(look, skewed)


def _outcomes(
    seed: int, model: RowModel, studies: int, ways: Iterable[Way], *, rows: int, margin: float, difference: float
) -> list[Outcome]:
    """How studies on one fixed test part end within 30 replicates, each way; simulated in batches to bound the memory."""
    generator = np.random.default_rng(seed)
    most = max(POWER_REPLICATES)
    batches = []
    for start in range(0, studies, 250):
        size = min(250, studies - start)
        looks = _looks(generator, model, size, rows=rows, replicates=most, difference=difference)
        batches.append([stop_when_decided(looks(skewed), size, margin, rule, most) for rule, skewed in ways])
    return [reduce(Outcome.joined, one) for one in zip(*batches, strict=True)]


def errors(studies: int, sizes: Iterable[int] = (100, 500), margins: Iterable[float] = (0.001, 0.02, 0.05)) -> Iterator[Row]:
    """Rates of wrong statements on one fixed test part."""
    for name, model in ROW_MODELS.items():
        for rows in sizes:
            for margin in margins:
                outcomes = {}
                for truth in TRUTHS:
                    by_way = _outcomes(3, model, studies, (NOW,), rows=rows, margin=margin, difference=truth * margin)
                    outcomes[truth] = by_way[0]
                yield statements(f"{name}, {rows}, m {margin:g}", outcomes)


def shared_parts(studies: int) -> Iterator[Row]:
    """Rates of wrong statements by what the test rows give all replicates alike, and how these scatter about it (in margins).

    The first is a variance, in variances of the second, and known. Looks go on to the most that their level allows for.
    """
    generator = np.random.default_rng(13)
    for shared in (0.01, 0.03, 0.1, 0.5, 4.0):
        for sd in (1.0, 20.0):
            ended = {
                truth: _shared(generator, lambda one, shape: one.standard_normal(shape), studies, truth, sd, shared)
                for truth in (0.0, 1.0)
            }
            yield statements(f"s {sd:g}m, shared {shared:g}", ended)


def stress(studies: int) -> Iterator[Row]:
    """The same where replicates do not scatter as assumed."""
    generator = np.random.default_rng(14)
    for name, scatter in SCATTERS.items():
        for shared in (0.1, 0.5):
            ended = {truth: _shared(generator, scatter, studies, truth, 1.0, shared) for truth in TRUTHS}
            yield statements(f"{name}, s 1m, {shared:g}", ended, STRESS_BOUND, at_margin=name in SYMMETRIC)


def _shared(generator: np.random.Generator, scatter: Scatter, studies: int, truth: float, sd: float, shared: float) -> Outcome:
    drawn = scattered(generator, studies, MOST_REPLICATES, scatter, truth, sd, shared)
    spread = FixedTest(RowVariance(np.asarray(shared * sd**2), np.asarray(1e6)), 1e-6)
    return stop_when_decided(resampled_look(drawn, spread), studies, 1.0)


def power(studies: int, rows: int = 1000, margin: float = 0.02) -> Iterator[Row]:
    """Right decisions within 5 to 30 replicates on one fixed test part, stopping when decided.

    `before`: with the level of looks that share nothing, the strictest, and rows taken as not skewed. `fewer`: replicates until a
    decision, 30 at most, than so.
    """
    ways: dict[str, Way] = {", before": (Rule.sequential(0.0), False), "": NOW}
    for name, model in ROW_MODELS.items():
        for difference in (0.0, 2.0, 3.0, 4.0):
            right = "equivalent" if difference == 0.0 else "first"
            ended = _outcomes(4, model, studies, ways.values(), rows=rows, margin=margin, difference=difference * margin)
            taken = [outcome.taken(max(POWER_REPLICATES)) for outcome in ended]
            for suffix, outcome, replicates in zip(ways, ended, taken, strict=True):
                rates = {str(n): outcome.rate(right, within=n) for n in POWER_REPLICATES}
                rates["fewer"] = 1.0 - replicates / taken[0]
                yield Row(f"{name}, {'equal' if difference == 0.0 else f'{difference:g}m'}{suffix}", studies, rates)


def dependent_rows(studies: int, replicates: int = 30) -> Iterator[Row]:
    """A winner between equal models where test rows depend on each other; for comparison with rows taken as independent."""
    generator = np.random.default_rng(9)
    for windows in (300, 2000):
        for correlation in (0.0, 0.5, 0.9, 0.95, 0.98):
            shared = autoregressive(generator, (studies, windows), correlation)
            name = f"{windows} windows, AR(1) {correlation:g}"
            yield _dependent(generator, name, shared, TestRows(np.arange(windows), in_time=True), replicates)
        horizon = 24
        steps = generator.standard_normal((studies, windows + horizon))
        moving = np.lib.stride_tricks.sliding_window_view(steps, horizon, axis=1)[:, :windows].mean(axis=2) * horizon**0.5
        yield _dependent(
            generator, f"{windows} windows of 24 steps", moving, TestRows(np.arange(windows), in_time=True), replicates
        )
    for groups in (6, 10, 20):
        for equal in (True, False):
            weights = np.ones(groups) if equal else np.arange(1.0, groups + 1)
            sizes = np.maximum(1, np.round(400 * weights / weights.sum())).astype(np.int64)
            blocks = np.repeat(np.arange(groups), sizes)
            effects = generator.standard_normal((studies, groups))[:, blocks]
            rows = effects + 2.0 * generator.standard_normal((studies, len(blocks)))
            name = f"{groups} groups, {'equal' if equal else 'unequal'}"
            yield _dependent(generator, name, rows, TestRows(blocks), replicates)


def _dependent(generator: np.random.Generator, name: str, shared: Values, test_rows: TestRows, replicates: int) -> Row:
    """shared: [studies, rows], by how much one model is better on each row in every replicate; 0 on average over test parts."""
    noise = 0.5 * generator.standard_normal((len(shared), replicates))
    differences = shared.mean(axis=1, keepdims=True) + noise / np.sqrt(shared.shape[1])
    rates = {}
    for column, of in (("win|0", test_rows), ("independent", None)):
        variance = variance_over_rows(shared, of)

        def look(count: int, running: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Seen:
            found = variance  # noqa: B023
            skewness = np.broadcast_to(found.skewness, found.variance.shape)
            kept = RowVariance(found.variance[running], found.degrees_of_freedom[running], skewness[running], found.sure)
            return Differences.of(differences[running, :count]), FixedTest(kept, 0.0)

        outcome = stop_when_decided(look, len(shared), 1e-6, most_replicates=replicates)
        rates[column] = outcome.rate("first", "second")
    return Row(name, len(shared), rates, ("win|0",), STRESS_BOUND)

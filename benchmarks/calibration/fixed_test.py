"""One fixed test part: correctness of single rows under changing seeds, and rows that depend on each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from benchmarks.calibration.resampled import POWER_REPLICATES, TRUTHS, autoregressive
from benchmarks.calibration.studies import STRESS_BOUND, Look, Outcome, Row, Values, statements, stop_when_decided
from scipy.stats import norm

from gatewise.statistics.correlated import Differences, FixedTest, Posterior, posterior
from gatewise.statistics.decision import Rule
from gatewise.statistics.rows import TestRows, variance_over_rows

__all__ = ["dependent_rows", "errors", "power"]


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
    "seeds differ": RowModel(taste=0.2, luck=0.3, noise=0.5),
    "nearly alike": RowModel(taste=0.1, luck=0.02, noise=0.1),
}


def _looks(
    generator: np.random.Generator, model: RowModel, studies: int, *, rows: int, replicates: int, difference: float
) -> Look:
    """Looks at studies that score every replicate on the same `rows` test rows, with a true difference of expected accuracy."""
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

    def look(count: int, running: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Posterior:
        spread = FixedTest(variance_over_rows(summed[count - 1, running] / count), 1.0 / rows)
        return posterior(Differences.of(differences[running, :count]), spread)

    return look


def _outcome(seed: int, model: RowModel, studies: int, *, rows: int, margin: float, difference: float) -> Outcome:
    """How studies on one fixed test part end within 30 replicates; simulated in batches to bound the memory."""
    generator = np.random.default_rng(seed)
    rule = Rule.sequential(0.0)
    ended: Outcome | None = None
    for start in range(0, studies, 250):
        size = min(250, studies - start)
        looks = _looks(generator, model, size, rows=rows, replicates=max(POWER_REPLICATES), difference=difference)
        one = stop_when_decided(looks, size, margin, rule, max(POWER_REPLICATES))
        ended = one if ended is None else ended.joined(one)
    if ended is None:
        raise ValueError("no studies were asked for")
    return ended


def errors(studies: int, sizes: Iterable[int] = (100, 500), margins: Iterable[float] = (0.001, 0.02, 0.05)) -> Iterator[Row]:
    """Rates of wrong statements on one fixed test part."""
    for name, model in ROW_MODELS.items():
        for rows in sizes:
            for margin in margins:
                outcomes = {
                    truth: _outcome(3, model, studies, rows=rows, margin=margin, difference=truth * margin) for truth in TRUTHS
                }
                yield statements(f"{name}, {rows}, m {margin:g}", outcomes)


def power(studies: int, rows: int = 1000, margin: float = 0.02) -> Iterator[Row]:
    """Right decisions within 5 to 30 replicates on one fixed test part, stopping when decided."""
    for name, model in ROW_MODELS.items():
        for difference in (0.0, 2.0, 4.0):
            right = "equivalent" if difference == 0.0 else "first"
            outcome = _outcome(4, model, studies, rows=rows, margin=margin, difference=difference * margin)
            rates = {str(n): outcome.rate(right, within=n) for n in POWER_REPLICATES}
            yield Row(f"{name}, {right} | {difference:g}m", studies, rates)


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
    rule = Rule.sequential(0.0)
    rates = {}
    for column, of in (("win|0", test_rows), ("independent", None)):
        variance = variance_over_rows(shared, of)

        def look(count: int, running: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Posterior:
            kept = type(variance)(variance.variance[running], variance.degrees_of_freedom[running])  # noqa: B023
            return posterior(Differences.of(differences[running, :count]), FixedTest(kept, 0.0))

        outcome = stop_when_decided(look, len(shared), 1e-6, rule, replicates)
        rates[column] = outcome.rate("first", "second")
    return Row(name, len(shared), rates, ("win|0",), STRESS_BOUND)

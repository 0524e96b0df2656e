"""Replicates on resampled splits: differences from the model in which the corrected t-test is exact, and from others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from benchmarks.calibration.studies import STRESS_BOUND, Outcome, Row, Values, resampled_look, statements, stop_when_decided
from scipy.signal import lfilter

from gatewise.statistics.correlated import Differences, Resampled, posterior
from gatewise.statistics.decision import Rule, conclude
from gatewise.statistics.sequential import MOST_REPLICATES

__all__ = [
    "POWER_REPLICATES",
    "SCATTERS",
    "SYMMETRIC",
    "TRUTHS",
    "Scatter",
    "collapses",
    "errors",
    "normal_differences",
    "power",
    "repeated_splits",
    "scattered",
    "stress",
]

POWER_REPLICATES = (5, 10, 15, 20, 25, 30)
TRUTHS = (0.0, 1.0, 1.25, 1.5, 2.0)

Scatter = Callable[[np.random.Generator, tuple[int, int]], Values]


def autoregressive(generator: np.random.Generator, shape: tuple[int, int], coefficient: float) -> Values:
    """Rows of a first-order autoregression with variance 1, from its stationary distribution."""
    warm_up = 20 + int(5 / (1 - coefficient))
    noise = generator.standard_normal((shape[0], shape[1] + warm_up))
    series: Values = lfilter([1.0], [1.0, -coefficient], noise, axis=1)[:, warm_up:]
    return series * float(np.sqrt(1 - coefficient**2))


def _lognormal(generator: np.random.Generator, shape: tuple[int, int]) -> Values:
    spread = 0.75
    values: Values = generator.lognormal(0.0, spread, shape)
    mean = float(np.exp(spread**2 / 2))
    return (values - mean) / (mean * float(np.sqrt(np.exp(spread**2) - 1)))


SCATTERS: dict[str, Scatter] = {
    "t with 3 df": lambda generator, shape: generator.standard_t(3, shape) / 3**0.5,
    "exponential": lambda generator, shape: generator.exponential(1.0, shape) - 1.0,
    "exponential, down": lambda generator, shape: 1.0 - generator.exponential(1.0, shape),
    "lognormal": _lognormal,
    "ties (-1, 0, 1)": lambda generator, shape: generator.choice([-1.0, 0.0, 1.0], shape, p=[0.25, 0.5, 0.25]) * 2**0.5,
    "AR(1) 0.3": lambda generator, shape: autoregressive(generator, shape, 0.3),
}
"""What replicates may scatter like, all with mean 0 and variance 1."""

TIES = "ties (-1, 0, 1)"
SYMMETRIC = ("t with 3 df", TIES)
"""Those whose rates are bounded at a difference of exactly the margin too. Skewness that few replicates do not show is not
corrected for; and replicates cannot follow each other as the autoregression does, because each has seeds and a split of its
own."""


def normal_differences(
    generator: np.random.Generator, studies: int, replicates: int, *, difference: float, sd: float, ratio: float
) -> Values:
    """Differences [studies, replicates] with sample standard deviation `sd`, correlated as Nadeau and Bengio (2003) assume.

    d_j = difference + sd (sqrt(ratio) z + e_j): the variance of the mean of J is then sd^2 (1/J + ratio).
    """
    return scattered(generator, studies, replicates, lambda one, shape: one.standard_normal(shape), difference, sd, ratio)


def scattered(
    generator: np.random.Generator, studies: int, replicates: int, scatter: Scatter, difference: float, sd: float, ratio: float
) -> Values:
    """The same with another e_j."""
    shared = generator.normal(0.0, ratio**0.5, (studies, 1))
    return difference + sd * (shared + scatter(generator, (studies, replicates)))


def _outcomes(
    draw: Callable[[float], Values], spread: Resampled, rule: Rule, most_replicates: int, truths: Iterable[float] = TRUTHS
) -> dict[float, Outcome]:
    outcomes = {}
    for truth in truths:
        drawn = draw(truth)
        outcomes[truth] = stop_when_decided(resampled_look(drawn, spread), len(drawn), 1.0, rule, most_replicates)
    return outcomes


def errors(
    studies: int,
    sds: Iterable[float] = (0.5, 1.0, 2.0, 5.0, 20.0),
    ratios: Iterable[float] = (0.0, 1 / 9, 1 / 4),
    most_replicates: int = MOST_REPLICATES,
) -> Iterator[Row]:
    """Rates of wrong statements on resampled splits; standard deviations in margins."""
    generator = np.random.default_rng(1)
    for ratio in ratios:
        rule = Rule.sequential(ratio, most_replicates=most_replicates)
        for sd in sds:

            def draw(truth: float, sd: float = sd, ratio: float = ratio) -> Values:
                return normal_differences(generator, studies, most_replicates, difference=truth, sd=sd, ratio=ratio)

            name = f"s {sd:g}m, ratio {f'1/{1 / ratio:.0f}' if ratio else '0'}"
            yield statements(name, _outcomes(draw, Resampled(ratio, 0.0), rule, most_replicates))


def stress(
    studies: int, sds: Iterable[float] = (1.0, 2.0), ratios: Iterable[float] = (0.0, 1 / 9), most_replicates: int = 60
) -> Iterator[Row]:
    """Rates of wrong statements where the replicates do not scatter as the model says."""
    generator = np.random.default_rng(6)
    for name, scatter in SCATTERS.items():
        for ratio in ratios:
            rule = Rule.sequential(ratio)
            for sd in sds:

                def draw(truth: float, sd: float = sd, ratio: float = ratio, scatter: Scatter = scatter) -> Values:
                    return scattered(generator, studies, most_replicates, scatter, truth, sd, ratio)

                setting = f"{name}, s {sd:g}m, {f'1/{1 / ratio:.0f}' if ratio else '0'}"
                # One step of a score that moves in steps.
                spread = Resampled(ratio, sd * 2**0.5 if name == TIES else 0.0)
                outcomes = _outcomes(draw, spread, rule, most_replicates)
                yield statements(setting, outcomes, STRESS_BOUND, at_margin=name in SYMMETRIC)


def collapses(studies: int, most_replicates: int = 60) -> Iterator[Row]:
    """'Equivalent' where one arm loses 45 margins in a share of its trainings, and how many had shown no such training by then.

    No rule can see what has not happened: the rate is for information, and the verdict says how often a training may fail for all
    that its replicates show.
    """
    generator = np.random.default_rng(7)
    for share in (0.05, 0.1, 0.2, 0.3):
        failed = generator.random((studies, most_replicates)) < share
        drawn = 0.3 * generator.standard_normal((studies, most_replicates)) - 45.0 * failed
        outcome = stop_when_decided(
            resampled_look(drawn, Resampled(0.0, 0.0)), studies, 1.0, Rule.sequential(0.0), most_replicates
        )
        equivalent = outcome.conclusions == "equivalent"
        unseen = np.array([not row[:replicates].any() for row, replicates in zip(failed, outcome.replicates, strict=True)])
        yield Row(
            f"one training in {1 / share:.0f} collapses",
            studies,
            {"equivalent": float(equivalent.mean()), "though seen": float((equivalent & ~unseen).mean())},
            ("though seen",),
        )


def repeated_splits(studies: int, most_replicates: int = 60) -> Iterator[Row]:
    """A winner between equal models on rolling origins: blocks of time that are used again and again with other seeds."""
    generator = np.random.default_rng(8)
    for folds in (3, 5, 10):
        for correlation in (0.0, 0.3):
            for seeds in (0.3, 1.0):
                block = autoregressive(generator, (studies, folds), correlation)
                drawn = block[:, np.arange(most_replicates) % folds] + seeds * generator.standard_normal(
                    (studies, most_replicates)
                )
                ratio = 1 / (folds + 1)
                spread = Resampled(ratio, 0.0, distinct=folds)
                rule = Rule.sequential(ratio)
                outcome = stop_when_decided(resampled_look(drawn, spread), studies, 0.01, rule, most_replicates)
                before = stop_when_decided(resampled_look(drawn, Resampled(ratio, 0.0)), studies, 0.01, rule, most_replicates)
                yield Row(
                    f"{folds} blocks, correlated {correlation:g}, seeds {seeds:g}",
                    studies,
                    {"win|0": outcome.rate("first", "second"), "uncapped": before.rate("first", "second")},
                    ("win|0",),
                    STRESS_BOUND,
                )


def power(
    studies: int, sds: Iterable[float] = (0.5, 1.0, 2.0), differences: Iterable[float] = (0.0, 2.0, 3.0, 4.0)
) -> Iterator[Row]:
    """Right decisions within 5 to 30 replicates of ten-fold splits, stopping when decided, and with that number planned."""
    generator = np.random.default_rng(2)
    ratio = 1 / 9
    spread = Resampled(ratio, 0.0)
    for sd in sds:
        for difference in differences:
            right = "equivalent" if difference == 0.0 else "first"
            drawn = normal_differences(generator, studies, max(POWER_REPLICATES), difference=difference, sd=sd, ratio=ratio)
            stopped = stop_when_decided(
                resampled_look(drawn, spread), studies, 1.0, Rule.sequential(ratio), max(POWER_REPLICATES)
            )
            setting = f"s {sd:g}m, {right} | {difference:g}m"
            yield Row(f"{setting}, stop", studies, {str(n): stopped.rate(right, within=n) for n in POWER_REPLICATES})
            planned = {
                str(n): float((conclude(posterior(Differences.of(drawn[:, :n]), spread), 1.0, Rule.planned(), n) == right).mean())
                for n in POWER_REPLICATES
            }
            yield Row(f"{setting}, planned", studies, planned)

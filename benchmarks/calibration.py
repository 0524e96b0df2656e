"""How often gatewise's verdict is wrong, and how often it is reached, over thousands of simulated studies.

    python benchmarks/calibration.py [--quick] [--json PATH]

Every study is looked at after each pair from the fifth on and stops at the first decision, as a run without `--pairs` does, by
the package's own posterior, nominal level and rule. Two bounds must hold, or the exit code is 1: without a true difference a
winner is named in at most 5% of studies, and with a true difference of twice the margin 'equivalent' is concluded in at most 5%.

Studies come from three sources: score differences drawn from the model in which the corrected t-test is exact; correctness of
single test rows under changing seeds (one fixed test part); and two real classifiers cross-validated on finite samples, where
no model is assumed to hold. Those classifiers see the two halves of exchangeable features, so they are equally good by symmetry.
There the columns `plan` are for information: with the number of pairs planned and one look at 0.05, the correction is slightly
too small on samples of a few hundred rows, as the variance between training sets is only approximated.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, norm

from gatewise.statistics.correlated import Posterior, fixed_test_posterior, resampled_posterior
from gatewise.statistics.decision import conclude
from gatewise.statistics.sequential import HORIZON, MINIMUM_PAIRS, nominal_level

BOUND = 0.05
POWER_PAIRS = (5, 10, 15, 20, 25, 30)
WIDTH = 80

Values = NDArray[np.float64]
Look = Callable[[int, NDArray[np.int64]], Posterior]  # number of pairs, indices of the studies still running


@dataclass(frozen=True)
class Outcome:
    """How studies ended: the conclusion of each, and the pairs it took (0 where it stayed undecided)."""

    conclusions: NDArray[np.str_]
    pairs: NDArray[np.int64]

    def rate(self, *wanted: str, within: int | None = None) -> float:
        """Return the share of studies that ended with one of the conclusions, after at most `within` pairs."""
        ended = np.isin(self.conclusions, wanted)
        return float((ended if within is None else ended & (self.pairs <= within)).mean())


@dataclass(frozen=True)
class Row:
    """One line of a table. bounded: the rates that must not be above 5%; the others are for information."""

    setting: str
    studies: int
    rates: Mapping[str, float]
    bounded: tuple[str, ...] = ()

    def broken(self) -> tuple[str, ...]:
        """Return the bounded rates that are above 5% by more than chance explains (one-sided binomial test at 1%)."""
        return tuple(
            name for name in self.bounded if binom.sf(round(self.rates[name] * self.studies) - 1, self.studies, BOUND) < 0.01
        )


def stop_when_decided(look: Look, studies: int, margin: float, level: float, horizon: int = HORIZON) -> Outcome:
    """Look at every study after each pair from the fifth to `horizon` until the rule decides it."""
    conclusions = np.full(studies, "undecided", dtype="<U10")  # as long as "equivalent", which would be cut short
    pairs_taken = np.zeros(studies, dtype=np.int64)
    running = np.arange(studies)
    for pairs in range(MINIMUM_PAIRS, horizon + 1):
        now = conclude(look(pairs, running), margin, level)
        decided = now != "undecided"
        conclusions[running[decided]] = now[decided]
        pairs_taken[running[decided]] = pairs
        running = running[~decided]
        if not running.size:
            break
    return Outcome(conclusions, pairs_taken)


# ---------------------------------------------------------------- resampled splits, differences from the model


def normal_differences(
    generator: np.random.Generator, studies: int, pairs: int, *, difference: float, sd: float, ratio: float
) -> Values:
    """Differences [studies, pairs] with sample standard deviation `sd`, correlated as Nadeau and Bengio (2003) assume.

    d_j = difference + sd (sqrt(ratio) z + e_j): the variance of the mean of J is then sd^2 (1/J + ratio).
    """
    shared = generator.normal(0.0, ratio**0.5, (studies, 1))
    return difference + sd * (shared + generator.normal(0.0, 1.0, (studies, pairs)))


def resampled_look(differences: Values, ratio: float, resolution: float = 0.0) -> Look:
    """Looks at studies whose differences are [studies, pairs]."""
    return lambda pairs, running: resampled_posterior(differences[running, :pairs], ratio, resolution)


def resampled_errors(
    studies: int,
    sds: Iterable[float] = (0.5, 1.0, 2.0, 5.0, 20.0),
    ratios: Iterable[float] = (1 / 9, 1 / 4),
    horizons: Iterable[int] = (30, 100),
) -> Iterator[Row]:
    """Rates of error on resampled splits; standard deviations in margins."""
    generator = np.random.default_rng(1)
    for ratio in ratios:
        for horizon in horizons:
            level = nominal_level(ratio, horizon=horizon)
            for sd in sds:
                null, apart = (
                    stop_when_decided(
                        resampled_look(
                            normal_differences(generator, studies, horizon, difference=difference, sd=sd, ratio=ratio), ratio
                        ),
                        studies,
                        1.0,
                        level,
                        horizon,
                    )
                    for difference in (0.0, 2.0)
                )
                yield error_row(f"s {sd:g}m, n_test/n_train 1/{1 / ratio:.0f}, {horizon} pairs", null, apart)


def error_row(setting: str, null: Outcome, apart: Outcome) -> Row:
    """The two bounded rates: of studies without a difference, and of studies with one of twice the margin."""
    rates = {"winner | 0": null.rate("first", "second"), "equal | 2m": apart.rate("equivalent")}
    return Row(setting, null.conclusions.size, rates, bounded=tuple(rates))


def resampled_power(
    studies: int, sds: Iterable[float] = (0.5, 1.0, 2.0), differences: Iterable[float] = (0.0, 2.0, 3.0, 4.0)
) -> Iterator[Row]:
    """Right decisions within 5 to 30 pairs of ten-fold splits, stopping when decided, and with that number planned."""
    generator = np.random.default_rng(2)
    ratio = 1 / 9
    level = nominal_level(ratio)
    for sd in sds:
        for difference in differences:
            right = "equivalent" if difference == 0.0 else "first"
            drawn = normal_differences(generator, studies, max(POWER_PAIRS), difference=difference, sd=sd, ratio=ratio)
            stopped = stop_when_decided(resampled_look(drawn, ratio), studies, 1.0, level, max(POWER_PAIRS))
            setting = f"s {sd:g}m, {right} | {difference:g}m"
            yield Row(f"{setting}, stop", studies, {str(n): stopped.rate(right, within=n) for n in POWER_PAIRS})
            planned = {
                str(n): float((conclude(resampled_posterior(drawn[:, :n], ratio, 0.0), 1.0, BOUND) == right).mean())
                for n in POWER_PAIRS
            }
            yield Row(f"{setting}, planned", studies, planned)


# ---------------------------------------------------------------- one fixed test part, down to rows and seeds


@dataclass(frozen=True)
class RowModel:
    """An arm is right on a row where mu + ease(row) + taste(arm, row) + luck(arm, pair) + noise(arm, row, pair) > 0.

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


def fixed_test_looks(
    generator: np.random.Generator, model: RowModel, studies: int, *, rows: int, pairs: int, difference: float
) -> Look:
    """Looks at studies that score every pair on the same `rows` test rows, with a true difference of expected accuracy."""
    ease = model.ease * generator.standard_normal((studies, rows), dtype=np.float32)
    taste = [model.taste * generator.standard_normal((studies, rows), dtype=np.float32) for _ in range(2)]
    mu = [model.mu(model.accuracy + difference), model.mu(model.accuracy)]
    agreement = np.zeros((pairs, studies, rows), dtype=np.int8)
    for pair in range(pairs):
        first, second = (
            mu[arm]
            + ease
            + taste[arm]
            + model.luck * generator.standard_normal((studies, 1), dtype=np.float32)
            + model.noise * generator.standard_normal((studies, rows), dtype=np.float32)
            > 0
            for arm in range(2)
        )
        agreement[pair] = first.astype(np.int8) - second.astype(np.int8)
    differences = agreement.mean(axis=2).T
    summed = np.cumsum(agreement, axis=0, dtype=np.int8)
    return lambda count, running: fixed_test_posterior(
        differences[running, :count], summed[count - 1, running] / count, 1.0 / rows
    )


def fixed_test_outcome(seed: int, model: RowModel, studies: int, *, rows: int, margin: float, difference: float) -> Outcome:
    """How studies on one fixed test part end within 30 pairs; simulated in batches to bound the memory."""
    generator = np.random.default_rng(seed)
    level = nominal_level(0.0)
    batch = 250
    ended = [
        stop_when_decided(
            fixed_test_looks(generator, model, size, rows=rows, pairs=max(POWER_PAIRS), difference=difference),
            size,
            margin,
            level,
            max(POWER_PAIRS),
        )
        for size in (min(batch, studies - start) for start in range(0, studies, batch))
    ]
    return Outcome(np.concatenate([one.conclusions for one in ended]), np.concatenate([one.pairs for one in ended]))


ROW_MODELS = {
    "rows differ": RowModel(taste=0.7, luck=0.05, noise=0.3),
    "seeds differ": RowModel(taste=0.2, luck=0.3, noise=0.5),
    "nearly alike": RowModel(taste=0.1, luck=0.02, noise=0.1),
}


def fixed_test_errors(
    studies: int, sizes: Iterable[int] = (100, 500), margins: Iterable[float] = (0.001, 0.02, 0.05)
) -> Iterator[Row]:
    """Rates of error on one fixed test part."""
    for name, model in ROW_MODELS.items():
        for rows in sizes:
            for margin in margins:
                null, apart = (
                    fixed_test_outcome(3, model, studies, rows=rows, margin=margin, difference=difference)
                    for difference in (0.0, 2 * margin)
                )
                yield error_row(f"{name}, {rows} rows, m {margin:g}", null, apart)


def fixed_test_power(studies: int, rows: int = 1000, margin: float = 0.02) -> Iterator[Row]:
    """Right decisions within 5 to 30 pairs on one fixed test part, stopping when decided."""
    for name, model in ROW_MODELS.items():
        for difference in (0.0, 2.0, 4.0):
            right = "equivalent" if difference == 0.0 else "first"
            outcome = fixed_test_outcome(4, model, studies, rows=rows, margin=margin, difference=difference * margin)
            rates = {str(n): outcome.rate(right, within=n) for n in POWER_PAIRS}
            yield Row(f"{name}, {right} | {difference:g}m", studies, rates)


# ---------------------------------------------------------------- two equally good classifiers on finite samples


def cross_validated_differences(
    generator: np.random.Generator, studies: int, *, rows: int, folds: int, features: int, shift: float, pairs: int
) -> Values:
    """Accuracy differences [studies, pairs] of two nearest-centroid classifiers under repeated stratified k-fold.

    Each study draws one sample: two classes of rows / 2, 2 * features independent normal features whose mean differs by `shift`
    between the classes. One classifier sees the first half of the features, the other the second.
    folds divides rows / 2 and pairs.
    """
    half = rows // 2
    sample = generator.standard_normal((studies, rows, 2 * features))
    sample[:, half:] += shift
    is_second = np.arange(rows) >= half
    blocks = []
    for _ in range(pairs // folds):
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
                    generator, studies, rows=rows, folds=parts, features=features, shift=shift, pairs=HORIZON
                )
                ratio, resolution = 1 / (parts - 1), parts / rows
                rates = {}
                for horizon in (30, HORIZON):
                    level = nominal_level(ratio, horizon=horizon)
                    outcome = stop_when_decided(resampled_look(drawn, ratio, resolution), studies, margin, level, horizon)
                    rates[f"stop {horizon}"] = outcome.rate("first", "second")
                bounded = tuple(rates)
                for planned in (30, HORIZON):
                    ended = conclude(resampled_posterior(drawn[:, :planned], ratio, resolution), margin, BOUND)
                    rates[f"plan {planned}"] = float(np.isin(ended, ("first", "second")).mean())
                yield Row(f"{rows} rows, {parts}-fold, {features} features", studies, rates, bounded)


# ---------------------------------------------------------------- the run


def table(title: str, rows: list[Row]) -> str:
    """Return the rows as text within 80 columns; a broken bound is marked with '!'."""
    columns = list(rows[0].rates)
    room = WIDTH - sum(max(len(name), 5) + 2 for name in columns)
    lines = [title, "-" * WIDTH, " " * room + "".join(f"{name:>{max(len(name), 5) + 2}}" for name in columns)]
    for row in rows:
        broken = row.broken()
        cells = (f"{rate:.1%}{'!' if name in broken else ''}" for name, rate in row.rates.items())
        widths = (max(len(name), 5) + 2 for name in columns)
        lines.append(f"{row.setting:<{room}}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run every simulation, print the tables, and return 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description="Calibration and power of gatewise's verdict, simulated.")
    parser.add_argument("--quick", action="store_true", help="fewer studies: seconds instead of minutes")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    less = 10 if options.quick else 1
    sections: dict[str, Callable[[], Iterable[Row]]] = {
        "Errors, resampled splits (m: margin, s: sd of the differences)": lambda: resampled_errors(10_000 // less),
        "Right decisions within n pairs, ten-fold splits": lambda: resampled_power(4000 // less),
        "Errors, one fixed test part, up to 30 pairs": lambda: fixed_test_errors(2000 // less),
        "Right decisions within n pairs, fixed test part of 1000 rows, m 0.02": lambda: fixed_test_power(500 // less),
        "A winner named between two equally good classifiers, margin 0.001": lambda: equal_learners(2000 // less),
    }
    results: dict[str, list[Row]] = {}
    for title, simulate in sections.items():
        results[title] = list(simulate())
        print(table(title, results[title]), end="\n\n", flush=True)
    broken = [(title, row.setting, name) for title, rows in results.items() for row in rows for name in row.broken()]
    for title, setting, name in broken:
        print(f"broken: {title}: {setting}: {name} is above 5%", file=sys.stderr)
    print(f"{'bounds broken' if broken else 'all bounds hold'}, {time.perf_counter() - began:.0f} s")
    if options.json:
        figures = {title: [asdict(row) for row in rows] for title, rows in results.items()}
        options.json.write_text(json.dumps({"bound": BOUND, "broken": broken, "tables": figures}, indent=1) + "\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

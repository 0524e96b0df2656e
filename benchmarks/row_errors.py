"""How sure the rows of a forecast's test part make a difference: as if independent, in time, and by a block bootstrap.

    python benchmarks/row_errors.py RUN... [--block 336] [--draws 2000]

RUN: folders of finished forecasts with a fixed test part. For every cell against the other and against each baseline: the mean
difference of the metric over the test windows, and half the width of its 95% interval three ways. The bootstrap draws stretches
of `block` origins, with replacement (Kuensch 1989, Annals of Statistics 17); its width is 1.96 standard errors. The scatter of
trainings, which a verdict adds, is left out of all three.
"""

from __future__ import annotations

import argparse
from itertools import combinations, product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

import gatewise
from gatewise.records import Comparison, Training
from gatewise.runtime.scoring import unpack_rows
from gatewise.statistics.rows import TestRows, variance_over_rows
from gatewise.titles import Titles

__all__ = ["half_widths"]

HEAD = """\
| data | metric | difference | of | independent | in time (degrees of freedom) | bootstrap |
|---|---|---|---:|---:|---:|---:|"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--block", type=int, default=336, help="origins a block, two weeks of hours unless told")
    parser.add_argument("--draws", type=int, default=2000)
    asked = parser.parse_args()
    print(HEAD)
    for run in asked.runs:
        comparison = gatewise.open_run(run).comparison
        cells, title = [arm.name for arm in comparison.arms], Titles(comparison.arms)
        for first, second in [*combinations(cells, 2), *product(comparison.baselines, cells)]:
            rows = _rows(comparison, first) - _rows(comparison, second)
            blocks = unpack_rows(comparison.dependence.blocks, comparison.test_rows).astype(np.int64)
            independent, in_time, freedom, drawn = half_widths(rows, blocks, asked.block, asked.draws)
            print(
                f"| {run.name} | {comparison.metric} | {title(first)} less {title(second)} | {rows.mean():.5f} | "
                f"±{independent:.5f} | ±{in_time:.5f} ({freedom:.0f}) | ±{drawn:.5f} |"
            )


def half_widths(
    rows: NDArray[np.float64], blocks: NDArray[np.int64], block: int, draws: int, seed: int = 0
) -> tuple[float, float, float, float]:
    """Half widths of 95% intervals of the mean: independent, in time, the latter's degrees of freedom, and by bootstrap.

    rows: [rows]. blocks: the origin of each, numbered in time.
    """
    independent = 1.96 * float(rows.std(ddof=1)) / len(rows) ** 0.5
    found = variance_over_rows(rows, TestRows(blocks, in_time=True))
    freedom = float(found.degrees_of_freedom)
    in_time = float(student.ppf(0.975, freedom)) * float(found.variance) ** 0.5
    sums, sizes = np.bincount(blocks, weights=rows), np.bincount(blocks)
    block = min(block, len(sums))
    generator = np.random.default_rng(seed)
    starts = generator.integers(0, len(sums) - block + 1, (draws, -(-len(sums) // block)))
    chosen = (starts[..., np.newaxis] + np.arange(block)).reshape(draws, -1)[:, : len(sums)]
    means = sums[chosen].sum(1) / sizes[chosen].sum(1)
    return independent, in_time, freedom, 1.96 * float(means.std(ddof=1))


def _rows(comparison: Comparison, name: str) -> NDArray[np.float64]:
    """What each test row adds to the score, the mean over the replicates."""
    trainings: list[Training] = [
        training for training in (*comparison.trainings, *comparison.baseline_trainings) if training.name == name
    ]
    scores = [unpack_rows(training.row_scores, comparison.test_rows) for training in trainings]
    return np.asarray(np.mean(scores, axis=0), dtype=np.float64)


if __name__ == "__main__":
    main()

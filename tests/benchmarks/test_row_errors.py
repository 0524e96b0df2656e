"""The three half widths, on rows whose mean's true standard error is known."""

import numpy as np
import pytest
from benchmarks.row_errors import half_widths


def ar1(steps: int, coefficient: float, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    values = np.zeros(steps)
    for step in range(1, steps):
        values[step] = coefficient * values[step - 1] + generator.normal()
    return values


def test_independent_rows_have_one_width_three_ways() -> None:
    found = np.mean([half_widths(ar1(3000, 0.0, seed), np.arange(3000), 30, 300) for seed in range(8)], axis=0)
    assert found[0] == pytest.approx(1.96 / 3000**0.5, rel=0.03)
    assert found[3] == pytest.approx(found[0], rel=0.1)
    # Student's t with eight degrees of freedom is a fifth wider.
    assert found[1] == pytest.approx(found[0] * 2.306 / 1.96, rel=0.25)


def test_rows_that_depend_on_each_other_are_seen_in_time_and_by_bootstrap_alone() -> None:
    true = 1.96 * 10 / 3000**0.5  # the sum of the autocovariances of AR(1) with 0.9 is 100
    found = np.mean([half_widths(ar1(3000, 0.9, seed), np.arange(3000), 150, 300) for seed in range(8)], axis=0)
    assert found[0] < true / 3
    assert found[1] == pytest.approx(true, rel=0.5)
    assert found[3] == pytest.approx(true, rel=0.3)

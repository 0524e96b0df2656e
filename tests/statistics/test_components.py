"""Variance components against what data were made of, and against a one-way analysis of variance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import f_oneway

from gatewise.statistics.components import crossed_components

EFFECTS = np.array([-2.0, 0.0, 2.0])


def scores(generator: np.random.Generator, seeds: int, size: float = 1.0) -> np.ndarray:
    """Two cells that are alike, three levels that are not, seeds that add to all."""
    chance = generator.normal(size=(seeds, 2, 3)) + generator.normal(scale=5.0, size=(seeds, 1, 1))
    return np.asarray(chance + size * EFFECTS[None, None, :])


def test_components_are_what_the_data_are_made_of() -> None:
    found = crossed_components(scores(np.random.default_rng(0), 400), ["cell", "level"])
    cell, level = found.factors
    assert (cell.name, level.name) == ("cell", "level")
    assert level.deviation == pytest.approx(np.sqrt(8 / 3), rel=0.03)
    assert cell.deviation < 0.1 and found.together.deviation < 0.1
    assert found.chance == pytest.approx(1.0, rel=0.03)
    assert (cell.degrees, level.degrees, found.together.degrees) == ((1, 1995), (2, 1995), (2, 1995))


@pytest.mark.parametrize("size", [0.0, 0.2, 1.0])
def test_intervals_cover(size: float) -> None:
    generator = np.random.default_rng(1)
    truth = size * np.sqrt(8 / 3)
    found = [crossed_components(scores(generator, 5, size), ["cell", "level"]).factors[1] for _ in range(1000)]
    assert 0.93 <= np.mean([one.low <= truth <= one.high for one in found]) <= 0.98


def test_with_one_factor_it_is_the_analysis_of_variance_with_blocks() -> None:
    values = np.random.default_rng(2).normal(size=(6, 4)) + np.arange(4.0)
    (found,) = crossed_components(values, ["level"]).factors
    centred = values - values.mean(axis=1, keepdims=True)
    # The same sums of squares, with the degrees of freedom that blocks take.
    assert found.f == pytest.approx(f_oneway(*centred.T).statistic * 15 / 20)


def test_without_chance_nothing_is_uncertain() -> None:
    (found,) = crossed_components([[0.0, 1.0], [0.0, 1.0]], ["level"]).factors
    assert (found.low, found.deviation, found.high) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("shape", [(1, 2), (3, 1), (3, 2, 2)])
def test_a_design_takes_seeds_and_levels(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="two or more seeds and two or more levels"):
        crossed_components(np.zeros(shape), ["level"])

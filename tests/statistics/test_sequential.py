from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gatewise.statistics import sequential
from gatewise.statistics.correlated import Differences, FixedTest, Resampled, posterior
from gatewise.statistics.decision import Rule
from gatewise.statistics.rows import RowVariance
from gatewise.statistics.sequential import nominal_level, nominal_levels


def chance_of_a_finding(level: float, ratio: float, most_replicates: int, studies: int = 4000) -> float:
    generator = np.random.default_rng(99)
    differences = np.sqrt(ratio) * generator.standard_normal((studies, 1)) + generator.standard_normal((studies, most_replicates))
    found = np.zeros(studies, dtype=bool)
    for replicates in range(5, most_replicates + 1):
        known = replace(posterior(Differences.of(differences[:, :replicates]), Resampled(ratio, 0.0)), skewness=0.0)
        found |= known.p_value() <= level
    return float(found.mean())


@pytest.mark.parametrize("ratio", [0.0, 1 / 9])
def test_looking_after_every_replicate_finds_nothing_more_often_than_it_may(ratio: float) -> None:
    level = nominal_level(ratio, most_replicates=30)
    # 4000 studies: three standard errors are 0.0103. The level must be neither too lax nor needlessly strict.
    assert 0.035 < chance_of_a_finding(level, ratio, 30) < 0.05 + 0.0103
    assert chance_of_a_finding(0.05, ratio, 30) > 0.1, "without the adjustment the looks inflate the error"


def test_one_look_costs_nothing() -> None:
    assert nominal_level(1 / 9, minimum_replicates=10, most_replicates=10) == 0.05


def test_level_falls_with_looks_and_with_independence() -> None:
    assert nominal_level(0.0) < nominal_level(1 / 9) < nominal_level(1 / 4) < 0.05
    assert nominal_level(1 / 9, most_replicates=100) < nominal_level(1 / 9, most_replicates=30)
    assert nominal_level(1 / 9, alpha=0.05 / 3) < nominal_level(1 / 9)


def chance_on_one_test_part(shared: float, strictest: bool, studies: int = 2000, most_replicates: int = 30) -> float:
    generator = np.random.default_rng(98)
    of_rows = shared**0.5 * generator.standard_normal((studies, 1))
    differences = of_rows + generator.standard_normal((studies, most_replicates))
    spread = FixedTest(RowVariance(np.asarray(shared), np.asarray(1e6)), 0.0)
    found = np.zeros(studies, dtype=bool)
    for replicates in range(5, most_replicates + 1):
        seen = Differences.of(differences[:, :replicates])
        rule = Rule.sequential(0.0) if strictest else Rule.on_one_test_part(spread.shared(seen))
        found |= replace(posterior(seen, spread), skewness=0.0).p_value() <= rule.level
    return float(found.mean())


@pytest.mark.parametrize("shared", [0.05, 0.5, 4.0])
def test_what_the_test_rows_give_every_look_alike_is_no_second_chance(shared: float) -> None:
    # 2000 studies: three standard errors are 0.0146; looks go on to 100, of which 30 are taken here.
    assert 0.025 < chance_on_one_test_part(shared, strictest=False) < 0.05 + 0.0146
    if shared > 0.1:
        assert chance_on_one_test_part(shared, strictest=True) < 0.02


def test_levels_of_known_parts_lie_between_the_strictest_and_one_look() -> None:
    shared = [[0.0, 0.02, 0.25, 0.3], [1.0, 8.0, 64.0, np.inf]]
    found = nominal_levels(shared, alpha=0.05)
    assert found.shape == (2, 4)
    assert found[0, 0] == found[0, 1] == nominal_level(0.0, known=True) == pytest.approx(nominal_level(0.0))
    assert found[0, 2] == found[0, 3], "rounded down to a power of two"
    assert (np.diff(found.ravel()) >= 0).all() and 0.04 < found[1, 2] == found[1, 3] < 0.05


def test_level_is_the_same_every_time() -> None:
    first = nominal_level(0.123)
    sequential._smallest_p_values.cache_clear()
    nominal_level.cache_clear()
    assert nominal_level(0.123) == first


@pytest.mark.parametrize(
    "wrong", [{"alpha": 0.0}, {"alpha": 0.2}, {"minimum_replicates": 1}, {"minimum_replicates": 9, "most_replicates": 8}]
)
def test_impossible_plans_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected alpha in"):
        nominal_level(1 / 9, **wrong)

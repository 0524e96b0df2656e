from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gatewise.statistics import sequential
from gatewise.statistics.correlated import Differences, Resampled, posterior
from gatewise.statistics.sequential import nominal_level


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

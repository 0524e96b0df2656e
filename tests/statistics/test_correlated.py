"""The posterior against an independent implementation, and at the edges of what pairs can say."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from gatewise.statistics.correlated import Posterior, fixed_test_posterior, resampled_posterior

# Figures of another implementation; the folder has what made them.
REFERENCE = json.loads((Path(__file__).parent / "reference" / "correlated.json").read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("case", REFERENCE, ids=lambda case: f"{len(case['first'])} scores, rope {case['rope']}")
def test_resampled_posterior_agrees_with_baycomp(case: dict[str, Any]) -> None:
    ours = resampled_posterior(np.subtract(case["first"], case["second"]), 1 / 9, resolution=1e-9)
    assert float(ours.mean) == pytest.approx(case["mean"])
    assert float(ours.scale) == pytest.approx(np.sqrt(case["variance"]))
    assert float(ours.degrees_of_freedom) == case["degrees_of_freedom"]
    assert [float(p) for p in ours.probabilities(case["rope"])] == pytest.approx(case["probabilities"])


def test_interval_and_p_value_are_those_of_a_t_distribution() -> None:
    posterior = Posterior(0.02, 0.01, 7.0)
    assert [float(bound) for bound in posterior.interval(0.9)] == pytest.approx(stats.t.interval(0.9, 7, 0.02, 0.01))
    assert float(posterior.p_value()) == pytest.approx(2 * stats.t.sf(2.0, 7))
    low, _ = posterior.interval(1 - float(posterior.p_value()))
    assert float(low) == pytest.approx(0.0, abs=1e-12)


def test_equal_scores_do_not_give_certainty() -> None:
    posterior = resampled_posterior(np.zeros(5), 1 / 9, resolution=1 / 10)
    assert float(posterior.scale) == pytest.approx(0.1 * np.sqrt(1 / 5 + 1 / 9))
    assert float(posterior.probabilities(0.01)[1]) < 0.2
    fixed = fixed_test_posterior(np.zeros(5), np.zeros(50), resolution=1 / 50)
    assert float(fixed.scale) == pytest.approx(np.sqrt(1 / 5 + 1) / 50)


def test_fixed_test_posterior_holds_both_parts_of_the_variance() -> None:
    generator = np.random.default_rng(0)
    rows = generator.choice([-1.0, 0.0, 1.0], size=200)
    differences = generator.normal(0.01, 0.03, 8)
    posterior = fixed_test_posterior(differences, rows, resolution=1 / 200)
    a, b = differences.var(ddof=1) / 8, rows.var(ddof=1) / 200
    assert float(posterior.scale) == pytest.approx(np.sqrt(a + b))
    # With both arms' samples independent, Welch's test has the same degrees of freedom.
    welch = stats.ttest_ind(differences, rows, equal_var=False)
    assert float(posterior.degrees_of_freedom) == pytest.approx(welch.df)


def test_more_pairs_shrink_only_the_part_that_pairs_carry() -> None:
    differences = np.array([0.01, 0.03, -0.01, 0.02, 0.0])
    later = resampled_posterior(differences, 1 / 4, 1e-3, further=np.array([0, 10**6]))
    sd = differences.std(ddof=1)
    assert np.asarray(later.scale) == pytest.approx([sd * np.sqrt(1 / 5 + 1 / 4), sd * np.sqrt(1 / 4)], rel=1e-4)
    assert np.asarray(later.degrees_of_freedom) == pytest.approx([4, 10**6 + 4])


@pytest.mark.parametrize(
    "posterior",
    [
        resampled_posterior([0.1], 1 / 9, 0.01),
        fixed_test_posterior([0.1], np.ones(100), 0.01),
        fixed_test_posterior([1, 0], [1], 1),
    ],
)
def test_a_single_pair_or_row_carries_no_information(posterior: Posterior) -> None:
    assert float(posterior.p_value()) == 1.0
    assert [float(p) for p in posterior.probabilities(0.01)] == [0.5, 0.0, 0.5]


def test_no_pair_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one pair"):
        resampled_posterior([], 1 / 9, 0.01)


def test_studies_along_the_first_axis_are_independent() -> None:
    differences = np.random.default_rng(0).normal(size=(3, 6))
    together = resampled_posterior(differences, 1 / 9, 0.01).p_value()
    assert together == pytest.approx([float(resampled_posterior(one, 1 / 9, 0.01).p_value()) for one in differences])

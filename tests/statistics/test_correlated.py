"""The posterior against an independent implementation, and at the edges of what replicates can say."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike
from scipy import stats

from gatewise.statistics.correlated import Differences, FixedTest, Posterior, Resampled, posterior
from gatewise.statistics.rows import RowVariance, TestRows, variance_over_rows

# Figures of another implementation; the folder has what made them.
REFERENCE = json.loads((Path(__file__).parent / "reference" / "correlated.json").read_text(encoding="utf-8"))["cases"]


def resampled(differences: ArrayLike, ratio: float, resolution: float, **limits: int) -> Posterior:
    return posterior(Differences.of(differences), Resampled(ratio, resolution, **limits))


def fixed(differences: ArrayLike, rows: ArrayLike, resolution: float) -> Posterior:
    return posterior(Differences.of(differences), FixedTest(variance_over_rows(rows), resolution))


@pytest.mark.parametrize("case", REFERENCE, ids=lambda case: f"{len(case['first'])} scores, rope {case['rope']}")
def test_resampled_posterior_agrees_with_baycomp(case: dict[str, Any]) -> None:
    skewed = resampled(np.subtract(case["first"], case["second"]), 1 / 9, 1e-9)
    ours = replace(skewed, skewness=0.0)
    assert float(ours.mean) == pytest.approx(case["mean"])
    assert float(ours.scale) == pytest.approx(np.sqrt(case["variance"]))
    assert float(ours.degrees_of_freedom) == case["degrees_of_freedom"]
    assert [float(p) for p in ours.probabilities(case["rope"])] == pytest.approx(case["probabilities"])
    # What skewness changes makes nothing surer.
    assert all(
        float(p) <= float(q) + 1e-12 for p, q in zip(skewed.probabilities(case["rope"]), case["probabilities"], strict=True)
    )


def test_interval_and_p_value_are_those_of_a_t_distribution() -> None:
    known = Posterior(0.02, 0.01, 7.0)
    assert [float(bound) for bound in known.interval(0.9)] == pytest.approx(stats.t.interval(0.9, 7, 0.02, 0.01))
    assert float(known.p_value()) == pytest.approx(2 * stats.t.sf(2.0, 7))
    low, _ = known.interval(1 - float(known.p_value()))
    assert float(low) == pytest.approx(0.0, abs=1e-12)


def test_equal_scores_do_not_give_certainty() -> None:
    same = resampled(np.zeros(5), 1 / 9, 1 / 10)
    assert float(same.scale) == pytest.approx(0.1 * np.sqrt(1 / 5 + 1 / 9))
    assert float(same.probabilities(0.01)[1]) < 0.2
    assert float(fixed(np.zeros(5), np.zeros(50), 1 / 50).scale) == pytest.approx(np.sqrt(1 / 5 + 1) / 50)


def test_fixed_test_posterior_holds_both_parts_of_the_variance() -> None:
    generator = np.random.default_rng(0)
    rows = generator.choice([-1.0, 0.0, 1.0], size=200)
    differences = generator.normal(0.01, 0.03, 8)
    both = fixed(differences, rows, 1 / 200)
    a, b = differences.var(ddof=1) / 8, rows.var(ddof=1) / 200
    assert float(both.scale) == pytest.approx(np.sqrt(a + b))
    # With both arms' samples independent, Welch's test has the same degrees of freedom.
    welch = stats.ttest_ind(differences, rows, equal_var=False)
    assert float(both.degrees_of_freedom) == pytest.approx(welch.df)


def test_few_rows_that_differ_make_the_crowded_side_less_sure() -> None:
    rows = np.where(np.arange(100) < 4, 1.0, 0.0)
    known = fixed(np.full(10, rows.mean()), rows, 0.01)
    assert float(known.skewness) > 0.2
    assert float(known.not_below(0.08)) > 1.5 * float(replace(known, skewness=0.0).not_below(0.08))


def test_the_share_of_the_test_rows_is_what_replicates_show_it_to_be_at_least() -> None:
    generator = np.random.default_rng(1)
    rows = RowVariance(np.asarray(0.5), np.asarray(999.0))
    spread = FixedTest(rows, 0.0)
    drawn = generator.normal(size=(4000, 6))
    assert np.mean(spread.shared(Differences.of(drawn)) <= 0.5) == pytest.approx(0.8, abs=0.03)
    assert float(spread.shared(Differences.of(generator.normal(size=4000)))) == pytest.approx(0.5, rel=0.1)
    few = Differences.of([0.1])
    assert float(spread.shared(few)) == 0.0
    in_time = variance_over_rows(generator.normal(size=200), TestRows(np.arange(200), in_time=True))
    assert float(FixedTest(in_time, 0.0).shared(Differences.of(drawn[0]))) == 0.0, "how sure its variance is, is not known"


def test_splits_that_repeat_count_once() -> None:
    blocks = np.array([0.01, 0.05, -0.02])
    often = resampled(np.tile(blocks, 10), 1 / 4, 1e-6, distinct=3)
    once = resampled(blocks, 1 / 4, 1e-6)
    assert float(often.scale) == pytest.approx(float(once.scale))
    assert float(often.degrees_of_freedom) == 2
    assert float(resampled(np.tile(blocks, 10), 1 / 4, 1e-6).scale) < 0.9 * float(often.scale)


def test_splits_dealt_from_few_groups_know_their_scatter_no_better_than_so_many_rows() -> None:
    differences = np.random.default_rng(0).normal(size=30)
    assert float(resampled(differences, 1 / 4, 1e-6, groups=6).degrees_of_freedom) == 5
    assert float(resampled(differences, 1 / 4, 1e-6, groups=200).degrees_of_freedom) == 29


def test_skewness_makes_the_crowded_side_less_sure() -> None:
    even, skewed = Posterior(0.0, 1.0, 9.0), Posterior(0.0, 1.0, 9.0, skewness=0.5)
    # Many small differences and a rare large one above: that the truth lies above is likelier than Student's t has it.
    assert float(skewed.not_below(2.0)) > float(even.not_below(2.0))
    assert float(skewed.not_above(-2.0)) == float(even.not_above(-2.0))
    turned = Posterior(0.0, 1.0, 9.0, skewness=-0.5)
    assert float(turned.not_above(-2.0)) == pytest.approx(float(skewed.not_below(2.0)))


@pytest.mark.parametrize(
    "nothing",
    [
        resampled([0.1], 1 / 9, 0.01),
        resampled([0.1, 0.2], 1 / 9, 0.01, distinct=1),
        fixed([0.1], np.ones(100), 0.01),
        fixed([1, 0], [1], 1),
    ],
)
def test_a_single_replicate_split_or_row_carries_no_information(nothing: Posterior) -> None:
    assert float(nothing.p_value()) == 1.0
    assert [float(p) for p in nothing.probabilities(0.01)] == [0.5, 0.0, 0.5]


def test_no_replicate_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one replicate"):
        Differences.of([])


def test_studies_along_the_first_axis_are_independent() -> None:
    differences = np.random.default_rng(0).normal(size=(3, 6))
    together = resampled(differences, 1 / 9, 0.01).p_value()
    assert together == pytest.approx([float(resampled(one, 1 / 9, 0.01).p_value()) for one in differences])

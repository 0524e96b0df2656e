import numpy as np
import pytest
from scipy.stats import binom

from gatewise.records import Ratio
from gatewise.statistics.ratio import paired_ratio


@pytest.mark.parametrize(("count", "rank"), [(6, 1), (8, 1), (9, 2), (20, 6), (100, 40)])
def test_interval_takes_the_ranks_of_the_sign_test(count: int, rank: int) -> None:
    # The ranks of the sign test's 95% interval for the median, checked against the binomial distribution below.
    ratios = np.random.default_rng(0).permutation(np.arange(1.0, count + 1))
    found = paired_ratio(ratios, np.ones(count))
    assert found == Ratio(median=(count + 1) / 2, ci95=(float(rank), float(count + 1 - rank)))
    assert 2 * binom.cdf(rank - 1, count, 0.5) <= 0.05 < 2 * binom.cdf(rank, count, 0.5)


def test_few_pairs_give_the_least_and_the_greatest_ratio() -> None:
    assert paired_ratio([2.0, 3.0, 1.0], [2.0, 2.0, 2.0]) == Ratio(1.0, (0.5, 1.5))
    assert paired_ratio([3.0], [2.0]) == Ratio(1.5, (1.5, 1.5))


def test_ratio_is_paired() -> None:
    drift = np.linspace(1.0, 50.0, 30)
    assert paired_ratio(0.8 * drift, drift).ci95 == pytest.approx((0.8, 0.8))


@pytest.mark.parametrize(
    ("first", "second"), [([], []), ([1.0], [1.0, 2.0]), ([1.0], [0.0]), ([-1.0], [1.0]), ([1.0, float("nan")], [1.0, 1.0])]
)
def test_bad_measurements_are_refused(first: list[float], second: list[float]) -> None:
    with pytest.raises(ValueError, match="expected"):
        paired_ratio(first, second)

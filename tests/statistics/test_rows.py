"""How sure a mean over dependent rows is: against what is known, and what simulation shows."""

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import skew

from gatewise.statistics.rows import TestRows, variance_over_rows


def test_independent_rows_give_the_variance_of_a_mean() -> None:
    rows = np.random.default_rng(0).normal(size=(3, 50))
    found = variance_over_rows(rows)
    assert found.variance == pytest.approx(rows.var(axis=1, ddof=1) / 50)
    assert found.degrees_of_freedom == pytest.approx(np.full(3, 49.0))


def test_rows_that_repeat_within_groups_count_once() -> None:
    values = np.random.default_rng(0).normal(size=12)
    found = variance_over_rows(np.repeat(values, 7), TestRows(np.repeat(np.arange(12), 7)))
    assert float(found.variance) == pytest.approx(values.var(ddof=1) / 12)
    assert float(found.degrees_of_freedom) == pytest.approx(11)


def test_the_order_of_rows_does_not_matter_and_large_groups_leave_fewer_degrees_of_freedom() -> None:
    generator = np.random.default_rng(0)
    blocks = np.repeat(np.arange(6), [5, 5, 5, 5, 5, 75])
    rows = generator.normal(size=100)
    mixed = generator.permutation(100)
    one, other = variance_over_rows(rows, TestRows(blocks)), variance_over_rows(rows[mixed], TestRows(blocks[mixed]))
    assert float(one.variance) == pytest.approx(float(other.variance))
    assert 1.0 <= float(one.degrees_of_freedom) < 2.0


@pytest.mark.parametrize(("correlation", "steps"), [(0.0, 200), (0.5, 200), (0.9, 500), (0.98, 2000)])
def test_the_mean_of_a_series_lies_outside_its_interval_as_often_as_it_should(correlation: float, steps: int) -> None:
    generator = np.random.default_rng(1)
    noise = generator.standard_normal((1500, steps + 600))
    series = lfilter([1.0], [1.0, -correlation], noise, axis=1)[:, 600:]
    found = variance_over_rows(series, TestRows(np.arange(steps), in_time=True))
    from scipy.stats import t

    outside = np.abs(series.mean(1)) > t.ppf(0.975, found.degrees_of_freedom) * np.sqrt(found.variance)
    assert outside.mean() < 0.08
    if correlation > 0.4:
        naive = np.abs(series.mean(1)) > 1.96 * series.std(1, ddof=1) / steps**0.5
        assert naive.mean() > 0.2, "rows taken as independent"


def test_a_slow_part_under_noise_is_seen() -> None:
    generator = np.random.default_rng(2)
    slow = lfilter([0.2], [1.0, -0.98], generator.standard_normal((500, 2600)), axis=1)[:, 600:]
    found = variance_over_rows(slow + 1.5 * generator.standard_normal(slow.shape), TestRows(np.arange(2000), in_time=True))
    assert float(np.mean(found.degrees_of_freedom)) < 7.0
    assert float(np.mean(found.variance)) > 0.6 * float(np.var(slow.mean(1)))


def test_series_at_the_same_time_are_one_block() -> None:
    together = np.random.default_rng(0).normal(size=300)
    one = variance_over_rows(together, TestRows(np.arange(300), in_time=True))
    five = variance_over_rows(np.repeat(together, 5), TestRows(np.repeat(np.arange(300), 5), in_time=True))
    assert float(five.variance) == pytest.approx(float(one.variance))


def test_the_mean_over_rows_that_seldom_differ_is_skewed() -> None:
    rows = np.where(np.arange(400) < 8, 1.0, 0.0)
    assert float(variance_over_rows(rows).skewness) == pytest.approx(skew(rows) / 20, rel=0.01)
    assert float(variance_over_rows(-rows).skewness) == pytest.approx(-skew(rows) / 20, rel=0.01)
    alike = variance_over_rows(np.repeat(rows, 3), TestRows(np.repeat(np.arange(400), 3)))
    assert float(alike.skewness) == pytest.approx(skew(rows) / 20, rel=0.01)
    assert float(variance_over_rows(np.zeros(50)).skewness) == 0.0


def test_one_block_says_nothing() -> None:
    found = variance_over_rows(np.arange(5.0), TestRows(np.zeros(5, dtype=np.int64)))
    assert np.isinf(found.variance)

"""Repetitions against scipy's t interval, and verdicts of several answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t, ttest_1samp

from gatewise.claims.records import Effect
from gatewise.claims.repeated import SURE, answer, joint_level, mean_effect, mean_ratio_effect, verdict_of

VALUES = [1.0, 2.5, 0.5, 3.0, 1.5]


def test_a_mean_has_the_interval_of_student() -> None:
    expected = ttest_1samp(VALUES, 0.0).confidence_interval(0.95)
    found = mean_effect("it", VALUES, "steps")
    assert found.value == pytest.approx(float(np.mean(VALUES)))
    assert (found.n, found.unit) == (5, "steps")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_a_ratio_is_the_mean_of_logarithms() -> None:
    logarithms = [math.log(2.0), math.log(4.0), math.log(8.0)]
    found = mean_ratio_effect("it", logarithms)
    reach = t.ppf(0.975, 2) * np.std(logarithms, ddof=1) / math.sqrt(3)
    assert found.value == pytest.approx(4.0)
    assert (found.low, found.high) == pytest.approx((4.0 * math.exp(-reach), 4.0 * math.exp(reach)))
    assert found.unit == "times"


@pytest.mark.parametrize("values", [[1.0], [1.0, 1.0]])
def test_one_or_two_values_have_no_interval_and_answer_nothing(values: list[float]) -> None:
    found = mean_effect("it", values, "steps")
    assert (found.low, found.high) == (None, None)
    assert answer(found, 0.0, 0.0) is None


def test_values_that_are_alike_are_no_surer_than_they_can_show() -> None:
    found = mean_ratio_effect("it", [0.0] * 4, resolution=0.1)
    reach = t.ppf(0.975, 3) * 0.1 / 2
    assert (found.low, found.high) == pytest.approx((math.exp(-reach), math.exp(reach)))


def test_an_answer_takes_the_whole_interval() -> None:
    effect = Effect("it", 2.0, 1.0, 3.0, "times", 9)
    assert [answer(effect, *bounds) for bounds in ((0.9, 0.5), (0.5, 3.5), (1.5, 2.5))] == [True, True, None]
    assert answer(effect, 3.5, 3.5) is False


def test_one_verdict_of_several_answers() -> None:
    assert verdict_of([True, True]) == "holds"
    assert verdict_of([False]) == "does not hold"
    assert verdict_of([True, None, False]) == "depends"
    assert verdict_of([True, None]) == verdict_of([False, None]) == verdict_of([]) == "not told"


def test_many_answers_are_read_off_wider_intervals() -> None:
    assert joint_level(1) == joint_level(2) == SURE
    assert joint_level(9) == pytest.approx(1 - 0.1 / 9)
    wide, shown = (mean_effect("it", VALUES, "steps", level=level) for level in (joint_level(9), SURE))
    assert wide.low is not None and shown.low is not None and wide.low < shown.low

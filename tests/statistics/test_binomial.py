"""Quantiles and intervals against scipy's own."""

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from gatewise.statistics.binomial import binomial_interval, binomial_quantile, paired_lead


@pytest.mark.parametrize("trials", [1, 2, 5, 6, 40, 300, 20_000])
@pytest.mark.parametrize("chance", [0.0125, 0.05, 0.5])
def test_quantiles_are_those_of_scipy(trials: int, chance: float) -> None:
    for probability in (0.01, 0.025, 0.5, 0.99, 0.123456):
        assert binomial_quantile(probability, trials, chance) == int(binom.ppf(probability, trials, chance))


def test_every_probability_has_a_quantile() -> None:
    found = [binomial_quantile(probability, 7, 0.3) for probability in np.linspace(0.0, 1.0, 101)]
    assert found == sorted(found)
    assert (found[0], found[-1]) == (0, 7)


@pytest.mark.parametrize(("successes", "trials"), [(0, 3), (3, 3), (1, 4), (7, 20), (500, 1000)])
@pytest.mark.parametrize("level", [0.5, 0.95])
def test_intervals_are_those_of_scipy(successes: int, trials: int, level: float) -> None:
    expected = binomtest(successes, trials).proportion_ci(level, method="exact")
    assert binomial_interval(successes, trials, level) == pytest.approx((expected.low, expected.high))


def test_without_trials_every_chance_is_possible() -> None:
    assert binomial_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("successes", "trials"), [(4, 3), (-1, 3)])
def test_impossible_counts_are_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="expected 0 to 3 successes in 3 trials"):
        binomial_interval(successes, trials)


@pytest.mark.parametrize("trials", [6, 12, 40])
@pytest.mark.parametrize("chances", [(0.4, 0.3, 0.1, 0.2), (0.0, 0.5, 0.0, 0.5), (0.9, 0.05, 0.05, 0.0)])
def test_the_interval_of_a_lead_covers_it(trials: int, chances: tuple[float, float, float, float]) -> None:
    counts = np.random.default_rng(0).multinomial(trials, chances, size=2000)
    truth = chances[1] - chances[2]
    bounds = np.array([paired_lead(*row)[1:] for row in counts.tolist()])
    assert ((bounds[:, 0] <= truth) & (truth <= bounds[:, 1])).mean() >= 0.94


def test_a_lead_turns_with_its_sides_and_keeps_a_width() -> None:
    assert paired_lead(5, 4, 1, 2) == pytest.approx([-value for value in np.array(paired_lead(5, 1, 4, 2))[[0, 2, 1]]])
    lead, low, high = paired_lead(0, 0, 0, 5)
    assert lead == 0 and low < -0.3 and high > 0.3


def test_a_lead_takes_a_trial() -> None:
    with pytest.raises(ValueError, match="at least one trial"):
        paired_lead(0, 0, 0, 0)

"""Quantiles against scipy's own."""

import numpy as np
import pytest
from scipy.stats import binom

from gatewise.statistics.binomial import binomial_quantile


@pytest.mark.parametrize("trials", [1, 2, 5, 6, 40, 300, 20_000])
@pytest.mark.parametrize("chance", [0.0125, 0.05, 0.5])
def test_quantiles_are_those_of_scipy(trials: int, chance: float) -> None:
    for probability in (0.01, 0.025, 0.5, 0.99, 0.123456):
        assert binomial_quantile(probability, trials, chance) == int(binom.ppf(probability, trials, chance))


def test_every_probability_has_a_quantile() -> None:
    found = [binomial_quantile(probability, 7, 0.3) for probability in np.linspace(0.0, 1.0, 101)]
    assert found == sorted(found)
    assert (found[0], found[-1]) == (0, 7)

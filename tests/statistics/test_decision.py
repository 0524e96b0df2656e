import json

import numpy as np
import pytest

from gatewise.records import to_json
from gatewise.statistics.correlated import Posterior, resampled_posterior
from gatewise.statistics.decision import compare, conclude
from gatewise.statistics.power import further_pairs
from gatewise.statistics.sequential import nominal_level

LEVEL = nominal_level(1 / 9)


@pytest.mark.parametrize(
    ("mean", "scale", "expected"),
    [(0.05, 0.01, "first"), (-0.05, 0.01, "second"), (0.0, 0.003, "equivalent"), (0.01, 0.01, "undecided")],
)
def test_the_four_conclusions(mean: float, scale: float, expected: str) -> None:
    posterior = Posterior(mean, scale, 20.0)
    assert compare("gru", "lstm", posterior, 0.01, LEVEL, pairs=21, minimum_pairs=5).conclusion == expected
    assert compare("gru", "lstm", posterior, 0.01, LEVEL, pairs=4, minimum_pairs=5).conclusion == "undecided"


def test_a_winner_needs_the_interval_that_allows_for_the_looks() -> None:
    posterior = Posterior(0.1, 0.1 / 2.2, 20.0)  # 97.5% likely above zero, and above so narrow a margin
    assert str(conclude(posterior, 1e-6, 0.05)) == "first"
    assert str(conclude(posterior, 1e-6, LEVEL)) == "undecided"
    difference = compare("gru", "lstm", posterior, 1e-6, LEVEL, pairs=21, minimum_pairs=5)
    assert difference.ci95[0] > 0 > difference.ci95_sequential[0]


def test_a_sure_but_tiny_difference_is_equivalence() -> None:
    assert str(conclude(Posterior(0.002, 0.0001, 20.0), 0.01, LEVEL)) == "equivalent"


def test_one_pair_gives_bounded_figures() -> None:
    difference = compare("gru", "lstm", resampled_posterior([0.1], 1 / 9, 0.01), 0.01, LEVEL, pairs=1, minimum_pairs=2)
    assert difference.ci95 == difference.ci95_sequential == (-1.0, 1.0)
    json.dumps(to_json(difference), allow_nan=False)


def test_further_pairs_is_the_first_number_that_decides() -> None:
    differences = np.array([0.02, 0.05, 0.01, 0.06, 0.0])

    def after(further: object) -> Posterior:
        return resampled_posterior(differences, 1 / 9, 0.001, further)  # type: ignore[arg-type]

    assert str(conclude(after(0), 0.01, LEVEL)) == "undecided"
    number = further_pairs(after, 0.01, LEVEL)
    assert number is not None and number > 1
    assert str(conclude(after(number), 0.01, LEVEL)) == "first"
    assert str(conclude(after(number - 1), 0.01, LEVEL)) == "undecided"
    assert further_pairs(after, 0.01, LEVEL, at_least=number + 3) == number + 3


def test_no_number_of_pairs_removes_what_the_rows_leave_uncertain() -> None:
    differences = np.tile([0.09, -0.07], 10)
    assert further_pairs(lambda further: resampled_posterior(differences, 1 / 4, 0.01, further), 0.01, LEVEL) is None
    # Independent pairs would decide: only the part that pairs do not remove stands in the way.
    assert further_pairs(lambda further: resampled_posterior(differences, 0.0, 0.01, further), 0.02, LEVEL) is not None

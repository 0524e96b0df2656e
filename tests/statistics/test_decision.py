import json

import numpy as np
import pytest

from gatewise.records import to_json
from gatewise.statistics.correlated import Differences, Posterior, Resampled, posterior
from gatewise.statistics.decision import Rule, compare, conclude
from gatewise.statistics.power import foresee
from gatewise.statistics.shape import failure_rate_bound, is_serial, is_skewed

RULE = Rule.sequential(1 / 9)


@pytest.mark.parametrize(
    ("mean", "scale", "expected"),
    [(0.05, 0.01, "first"), (-0.05, 0.01, "second"), (0.0, 0.003, "equivalent"), (0.01, 0.01, "undecided")],
)
def test_the_four_conclusions(mean: float, scale: float, expected: str) -> None:
    known = Posterior(mean, scale, 20.0)
    assert compare("gru", "lstm", known, 0.01, RULE, replicates=21).conclusion == expected
    assert compare("gru", "lstm", known, 0.01, RULE, replicates=4).conclusion == "undecided"


def test_equivalence_takes_more_replicates_than_a_winner() -> None:
    assert str(conclude(Posterior(0.0, 0.001, 7.0), 0.01, RULE, 8)) == "undecided"
    assert str(conclude(Posterior(0.0, 0.001, 9.0), 0.01, RULE, 10)) == "equivalent"
    assert str(conclude(Posterior(0.05, 0.001, 7.0), 0.01, RULE, 8)) == "first"


def test_a_winner_needs_the_interval_that_allows_for_the_looks() -> None:
    known = Posterior(0.1, 0.1 / 2.2, 20.0)  # 97.5% likely above zero, and above so narrow a margin
    assert str(conclude(known, 1e-6, Rule.planned(), 21)) == "first"
    assert str(conclude(known, 1e-6, RULE, 21)) == "undecided"
    difference = compare("gru", "lstm", known, 1e-6, RULE, replicates=21)
    assert difference.ci95[0] > 0 > difference.ci95_sequential[0]


@pytest.mark.parametrize("mean", [0.01 + 0.002 * 2, 0.01 - 0.002 * 2])
def test_both_statements_about_the_margin_allow_for_the_looks(mean: float) -> None:
    """97% likely beyond, or inside, the margin: enough for one look, and too little for one of many."""
    known = Posterior(mean, 0.002, 30.0)
    assert str(conclude(known, 0.01, Rule.planned(), 31)) != "undecided"
    assert str(conclude(known, 0.01, RULE, 31)) == "undecided"


def test_a_sure_but_tiny_difference_is_equivalence() -> None:
    assert str(conclude(Posterior(0.002, 0.0001, 20.0), 0.01, RULE, 21)) == "equivalent"


def test_one_replicate_gives_bounded_figures() -> None:
    one = posterior(Differences.of([0.1]), Resampled(1 / 9, 0.01))
    difference = compare("gru", "lstm", one, 0.01, RULE, replicates=1)
    assert difference.ci95 == difference.ci95_sequential == (-1.0, 1.0)
    json.dumps(to_json(difference), allow_nan=False)


def test_what_is_foreseen_comes_true() -> None:
    """Of studies drawn as the forecast assumes, about half end by the number named, and most of those given up do not end."""
    generator = np.random.default_rng(4)
    spread = Resampled(1 / 9, 1e-6)
    by_number: list[bool] = []
    of_given_up: list[bool] = []
    for _ in range(120):
        scatter = 0.01 * np.exp(generator.normal(0, 0.2))
        drawn = generator.normal(0.02, 0.02) + scatter / 3 * generator.normal() + scatter * generator.normal(size=150)
        if str(conclude(posterior(Differences.of(drawn[:6]), spread), 0.01, RULE, 6)) != "undecided":
            continue
        number = foresee(Differences.of(drawn[:6]), spread, 0.01, RULE).further_replicates
        if number is not None and number > 144:
            continue
        looks = range(7, 151 if number is None else 7 + number)
        ended = any(str(conclude(posterior(Differences.of(drawn[:n]), spread), 0.01, RULE, n)) != "undecided" for n in looks)
        (of_given_up if number is None else by_number).append(ended)
    assert len(by_number) > 25 and 0.25 < np.mean(by_number) < 0.75
    assert len(of_given_up) > 25 and np.mean(of_given_up) < 0.4


def test_the_same_evidence_foresees_the_same() -> None:
    seen = Differences.of([0.03, 0.05, 0.02, 0.06, 0.02])
    one = foresee(seen, Resampled(1 / 9, 0.001), 0.01, RULE)
    assert one == foresee(seen, Resampled(1 / 9, 0.001), 0.01, RULE)
    assert one.further_replicates is not None and one.further_replicates > 1
    assert foresee(Differences.of([0.02]), Resampled(1 / 9, 0.001), 0.01, RULE).further_replicates == 4


def test_no_number_of_replicates_removes_what_the_rows_leave_uncertain() -> None:
    seen = Differences.of(np.tile([0.09, -0.07], 10))
    hopeless = foresee(seen, Resampled(1 / 4, 0.01), 0.01, RULE)
    assert hopeless.further_replicates is None and hopeless.within_most < 0.5
    # Independent replicates would decide: only the part that replicates do not remove stands in the way.
    assert foresee(seen, Resampled(0.0, 0.01), 0.02, RULE).further_replicates is not None


def test_shapes_that_the_statistics_do_not_expect_are_seen() -> None:
    generator = np.random.default_rng(0)
    normal = generator.normal(size=(200, 20))
    assert np.mean([is_skewed(one) for one in normal]) < 0.1
    assert np.mean([is_serial(one) for one in normal]) < 0.05
    assert is_skewed([0.0, 0.1, -0.1, 0.05, 0.0, -0.05, 0.1, -0.1, 0.0, -45.0])
    assert is_serial(np.sin(np.arange(20) / 3))
    assert not is_skewed([0.0, -45.0]) and not is_serial(np.zeros(20))


def test_how_often_a_training_may_fail() -> None:
    assert failure_rate_bound(10) == pytest.approx(1 - 0.05**0.1)
    assert failure_rate_bound(10, 2) == pytest.approx(0.5069, abs=1e-4)  # Clopper and Pearson
    assert failure_rate_bound(3, 3) == 1.0

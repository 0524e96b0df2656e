"""The search: the same trials for every arm, and an arm's own choice only where it is clearly better."""

from dataclasses import astuple, replace

import numpy as np
import pytest

from gatewise.metrics import METRICS
from gatewise.records import Kind, Training
from gatewise.training.tune import (
    choose_hyperparameters,
    contenders,
    default_hyperparameters,
    search_space,
    standard_error,
    suggest,
)

ACCURACY, ERROR = METRICS["accuracy"], METRICS["mae"]


@pytest.mark.parametrize("kind", ["text", "series"])
def test_first_is_the_default_and_all_lie_in_the_space(kind: Kind) -> None:
    tried = [suggest(kind, 0, number) for number in range(50)]
    assert tried[0] == default_hyperparameters(kind)
    for values in tried:
        for value, sought in zip(astuple(values), search_space(kind).values(), strict=True):
            assert sought.low <= value <= sought.high
    assert len(set(tried)) == 50
    rates = sorted(values.learning_rate for values in tried)
    assert rates[25] == pytest.approx((2e-3 * 2e-2) ** 0.5, rel=0.3), "half lie below the middle of the logarithmic scale"


def test_a_trial_depends_on_seed_and_number_alone() -> None:
    assert suggest("text", 3, 5) == suggest("text", 3, 5)
    assert len({suggest("text", seed, number) for seed in (3, 4, 2**31 - 1) for number in (1, 2)}) == 6


def trials(name: str, *scores: float, loss: float = 0.5) -> list[Training]:
    default = default_hyperparameters("text")
    return [
        Training("tuning", name, number, replace(default, dropout=number / 10), score, loss)
        for number, score in enumerate(scores)
    ]


def chosen(metric: str, rows: int, **arms: list[Training]) -> dict[str, float]:
    found = choose_hyperparameters(arms, METRICS[metric], 0.01, rows)
    return {name: round(10 * values.dropout) for name, values in found.items()}


def test_what_is_best_for_all_is_taken_where_single_arms_lead_by_chance() -> None:
    gru, lstm = trials("gru", 0.70, 0.80, 0.81), trials("lstm", 0.70, 0.80, 0.78)
    assert chosen("accuracy", 1000, gru=gru, lstm=lstm) == {"gru": 1, "lstm": 1}


def test_an_arm_has_its_own_where_that_is_clearly_better_for_it() -> None:
    gru, lstm = trials("gru", 0.70, 0.80, 0.90), trials("lstm", 0.70, 0.80, 0.60)
    assert chosen("accuracy", 1000, gru=gru, lstm=lstm) == {"gru": 2, "lstm": 1}
    # On twenty rows a lead of ten points is chance.
    assert chosen("accuracy", 20, gru=gru, lstm=lstm) == {"gru": 1, "lstm": 1}


def test_lower_errors_are_better_and_ties_go_to_the_loss_and_the_earlier_trial() -> None:
    assert chosen("mae", 1000, gru=trials("gru", 0.70, 0.80), lstm=trials("lstm", 0.60, 0.80)) == {"gru": 0, "lstm": 0}
    assert chosen("mae", 1000, gru=trials("gru", 0.81, 0.80), lstm=trials("lstm", 0.60, 0.50)) == {"gru": 1, "lstm": 1}
    equal = trials("gru", 0.8, 0.8, 0.8)
    assert chosen("accuracy", 1000, gru=equal) == {"gru": 0}
    assert chosen("accuracy", 1000, gru=[*equal[:2], replace(equal[2], validation_loss=0.1)]) == {"gru": 2}


def test_few_rows_that_are_all_right_are_not_certain() -> None:
    assert standard_error(1.0, 54) == pytest.approx(0.0180, abs=1e-4)
    assert standard_error(0.8, 10_000) == pytest.approx(0.004, rel=0.01)
    assert standard_error(0.0, 0) > 0
    assert chosen("accuracy", 54, gru=trials("gru", 1.0, 0.95), lstm=trials("lstm", 0.97, 1.0)) == {"gru": 0, "lstm": 0}


def test_what_is_chosen_in_the_end_was_a_contender_after_every_round() -> None:
    generator = np.random.default_rng(0)
    own = 0
    for _ in range(100):
        tried = {name: trials(name, *generator.uniform(0.5, 0.9, 8).tolist()) for name in ("gru", "lstm", "rnn")}
        found = chosen("accuracy", 1000, **tried)
        own += len(set(found.values())) > 1
        for rounds in range(1, 9):
            kept = contenders({name: done[:rounds] for name, done in tried.items()}, ACCURACY)
            assert all((name, number) in kept for name, number in found.items() if number < rounds)
            assert len(kept) <= 6
    assert own > 20


def test_two_copies_of_a_cell_are_trained_alike() -> None:
    """Scores of one cell differ by its seeds alone, here by half a point: each by itself, they would often choose differently."""
    generator = np.random.default_rng(0)
    apart = own = 0
    for _ in range(300):
        quality = 0.8 + 0.01 * generator.standard_normal(8)
        scores = {name: (quality + 0.005 * generator.standard_normal(8)).tolist() for name in ("gru_1", "gru_2")}
        found = chosen("accuracy", 1000, **{name: trials(name, *values) for name, values in scores.items()})
        apart += found["gru_1"] != found["gru_2"]
        own += int(np.argmax(scores["gru_1"])) != int(np.argmax(scores["gru_2"]))
    assert apart <= 3
    assert own > 60

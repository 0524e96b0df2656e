"""A training ends once its task is settled, and says how many steps it took."""

from __future__ import annotations

import math

import pytest

from gatewise.claims.solving import Course, learner
from gatewise.data.sources import open_source

STEPS = 12


@pytest.mark.parametrize(("settled", "steps"), [(-math.inf, 1), (2.0, STEPS)])
def test_steps_are_those_until_it_was_settled(settled: float, steps: int) -> None:
    # 48 training rows are one batch, so that an epoch is a step.
    own = learner(open_source("builtin:temporal-order?length=10&rows=60", seed=0), "gru", 0, metric="accuracy", hidden_size=4)
    assert len(own.encoded.split.train) <= Course(1).batch_size
    found = own.learn(Course(STEPS, settled))
    assert found["steps"] == steps
    assert 0.0 <= found["score"] <= 1.0


def test_the_same_seed_learns_the_same() -> None:
    dataset = open_source("builtin:adding?length=10&rows=60", seed=0)
    first, again, other = (learner(dataset, "lstm", seed, metric="mse", hidden_size=4).learn(Course(6)) for seed in (1, 1, 2))
    assert first["score"] == again["score"] != other["score"]

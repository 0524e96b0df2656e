"""The n-gram of steps against a version with dictionaries, and on sequences that only a context tells."""

from collections import defaultdict

import numpy as np
import pytest
from numpy.typing import NDArray

from gatewise.runtime.scoring import Truth
from gatewise.training.baselines.phrases import Phrases
from gatewise.training.baselines.steps import RepeatStep
from gatewise.training.examples import Examples

Rolls = list[NDArray[np.float32]]


def examples(rolls: Rolls, weights: NDArray[np.float64] | None = None) -> Examples:
    truth = Truth(np.concatenate([one[1:] for one in rolls]), np.array([len(one) - 1 for one in rolls]))
    return Examples(rolls, np.zeros(len(rolls), dtype=np.int64), weights=weights, metric="nll", truth=truth)


def random_rolls(rows: int, seed: int) -> Rolls:
    generator = np.random.default_rng(seed)
    return [(generator.random((generator.integers(2, 12), 3)) < 0.4).astype(np.float32) for _ in range(rows)]


def naive(train: Rolls, roll: NDArray[np.float32], base: NDArray[np.float64], longest: int) -> list[list[float]]:
    following: dict[tuple[int, tuple[tuple[float, ...], ...]], list[tuple[float, ...]]] = defaultdict(list)
    for one in train:
        steps = [tuple(step) for step in one.tolist()]
        for place in range(1, len(steps)):
            for order in range(1, longest + 1):
                following[order, tuple(steps[max(0, place - order) : place])].append(steps[place])
    steps = [tuple(step) for step in roll.tolist()]
    said = []
    for place in range(1, len(steps)):
        shares = [base[int(steps[place - 1][key]), key] for key in range(3)]
        for order in range(1, longest + 1):
            found = following.get((order, tuple(steps[max(0, place - order) : place])))
            if found:
                kinds, times = len(set(found)), len(found)
                shares = [(sum(step[key] for step in found) + kinds * shares[key]) / (times + kinds) for key in range(3)]
        said.append(shares)
    return said


def test_probabilities_are_those_of_a_version_with_dictionaries() -> None:
    train, test = random_rolls(40, 0), random_rolls(6, 1)
    model = Phrases.fit(examples(train), examples(random_rolls(10, 2)))
    base = RepeatStep.fit(examples(train), examples(train)).shares
    expected = [step for roll in test for step in naive(train, roll, base, model.order)]
    np.testing.assert_allclose(model.predict(test), expected, rtol=1e-5)


def test_a_long_context_is_used_where_it_tells_and_the_state_rebuilds_the_model() -> None:
    """The next step is the exclusive or of the last two: nothing that one step tells."""
    generator = np.random.default_rng(0)

    def chain() -> NDArray[np.float32]:
        bits = [generator.random(2) < 0.5 for _ in range(2)]
        for _ in range(30):
            bits.append(np.where(generator.random(2) < 0.05, generator.random(2) < 0.5, bits[-1] ^ bits[-2]))
        return np.array(bits, dtype=np.float32)

    train, held, test = ([chain() for _ in range(rows)] for rows in (40, 10, 10))
    model = Phrases.fit(examples(train), examples(held))
    assert model.order >= 2
    scored = examples(test)
    repeat = RepeatStep.fit(examples(train), examples(held))
    assert scored.merit(model.predict(test))[0] > scored.merit(repeat.predict(test))[0] + 0.5
    again = Phrases.from_state(*model.state())
    np.testing.assert_array_equal(again.predict(test), model.predict(test))


def test_weights_count_as_repeated_rows_but_for_the_kinds() -> None:
    train = random_rolls(20, 3)
    weights = np.ones(20)
    weights[:5] = 2
    held = examples(random_rolls(8, 4))
    weighed, repeated = Phrases.fit(examples(train, weights), held), Phrases.fit(examples([*train, *train[:5]]), held)
    test = random_rolls(4, 5)
    np.testing.assert_allclose(weighed.predict(test), repeated.predict(test), rtol=1e-5)


def test_rows_of_two_steps_do() -> None:
    rolls = [np.array([[1, 0], [0, 1]], dtype=np.float32)] * 3
    model = Phrases.fit(examples(rolls), examples(rolls))
    assert model.predict(rolls).shape == (3, 2)
    assert model.predict(rolls)[0] == pytest.approx([0, 1], abs=0.45)

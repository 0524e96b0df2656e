"""Baselines of the next step against counts done by hand, Newton's method, and each other on data that favours one of them."""

import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gatewise.runtime.next_step import step_nll
from gatewise.training.baselines import steps as next_step_baselines
from gatewise.training.baselines.steps import LinearStep, RepeatStep, StepFrequency
from gatewise.training.examples import Examples

BASELINES = (StepFrequency, RepeatStep, LinearStep)
Baseline = type[StepFrequency] | type[RepeatStep] | type[LinearStep]
Rolls = list[NDArray[np.float32]]
POLYPHONIC = Path(__file__).resolve().parents[3] / ".." / "shared" / "data" / "polyphonic_music"


def examples(rolls: Rolls, weights: NDArray[np.float64] | None = None) -> Examples:
    return Examples(rolls, np.zeros(len(rolls), dtype=np.int64), weights=weights)


def chains(rows: int, seed: int, keys: int = 4, stay: float = 0.9) -> Rolls:
    """Every key keeps its state from step to step with probability `stay`."""
    generator = np.random.default_rng(seed)
    flips = [generator.random((int(steps), keys)) > stay for steps in generator.integers(2, 30, rows)]
    return [(np.cumsum(flip, axis=0) % 2).astype(np.float32) for flip in flips]


def walks(rows: int, seed: int, keys: int = 5) -> Rolls:
    """One key sounds at a time, one higher at every step, with a key at random now and then: the step before tells the next."""
    generator = np.random.default_rng(seed)
    rolls = []
    for steps in generator.integers(2, 30, rows):
        place, played = int(generator.integers(keys)), []
        for _ in range(int(steps)):
            played.append(place)
            place = int(generator.integers(keys)) if generator.random() < 0.1 else (place + 1) % keys
        rolls.append(np.eye(keys, dtype=np.float32)[played])
    return rolls


def nll(model: StepFrequency | RepeatStep | LinearStep, rolls: Rolls) -> float:
    truth = np.concatenate([roll[1:] for roll in rolls])
    return step_nll(model.predict(rolls), truth, np.array([len(roll) - 1 for roll in rolls]))[0]


@pytest.mark.parametrize("model", BASELINES)
def test_every_step_but_the_first_gets_probabilities(model: Baseline) -> None:
    rolls = [*chains(20, 0), np.ones((1, 4), np.float32), np.ones((2, 4), np.float32)]
    fitted = model.fit(examples(rolls), examples(chains(10, 1)))
    probabilities = fitted.predict(rolls)
    assert probabilities.dtype == np.float32
    assert probabilities.shape == (sum(len(roll) - 1 for roll in rolls), 4)
    assert ((probabilities > 0) & (probabilities < 1)).all()
    # A row's predictions do not depend on the rows beside it, nor on what comes after.
    alone = fitted.predict([rolls[1][:2]])
    start = len(rolls[0]) - 1
    np.testing.assert_array_equal(alone, probabilities[start : start + 1])


def test_step_frequency_counts_all_steps_but_the_first() -> None:
    rolls = [np.array([[1, 1], [0, 1], [1, 1]], np.float32), np.array([[1, 0], [0, 1]], np.float32)]
    model = StepFrequency.fit(examples(rolls), examples(rolls))
    np.testing.assert_allclose(model.predict(rolls), np.tile([1.5 / 4, 3.5 / 4], (3, 1)), rtol=1e-6)


def test_repeat_step_counts_each_key_by_the_step_before() -> None:
    rolls = [np.array([[1, 0], [1, 0], [0, 0], [1, 1]], np.float32)]
    model = RepeatStep.fit(examples(rolls), examples(rolls))
    after_sound = (1 + 0.5) / (2 + 1)  # the first key sounded before two steps, and in one of them again
    after_silence = (2 + 0.5) / (4 + 1)  # before four steps a key was silent, and in two of them it began
    silent = [(1 + 10 * after_silence) / (1 + 10), (1 + 10 * after_silence) / (3 + 10)]
    sounding = [(1 + 10 * after_sound) / (2 + 10), (0 + 10 * after_sound) / (0 + 10)]
    expected = [[sounding[0], silent[1]], [sounding[0], silent[1]], [silent[0], silent[1]]]
    np.testing.assert_allclose(model.predict(rolls), expected, rtol=1e-6)


@pytest.mark.parametrize("ridge", [1.0, 30.0])
def test_linear_step_is_logistic_regression_on_two_steps(monkeypatch: pytest.MonkeyPatch, ridge: float) -> None:
    monkeypatch.setattr(next_step_baselines, "RIDGES", (ridge,))
    monkeypatch.setattr(next_step_baselines, "TOLERANCE", 1e-12)
    rolls, test = chains(40, 2, keys=3), chains(10, 3, keys=3)
    model = LinearStep.fit(examples(rolls), examples(test))
    targets = np.concatenate([roll[1:] for roll in rolls])
    predicted = model.predict(test)
    for key in range(3):
        share = (targets[:, key].sum() + 0.5) / (len(targets) + 1)
        offset = np.log(share / (1 - share))
        scores = features(test) @ newton(features(rolls), targets[:, key], offset, ridge) + offset
        # The search ends where single precision sees no gain any more, which differs a little from processor to processor.
        np.testing.assert_allclose(predicted[:, key], 1 / (1 + np.exp(-scores)), atol=3e-4)


def features(rolls: Rolls) -> NDArray[np.float64]:
    """A constant, a step and the step before it, which is silent at the first, for every step but the last."""
    rows = []
    for roll in rolls:
        for step in range(len(roll) - 1):
            before = roll[step - 1] if step else np.zeros(roll.shape[1])
            rows.append([1.0, *roll[step], *before])
    return np.array(rows)


def newton(features: NDArray[np.float64], targets: NDArray[np.float32], offset: float, ridge: float) -> NDArray[np.float64]:
    """Ridge logistic regression of one key, step by step."""
    weights = np.zeros(features.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-(features @ weights + offset)))
        gradient = features.T @ (chance - targets) + ridge * weights
        hessian = (features * (chance * (1 - chance))[:, np.newaxis]).T @ features + ridge * np.eye(len(weights))
        weights -= np.linalg.solve(hessian, gradient)
    return weights


def test_each_is_better_than_the_simpler_one_where_there_is_more_to_know() -> None:
    for make, order in ((chains, (RepeatStep, StepFrequency)), (walks, (LinearStep, RepeatStep, StepFrequency))):
        train, validation, test = make(60, 0), make(20, 1), make(30, 2)
        scores = [nll(model.fit(examples(train), examples(validation)), test) for model in order]
        assert all(better < worse - 0.1 for better, worse in pairwise(scores)), scores


@pytest.mark.parametrize("model", BASELINES)
def test_keys_that_never_or_always_sound_do_no_harm(model: Baseline) -> None:
    def with_constants(rolls: Rolls) -> Rolls:
        return [np.column_stack([roll, np.zeros(len(roll)), np.ones(len(roll))]).astype(np.float32) for roll in rolls]

    train, validation, test = (with_constants(chains(30, seed)) for seed in range(3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = model.fit(examples(train), examples(validation))
        probabilities = fitted.predict(test)
    assert np.isfinite(probabilities).all()
    assert probabilities[:, 4].max() < 0.05 and probabilities[:, 5].min() > 0.95
    surprising = [1 - roll for roll in test]
    assert np.isfinite(nll(fitted, surprising))


@pytest.mark.parametrize("model", BASELINES)
def test_state_rebuilds_the_model_exactly(model: Baseline) -> None:
    rolls = chains(20, 0)
    fitted = model.fit(examples(rolls), examples(chains(10, 1)))
    again = model.from_state(*fitted.state())
    np.testing.assert_array_equal(again.predict(rolls), fitted.predict(rolls))


@pytest.mark.parametrize("model", BASELINES)
def test_a_row_that_weighs_two_counts_as_the_row_given_twice(model: Baseline) -> None:
    rolls, validation = chains(20, 0), examples(chains(10, 1))
    weights = np.where(np.arange(20) < 5, 2.0, 1.0)
    weighted = model.fit(examples(rolls, weights), validation)
    repeated = model.fit(examples([*rolls, *rolls[:5]]), validation)
    np.testing.assert_allclose(weighted.predict(rolls), repeated.predict(rolls), rtol=1e-3, atol=1e-4)
    without = model.fit(examples(rolls), validation)
    assert np.abs(without.predict(rolls) - weighted.predict(rolls)).max() > 1e-3


def test_the_weights_of_the_validation_part_choose_the_ridge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(next_step_baselines, "RIDGES", (1000.0, 0.01))
    train, like, unlike = walks(40, 0), walks(20, 1), chains(20, 2, keys=5, stay=0.5)
    first = np.repeat([1.0, 0.0], 20)
    strong = LinearStep.fit(examples(train), examples([*like, *unlike], 1 - first))
    weak = LinearStep.fit(examples(train), examples([*like, *unlike], first))
    assert nll(weak, like) < nll(strong, like)


@pytest.mark.skipif(not POLYPHONIC.is_dir(), reason="the folder shared/data with public data sets is not beside the checkout")
def test_chorales() -> None:
    parts = {}
    with np.load(POLYPHONIC / "JSB_Chorales.npz", allow_pickle=False) as archive:
        for part in ("train", "valid", "test"):
            values = archive[f"{part}_values"].astype(np.float32)
            parts[part] = np.split(values, np.cumsum(archive[f"{part}_lengths"])[:-1])
    scores = [nll(model.fit(examples(parts["train"]), examples(parts["valid"])), parts["test"]) for model in BASELINES]
    assert scores[0] > scores[1] > scores[2] > 8

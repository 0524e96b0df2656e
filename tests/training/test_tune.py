"""The search: equal for every arm, and a trial depends on nothing but the trials before it."""

from dataclasses import astuple, replace

import pytest

from gatewise.metrics import METRICS
from gatewise.records import Hyperparameters, Kind, Trial
from gatewise.training.tune import best_hyperparameters, default_hyperparameters, suggest

ACCURACY, ERROR = METRICS["accuracy"], METRICS["mae"]

SPACE: dict[str, tuple[tuple[float, float], ...]] = {
    "text": ((1e-3, 1e-2), (0.4, 0.7), (0.0, 0.3), (1e-3, 0.3)),
    "series": ((1e-3, 1e-2), (0.0, 0.5), (0.0, 0.1), (1e-3, 0.3)),
}


def search(kind: Kind, seed: int, trials: int, *, name: str = "gru", shift: float = 0.0) -> list[Trial]:
    """A search in which a higher learning rate always scores better."""
    finished: list[Trial] = []
    for number in range(trials):
        values = suggest(kind, ACCURACY, seed, number, finished)
        finished.append(Trial("tuning", name, number, values, values.learning_rate * 50 + shift, 0.5))
    return finished


def tried(trials: list[Trial]) -> list[Hyperparameters | None]:
    return [trial.hyperparameters for trial in trials]


@pytest.mark.parametrize("kind", ["text", "series"])
def test_first_is_the_default_and_all_lie_in_the_space(kind: Kind) -> None:
    trials = search(kind, 0, 7)
    assert trials[0].hyperparameters == default_hyperparameters(kind)
    for trial in trials:
        for value, (low, high) in zip(astuple(trial.hyperparameters), SPACE[kind], strict=True):
            assert low <= value <= high
    assert len(set(tried(trials))) == 7


def test_every_arm_draws_the_same_random_trials() -> None:
    gru, lstm = search("text", 3, 4), search("text", 3, 4, name="lstm", shift=-0.2)
    assert tried(gru) == tried(lstm)
    assert tried(gru)[1:] != tried(search("text", 4, 4))[1:]


def test_an_interrupted_search_goes_on_as_if_nothing_had_happened() -> None:
    trials = search("series", 1, 6)
    assert tried(search("series", 1, 6)) == tried(trials)
    assert suggest("series", ACCURACY, 1, 5, trials[:5]) == trials[5].hyperparameters


def test_later_trials_learn_from_the_scores() -> None:
    trials = search("series", 0, 6)
    reversed_scores = [replace(trial, validation_score=1 - trial.validation_score) for trial in trials[:5]]
    assert suggest("series", ACCURACY, 0, 5, reversed_scores) != trials[5].hyperparameters
    # Turned scores of a metric that is better when lower are the same search again.
    errors = [replace(trial, validation_score=-trial.validation_score) for trial in trials[:5]]
    assert suggest("series", ERROR, 0, 5, errors) == trials[5].hyperparameters


def test_every_seed_that_a_run_accepts_works() -> None:
    assert suggest("text", ACCURACY, 2**31 - 1, 1, search("text", 2**31 - 1, 1)) is not None


def test_best_takes_the_score_then_the_loss_then_the_earlier_trial() -> None:
    def trial(number: int, score: float, loss: float) -> Trial:
        return Trial("tuning", "gru", number, replace(default_hyperparameters("text"), dropout=number / 10), score, loss)

    trials = [trial(0, 0.7, 0.1), trial(1, 0.8, 0.5), trial(2, 0.8, 0.4), trial(3, 0.8, 0.4)]
    assert best_hyperparameters(trials, ACCURACY).dropout == 0.2
    assert best_hyperparameters(trials[::-1], ACCURACY).dropout == 0.2
    assert best_hyperparameters(trials[:2], ACCURACY).dropout == 0.1
    assert best_hyperparameters(trials, ERROR).dropout == 0.0

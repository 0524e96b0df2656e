"""Training: what it learns, when it stops, what it returns, and that the seed decides everything."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gatewise.nn import SequenceNetwork, build_network
from gatewise.records import Architecture, Encoded, Epoch, Hyperparameters
from gatewise.runtime.batches import iterate_batches
from gatewise.runtime.scoring import Truth, log_loss, score
from gatewise.training import fit as module
from gatewise.training.fit import Fitted, fit
from gatewise.training.objectives import Classes
from gatewise.training.schedule import RISEN, WARM_UP, Schedule, default_schedule, short_epochs

Maker = Callable[..., Encoded]
HYPERPARAMETERS = Hyperparameters(learning_rate=1e-2, dropout=0.1, input_dropout=0.1, weight_decay=0.01)
SCHEDULE = Schedule(batch_size=16, max_epochs=8, patience=3)


def accuracy(probabilities: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
    return score("accuracy", probabilities, Truth(targets))


def predict(model: SequenceNetwork, encoded: Encoded) -> NDArray[np.float32]:
    return Classes().predict(model, encoded)


def run(data: Encoded, validation: Encoded, cell: str = "gru", **options: Any) -> Fitted:
    settings: dict[str, Any] = {"hyperparameters": HYPERPARAMETERS, "schedule": SCHEDULE, "seed": 0, **options}
    judged = lambda found: accuracy(found, validation.targets)  # noqa: E731
    return fit(network(cell), data, validation, Classes(), judged, **settings)


def network(cell: str = "gru", seed: int = 0) -> SequenceNetwork:
    return build_network(
        Architecture(
            cell,
            input_size=1,
            tokens=False,
            outputs=2,
            pooling="summary",
            embedding_size=4,
            hidden_size=8,
            layers=1,
            bidirectional=False,
            dropout=HYPERPARAMETERS.dropout,
            input_dropout=HYPERPARAMETERS.input_dropout,
            seed=seed,
            cell_seed=seed + 1,
        )
    )


def train(
    data: Encoded,
    validation: Encoded,
    *,
    cell: str = "gru",
    schedule: Schedule = SCHEDULE,
    hyperparameters: Hyperparameters = HYPERPARAMETERS,
    seed: int = 0,
) -> Fitted:
    return run(data, validation, cell, hyperparameters=hyperparameters, schedule=schedule, seed=seed)


@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn"])
def test_learns_what_is_learnable(signs: Maker, cell: str) -> None:
    fitted = train(signs(120, 0), signs(40, 1), cell=cell)
    assert fitted.validation_score > 0.95
    assert accuracy(predict(fitted.network, signs(100, 2)), signs(100, 2).targets) > 0.95


def test_stops_early_and_returns_the_weights_of_the_best_epoch(signs: Maker) -> None:
    data, validation = signs(40, 0, learnable=False), signs(40, 1, learnable=False)
    fitted = train(data, validation, schedule=Schedule(8, 200, 3))
    losses = [epoch.validation_loss for epoch in fitted.history]
    schedule = Schedule(8, 200, 3)
    assert max(schedule.earliest, fitted.best_epoch + 3) <= len(losses) < 200 and fitted.ended == "patience"
    assert losses[-1] > (1 + RISEN) * min(losses)
    assert fitted.best_epoch == int(np.argmin(losses)) + 1
    assert fitted.validation_loss == min(losses) < losses[-1]
    again = predict(fitted.network, validation)
    assert log_loss(again, validation.targets) == fitted.validation_loss
    assert (
        accuracy(again, validation.targets) == fitted.validation_score == fitted.history[fitted.best_epoch - 1].validation_score
    )


def test_history_and_phases(signs: Maker) -> None:
    seen: list[Epoch] = []
    data, validation = signs(48, 0), signs(20, 1)
    fitted = run(data, validation, schedule=Schedule(16, 3, 3), on_epoch=seen.append)
    assert tuple(seen) == fitted.history
    assert [epoch.epoch for epoch in seen] == [1, 2, 3]
    assert np.all(np.diff([epoch.seconds for epoch in seen]) > 0)
    assert set(fitted.phases) == {"forward", "backward", "optimiser", "batches", "evaluation"}
    assert 0 < sum(fitted.phases.values()) <= fitted.seconds


def test_same_seed_gives_the_same_bits(signs: Maker) -> None:
    results = [train(signs(48, 0), signs(20, 1), seed=seed) for seed in (0, 0, 1)]
    weights = [torch.cat([weight.flatten() for weight in result.network.parameters()]) for result in results]
    losses = [[(epoch.train_loss, epoch.validation_loss) for epoch in result.history] for result in results]
    assert torch.equal(weights[0], weights[1])
    assert losses[0] == losses[1]
    assert not torch.equal(weights[0], weights[2])


def test_the_seed_alone_decides_the_batches(signs: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    orders: list[list[list[int]]] = []

    def recording(encoded: Encoded, plan: list[np.ndarray]) -> object:
        if len(encoded) == 48:
            orders[-1] += [rows.tolist() for rows in plan]
        return iterate_batches(encoded, plan)

    monkeypatch.setattr(module, "iterate_batches", recording)
    for cell, seed in (("gru", 0), ("lstm", 0), ("gru", 1)):
        orders.append([])
        train(signs(48, 0), signs(20, 1), cell=cell, seed=seed, schedule=Schedule(16, 2, 3))
    assert orders[0] == orders[1] != orders[2]
    assert orders[0][:3] != orders[0][3:]


def test_leaves_the_callers_random_state_alone(signs: Maker) -> None:
    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)
    train(signs(40, 0), signs(20, 1), schedule=Schedule(16, 1, 3))
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("rate", [float("inf"), 1e38])
def test_divergence_ends_cleanly_with_finite_records(signs: Maker, rate: float) -> None:
    absurd = Hyperparameters(learning_rate=rate, dropout=0.0, input_dropout=0.0, weight_decay=0.1)
    fitted = train(signs(48, 0), signs(20, 1), hyperparameters=absurd)
    assert math.isfinite(fitted.validation_loss)
    assert 0 <= fitted.validation_score <= 1
    assert all(math.isfinite(value) for epoch in fitted.history for value in (epoch.train_loss, epoch.validation_loss))
    assert all(weight.isfinite().all() for weight in fitted.network.parameters())
    assert len(fitted.history) < SCHEDULE.max_epochs


def test_an_arm_that_never_learned_keeps_its_first_weights(signs: Maker) -> None:
    absurd = Hyperparameters(learning_rate=float("inf"), dropout=0.0, input_dropout=0.0, weight_decay=0.0)
    fitted = train(signs(48, 0), signs(20, 1), hyperparameters=absurd)
    assert (fitted.best_epoch, fitted.history) == (0, ())
    assert all(torch.equal(*pair) for pair in zip(fitted.network.parameters(), network().parameters(), strict=True))


def test_predictions_come_in_the_order_of_the_rows(signs: Maker) -> None:
    data, model = signs(30, 0), network()
    probabilities = predict(model, data)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    starts = np.concatenate([[0], np.cumsum(data.lengths)])
    for row in range(len(data)):
        alone = Encoded(data.values[starts[row] : starts[row + 1]], data.lengths[[row]], data.targets[[row]], 1)
        np.testing.assert_allclose(predict(model, alone)[0], probabilities[row], rtol=1e-5)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [(1, (8, 300, 90)), (40, (8, 300, 90)), (500, (32, 125, 38)), (9000, (64, 20, 6)), (1_000_000, (64, 20, 6))],
)
def test_default_schedule(rows: int, expected: tuple[int, int, int]) -> None:
    assert default_schedule(rows, batch_size=None, max_epochs=None) == Schedule(*expected)


def test_next_step_prediction_has_small_batches_and_more_steps() -> None:
    assert default_schedule(229, batch_size=None, max_epochs=None, task="next_step") == Schedule(8, 207, 63)


def test_default_schedule_keeps_what_is_given() -> None:
    assert default_schedule(1000, batch_size=20, max_epochs=40) == Schedule(20, 40, 12)
    assert default_schedule(1000, batch_size=10, max_epochs=None).max_epochs == 20


def test_a_training_says_why_it_ended(signs: Maker) -> None:
    learnable = signs(48, 0), signs(20, 1)
    hopeless = signs(40, 0, learnable=False), signs(40, 1, learnable=False)
    absurd = Hyperparameters(learning_rate=1e38, dropout=0.0, input_dropout=0.0, weight_decay=0.1)
    assert train(*learnable, schedule=Schedule(16, 2, 3)).ended == "epochs"
    assert train(*hopeless, schedule=Schedule(8, 200, 3)).ended == "patience"
    assert train(*learnable, hyperparameters=absurd).ended == "diverged"
    assert run(*learnable, time_left=lambda: False).ended == "time"


@pytest.mark.parametrize(
    ("task", "whole", "short"),
    [("classification", 300, 60), ("forecast", 20, 4), ("classification", 3, 3), ("regression", 8, 4), ("next_step", 207, 125)],
)
def test_short_trainings(task: Any, whole: int, short: int) -> None:
    assert short_epochs(whole, task) == short


def test_no_training_ends_before_its_time_nor_while_its_loss_stays_where_it_is(
    signs: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cells that begin late stay at chance for many epochs: LSTMs on GunPoint were given up there one time in four."""
    assert [Schedule(8, epochs, 2).earliest for epochs in (1, 4, 20)] == [1, 3, 12]
    for rise, epochs in ((0.0001, 10), (0.1, 6)):
        losses = iter([0.69 + rise * number for number in range(1, 20)])
        monkeypatch.setattr(Classes, "validation_loss", lambda *_, losses=losses: next(losses))
        assert len(train(signs(20, 0), signs(20, 1), schedule=Schedule(8, 10, 3)).history) == epochs


def test_the_learning_rate_rises_and_falls_to_nothing() -> None:
    steps = 1000
    rates = [Schedule(8, 10, 3).rate(step, steps) for step in range(steps)]
    highest = int(np.argmax(rates))
    assert highest == pytest.approx(WARM_UP * steps, abs=1)
    assert rates[highest] == pytest.approx(1.0, abs=0.01)
    assert (np.diff(rates[: highest + 1]) > 0).all() and (np.diff(rates[highest:]) < 0).all()
    assert 0 < rates[0] < 0.01 and 0 < rates[-1] < 1e-4
    assert np.mean(rates) == pytest.approx(0.5, abs=0.01)
    assert 0 < Schedule(8, 1, 1).rate(0, 1) <= 1, "a training of a single step moves"


def test_every_step_has_the_rate_of_its_place_in_the_whole_training(signs: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    def rate(self: Schedule, step: int, steps: int) -> float:
        asked.append((step, steps))
        return 1.0

    monkeypatch.setattr(Schedule, "rate", rate)
    train(signs(50, 0), signs(20, 1), schedule=Schedule(16, 3, 3))
    assert asked == [(step, 12) for step in range(12)]

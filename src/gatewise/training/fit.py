"""Train one network on one split: AdamW with warm-up and decay, averaged weights, early stopping on the validation loss."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from gatewise.nn import SequenceNetwork
from gatewise.records import Encoded, Ending, Epoch, Hyperparameters
from gatewise.runtime.batches import Batch, iterate_batches, plan_batches
from gatewise.training.clock import clock
from gatewise.training.devices import device_of
from gatewise.training.objectives import Objective, to_tensors
from gatewise.training.schedule import RISEN, Schedule
from gatewise.training.step import training_step

__all__ = ["Fitted", "fit"]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A trained network at its best epoch. phases: wall seconds by phase; seconds: all. ended: as in `Training`."""

    network: SequenceNetwork
    history: tuple[Epoch, ...]
    best_epoch: int
    validation_score: float
    validation_loss: float
    phases: dict[str, float]
    seconds: float
    ended: Ending


def fit(
    network: SequenceNetwork,
    train: Encoded,
    validation: Encoded,
    objective: Objective,
    score: Callable[[NDArray[np.float32]], float],
    hyperparameters: Hyperparameters,
    schedule: Schedule,
    *,
    seed: int,
    on_epoch: Callable[[Epoch], None] = lambda _: None,
    on_step: Callable[[], None] = lambda: None,
    time_left: Callable[[], bool] = lambda: True,
) -> Fitted:
    """Train until the validation loss has not fallen for `patience` epochs and is above its least by more than `RISEN`, but not
    less than `earliest` epochs, and return the weights of the best one. A loss that stays where it is may yet begin to fall.

    network: is trained on, where it is; what is returned is the average of its weights. score: the metric of predictions on
    `validation`.
    Data order and dropout are drawn from `seed` alone, so that arms of one replicate see the same batches in the same order. The
    caller's random state is left as it was. on_epoch, on_step: called after each; what they raise ends it without a result.
    time_left: asked after every step; where it says no, the epoch under way is evaluated as it stands, and training ends.
    """
    started = time.perf_counter()
    order = np.random.default_rng([seed, 1])
    step = training_step(network, objective, hyperparameters, seed=seed)
    averaged, phases = step.averaged, step.phases
    best = (math.inf, 0, 0.0)
    best_weights = [parameter.detach().clone() for parameter in averaged.parameters()]
    history: list[Epoch] = []
    ended: Ending = "epochs"
    with device_of(network).own_randomness():
        torch.manual_seed(seed)
        for number in range(1, schedule.max_epochs + 1):
            network.train()
            total, seen = 0.0, 0
            with clock(phases, "batches"):
                part = train.epoch(number, seed)
            plan = plan_batches(part.lengths, schedule.batch_size, order)
            for place, batch in enumerate(_timed(iterate_batches(part, plan), phases)):
                rate = schedule.rate((number - 1) * len(plan) + place, schedule.max_epochs * len(plan))
                total += step(to_tensors(batch), rate) * len(batch.rows)
                seen += len(batch.rows)
                on_step()
                if not time_left():
                    ended = "time"
                    break
            step.settle()
            with clock(phases, "evaluation"):
                predictions = objective.predict(averaged, validation)
                loss = objective.validation_loss(predictions, validation)
            if not (math.isfinite(total) and math.isfinite(loss)):
                ended = "diverged"
                break
            reached = score(predictions)
            epoch = Epoch(number, total / seen, loss, reached, time.perf_counter() - started)
            history.append(epoch)
            on_epoch(epoch)
            if loss < best[0]:
                best = (loss, number, reached)
                torch._foreach_copy_(best_weights, list(averaged.parameters()))
            elif number >= schedule.earliest and number - best[1] >= schedule.patience and loss > (1 + RISEN) * best[0]:
                ended = "patience"
                break
            if ended == "time":
                break
    with torch.no_grad():
        torch._foreach_copy_(list(averaged.parameters()), best_weights)
    if not best[1]:
        predictions = objective.predict(averaged, validation)
        best = (objective.validation_loss(predictions, validation), 0, score(predictions))
    return Fitted(averaged, tuple(history), best[1], best[2], best[0], dict(phases), time.perf_counter() - started, ended)


def _timed(batches: Iterator[Batch], phases: dict[str, float]) -> Iterator[Batch]:
    while True:
        started = time.perf_counter()
        batch = next(batches, None)
        phases["batches"] += time.perf_counter() - started
        if batch is None:
            return
        yield batch

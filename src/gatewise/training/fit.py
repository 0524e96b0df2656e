"""Train one network on one split: AdamW, averaged weights, early stopping on the validation loss."""

from __future__ import annotations

import copy
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from gatewise.nn import SequenceNetwork
from gatewise.records import Encoded, Ending, Epoch, Hyperparameters
from gatewise.training.batches import Batch, iterate_batches, plan_batches
from gatewise.training.objectives import Objective, Tensors, to_tensors
from gatewise.training.optimizer import AdamW
from gatewise.training.schedule import Schedule

__all__ = ["AVERAGING", "CLIP_NORM", "Fitted", "TrainingStep", "fit"]

CLIP_NORM = 1.0
AVERAGING = 0.99


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


class TrainingStep:
    """One optimisation step of one network, with its wall time by phase.

    Gradients are clipped to `CLIP_NORM`. `averaged`, a copy of the network as it starts, holds an exponential moving average of
    the weights (decay `AVERAGING`, less while young), which is what gets evaluated and shipped: it lets a few epochs on little
    data stop at a better and steadier point.
    """

    def __init__(self, network: SequenceNetwork, objective: Objective, hyperparameters: Hyperparameters) -> None:
        self.network = network
        self.averaged = copy.deepcopy(network)
        self.objective = objective
        self.parameters: list[torch.Tensor] = list(network.parameters())
        self.averages: list[torch.Tensor] = list(self.averaged.parameters())
        self.optimizer = AdamW(
            self.parameters, learning_rate=hyperparameters.learning_rate, weight_decay=hyperparameters.weight_decay
        )
        self.steps = 0
        self.phases: dict[str, float] = defaultdict(float)

    def __call__(self, batch: Tensors) -> float:
        """Take the step and return the batch's mean loss."""
        self.optimizer.zero_grad()
        with _clock(self.phases, "forward"):
            loss = self.objective.loss(self.network(batch.inputs, batch.lengths), batch)
        with _clock(self.phases, "backward"):
            loss.backward()
        with _clock(self.phases, "optimiser"), torch.no_grad():
            torch.nn.utils.clip_grad_norm_(self.parameters, CLIP_NORM)
            self.optimizer.step()
            self.steps += 1
            decay = min(AVERAGING, (1 + self.steps) / (10 + self.steps))
            torch._foreach_lerp_(self.averages, self.parameters, 1 - decay)
        return loss.item()


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
    """Train until the validation loss has not fallen for `patience` epochs, and return the weights of the best one.

    network: is trained on; what is returned is the average of its weights. score: the metric of predictions on `validation`.
    Data order and dropout are drawn from `seed` alone, so that arms of one replicate see the same batches in the same order. The
    caller's random state is left as it was. on_epoch, on_step: called after each; what they raise ends it without a result.
    time_left: asked after every step; where it says no, the epoch under way is evaluated as it stands, and training ends.
    """
    started = time.perf_counter()
    order = np.random.default_rng([seed, 1])
    step = TrainingStep(network, objective, hyperparameters)
    averaged, phases = step.averaged, step.phases
    best = (math.inf, 0, 0.0)
    best_weights = [parameter.detach().clone() for parameter in averaged.parameters()]
    history: list[Epoch] = []
    ended: Ending = "epochs"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for number in range(1, schedule.max_epochs + 1):
            network.train()
            total, seen = 0.0, 0
            for batch in _timed(iterate_batches(train, plan_batches(train.lengths, schedule.batch_size, order)), phases):
                total += step(to_tensors(batch)) * len(batch.rows)
                seen += len(batch.rows)
                on_step()
                if not time_left():
                    ended = "time"
                    break
            with _clock(phases, "evaluation"):
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
            elif number - best[1] >= schedule.patience:
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


@contextmanager
def _clock(phases: dict[str, float], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    phases[name] += time.perf_counter() - started


def _timed(batches: Iterator[Batch], phases: dict[str, float]) -> Iterator[Batch]:
    while True:
        started = time.perf_counter()
        batch = next(batches, None)
        phases["batches"] += time.perf_counter() - started
        if batch is None:
            return
        yield batch

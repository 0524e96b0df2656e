"""Networks trained on a task with a known answer, until they solve it or their steps are over."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.claims.pairs import workload_of
from gatewise.nn import SequenceNetwork
from gatewise.records import Config, Dataset, Encoded, Epoch, Hyperparameters
from gatewise.runtime.scoring import score, truth_of
from gatewise.study.encoded import EncodedSplit
from gatewise.study.units import seed_of
from gatewise.study.work import Workload
from gatewise.training.fit import Fitted, fit
from gatewise.training.objectives import Objective
from gatewise.training.schedule import Schedule

__all__ = ["Course", "Learner", "learner"]


@dataclass(frozen=True)
class Course:
    """How long a network trains: by the recipe of a comparison, but without early stopping, for some tasks are learned all at
    once after a long while, and without regularisation, for every row follows one rule.

    steps: of training at most. settled: how good it is on the validation part, more is better, when it may end.
    """

    steps: int
    settled: float = math.inf
    learning_rate: float = 5e-3
    batch_size: int = 64

    def fit(
        self,
        network: SequenceNetwork,
        train: Encoded,
        validation: Encoded,
        objective: Objective,
        merit: Callable[[NDArray[np.float32]], float],
        *,
        seed: int,
    ) -> tuple[Fitted, int]:
        """Train, and return the steps that it took, too. merit: how good predictions on the validation part are."""
        an_epoch = -(-len(train) // self.batch_size)
        epochs = max(1, self.steps // an_epoch)
        reached: list[float] = []

        def on_epoch(epoch: Epoch) -> None:
            reached.append(epoch.validation_score)

        fitted = fit(
            network,
            train,
            validation,
            objective,
            merit,
            Hyperparameters(self.learning_rate, dropout=0.0, input_dropout=0.0, weight_decay=0.01),
            Schedule(self.batch_size, epochs, epochs),
            seed=seed,
            on_epoch=on_epoch,
            # Asked after every step: the epoch behind the one that settled it ends at its first.
            time_left=lambda: not reached or reached[-1] < self.settled,
        )
        settled = next((number for number, value in enumerate(reached, 1) if value >= self.settled), len(reached))
        return fitted, settled * an_epoch


@dataclass(frozen=True, eq=False)
class Learner:
    """A cell's network on the first split of some data."""

    workload: Workload
    encoded: EncodedSplit
    network: SequenceNetwork
    seed: int

    def learn(self, course: Course) -> dict[str, Any]:
        """Train it in place, and return its test score, the steps that it took, and seconds. The network then has the averaged
        weights of its best epoch."""
        started = time.perf_counter()
        split, trainer = self.encoded.split, self.workload.trainer
        metric = trainer.metric
        truth = truth_of(self.workload.dataset, split.validation, split.train)
        fitted, steps = course.fit(
            self.network,
            self.encoded.train,
            self.encoded.validation,
            trainer.objective,
            lambda predictions: metric.gain(score(metric.name, predictions, truth)),
            seed=seed_of(self.seed, 0),
        )
        self.network.load_state_dict(fitted.network.state_dict())
        found = trainer.score(trainer.objective.predict(self.network, self.encoded.test), split.test, split.train)
        return {"score": float(found), "steps": steps, "seconds": time.perf_counter() - started}


def learner(
    dataset: Dataset, cell: str, seed: int, *, metric: str, hidden_size: int = 32, options: Mapping[str, Any] | None = None
) -> Learner:
    """A network as it starts, whose head reads the last state alone. options: further fields of `Config`."""
    config = Config(
        dataset.name, cells=(cell,), metric=metric, hidden_size=hidden_size, pooling="last", seed=seed, **(options or {})
    )
    workload = workload_of(config, dataset)
    encoded = workload.encode(0)
    (arm,) = workload.arms
    hyperparameters = Hyperparameters(Course(1).learning_rate, dropout=0.0, input_dropout=0.0, weight_decay=0.01)
    return Learner(workload, encoded, workload.network(arm, 0, hyperparameters, encoded.train.input_size), seed)

"""What a replicate will cost, from a few timed steps of every arm: good to plan with, no measurement."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from gatewise.records import Hyperparameters
from gatewise.runtime.batches import EVALUATION_BATCH, pad, plan_batches
from gatewise.study.scoring import TRAIN_SCORE_ROWS
from gatewise.study.work import Workload
from gatewise.timing import interleave
from gatewise.training.objectives import to_tensors
from gatewise.training.step import training_step

__all__ = ["Probed", "probe"]

# Rounds at most, and rounds that are timed however long they take.
STEP_ROUNDS, EVALUATION_ROUNDS = 40, 4
LEAST_ROUNDS = 2
# The first steps of a process take several times as long as later ones, where memory is new.
WARM_UP = 3
STEP_SHARE = 0.8
_GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class Probed:
    """epoch_s: seconds of an epoch of every arm, evaluation included, beside as many processes as will train. scoring_s: of the
    scores of all arms in a replicate. encoding_s: of a split, in every process."""

    epoch_s: dict[str, float]
    scoring_s: float
    encoding_s: float

    @classmethod
    def together(cls, parts: Sequence[Probed]) -> Probed:
        """What several processes found at the same time, each of its own arms."""
        return cls(
            {name: seconds for part in parts for name, seconds in part.epoch_s.items()},
            sum(part.scoring_s for part in parts),
            max(part.encoding_s for part in parts),
        )


def probe(workload: Workload, names: Sequence[str], hyperparameters: Hyperparameters, seconds: float) -> Probed:
    """Time steps and evaluations of some arms in turn, in batches spread over the lengths there are. seconds: for all of them."""
    encoded, device = workload.encode(0), workload.trainer.device
    plan = plan_batches(encoded.train.lengths, workload.schedule.batch_size, np.random.default_rng([workload.config.seed, 2]))
    evaluated = plan_batches(encoded.validation.lengths, EVALUATION_BATCH, None)
    networks = {name: workload.network(workload.arm(name), 0, hyperparameters, encoded.train.input_size) for name in names}
    trained, passed = _spread(plan, encoded.train.lengths), _spread(evaluated, encoded.validation.lengths)

    def training(name: str) -> Callable[[int], object]:
        step = training_step(networks[name].train(), workload.trainer.objective, hyperparameters, seed=0)
        return lambda number: step(to_tensors(pad(encoded.train, trained[number % len(trained)])))

    def evaluation(name: str) -> Callable[[int], object]:
        network = networks[name].eval()

        def call(number: int) -> object:
            batch = to_tensors(pad(encoded.validation, passed[number % len(passed)]))
            return device.fetch(network(device.send(batch.inputs), batch.lengths))

        return call

    actions = {name: training(name) for name in names}
    _warm_up(actions, seconds)
    steps = interleave(actions, rounds=STEP_ROUNDS, warm_up=0, seconds=STEP_SHARE * seconds, least=LEAST_ROUNDS)
    with torch.inference_mode():
        passes = interleave(
            {name: evaluation(name) for name in names},
            rounds=EVALUATION_ROUNDS,
            warm_up=1,
            seconds=(1 - STEP_SHARE) * seconds,
            least=LEAST_ROUNDS,
        )
    row_s = {name: _seconds_each(values, [len(rows) for rows in passed]) for name, values in passes.items()}
    sizes, every = ([len(rows) * int(encoded.train.lengths[rows].max()) for rows in some] for some in (trained, plan))
    scored = len(encoded.test) + min(len(encoded.train), TRAIN_SCORE_ROWS)
    return Probed(
        {
            name: _seconds_each(values, sizes) * sum(every) + row_s[name] * len(encoded.validation)
            for name, values in steps.items()
        },
        scored * sum(row_s.values()),
        encoded.seconds,
    )


def _spread(plan: list[NDArray[np.int64]], lengths: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Batches of a plan in an order of which every beginning is spread evenly over the lengths."""
    ordered = sorted(plan, key=lambda rows: int(lengths[rows].max()))
    return [ordered[int((number + 0.5) * _GOLDEN % 1.0 * len(ordered))] for number in range(STEP_ROUNDS)]


def _warm_up(actions: Mapping[str, Callable[[int], object]], seconds: float) -> None:
    """Do the first rounds, or as many of them as begin within so many seconds."""
    ends = time.perf_counter() + seconds
    for number in range(WARM_UP):
        for action in actions.values():
            if not number or time.perf_counter() < ends:
                action(number)


def _seconds_each(milliseconds: NDArray[np.float64], sizes: Sequence[int]) -> float:
    """Seconds of a row, or of a padded step: of batches that hold so many in turn."""
    return float(milliseconds.sum()) / 1e3 / sum(sizes[number % len(sizes)] for number in range(len(milliseconds)))

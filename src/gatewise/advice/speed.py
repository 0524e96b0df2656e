"""What the cells cost at the lengths and sizes of the data: steps, calls, and the recurrent layer's share of a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from gatewise.nn.backend import backend
from gatewise.records import Arm
from gatewise.runtime.batches import iterate_batches, plan_batches
from gatewise.study.measure import measure_latency, measure_steps
from gatewise.study.work import Workload
from gatewise.timing import interleave
from gatewise.training.objectives import to_tensors
from gatewise.training.step import training_step

__all__ = ["measure_speed"]

STEPS_SHARE, LATENCY_SHARE, RECURRENT_SHARE = 0.4, 0.4, 0.2
ROUNDS, LEAST_ROUNDS = 60, 3


def measure_speed(workload: Workload, seconds: float) -> dict[str, Any]:
    """Time the arms in turn, with nothing else running, in about so many seconds.

    Returns `steps` and `latency` as a comparison's timings are; `recurrent`: of the first arm, milliseconds of `whole` steps and
    of the `rest`, steps on the same batches with a recurrent layer of a single unit; `kernel`: what computed it.
    """
    chosen = dict.fromkeys((arm.name for arm in workload.arms), workload.trainer.default_hyperparameters)
    return {
        "steps": measure_steps(workload, chosen, STEPS_SHARE * seconds)["milliseconds"],
        "latency": measure_latency(workload, chosen, LATENCY_SHARE * seconds),
        "recurrent": _recurrent(workload, workload.arms[0], RECURRENT_SHARE * seconds),
        "kernel": _kernel(workload, workload.arms[0]),
    }


def _recurrent(workload: Workload, arm: Arm, seconds: float) -> dict[str, list[float]]:
    encoded = workload.encode(0)
    hyperparameters = workload.trainer.default_hyperparameters
    generator = np.random.default_rng([workload.config.seed, 2])
    plan = plan_batches(encoded.train.lengths, workload.schedule.batch_size, generator)[:ROUNDS]
    batches = [to_tensors(batch) for batch in iterate_batches(encoded.train, plan)]

    def action(size: int) -> Callable[[int], object]:
        network = workload.network(replace(arm, hidden_size=size), 0, hyperparameters, encoded.train.input_size).train()
        step = training_step(network, workload.trainer.objective, hyperparameters, seed=0)
        return lambda number: step(batches[number % len(batches)])

    actions = {"whole": action(arm.hidden_size), "rest": action(1)}
    times = interleave(actions, rounds=ROUNDS, warm_up=2, seconds=seconds, least=LEAST_ROUNDS)
    return {name: values.tolist() for name, values in times.items()}


def _kernel(workload: Workload, arm: Arm) -> str:
    encoded = workload.encode(0)
    network = workload.network(arm, 0, workload.trainer.default_hyperparameters, encoded.train.input_size)
    layer: Any = network.recurrent
    return str(backend(layer, workload.trainer.device.send(torch.zeros(1, 1, layer.input_size))))

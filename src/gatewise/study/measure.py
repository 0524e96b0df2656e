"""Costs of the arms, measured side by side on the run's own batches: training step and latency."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gatewise.data.dataset.splits import make_split
from gatewise.nn import RIVALS
from gatewise.options.config import DeviceName
from gatewise.records import Arm, Hyperparameters, StepRatio, to_json
from gatewise.runtime.batches import iterate_batches, plan_batches
from gatewise.statistics.ratio import paired_ratio
from gatewise.study.encoded import EncodedSplit
from gatewise.study.work import Workload
from gatewise.timing import interleave, percentiles
from gatewise.training.objectives import to_tensors
from gatewise.training.step import training_step

__all__ = ["measure_baseline", "measure_latency", "measure_steps"]

STEP_ROUNDS = 100
# Rounds that are timed however long they take; a training step on long sequences takes seconds.
LEAST_ROUNDS = 2
# A 99th percentile of fewer calls than these would be a handful of outliers.
LATENCY_ROUNDS = {"batch1": 1000, "batch32": 100}
# Requests are padded before the first is timed: a thousand of 32 long rows would take seconds, and gigabytes.
REQUESTS = {"batch1": 1000, "batch32": 30}
BASELINE_ROUNDS = {"batch1": 100, "batch32": 30}


def measure_steps(
    workload: Workload, chosen: Mapping[str, Hyperparameters], seconds: float, device: DeviceName | None = None
) -> dict[str, Any]:
    """Milliseconds of whole training steps (forward, backward, update): every arm of `chosen` on the same batch in the same
    round.

    device: on which, None for the one that trains; the way of the batch there is part of a step.
    """
    workload = workload if device is None else workload.on(device)
    encoded = workload.encode(0)
    # The plan is already shuffled: its head is a fair sample of the epoch's batch lengths.
    batches = [to_tensors(batch) for batch in iterate_batches(encoded.train, _plan(workload, encoded)[:STEP_ROUNDS])]

    def action(arm: Arm) -> Callable[[int], object]:
        network = workload.network(arm, 0, chosen[arm.name], encoded.train.input_size)
        network.train()
        step = training_step(network, workload.trainer.objective, chosen[arm.name], seed=0)
        return lambda number: step(batches[number % len(batches)])

    actions = {arm.name: workload.trainer.device.awaited(action(arm)) for arm in workload.arms if arm.name in chosen}
    times = interleave(actions, rounds=STEP_ROUNDS, warm_up=5, seconds=seconds, least=LEAST_ROUNDS)
    return {"milliseconds": {name: values.tolist() for name, values in times.items()}}


def _plan(workload: Workload, encoded: EncodedSplit) -> list[NDArray[np.int64]]:
    """The batches of an epoch, in an order of its own."""
    generator = np.random.default_rng([workload.config.seed, 2])
    return plan_batches(encoded.train.lengths, workload.schedule.batch_size, generator)


def measure_latency(
    workload: Workload, chosen: Mapping[str, Hyperparameters], seconds: float, device: DeviceName | None = None
) -> dict[str, Any]:
    """Percentiles of one forward call on encoded test rows at their real lengths, batch 1 and batch 32, in milliseconds.

    Of every arm, and of networks among the baselines. device: on which, None for the one that trains; rows come from the
    processor, and what is said of them goes back there.
    """
    workload = workload if device is None else workload.on(device)
    place = workload.trainer.device
    encoded = workload.encode(0)
    settings = {**chosen, **{name: workload.trainer.default_hyperparameters for name in workload.baselines if name in RIVALS}}
    networks = {
        name: workload.network(workload.arm(name), 0, values, encoded.train.input_size).eval()
        for name, values in settings.items()
    }
    result: dict[str, dict[str, Any]] = {name: {} for name in networks}
    ratios = []
    for label, size in (("batch1", 1), ("batch32", 32)):
        plan = _requests(len(encoded.test), size, workload.config.seed)[: REQUESTS[label]]
        batches = [to_tensors(batch) for batch in iterate_batches(encoded.test, plan)]

        def action(network: torch.nn.Module, batches: Any = batches) -> Callable[[int], object]:
            def call(number: int) -> object:
                batch = batches[number % len(batches)]
                return place.fetch(network(place.send(batch.inputs), batch.lengths))

            return call

        with torch.inference_mode():
            actions = {name: action(network) for name, network in networks.items()}
            times = interleave(actions, rounds=LATENCY_ROUNDS[label], warm_up=10, seconds=seconds / 2, least=LEAST_ROUNDS)
        for name, values in times.items():
            result[name][label] = to_json(percentiles(values))
        if size == 1:
            ratios = [StepRatio(one, other, paired_ratio(times[one], times[other])) for one, other in combinations(chosen, 2)]
    return {"latency_ms": result, "ratios": to_json(ratios)}


def measure_baseline(workload: Workload, name: str, seconds: float) -> dict[str, Any]:
    """Seconds of one fit of a baseline that is no network on the first split, and percentiles of its predictions for the same
    test rows that the cells' latency is of, from words or values to the prediction, in milliseconds a call.

    Nothing else runs meanwhile. seconds: for its predictions.
    """
    split = make_split(workload.dataset, 0, workload.config.seed)
    started = time.perf_counter()
    model = workload.fit_baseline(name, split.train, split.validation)
    found: dict[str, Any] = {"fit_s": time.perf_counter() - started, "latency_ms": {}}
    for label, size in (("batch1", 1), ("batch32", 32)):
        requests = [split.test[rows] for rows in _requests(len(split.test), size, workload.config.seed)]
        inputs = [workload.prepared.inputs(rows) for rows in requests[: BASELINE_ROUNDS[label]]]

        def call(number: int, inputs: list[Any] = inputs) -> object:
            return model.predict(inputs[number % len(inputs)])

        times = interleave({name: call}, rounds=BASELINE_ROUNDS[label], warm_up=3, seconds=seconds / 2, least=LEAST_ROUNDS)
        found["latency_ms"][label] = to_json(percentiles(times[name]))
    return found


def _requests(count: int, size: int, seed: int) -> list[NDArray[np.int64]]:
    """Rows of each request, drawn at random as they would arrive, not sorted by length."""
    generator = np.random.default_rng([seed, 3])
    return [generator.choice(count, size, replace=count < size) for _ in range(LATENCY_ROUNDS["batch1"])]

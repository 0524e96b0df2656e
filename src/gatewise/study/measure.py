"""Costs of the arms, measured side by side on the run's own batches: training step, latency, memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import combinations
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gatewise.data.dataset.splits import make_split
from gatewise.errors import GatewiseError
from gatewise.nn import RIVALS
from gatewise.records import Arm, Hyperparameters, StepRatio, to_json
from gatewise.statistics.ratio import paired_ratio
from gatewise.study.encoded import EncodedSplit
from gatewise.study.scoring import TRAIN_SCORE_ROWS
from gatewise.study.work import Workload
from gatewise.timing import interleave, percentiles
from gatewise.training.batches import iterate_batches, plan_batches
from gatewise.training.examples import Baseline
from gatewise.training.objectives import to_tensors
from gatewise.training.step import training_step

__all__ = ["measure_baselines", "measure_latency", "measure_memory", "measure_steps", "probe_epochs", "scoring_share"]

STEP_ROUNDS = 100
PROBE_ROUNDS = 10
# Rounds that are timed however long they take; a training step on long sequences takes seconds.
LEAST_ROUNDS = 2
EVALUATION_SHARE = 1 / 3
# A 99th percentile of fewer calls than these would be a handful of outliers.
LATENCY_ROUNDS = {"batch1": 1000, "batch32": 100}
# Requests are padded before the first is timed: a thousand of 32 long rows would take seconds, and gigabytes.
REQUESTS = {"batch1": 1000, "batch32": 30}
BASELINE_ROUNDS = {"batch1": 100, "batch32": 30}


def probe_epochs(workload: Workload, hyperparameters: Hyperparameters, seconds: float) -> dict[str, float]:
    """Seconds of an epoch of every arm, evaluation included, from a few training steps: good to plan with, no measurement."""
    encoded = workload.encode(0)
    steps = len(_plan(workload, encoded))
    evaluated = EVALUATION_SHARE * len(encoded.validation) / len(encoded.train)
    times = _step_times(
        workload,
        dict.fromkeys((arm.name for arm in workload.arms), hyperparameters),
        seconds,
        rounds=PROBE_ROUNDS,
        warm_up=1,
        least=1,
    )
    return {name: float(np.mean(values)) / 1e3 * steps * (1 + evaluated) for name, values in times.items()}


def scoring_share(workload: Workload) -> float:
    """What scoring a trained network takes, on the test part and a sample of the training part, as a share of an epoch."""
    encoded = workload.encode(0)
    scored = len(encoded.test) + min(len(encoded.train), TRAIN_SCORE_ROWS)
    return EVALUATION_SHARE * scored / len(encoded.train)


def measure_steps(workload: Workload, chosen: Mapping[str, Hyperparameters], seconds: float) -> dict[str, Any]:
    """Milliseconds of whole training steps (forward, backward, update): every arm on the same batch in the same round."""
    times = _step_times(workload, chosen, seconds, rounds=STEP_ROUNDS, warm_up=5, least=LEAST_ROUNDS)
    return {"milliseconds": {name: values.tolist() for name, values in times.items()}}


def _step_times(
    workload: Workload, chosen: Mapping[str, Hyperparameters], seconds: float, *, rounds: int, warm_up: int, least: int
) -> dict[str, NDArray[np.float64]]:
    encoded = workload.encode(0)
    # The plan is already shuffled: its head is a fair sample of the epoch's batch lengths.
    batches = [to_tensors(batch) for batch in iterate_batches(encoded.train, _plan(workload, encoded)[:rounds])]

    def action(arm: Arm) -> Callable[[int], object]:
        network = workload.network(arm, 0, chosen[arm.name], encoded.train.input_size)
        network.train()
        step = training_step(network, workload.trainer.objective, chosen[arm.name], seed=0)
        return lambda number: step(batches[number % len(batches)])

    actions = {arm.name: action(arm) for arm in workload.arms}
    return interleave(actions, rounds=rounds, warm_up=warm_up, seconds=seconds, least=least)


def _plan(workload: Workload, encoded: EncodedSplit) -> list[NDArray[np.int64]]:
    """The batches of an epoch, in an order of its own."""
    generator = np.random.default_rng([workload.config.seed, 2])
    return plan_batches(encoded.train.lengths, workload.schedule.batch_size, generator)


def measure_latency(workload: Workload, chosen: Mapping[str, Hyperparameters], seconds: float) -> dict[str, Any]:
    """Percentiles of one forward call on encoded test rows at their real lengths, batch 1 and batch 32, in milliseconds.

    Of every arm, and of networks among the baselines.
    """
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
                return network(batch.inputs, batch.lengths)

            return call

        with torch.inference_mode():
            actions = {name: action(network) for name, network in networks.items()}
            times = interleave(actions, rounds=LATENCY_ROUNDS[label], warm_up=10, seconds=seconds / 2, least=LEAST_ROUNDS)
        for name, values in times.items():
            result[name][label] = to_json(percentiles(values))
        if size == 1:
            ratios = [StepRatio(one, other, paired_ratio(times[one], times[other])) for one, other in combinations(chosen, 2)]
    return {"latency_ms": result, "ratios": to_json(ratios)}


def measure_baselines(workload: Workload, seconds: float, on_baseline: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Seconds of one fit of every baseline that is no network on the first split, and percentiles of its predictions for the same
    test rows that the cells' latency is of, from words or values to the prediction, in milliseconds a call.

    Nothing else runs meanwhile. seconds: for the predictions of all of them.
    """
    split = make_split(workload.dataset, 0, workload.config.seed)
    found: dict[str, dict[str, Any]] = {}
    for name in workload.baselines:
        if name in RIVALS:
            continue
        on_baseline(name)
        started = time.perf_counter()
        model = workload.fit_baseline(name, split.train, split.validation)
        found[name] = {"fit_s": time.perf_counter() - started, "latency_ms": {}}
        for label, size in (("batch1", 1), ("batch32", 32)):
            requests = [split.test[rows] for rows in _requests(len(split.test), size, workload.config.seed)]
            inputs = [workload.prepared.inputs(rows) for rows in requests[: BASELINE_ROUNDS[label]]]

            def call(number: int, model: Baseline = model, inputs: list[Any] = inputs) -> object:
                return model.predict(inputs[number % len(inputs)])

            share = seconds / (2 * len(workload.baselines))
            times = interleave({name: call}, rounds=BASELINE_ROUNDS[label], warm_up=3, seconds=share, least=LEAST_ROUNDS)
            found[name]["latency_ms"][label] = to_json(percentiles(times[name]))
    return found


def _requests(count: int, size: int, seed: int) -> list[NDArray[np.int64]]:
    """Rows of each request, drawn at random as they would arrive, not sorted by length."""
    generator = np.random.default_rng([seed, 3])
    return [generator.choice(count, size, replace=count < size) for _ in range(LATENCY_ROUNDS["batch1"])]


def measure_memory(workload: Workload, chosen: Mapping[str, Hyperparameters]) -> dict[str, Any]:
    """Peak resident memory that training adds, each arm in a process of its own at its largest batch."""
    encoded = workload.encode(0)
    size = min(workload.schedule.batch_size, len(encoded.train))
    longest = int(np.sort(encoded.train.lengths)[-size:].max())
    peaks = {}
    for arm in workload.arms:
        task = {
            "architecture": asdict(workload.architecture(arm, 0, chosen[arm.name], encoded.train.input_size)),
            "batch_size": size,
            "steps": longest,
            "threads": torch.get_num_threads(),
            "task": workload.dataset.task,
            "metric": workload.trainer.metric.name,
            "hyperparameters": to_json(chosen[arm.name]),
        }
        done = subprocess.run(
            [sys.executable, "-m", "gatewise.study.memory_probe"],
            input=json.dumps(task),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise GatewiseError(f"the memory measurement of {arm.name} failed: {done.stderr.strip()[-500:]}")
        peaks[arm.name] = int(json.loads(done.stdout)["peak_bytes"])
    return {"peak_memory_bytes": peaks, "batch_size": size, "steps": longest}

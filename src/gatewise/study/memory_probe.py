"""A process of its own that trains every arm for a few steps and prints how far its resident memory rose each time.

Its argument is a JSON list of tasks; it writes `{"peak_bytes": [...]}` on standard output. Where the system can count a peak
anew, each task is done in a fork of this process, which has loaded the libraries once for all; elsewhere one is all it takes.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch

from gatewise.nn import build_network
from gatewise.records import Architecture, Hyperparameters, from_json
from gatewise.tasks import traits_of
from gatewise.timing import peak_resident_bytes, reset_peak
from gatewise.training.devices import DEVICES, Device
from gatewise.training.objectives import Tensors, objective_of
from gatewise.training.step import training_step

__all__ = ["CAN_FORK", "added_bytes"]

CAN_FORK = sys.platform.startswith("linux")
STEPS = 3


def main() -> None:
    """Run the tasks."""
    tasks: list[dict[str, Any]] = json.loads(sys.argv[1])
    json.dump({"peak_bytes": [_in_fork(task) for task in tasks] if CAN_FORK else [_peak(task) for task in tasks]}, sys.stdout)


def _in_fork(task: Mapping[str, Any]) -> int:
    """What a task adds, in a fork. Nothing has begun a thread yet. An error in it ends this process with its exit code."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        code = 1
        try:
            os.write(writing, str(_peak(task)).encode())
            code = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as stream:
        found = stream.read()
    _, status = os.waitpid(child, 0)
    if status:
        raise SystemExit(os.waitstatus_to_exitcode(status))
    return int(found)


def _peak(task: Mapping[str, Any]) -> int:
    torch.set_num_threads(task["threads"])
    return added_bytes(task, DEVICES["cpu"], reset_peak, peak_resident_bytes)


def added_bytes(task: Mapping[str, Any], device: Device, reset: Callable[[], object], peak: Callable[[], int]) -> int:
    """The most memory that a few training steps add. reset: begins to count the most anew; peak: says it."""
    # A tiny network first: what the libraries load and allocate once belongs to no arm.
    wanted = Architecture(**task["architecture"])
    vocabulary = 4 if wanted.tokens else wanted.input_size
    tiny = replace(wanted, input_size=vocabulary, embedding_size=4, hidden_size=4, skip=None)
    _train(tiny, {**task, "batch_size": 2, "steps": 2}, device)
    reset()
    before = peak()
    _train(wanted, task, device)
    return peak() - before


def _train(architecture: Architecture, task: Mapping[str, Any], device: Device) -> None:
    hyperparameters = from_json(Hyperparameters, task["hyperparameters"])
    network = device.take(build_network(architecture))
    network.train()
    step = training_step(network, objective_of(task["task"], task["metric"]), hyperparameters, seed=0)
    batch, steps = task["batch_size"], task["steps"]
    if architecture.tokens:
        inputs = torch.randint(1, architecture.input_size, (batch, steps))
    else:
        inputs = torch.randn(batch, steps, architecture.input_size)
    targets = torch.zeros(batch, dtype=torch.int64)
    if traits_of(task["task"]).predicts == "numbers":
        targets = torch.zeros(batch, architecture.outputs)
    for _ in range(STEPS):
        step(Tensors(inputs, torch.full((batch,), steps), targets, None))


if __name__ == "__main__":
    main()

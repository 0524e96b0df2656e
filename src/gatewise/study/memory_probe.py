"""A process of its own that trains one arm for a few steps and prints how far its resident memory rose.

Reads a JSON task on standard input, writes `{"peak_bytes": ...}` on standard output.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import Any

import torch

from gatewise.nn import Architecture
from gatewise.records import Hyperparameters, from_json
from gatewise.tasks import traits_of
from gatewise.timing import peak_resident_bytes, reset_peak
from gatewise.training.objectives import Tensors, objective_of
from gatewise.training.step import training_step

STEPS = 3


def main() -> None:
    """Run the task."""
    task: dict[str, Any] = json.load(sys.stdin)
    torch.set_num_threads(task["threads"])
    # A tiny network first: what the libraries load and allocate once belongs to no arm.
    wanted = Architecture(**task["architecture"])
    vocabulary = 4 if wanted.tokens else wanted.input_size
    tiny = replace(wanted, input_size=vocabulary, embedding_size=4, hidden_size=4, skip=None)
    _train(tiny, task | {"batch_size": 2, "steps": 2})
    reset_peak()
    before = peak_resident_bytes()
    _train(wanted, task)
    json.dump({"peak_bytes": peak_resident_bytes() - before}, sys.stdout)


def _train(architecture: Architecture, task: dict[str, Any]) -> None:
    hyperparameters = from_json(Hyperparameters, task["hyperparameters"])
    network = architecture.build()
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

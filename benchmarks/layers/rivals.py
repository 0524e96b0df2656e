"""What a library has to offer to take part, and the task that all rivals are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import torch
from benchmarks.layers.shapes import Shape
from numpy.typing import NDArray
from torch import Tensor, nn

__all__ = ["STOCK", "Answer", "Layer", "Prepare", "Prepared", "Task", "array", "draw", "task"]

Layer: TypeAlias = Callable[..., nn.RNNBase]
"""A layer's class: input size, hidden size, options."""

STOCK: dict[str, Layer] = {"gru": nn.GRU, "lstm": nn.LSTM}

Answer: TypeAlias = Mapping[str, NDArray[np.floating]]
"""Inference: "output" [steps, batch, H]. Training: gradients under PyTorch's parameter names, and "input" where asked for."""


@dataclass(frozen=True, eq=False)
class Task:
    """One layer, one input: the same for every rival.

    inputs: float32 [steps, batch, I]. weights: float32, PyTorch's names, layouts and gate order. Training is forward and backward
    of the sum of the last step's output. lengths: int64 [batch] of a ragged batch, whose loss is the sum of the last states.
    """

    cell: str
    mode: str
    shape: Shape
    inputs: NDArray[np.float32] = field(repr=False)
    weights: Mapping[str, NDArray[np.float32]] = field(repr=False)
    lengths: NDArray[np.int64] | None = None

    def by_gate(self, name: str) -> list[NDArray[np.float32]]:
        """Split a weight or bias into its gates: r, z, n or i, f, g, o."""
        return list(np.split(self.weights[name], len(self.weights[name]) // self.shape.hidden_size))


@dataclass(frozen=True)
class Prepared:
    """A rival ready to be timed. run: one call, all it takes and nothing else. answer: the same call's results."""

    run: Callable[[], object]
    answer: Callable[[], Answer]


Prepare: TypeAlias = Callable[[Task], Prepared | None]
"""Build a rival for a task; None where the library does not do this, as ONNX Runtime does not train layers."""


def task(cell: str, mode: str, shape: Shape, *, seed: int = 0) -> Task:
    """Draw a task; weights by PyTorch's own initialisation."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layer = STOCK[cell](shape.input_size, shape.hidden_size)
        weights = {name: array(value) for name, value in layer.named_parameters()}
    return Task(cell, mode, shape, draw(shape, seed), weights)


def draw(shape: Shape, seed: int) -> NDArray[np.float32]:
    """Normal inputs float32 [steps, batch, I]."""
    generator = np.random.default_rng(seed)
    return generator.standard_normal((shape.steps, shape.batch, shape.input_size), dtype=np.float32)


def array(tensor: Tensor) -> NDArray[np.floating]:
    """Copy a tensor to NumPy, which has no bfloat16."""
    detached = tensor.detach()
    return (detached.float() if detached.dtype == torch.bfloat16 else detached).numpy().copy()

"""Layers with PyTorch's interface: PyTorch's own, and gatewise's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from benchmarks.layers.rivals import STOCK, Answer, Layer, Prepared, Task, array
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import gatewise.nn

__all__ = ["OURS", "autocast", "build", "gatewise_layer", "reference", "torch_layer", "torch_packed"]

OURS: dict[str, Layer] = {"gru": gatewise.nn.GRU, "lstm": gatewise.nn.LSTM}

Forward = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From the input to the output [steps, batch, H] and what the loss sums."""


def torch_layer(task: Task) -> Prepared:
    """`torch.nn.GRU` or `LSTM` on a full batch."""
    layer = build(STOCK[task.cell], task)
    return _prepare(task, layer, lambda inputs: _last_step(layer(inputs)[0]))


def gatewise_layer(task: Task) -> Prepared:
    """`gatewise.nn.GRU` or `LSTM`, on a ragged batch with `lengths=`."""
    layer = build(OURS[task.cell], task)
    if task.lengths is None:
        return _prepare(task, layer, lambda inputs: _last_step(layer(inputs)[0]))
    lengths = torch.from_numpy(task.lengths)

    def forward(inputs: Tensor) -> tuple[Tensor, Tensor]:
        output, state = layer(inputs, lengths=lengths)
        return output, _hidden(state)

    return _prepare(task, layer, forward)


def autocast(prepared: Prepared) -> Prepared:
    """The same under autocast to bfloat16."""

    def cast(action: Callable[[], Any]) -> Callable[[], Any]:
        def under() -> Any:
            with torch.autocast("cpu", torch.bfloat16):
                return action()

        return under

    return Prepared(cast(prepared.run), cast(prepared.answer))


def torch_packed(task: Task) -> Prepared:
    """PyTorch's way with a ragged batch: pack, run, unpack; all three are timed, because a user of a padded batch needs them."""
    layer = build(STOCK[task.cell], task)
    return _prepare(task, layer, lambda inputs: _packed(task, layer, inputs))


def build(kind: Layer, task: Task, dtype: torch.dtype = torch.float32) -> nn.RNNBase:
    """Build a layer with the task's weights."""
    layer = kind(task.shape.input_size, task.shape.hidden_size, dtype=dtype)
    layer.load_state_dict({name: torch.from_numpy(value) for name, value in task.weights.items()})
    return layer


def reference(task: Task) -> Answer:
    """Compute the task in float64 by PyTorch."""
    layer = build(STOCK[task.cell], task, torch.float64)
    inputs = torch.from_numpy(task.inputs).double()
    if task.lengths is None:
        return _answer(task, layer, inputs, lambda values: _last_step(layer(values)[0]))
    return _answer(task, layer, inputs, lambda values: _packed(task, layer, values))


def _packed(task: Task, layer: nn.Module, inputs: Tensor) -> tuple[Tensor, Tensor]:
    packed, state = layer(pack_padded_sequence(inputs, torch.from_numpy(task.lengths), enforce_sorted=False))
    output, _ = pad_packed_sequence(packed, total_length=task.shape.steps)
    return output, _hidden(state)


def _prepare(task: Task, layer: nn.Module, forward: Forward) -> Prepared:
    inputs = torch.from_numpy(task.inputs).clone().requires_grad_(task.mode == "train_input")

    def infer() -> None:
        with torch.inference_mode():
            forward(inputs)

    def train() -> None:
        layer.zero_grad()
        inputs.grad = None
        forward(inputs)[1].sum().backward()

    return Prepared(infer if task.mode == "inference" else train, lambda: _answer(task, layer, inputs.detach(), forward))


def _answer(task: Task, layer: nn.Module, inputs: Tensor, forward: Forward) -> Answer:
    if task.mode == "inference":
        with torch.inference_mode():
            return {"output": array(forward(inputs)[0])}
    inputs = inputs.clone().requires_grad_(task.mode == "train_input")
    layer.zero_grad()
    forward(inputs)[1].sum().backward()
    gradients = {name: array(_gradient(value)) for name, value in layer.named_parameters()}
    return gradients if inputs.grad is None else gradients | {"input": array(inputs.grad)}


def _gradient(parameter: Tensor) -> Tensor:
    return torch.full_like(parameter, torch.nan) if parameter.grad is None else parameter.grad


def _last_step(output: Tensor) -> tuple[Tensor, Tensor]:
    return output, output[-1]


def _hidden(state: Tensor | tuple[Tensor, Tensor]) -> Tensor:
    return state[0] if isinstance(state, tuple) else state

"""Flax's linen cells, scanned over time and compiled by XLA."""

from __future__ import annotations

from typing import Any

import flax.linen  # type: ignore[import-not-found, unused-ignore]
import flax.traverse_util  # type: ignore[import-not-found, unused-ignore]
import jax  # type: ignore[import-not-found, unused-ignore]
import numpy as np
from benchmarks.layers.rivals import Answer, Prepared, Task
from numpy.typing import NDArray

__all__ = ["flax_layer"]

_GATES = {"gru": "rzn", "lstm": "ifgo"}
_CELLS = {"gru": flax.linen.GRUCell, "lstm": flax.linen.OptimizedLSTMCell}


def flax_layer(task: Task) -> Prepared | None:
    """Run `flax.linen.RNN` over a time-major batch. None for ragged batches."""
    if task.lengths is not None:
        return None
    layer = flax.linen.RNN(_CELLS[task.cell](features=task.shape.hidden_size), time_major=True)
    inputs = jax.numpy.asarray(task.inputs)
    empty = layer.init(jax.random.key(0), inputs)
    parameters = _filled(empty, task)

    def forward(parameters: Any, inputs: Any) -> Any:
        return layer.apply(parameters, inputs)

    def loss(parameters: Any, inputs: Any) -> Any:
        return forward(parameters, inputs)[-1].sum()

    if task.mode == "inference":
        infer = jax.jit(forward)
        return Prepared(
            lambda: infer(parameters, inputs).block_until_ready(), lambda: {"output": np.asarray(infer(parameters, inputs))}
        )
    gradient = jax.jit(jax.grad(loss, argnums=(0, 1) if task.mode == "train_input" else (0,)))
    return Prepared(
        lambda: jax.block_until_ready(gradient(parameters, inputs)), lambda: _answer(task, gradient(parameters, inputs))
    )


def _entries(task: Task) -> dict[tuple[str, str], NDArray[np.float32]]:
    """Flax's arrays by gate and kind. Of PyTorch's two biases Flax keeps the sum, but for the GRU's n gate."""
    entries: dict[tuple[str, str], NDArray[np.float32]] = {}
    kinds = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    split = [task.by_gate(name) for name in kinds]
    for gate, w_ih, w_hh, b_ih, b_hh in zip(_GATES[task.cell], *split, strict=True):
        entries["i" + gate, "kernel"], entries["h" + gate, "kernel"] = w_ih.T, w_hh.T
        if task.cell == "lstm":
            entries["h" + gate, "bias"] = b_ih + b_hh
        elif gate == "n":
            entries["in", "bias"], entries["hn", "bias"] = b_ih, b_hh
        else:
            entries["i" + gate, "bias"] = b_ih + b_hh
    return entries


def _filled(empty: Any, task: Task) -> Any:
    entries = _entries(task)
    flat = flax.traverse_util.flatten_dict(empty)
    return flax.traverse_util.unflatten_dict({path: jax.numpy.asarray(entries[path[-2], path[-1]]) for path in flat})


def _answer(task: Task, gradients: tuple[Any, ...]) -> Answer:
    flat = {path[-2:]: np.asarray(value) for path, value in flax.traverse_util.flatten_dict(gradients[0]).items()}
    names = _GATES[task.cell]
    answer = {
        "weight_ih_l0": np.concatenate([flat["i" + gate, "kernel"].T for gate in names]),
        "weight_hh_l0": np.concatenate([flat["h" + gate, "kernel"].T for gate in names]),
        "bias_ih_l0": np.concatenate([flat.get(("i" + gate, "bias"), flat.get(("h" + gate, "bias"))) for gate in names]),
        "bias_hh_l0": np.concatenate([flat.get(("h" + gate, "bias"), flat.get(("i" + gate, "bias"))) for gate in names]),
    }
    return answer | {"input": np.asarray(gradients[1])} if task.mode == "train_input" else answer

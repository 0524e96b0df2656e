"""Keras's GRU and LSTM, compiled by whichever backend Keras runs on (KERAS_BACKEND): JAX or TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras  # type: ignore[import-not-found, unused-ignore]
import numpy as np
from benchmarks.layers.rivals import Answer, Prepared, Task
from numpy.typing import NDArray

__all__ = ["gate_order", "keras_layer"]

# Keras orders the GRU's gates z, r, n; the LSTM's as PyTorch does: i, f, g, o. Both orders undo themselves.
_ORDER = {"gru": (1, 0, 2), "lstm": (0, 1, 2, 3)}
_KINDS = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM}


def keras_layer(task: Task) -> Prepared | None:
    """Run `keras.layers.GRU` or `LSTM` batch-first. None for ragged batches."""
    if task.lengths is not None:
        return None
    layer = _KINDS[task.cell](task.shape.hidden_size, return_sequences=True)
    inputs = np.ascontiguousarray(task.inputs.swapaxes(0, 1))
    layer.build(inputs.shape)
    layer.set_weights(_weights(task))
    backend = keras.backend.backend()
    if backend not in ("jax", "tensorflow"):
        raise ValueError(f"Keras runs on {backend!r}; expected jax or tensorflow. Set KERAS_BACKEND.")
    call = _with_jax(layer, inputs, task.mode) if backend == "jax" else _with_tensorflow(layer, inputs, task.mode)
    return Prepared(call, lambda: _answer(task, call()))


def gate_order(cell: str) -> tuple[int, ...]:
    """Where each of Keras's gates stands among PyTorch's, and the other way round."""
    return _ORDER[cell]


def _with_jax(layer: Any, inputs: NDArray[np.float32], mode: str) -> Callable[[], Any]:
    import jax  # type: ignore[import-not-found, unused-ignore]

    values = jax.numpy.asarray(inputs)
    trainable = [variable.value for variable in layer.trainable_variables]
    other = [variable.value for variable in layer.non_trainable_variables]

    def forward(trainable: Any, values: Any) -> Any:
        return layer.stateless_call(trainable, other, values)[0]

    if mode == "inference":
        infer = jax.jit(forward)
        return lambda: jax.block_until_ready((infer(trainable, values),))
    chosen = (0, 1) if mode == "train_input" else (0,)
    gradient = jax.jit(jax.grad(lambda *arguments: forward(*arguments)[:, -1].sum(), argnums=chosen))
    return lambda: jax.block_until_ready(gradient(trainable, values))


def _with_tensorflow(layer: Any, inputs: NDArray[np.float32], mode: str) -> Callable[[], Any]:
    import tensorflow  # type: ignore[import-not-found, import-untyped, unused-ignore]

    values = tensorflow.constant(inputs)
    trainable = [variable.value for variable in layer.trainable_variables]

    @tensorflow.function  # type: ignore[untyped-decorator, unused-ignore]
    def infer() -> Any:
        return (layer(values),)

    @tensorflow.function  # type: ignore[untyped-decorator, unused-ignore]
    def gradient() -> Any:
        with tensorflow.GradientTape() as tape:
            if mode == "train_input":
                tape.watch(values)
            loss = tensorflow.reduce_sum(layer(values)[:, -1])
        wanted = (trainable, values) if mode == "train_input" else (trainable,)
        return tape.gradient(loss, wanted)

    chosen: Callable[[], Any] = infer if mode == "inference" else gradient
    return chosen


def _weights(task: Task) -> list[NDArray[np.float32]]:
    parts = {name: np.concatenate([task.by_gate(name)[gate] for gate in _ORDER[task.cell]]) for name in task.weights}
    b_ih, b_hh = parts["bias_ih_l0"], parts["bias_hh_l0"]
    biases = np.stack([b_ih, b_hh]) if task.cell == "gru" else b_ih + b_hh
    return [parts["weight_ih_l0"].T, parts["weight_hh_l0"].T, biases]


def _answer(task: Task, results: tuple[Any, ...]) -> Answer:
    if task.mode == "inference":
        return {"output": np.asarray(results[0]).swapaxes(0, 1)}
    w_ih, w_hh, bias = (np.asarray(value) for value in results[0])
    b_ih, b_hh = bias if task.cell == "gru" else (bias, bias)
    found = {"weight_ih_l0": w_ih.T, "weight_hh_l0": w_hh.T, "bias_ih_l0": b_ih, "bias_hh_l0": b_hh}
    gates = len(_ORDER[task.cell])
    answer = {name: np.concatenate([np.split(value, gates)[gate] for gate in _ORDER[task.cell]]) for name, value in found.items()}
    return answer | {"input": np.asarray(results[1]).swapaxes(0, 1)} if task.mode == "train_input" else answer

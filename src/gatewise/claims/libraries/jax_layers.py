"""Layers of Flax and of Keras, compiled by JAX, where they are installed."""

from __future__ import annotations

import os
import sys
from typing import Any

from gatewise.claims.libraries import Layer, Pass, is_installed
from gatewise.claims.libraries.torch_layers import inputs_of

__all__ = ["FLAX", "KERAS", "missing_libraries", "training_pass"]

FLAX, KERAS = "Flax on JAX", "Keras on JAX"


def missing_libraries() -> tuple[str, ...]:
    """Those that are not installed, or that cannot run on JAX here."""
    flax, keras = is_installed("jax", "flax"), is_installed("jax", "keras") and _keras_is_on_jax()
    return (*(() if flax else (FLAX,)), *(() if keras else (KERAS,)))


def training_pass(layer: Layer) -> dict[str, Pass]:
    """Forward and backward, by library; those that are not installed are left out."""
    missing = missing_libraries()
    made = {FLAX: _flax, KERAS: _keras}
    return {name: make(layer) for name, make in made.items() if name not in missing}


def _keras_is_on_jax() -> bool:
    if "keras" not in sys.modules:
        os.environ.setdefault("KERAS_BACKEND", "jax")
    import keras

    return bool(keras.backend.backend() == "jax")


def _flax(layer: Layer) -> Pass:
    import flax.linen
    import jax

    cells = {"gru": flax.linen.GRUCell, "lstm": flax.linen.OptimizedLSTMCell}
    recurrent = flax.linen.RNN(cells[layer.cell](features=layer.hidden_size))
    values = jax.numpy.asarray(inputs_of(layer).numpy())
    parameters = recurrent.init(jax.random.key(0), values)
    return _compiled(recurrent.apply, parameters, values, layer)


def _keras(layer: Layer) -> Pass:
    import jax
    import keras

    kinds = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM}
    recurrent = kinds[layer.cell](layer.hidden_size, return_sequences=True)
    values = jax.numpy.asarray(inputs_of(layer).numpy())
    recurrent.build(values.shape)
    weights = [variable.value for variable in recurrent.trainable_variables]
    other = [variable.value for variable in recurrent.non_trainable_variables]
    return _compiled(lambda trained, read: recurrent.stateless_call(trained, other, read)[0], weights, values, layer)


def _compiled(forward: Any, parameters: Any, values: Any, layer: Layer) -> Pass:
    import jax

    shape = forward(parameters, values).shape
    if shape != (layer.batch, layer.steps, layer.hidden_size):
        raise ValueError(f"a layer gave {shape}, which is no state for each step of each row")
    gradient = jax.jit(jax.grad(lambda weights, read: forward(weights, read)[:, -1].sum()))
    return lambda _: jax.block_until_ready(gradient(parameters, values))

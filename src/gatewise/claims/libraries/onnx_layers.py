"""ONNX Runtime's GRU and LSTM operators with the weights of a layer; inference only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from gatewise.cells import CELLS
from gatewise.claims.libraries import Layer

__all__ = ["onnx_sequence", "onnx_step"]

# ONNX orders the GRU's gates z, r, n and the LSTM's i, o, f, g.
_ORDER = {"gru": (1, 0, 2), "lstm": (0, 3, 1, 2)}
# What the operator needs to compute the cell as PyTorch has it: the reset gate acts behind the product.
_OPTIONS: dict[str, dict[str, int]] = {"gru": {"linear_before_reset": 1}, "lstm": {}}
_OPSET = 14

Values = NDArray[np.float32]


def onnx_sequence(made: Any, layer: Layer) -> Callable[[Values], Values]:
    """Whole sequences: [batch, steps, input_size] to states [batch, steps, hidden_size]."""
    session = _session(made, layer, layer.steps, ())

    def run(values: Values) -> Values:
        states: Values = session.run(["Y"], {"X": values.swapaxes(0, 1)})[0][:, 0].swapaxes(0, 1)
        return states

    return run


def onnx_step(made: Any, layer: Layer) -> Callable[[Values], Values]:
    """One step that carries the state on: [batch, input_size] to [batch, hidden_size]."""
    states = ("h", "c") if CELLS[layer.cell].cell_state else ("h",)
    session = _session(made, layer, 1, states)
    feed = {f"initial_{name}": np.zeros((1, layer.batch, layer.hidden_size), np.float32) for name in states}
    names = [f"Y_{name}" for name in states]

    def step(values: Values) -> Values:
        feed["X"] = values[None]
        for name, value in zip(states, session.run(names, feed), strict=True):
            feed[f"initial_{name}"] = value
        state: Values = feed["initial_h"][0]
        return state

    return step


def _session(made: Any, layer: Layer, steps: int, states: tuple[str, ...]) -> Any:
    held = {name: value.numpy() for name, value in made.state_dict().items()}
    order = _ORDER[layer.cell]

    def ordered(name: str) -> Values:
        gates = np.split(held[name], len(order))
        return np.concatenate([gates[place] for place in order])

    weights = {
        "W": ordered("weight_ih_l0")[None],
        "R": ordered("weight_hh_l0")[None],
        "B": np.concatenate([ordered("bias_ih_l0"), ordered("bias_hh_l0")])[None],
    }
    given = ["", *(f"initial_{name}" for name in states)] if states else []
    outputs = ["Y", "Y_h", *(["Y_c"] if CELLS[layer.cell].cell_state else [])]
    node = helper.make_node(
        layer.cell.upper(),
        ["X", "W", "R", "B", *given],
        outputs,
        hidden_size=layer.hidden_size,
        **_OPTIONS[layer.cell],
    )
    float32 = TensorProto.FLOAT
    state = [1, layer.batch, layer.hidden_size]
    inputs = [helper.make_tensor_value_info("X", float32, [steps, layer.batch, layer.input_size])]
    inputs += [helper.make_tensor_value_info(f"initial_{name}", float32, state) for name in states]
    results = [helper.make_tensor_value_info("Y", float32, [steps, *state])]
    results += [helper.make_tensor_value_info(name, float32, state) for name in outputs[1:]]
    kept = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph([node], layer.cell, inputs, results, kept)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

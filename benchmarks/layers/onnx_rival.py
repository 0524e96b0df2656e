"""ONNX Runtime's GRU and LSTM operators; inference only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx  # type: ignore[import-not-found, unused-ignore]
import onnxruntime  # type: ignore[import-not-found, unused-ignore]
from benchmarks.layers.rivals import Prepared, Task
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper  # type: ignore[import-not-found, unused-ignore]

__all__ = ["onnx_layer", "onnx_step"]

# ONNX orders the GRU's gates z, r, n and the LSTM's i, o, f, g.
_ORDER = {"gru": (1, 0, 2), "lstm": (0, 3, 1, 2)}
_OPSET = 14


def onnx_layer(task: Task) -> Prepared | None:
    """Run whole sequences. None for training, which ONNX Runtime's operators do not do."""
    if task.mode != "inference" or task.lengths is not None:
        return None
    session = _session(task, steps=task.shape.steps, states=())
    feed = {"X": task.inputs}
    return Prepared(lambda: session.run(None, feed), lambda: {"output": session.run(["Y"], feed)[0][:, 0]})


def onnx_step(task: Task) -> Callable[[NDArray[np.float32]], NDArray[np.float32]]:
    """Return a function that carries the state from step to step: input [batch, I] to state [batch, H]."""
    states = ("h",) if task.cell == "gru" else ("h", "c")
    session = _session(task, steps=1, states=states)
    feed = {f"initial_{name}": np.zeros((1, task.shape.batch, task.shape.hidden_size), np.float32) for name in states}
    names = [f"Y_{name}" for name in states]

    def step(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        feed["X"] = inputs[None]
        for name, value in zip(states, session.run(names, feed), strict=True):
            feed[f"initial_{name}"] = value
        state: NDArray[np.float32] = feed["initial_h"][0]
        return state

    return step


def _session(task: Task, *, steps: int, states: tuple[str, ...]) -> Any:
    shape = task.shape
    batch, hidden = shape.batch, shape.hidden_size
    weights = {
        "W": _reordered(task, "weight_ih_l0")[None],
        "R": _reordered(task, "weight_hh_l0")[None],
        "B": np.concatenate([_reordered(task, "bias_ih_l0"), _reordered(task, "bias_hh_l0")])[None],
    }
    optional = ["", *(f"initial_{name}" for name in states)] if states else []
    outputs = ["Y", "Y_h", *(["Y_c"] if task.cell == "lstm" else [])]
    options = {"linear_before_reset": 1} if task.cell == "gru" else {}
    node = helper.make_node(task.cell.upper(), ["X", "W", "R", "B", *optional], outputs, hidden_size=hidden, **options)
    float32 = TensorProto.FLOAT
    inputs = [helper.make_tensor_value_info("X", float32, [steps, batch, shape.input_size])]
    inputs += [helper.make_tensor_value_info(f"initial_{name}", float32, [1, batch, hidden]) for name in states]
    results = [helper.make_tensor_value_info("Y", float32, [steps, 1, batch, hidden])]
    results += [helper.make_tensor_value_info(name, float32, [1, batch, hidden]) for name in outputs[1:]]
    graph = helper.make_graph(
        [node], task.cell, inputs, results, [numpy_helper.from_array(value, name) for name, value in weights.items()]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    options_of_session = onnxruntime.SessionOptions()
    options_of_session.intra_op_num_threads = _threads()
    options_of_session.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options_of_session, providers=["CPUExecutionProvider"])


def _threads() -> int:
    import torch

    return torch.get_num_threads()


def _reordered(task: Task, name: str) -> NDArray[np.float32]:
    gates = task.by_gate(name)
    return np.concatenate([gates[position] for position in _ORDER[task.cell]])

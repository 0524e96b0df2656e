"""ONNX Runtime's LSTM with weights of eight bits, as its own quantiser makes it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx  # type: ignore[import-not-found, unused-ignore]
import onnxruntime  # type: ignore[import-not-found, unused-ignore]
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper  # type: ignore[import-not-found, unused-ignore]
from torch import nn

__all__ = ["QuantizedLSTM"]

Values = NDArray[np.float32]

# ONNX orders the LSTM's gates i, o, f, g.
ORDER = (0, 3, 1, 2)


class QuantizedLSTM:
    """A layer of torch.nn through onnxruntime.quantization.quantize_dynamic, which turns the node into DynamicQuantizeLSTM."""

    def __init__(self, layer: nn.Module) -> None:
        from onnxruntime.quantization import QuantType, quantize_dynamic

        self.hidden_size = int(layer.hidden_size)  # type: ignore[arg-type]
        with tempfile.TemporaryDirectory() as folder:
            plain, small = Path(folder) / "plain.onnx", Path(folder) / "small.onnx"
            onnx.save(self._model(layer), plain)
            quantize_dynamic(plain, small, weight_type=QuantType.QInt8)
            nodes = [node.op_type for node in onnx.load(small).graph.node]
            if nodes != ["DynamicQuantizeLSTM"]:
                raise RuntimeError(f"ONNX Runtime's quantiser left {nodes}, expected DynamicQuantizeLSTM")
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = torch.get_num_threads()
            options.inter_op_num_threads = 1
            self.session = onnxruntime.InferenceSession(str(small), options, providers=["CPUExecutionProvider"])

    def whole(self, inputs: Values) -> Values:
        """inputs: [steps, batch, I]; states of every step from zero on [steps, batch, H]."""
        zero = np.zeros((1, inputs.shape[1], self.hidden_size), np.float32)
        output: Values = self.session.run(["Y"], {"X": inputs, "h": zero, "c": zero})[0][:, 0]
        return output

    def stepper(self, batch: int) -> Callable[[Values], Values]:
        """A function from [batch, I] to [batch, H] that carries its state."""
        feed = {name: np.zeros((1, batch, self.hidden_size), np.float32) for name in ("h", "c")}

        def step(inputs: Values) -> Values:
            feed["X"] = inputs[None]
            feed["h"], feed["c"] = self.session.run(["Y_h", "Y_c"], feed)
            state: Values = feed["h"][0]
            return state

        return step

    def _model(self, layer: nn.Module) -> onnx.ModelProto:
        def ordered(name: str) -> Values:
            values: Values = layer.get_parameter(name).detach().numpy()
            gates = values.reshape(4, self.hidden_size, *values.shape[1:])
            return np.concatenate([gates[place] for place in ORDER])

        weights = {
            "W": ordered("weight_ih_l0")[None],
            "R": ordered("weight_hh_l0")[None],
            "B": np.concatenate([ordered("bias_ih_l0"), ordered("bias_hh_l0")])[None],
        }
        node = helper.make_node("LSTM", ["X", "W", "R", "B", "", "h", "c"], ["Y", "Y_h", "Y_c"], hidden_size=self.hidden_size)
        state = [1, "batch", self.hidden_size]
        shapes = {"X": ["steps", "batch", weights["W"].shape[2]], "h": state, "c": state}
        results = {"Y": ["steps", *state], "Y_h": state, "Y_c": state}
        made = [
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in group.items()]
            for group in (shapes, results)
        ]
        initializers = [numpy_helper.from_array(value, name) for name, value in weights.items()]
        graph = helper.make_graph([node], "lstm", *made, initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model

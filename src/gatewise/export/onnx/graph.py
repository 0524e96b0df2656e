"""An ONNX graph as it grows: nodes and constants, in the order in which they are computed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from gatewise.export.onnx.quantisation import quantised

__all__ = ["IR_VERSION", "OPERATOR_SET", "Graph"]

OPERATOR_SET = 17
IR_VERSION = 8
"""What runtimes of the last years read; nothing later is needed."""

Shape = list[int | str]

_TYPES = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int64): TensorProto.INT64}


class Graph:
    """Every method that makes a value returns its name. int8: whether matrices are kept as 8-bit integers with a scale a row."""

    def __init__(self, *, int8: bool = False) -> None:
        self.int8 = int8
        self._nodes: list[Any] = []
        self._kept: dict[str, Any] = {}
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []

    def input(self, name: str, dtype: type[np.generic], shape: Shape) -> str:
        """What is given to a call. shape: a name stands for any number."""
        self._inputs.append(helper.make_tensor_value_info(name, _TYPES[np.dtype(dtype)], shape))
        return name

    def output(self, name: str, value: str, dtype: type[np.generic], shape: Shape) -> None:
        """What a call returns, under a name of its own."""
        self._nodes.append(helper.make_node("Identity", [value], [name], name=name))
        self._outputs.append(helper.make_tensor_value_info(name, _TYPES[np.dtype(dtype)], shape))

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """The only output of a node. inputs: an empty name for one that is left out."""
        return self.nodes(operator, *inputs, outputs=1, **attributes)[0]

    def nodes(self, operator: str, *inputs: str, outputs: int, **attributes: Any) -> list[str]:
        """The outputs of a node."""
        name = f"{operator}_{len(self._nodes)}"
        made = [name if outputs == 1 else f"{name}_{number}" for number in range(outputs)]
        self._nodes.append(helper.make_node(operator, list(inputs), made, name=name, **attributes))
        return made

    def keep(self, name: str, values: NDArray[Any]) -> str:
        """A constant of the file, as it is."""
        self._kept[name] = numpy_helper.from_array(np.asarray(values, order="C"), name)
        return name

    def integers(self, *values: int) -> str:
        """A vector of constants, int64."""
        return self.keep("of_" + "_".join(map(str, values)), np.array(values, dtype=np.int64))

    def integer(self, value: int) -> str:
        """A constant, int64 without dimensions."""
        return self.keep(f"is_{value}", np.array(value, dtype=np.int64))

    def number(self, value: float) -> str:
        """A constant, float32 without dimensions."""
        return self.keep(f"number_{value}", np.array(value, dtype=np.float32))

    def matrix(self, name: str, values: NDArray[np.float32], row: int | tuple[int, ...]) -> str:
        """Weights, in int8 where that is asked for. row: the axes along which a row of them lies, which has one scale.

        A cast and a product undo it, not DequantizeLinear: ONNX Runtime computes those once, when a session begins, and that
        anew in every call.
        """
        if not self.int8:
            return self.keep(name, values)
        integers, scales = quantised(values, row)
        whole = self.node("Cast", self.keep(f"{name}.int8", integers), to=TensorProto.FLOAT)
        return self.node("Mul", whole, self.keep(f"{name}.scale", scales))

    def rows_of(self, name: str, values: NDArray[np.float32], numbers: str) -> str:
        """Rows of a table by their numbers; where it is kept in int8 only those that are read become float."""
        if not self.int8:
            return self.node("Gather", self.keep(name, values), numbers)
        integers, scales = quantised(values, 1)
        read = self.node("Gather", self.keep(f"{name}.int8", integers), numbers)
        return self.node(
            "Mul",
            self.node("Cast", read, to=TensorProto.FLOAT),
            self.node("Gather", self.keep(f"{name}.scale", scales), numbers),
        )

    def linear(self, name: str, values: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """values @ weight.T + bias, for a weight [outputs, inputs]."""
        product = self.node("MatMul", values, self.matrix(f"{name}.weight", weight.T, 0))
        return self.node("Add", product, self.keep(f"{name}.bias", bias))

    def model(self, name: str) -> Any:
        """The whole as a ModelProto."""
        graph = helper.make_graph(self._nodes, name, self._inputs, self._outputs, list(self._kept.values()))
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPERATOR_SET)], producer_name="gatewise")
        made.ir_version = IR_VERSION
        return made

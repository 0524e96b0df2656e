"""What an ONNX file holds, read without ONNX: the metadata, and whether there is anything in it that gatewise never writes.

What passes has standard operators alone, constants of the size that they state, no functions, no subgraphs and no data in other
files.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from gatewise.export.onnx.wire import BYTES, FIXED32, VARINT, fields, varints

__all__ = ["KEY", "metadata_in"]

KEY = "gatewise"
"""Of the entry of `metadata_props` that says all of a model but its network."""

# fmt: off
_OPERATORS = frozenset((
    "Add", "Cast", "Concat", "Conv", "Div", "Equal", "Exp", "Expand", "EyeLike", "GRU", "Gather", "GatherND", "GreaterOrEqual",
    "Identity", "LSTM", "Less", "MatMul", "Max", "Mul", "Neg", "RNN", "Range", "ReduceMax", "ReduceSum", "Relu", "Reshape",
    "ReverseSequence", "Shape", "Sigmoid", "Slice", "Softmax", "Softplus", "Split", "Squeeze", "Sub", "Tanh", "Transpose",
    "Unsqueeze", "Where",
))
# fmt: on

# Bytes of an element by the number of its type: float32, int8, int64.
_WIDTHS = {1: 4, 3: 1, 7: 8}
_INT64 = 7

_MOST_NODES = 10_000
# What an Expand may make; a layer of 1,000 units needs 3 million.
_MOST_ELEMENTS = 2**28


# What numbers the attributes have: of others, such as a negative `batch_dims`, ONNX Runtime 1.32 ends the process.
_RANGES = {
    "axes": (1, 1),
    "axis": (-1, 2),
    "batch_dims": (1, 1),
    "dilations": (1, 2**20),
    "hidden_size": (1, 2**20),
    "keepdims": (0, 0),
    "kernel_shape": (1, 3),
    "linear_before_reset": (1, 1),
    "pads": (0, 2**21),
    "perm": (0, 2),
    "to": (1, 1),
}


class _Message(NamedTuple):
    """What gatewise writes of a message: by the numbers of onnx.proto3 a wire type, `_TEXT`, `_NUMBERS`, None for whatever it
    is, or another message."""

    name: str
    fields: Mapping[int, Any]


_TEXT, _NUMBERS = "text", "numbers"
_OPERATOR_SET = _Message("the operator set", {1: _TEXT, 2: VARINT})
_ENTRY = _Message("metadata", {1: _TEXT, 2: _TEXT})
_ATTRIBUTE = _Message("an attribute", {1: _TEXT, 2: FIXED32, 3: VARINT, 4: _TEXT, 7: None, 8: _NUMBERS, 9: _TEXT, 20: VARINT})
_NODE = _Message("a node", {1: _TEXT, 2: _TEXT, 3: _TEXT, 4: _TEXT, 5: _ATTRIBUTE})
_CONSTANT = _Message("a constant", {1: _NUMBERS, 2: VARINT, 8: _TEXT, 9: BYTES})
_DIMENSION = _Message("a dimension", {1: VARINT, 2: _TEXT})
_TENSOR = _Message("a type", {1: VARINT, 2: _Message("a shape", {1: _DIMENSION})})
_END = _Message("an input or output", {1: _TEXT, 2: _Message("a type", {1: _TENSOR})})
_GRAPH = _Message("the graph", {1: _NODE, 2: _TEXT, 5: _CONSTANT, 11: _END, 12: _END})
_MODEL = _Message("the model", {1: VARINT, 2: _TEXT, 7: _GRAPH, 8: _OPERATOR_SET, 14: _ENTRY})


def metadata_in(model: memoryview) -> str:
    """The text of the entry `gatewise` of a serialized model. Raises ValueError for anything that gatewise does not write."""
    _check_message(model, _MODEL)
    graphs, entries = [], []
    for field in fields(model):
        if field.number == 7:
            graphs.append(field.content)
        elif field.number == 8 and (domain := _texts(field.content).get(1)):
            raise ValueError(f"it has operators of {domain[:40]!r}, which are none of ONNX's own")
        elif field.number == 14:
            entries.append(_texts(field.content))
    keys = [entry.get(1, "") for entry in entries]
    if len(graphs) != 1 or keys != [KEY]:
        raise ValueError(f"it has {len(graphs)} graphs, and metadata of {', '.join(keys)[:80] or 'nothing'}")
    _check_graph(graphs[0])
    return entries[0].get(2, "")


def _check_message(message: memoryview, known: _Message) -> None:
    """Whether there is nothing in a message, nor in those within it, that gatewise does not write. Raises ValueError."""
    for field in fields(message):
        holds = known.fields.get(field.number)
        kind = BYTES if isinstance(holds, _Message) or holds == _TEXT else holds
        if field.number not in known.fields or (isinstance(kind, int) and kind != field.kind):
            raise ValueError(f"{known.name} has a field {field.number} that gatewise does not write")
        if isinstance(holds, _Message):
            _check_message(field.content, holds)
        elif holds == _TEXT:
            str(field.content, "utf-8")
        elif holds == _NUMBERS:
            varints(field)


def _texts(message: memoryview) -> dict[int, str]:
    """The texts of an entry or an operator set, the last of each number."""
    return {field.number: str(field.content, "utf-8") for field in fields(message) if field.kind == BYTES}


def _check_graph(message: memoryview) -> None:
    nodes = [field.content for field in fields(message) if field.number == 1]
    if len(nodes) > _MOST_NODES:
        raise ValueError(f"it has {len(nodes):,} nodes")
    constants = [_constant(field.content) for field in fields(message) if field.number == 5]
    sizes = dict(constants)
    if len(sizes) != len(constants):
        raise ValueError("it has two constants of one name")
    for node in nodes:
        _check_node(node, sizes)


def _constant(message: memoryview) -> tuple[str, int]:
    """Name of a constant, and of a vector of integers their product, which may be a shape. Raises ValueError where its bytes are
    not as many as its shape takes."""
    dims: list[int] = []
    kind, name, raw = 0, "", memoryview(b"")
    for field in fields(message):
        if field.number == 1:
            dims += varints(field)
        elif field.number == 2:
            kind = field.value
        elif field.number == 8:
            name = str(field.content, "utf-8")
        else:
            raw = field.content
    if kind not in _WIDTHS or any(size < 0 for size in dims) or math.prod(dims) * _WIDTHS[kind] != len(raw):
        raise ValueError(f"the constant {name[:40]!r} has {len(raw):,} bytes for the shape {dims[:8]} of type {kind}")
    if kind != _INT64 or len(raw) > 64:
        return name, 0
    return name, math.prod(int.from_bytes(raw[at : at + 8], "little", signed=True) for at in range(0, len(raw), 8))


def _check_node(message: memoryview, sizes: Mapping[str, int]) -> None:
    for field in fields(message):
        if field.number == 5:
            _check_attribute(field.content)
    texts = [(field.number, str(field.content, "utf-8")) for field in fields(message) if field.number in (1, 4)]
    inputs, operator = [text for number, text in texts if number == 1], dict(texts).get(4, "")
    if operator not in _OPERATORS:
        raise ValueError(f"it has a node {operator[:40]!r}, which gatewise does not write")
    if operator == "Expand" and not 0 < sizes.get("".join(inputs[1:2]), 0) <= _MOST_ELEMENTS:
        raise ValueError("it has an Expand to a shape that is not known, or too large")


def _check_attribute(message: memoryview) -> None:
    name = next((str(field.content, "utf-8") for field in fields(message) if field.number == 1), "")
    numbers = [one for field in fields(message) if field.number in (3, 8) for one in varints(field)]
    least, most = _RANGES.get(name, (0, -1))
    if not all(least <= one <= most for one in numbers):
        raise ValueError(f"it has an attribute {name[:40]!r} of {numbers[:4]}, which gatewise does not write")

"""Recurrent layers as the nodes that ONNX has: GRU, LSTM and RNN of the default operator set.

A node's gates are z, r, h and i, o, f, c, where PyTorch has r, z, n and i, f, g, o (ONNX operator specification, version 14).
minGRU and minLSTM are GRU nodes whose gates see the input alone: h' = (1 - z) n + z h, with z's argument and n computed for all
steps before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.cells import EQUATIONS
from gatewise.errors import OptionError
from gatewise.export.onnx.graph import Graph
from gatewise.runtime.layers import Direction
from gatewise.wording import listed

__all__ = ["layer", "require_node", "step"]

Values = NDArray[np.float32]

# From the gates of a minimal cell to the argument of the update gate z, which keeps the state, and the new content n.
Update = Callable[[Graph, Sequence[str]], tuple[str, str]]


@dataclass(frozen=True)
class Node:
    """What ONNX has for a cell. order: places of its gates among ours. update: of a minimal cell."""

    operator: str
    order: tuple[int, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)
    activations: tuple[str, ...] = ()
    update: Update | None = None


def _min_gru(graph: Graph, gates: Sequence[str]) -> tuple[str, str]:
    replaced, content = gates
    return graph.node("Neg", replaced), _positive(graph, content)


def _min_lstm(graph: Graph, gates: Sequence[str]) -> tuple[str, str]:
    # The sigmoid of the difference is sigmoid(f) / (sigmoid(f) + sigmoid(i)).
    forget, enter, content = (*(graph.node("Softplus", graph.node("Neg", gate)) for gate in gates[:2]), gates[2])
    return graph.node("Sub", enter, forget), _positive(graph, content)


def _positive(graph: Graph, value: str) -> str:
    """x + 1/2 from zero on, and sigmoid(x) below: never negative."""
    above = graph.node("GreaterOrEqual", value, graph.number(0.0))
    return graph.node("Where", above, graph.node("Add", value, graph.number(0.5)), graph.node("Sigmoid", value))


_NODES = {
    "gru": Node("GRU", (1, 0, 2), {"linear_before_reset": 1}),
    "lstm": Node("LSTM", (0, 3, 1, 2)),
    "rnn_tanh": Node("RNN", (0,)),
    "rnn_relu": Node("RNN", (0,), activations=("Relu",)),
    # The new content is never negative, so that Relu leaves it as it is.
    "min_gru": Node("GRU", activations=("Sigmoid", "Relu"), update=_min_gru),
    "min_lstm": Node("GRU", activations=("Sigmoid", "Relu"), update=_min_lstm),
}
"""By the names of `gatewise.cells.EQUATIONS`."""


def require_node(equation: str) -> None:
    """Raises OptionError for a cell that cannot be written with standard operators."""
    if equation not in _NODES:
        raise OptionError(f"the cell {equation} has no form in ONNX; expected one of {listed(_NODES)}")


def layer(graph: Graph, equation: str, name: str, inputs: str, directions: Sequence[Direction], lengths: str) -> str:
    """The states of every step, [steps, batch, directions * H], of inputs [steps, batch, I]. lengths: int64 [batch].

    The backward direction is a forward one over each row's steps in reverse: of a node's own backward direction, OpenVINO 2026.4
    and ONNX's reference implementation begin at the padding, whatever lengths they are given.
    """
    forward = _one_direction(graph, equation, name, inputs, directions[0])
    if len(directions) == 1:
        return forward
    turned = graph.node("ReverseSequence", inputs, lengths)
    backward = graph.node("ReverseSequence", _one_direction(graph, equation, f"{name}.reverse", turned, directions[1]), lengths)
    return graph.node("Concat", forward, backward, axis=2)


def step(graph: Graph, equation: str, name: str, inputs: str, direction: Direction, states: Sequence[str]) -> list[str]:
    """The states behind one step: h, and c of a cell that has one, each [batch, H]. inputs: [batch, I]."""
    node = _NODES[equation]
    if node.update is not None:
        argument, content = _update(graph, equation, name, inputs, direction)
        kept = graph.node("Mul", graph.node("Sigmoid", argument), graph.node("Sub", states[0], content))
        return [graph.node("Add", content, kept)]
    first = graph.integers(0)
    before = [graph.node("Unsqueeze", state, first) for state in states]
    given = [graph.node("Unsqueeze", inputs, first), *_weights(graph, node, name, direction), "", *before]
    made = graph.nodes(node.operator, *given, outputs=1 + len(states), **_attributes(equation, direction))
    return [graph.node("Squeeze", state, first) for state in made[1:]]


def _one_direction(graph: Graph, equation: str, name: str, inputs: str, direction: Direction) -> str:
    """The states [steps, batch, H] of inputs [steps, batch, I], from the first step to the last."""
    node = _NODES[equation]
    if node.update is None:
        given = [inputs, *_weights(graph, node, name, direction)]
    else:
        given = _chosen(graph, equation, name, inputs, direction)
    states = graph.node(node.operator, *given, **_attributes(equation, direction))
    return graph.node("Squeeze", states, graph.integers(1))


def _attributes(equation: str, direction: Direction) -> dict[str, Any]:
    node = _NODES[equation]
    chosen = {"activations": list(node.activations)} if node.activations else {}
    return {"hidden_size": _size(equation, direction), **node.attributes, **chosen}


def _weights(graph: Graph, node: Node, name: str, direction: Direction) -> list[str]:
    """W [1, gates * H, I], R [1, gates * H, H] and both biases [1, 2 * gates * H]."""

    def ordered(rows: Values | None) -> Values:
        gates = np.split(np.zeros(len(direction.w_ih), dtype=np.float32) if rows is None else rows, len(node.order))
        return np.concatenate([gates[place] for place in node.order])[np.newaxis]

    matrices = {"W": direction.w_ih, "R": direction.w_hh}
    bias = np.concatenate([ordered(direction.b_ih), ordered(direction.b_hh)], axis=1)
    made = [graph.matrix(f"{name}.{letter}", ordered(rows), 2) for letter, rows in matrices.items()]
    return [*made, graph.keep(f"{name}.B", bias)]


def _update(graph: Graph, equation: str, name: str, inputs: str, direction: Direction) -> tuple[str, str]:
    """z's argument and the new content of a minimal cell, each [..., H]."""
    update, gates = _NODES[equation].update, EQUATIONS[equation].gates
    assert update is not None
    bias = np.zeros(len(direction.w_ih), dtype=np.float32) if direction.b_ih is None else direction.b_ih
    sums = graph.linear(name, inputs, direction.w_ih, bias)
    sizes = graph.integers(*[_size(equation, direction)] * gates)
    return update(graph, graph.nodes("Split", sums, sizes, outputs=gates, axis=-1))


def _chosen(graph: Graph, equation: str, name: str, inputs: str, direction: Direction) -> list[str]:
    """Input, W and R of a GRU node whose gates are parts of its input, and see no state.

    W picks parts by rows of the identity, which are made when a session begins: the file holds their places alone.
    """
    size = _size(equation, direction)
    width = 2 * size
    zeros = graph.node("Expand", graph.number(0.0), graph.integers(width, width))
    nothing = graph.node("Expand", graph.number(0.0), graph.integers(1, width))
    rows = graph.node("Concat", graph.node("EyeLike", zeros), nothing, axis=0)
    each = np.arange(size)
    places = np.concatenate([each, np.full(size, width), size + each])[np.newaxis]
    picked = graph.node("Gather", rows, graph.keep(f"places_{size}", places))
    unseen = graph.node("Expand", graph.number(0.0), graph.integers(1, 3 * size, size))
    return [graph.node("Concat", *_update(graph, equation, name, inputs, direction), axis=-1), picked, unseen]


def _size(equation: str, direction: Direction) -> int:
    return len(direction.w_ih) // EQUATIONS[equation].gates

"""A layer as the node that ONNX has for it, while torch.onnx exports: GRU, LSTM or RNN of the default operator set.

Gates are z, r, h and i, o, f, c there, and weights of both directions are stacked (ONNX operator specification, version 14). The
minimal cells are GRU nodes whose gates see the input alone. What no node computes is written out in the reference equations, step
by step, for the number of steps of the example.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import softplus

from gatewise.cells import EQUATIONS
from gatewise.kernels import equations
from gatewise.kernels.options import Options

__all__ = ["exporting", "recurrent"]

OPERATOR_SET = 14


@dataclass(frozen=True)
class Node:
    """What ONNX has for a cell.

    type: the node's. order: places of its gates among ours. places_reset: whether the node is told where the reset gate acts.
    activation: in the place of the node's own. update: for a cell whose gates do not see the state, which computes h' = (1 - z) n
    + z h: the argument of z, and that of n's activation, from the gates of every step [..., G*H].
    """

    type: str
    order: tuple[int, ...] = ()
    places_reset: bool = False
    activation: str = ""
    update: Callable[[Tensor], tuple[Tensor, Tensor]] | None = None


def _min_gru(gates: Tensor) -> tuple[Tensor, Tensor]:
    update, candidate = gates.chunk(2, -1)
    return -update, candidate


def _min_lstm(gates: Tensor) -> tuple[Tensor, Tensor]:
    forget, enter, candidate = gates.chunk(3, -1)
    return softplus(-enter) - softplus(-forget), candidate  # sigmoid of it is sigmoid(f) / (sigmoid(f) + sigmoid(i))


NODES = {
    "gru": Node("GRU", (1, 0, 2), places_reset=True),
    "lstm": Node("LSTM", (0, 3, 1, 2)),
    "rnn_tanh": Node("RNN", (0,)),
    "rnn_relu": Node("RNN", (0,), activation="Relu"),
    "min_gru": Node("GRU", update=_min_gru),
    "min_lstm": Node("GRU", update=_min_lstm),
}
"""By the name of the cell's equations. What has none here is written out step by step."""


def exporting() -> bool:
    """Whether torch.onnx.export is capturing this call by torch.export."""
    return torch.onnx.is_in_onnx_export() and not torch._C._is_tracing()


# The compiler, with which torch.onnx tries again what did not go without it, takes torch.onnx.is_in_onnx_export() for false
# without looking. What is so marked, as by torch.compiler.assume_constant_result, which would load the compiler, it calls.
exporting._dynamo_marked_constant = True  # type: ignore[attr-defined]


def recurrent(
    options: Options,
    input: Tensor,
    weights: list[Tensor | None],
    h_0: Tensor | None,
    c_0: Tensor | None,
    lengths: Tensor | None,
    batch_sizes: Tensor | None,
    recurrent_mask: Tensor | None,
    update_h: Tensor | None,
    update_c: Tensor | None,
    norm: Sequence[Sequence[Tensor | None]] | None,
) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
    """What `equations.recurrent` computes: same arguments, same results."""
    noise = (recurrent_mask, update_h, update_c)
    # Not by the node's attribute `layout`, which ONNX Runtime refuses on a CPU.
    data = input.transpose(0, 1) if options.batch_first else input
    if batch_sizes is not None or norm is not None or any(one is not None for one in noise) or not _has_node(options):
        # The compiler takes every number of steps for a known one.
        if torch.compiler.is_dynamo_compiling() or not isinstance(data.shape[0], int):
            raise NotImplementedError(
                f"ONNX has no node for a {options.cell} with these options, and written out step by step it holds for one number "
                "of steps alone; export it without a dynamic dimension of steps"
            )
        return equations.recurrent(options, input, weights, h_0, c_0, lengths, batch_sizes, *noise, norm)
    node, traits = NODES[options.cell], EQUATIONS[options.cell]
    if node.update is not None:
        return _minimal(options, node.update, data, weights, h_0, lengths)
    directions = len(weights) // 4
    hidden_size = _given(weights[1]).shape[1]
    w_ih, w_hh = (torch.stack([_matrix(weights[4 * one + kind], node) for one in range(directions)]) for kind in (0, 1))
    bias = torch.stack([_bias(weights, one, node) for one in range(directions)])
    states = (h_0, c_0) if traits.cell_state else (h_0,)
    attributes: dict[str, Any] = {}
    if node.places_reset:
        attributes["linear_before_reset"] = int(options.reset_after)
    if node.activation:
        attributes["activations"] = [node.activation] * directions
    return _node(options, hidden_size, (data, w_ih, w_hh, bias, lengths, *states), attributes)


def _minimal(
    options: Options,
    update: Callable[[Tensor], tuple[Tensor, Tensor]],
    data: Tensor,
    weights: list[Tensor | None],
    h_0: Tensor | None,
    lengths: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
    """Gates that see no state: z's argument and n are the node's input."""
    directions = len(weights) // 4
    hidden_size = _given(weights[0]).shape[0] // EQUATIONS[options.cell].gates
    parts: list[Tensor] = []
    for direction in range(directions):
        gates = equations.affine(data, _given(weights[4 * direction]), None, weights[4 * direction + 2])
        keep, candidate = update(gates)
        parts += [keep, equations.positive(candidate)]
    whole = torch.eye(hidden_size, dtype=data.dtype)
    nothing = torch.zeros_like(whole)

    def choice(*parts_of_gates: int) -> Tensor:
        """Which part of the input each gate of a direction is."""
        blocks = [[whole if part == chosen else nothing for part in range(len(parts))] for chosen in parts_of_gates]
        return torch.cat([torch.cat(row, 1) for row in blocks])

    w_ih = torch.stack([choice(2 * one, -1, 2 * one + 1) for one in range(directions)])
    w_hh = w_ih.new_zeros(directions, 3 * hidden_size, hidden_size)
    attributes = {
        "activations": ["Sigmoid", "Affine"] * directions,
        "activation_alpha": [1.0] * directions,
        "activation_beta": [0.0] * directions,
    }
    return _node(options, hidden_size, (torch.cat(parts, -1), w_ih, w_hh, None, lengths, h_0), attributes)


def _node(
    options: Options, hidden_size: int, inputs: tuple[Tensor | None, ...], attributes: dict[str, Any]
) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
    """The node's call. inputs: data [steps, batch, I], weights, bias, lengths, states, as the node takes them."""
    data, w_ih, w_hh, bias, lengths, *states = inputs
    steps, rows = _given(data).shape[:2]
    directions = _given(w_ih).shape[0]
    inputs = (data, w_ih, w_hh, bias, None if lengths is None else lengths.to(torch.int32), *states)
    while inputs[-1] is None:
        inputs = inputs[:-1]
    state = (directions, rows, hidden_size)
    output, *final = torch.onnx.ops.symbolic_multi_out(
        NODES[options.cell].type,
        inputs,
        {"hidden_size": hidden_size, "direction": "bidirectional" if directions == 2 else "forward"} | attributes,
        dtypes=[_given(data).dtype] * (1 + len(states)),
        shapes=[(steps, directions, rows, hidden_size)] + [state] * len(states),
        version=OPERATOR_SET,
    )
    output = output.transpose(1, 2).flatten(2)
    output = output.transpose(0, 1) if options.batch_first else output
    return output, final[0], final[1] if EQUATIONS[options.cell].cell_state else None, None


def _has_node(options: Options) -> bool:
    zoneout = options.update_h != 1.0 or options.update_c != 1.0
    return options.cell in NODES and not zoneout and not options.cells


def _given(tensor: Tensor | None) -> Tensor:
    assert tensor is not None
    return tensor


def _matrix(weight: Tensor | None, node: Node) -> Tensor:
    """Rows of the gates in the node's order."""
    gates = _given(weight).chunk(len(node.order))
    return torch.cat([gates[place] for place in node.order])


def _bias(weights: list[Tensor | None], direction: int, node: Node) -> Tensor:
    """Both biases of a direction, one behind the other."""
    matrix = _given(weights[4 * direction])
    return torch.cat(
        [
            matrix.new_zeros(matrix.shape[0]) if bias is None else _matrix(bias, node)
            for bias in weights[4 * direction + 2 : 4 * direction + 4]
        ]
    )

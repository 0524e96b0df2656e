"""The network's weights as constants, in the order that the sources of its products read them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gatewise.cells import CELLS
from gatewise.export.c.constants import Constants
from gatewise.export.c.design import Design

__all__ = ["add_embedding", "add_network", "quantised", "widest"]

Values = NDArray[np.float32]

_BLOCK = 8
"""Rows that the product in float32 adds up at once."""

_POINTERS = 24
"""Bytes that the description of a matrix takes at most on a machine of 64 bits; half of it on one of 32."""


def add_network(constants: Constants, design: Design) -> None:
    """The layers, and the head with whatever of pooling and skip has weights."""
    built, weights = design.architecture, design.weights
    recurrent = CELLS[built.cell].recurrent
    state = "    struct matrix from_state;\n" if recurrent else ""
    constants.add_text(f"struct layer {{\n    struct matrix from_input;\n{state}    const float *bias;\n}};")
    rows = []
    for layer in range(built.layers):
        from_input, from_state, bias = _layer(design, layer)
        parts = [_matrix(constants, f"INPUT_{layer}", from_input, design.int8)]
        if from_state is not None:
            parts.append(_matrix(constants, f"STATE_{layer}", from_state, design.int8))
        constants.add(f"BIAS_{layer}", bias, "float")
        rows.append(f"    {{{', '.join(parts)}, BIAS_{layer}}},")
    constants.add_text(
        f"static const struct layer LAYERS[{len(rows)}] = {{\n" + "\n".join(rows) + "\n};", 2 * _POINTERS * len(rows)
    )
    _add_matrix(constants, design, "HEAD", weights["head.weight"])
    constants.add("HEAD_BIAS", weights["head.bias"], "float")
    if built.pooling == "attention":
        _add_matrix(constants, design, "KEY", weights["pool.key.weight"])
        constants.add("KEY_BIAS", weights["pool.key.bias"], "float")
        constants.add("QUERY", weights["pool.query"], "float")
    if built.skip is not None:
        _add_matrix(constants, design, "SKIP", weights["skip.linear.weight"])
        constants.add("SKIP_BIAS", weights["skip.linear.bias"], "float")


def add_embedding(constants: Constants, design: Design) -> None:
    """A row for every token."""
    table = design.weights["embedding.weight"]
    if not design.int8:
        constants.add("EMBEDDING", table, "float")
        return
    steps, scale = quantised(table)
    constants.add("EMBEDDING", steps, "int8_t")
    constants.add("EMBEDDING_SCALE", scale, "float")


def widest(design: Design) -> int:
    """Columns of the widest matrix, padded as int8 weights are."""
    built = design.architecture
    sizes = [design.inputs, built.hidden_size, design.read_by_head]
    sizes += [] if built.skip is None else [built.skip["window"]]
    return -(-max(sizes) // 4) * 4


def quantised(weights: Values) -> tuple[NDArray[np.int8], Values]:
    """Weights [rows, columns] in steps of each row's largest one over 127; returns steps and the size of a step of each row."""
    largest = np.abs(weights).max(axis=1)
    scale = np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)
    return np.rint(weights / scale[:, np.newaxis]).clip(-127, 127).astype(np.int8), scale


def _layer(design: Design, layer: int) -> tuple[Values, Values | None, Values]:
    """Input and recurrent weights and the sums' first values, in the order of the sums in the cell's source."""
    at = {name: design.weights.get(f"recurrent.{name}_l{layer}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    w_ih, w_hh, b_ih, b_hh = (at[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
    assert w_ih is not None
    rows = len(w_ih)
    b_ih = np.zeros(rows, dtype=np.float32) if b_ih is None else b_ih
    b_hh = np.zeros(rows, dtype=np.float32) if b_hh is None else b_hh
    if not any(block.role == "look back" for block in CELLS[design.architecture.cell].blocks):
        return w_ih, w_hh, b_ih + b_hh
    assert w_hh is not None
    # The sums are n_x, r, z, n_h: both products write r and z to one place.
    (r, z, n), (b_r, b_z, b_n), (c_r, c_z, c_n) = np.split(w_ih, 3), np.split(b_ih, 3), np.split(b_hh, 3)
    return np.concatenate([n, r, z]), w_hh, np.concatenate([b_n, b_r + c_r, b_z + c_z, c_n])


def _add_matrix(constants: Constants, design: Design, name: str, weights: Values) -> None:
    built = _matrix(constants, name, weights, design.int8)
    constants.add_text(f"static const struct matrix {name} = {built};", _POINTERS)


def _matrix(constants: Constants, name: str, weights: Values, int8: bool) -> str:
    rows, columns = weights.shape
    if int8:
        steps, scale = quantised(weights)
        fours = np.pad(steps, ((0, 0), (0, -columns % 4))).reshape(rows, -1, 4)[..., [0, 2, 1, 3]]
        whole = rows - rows % 4
        together = fours[:whole].reshape(whole // 4, 4, fours.shape[1], 4).transpose(0, 2, 1, 3)
        constants.add(f"{name}_VALUES", np.concatenate([together.ravel(), fours[whole:].ravel()]), "int8_t")
        constants.add(f"{name}_SCALE", scale, "float")
        return f"{{{name}_VALUES, {name}_SCALE, {rows}, {columns}}}"
    whole = rows - rows % _BLOCK
    blocks = weights[:whole].reshape(-1, _BLOCK, columns).transpose(0, 2, 1)
    constants.add(f"{name}_VALUES", np.concatenate([blocks.ravel(), weights[whole:].ravel()]), "float")
    return f"{{{name}_VALUES, {rows}, {columns}}}"

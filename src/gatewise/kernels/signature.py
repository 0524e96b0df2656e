"""The two operators as torch.library knows them: their arguments, and the sizes that follow from these."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from gatewise.kernels.options import GATES, Options

__all__ = [
    "BATCH_FIRST",
    "CELLS",
    "KERNELS",
    "LENGTHS",
    "NAMES",
    "NORMALIZED",
    "PACKED",
    "RECURRENT",
    "RESET_BEFORE",
    "TENSORS",
    "TIME_MAJOR",
    "Sizes",
    "kernel_of",
    "options_of",
    "sizes_of",
]

CELLS = ("gru", "lstm", "rnn_tanh", "rnn_relu", "min_gru", "min_lstm")
"""In the order of the compiled enumeration."""

KERNELS = (*CELLS, "gru", "gru", "lstm", "rnn_tanh", "rnn_relu")
"""The cell that each member of the compiled enumeration computes: plain, then the GRU with reset_after=False, then normalised."""

RESET_BEFORE = len(CELLS)
NORMALIZED = RESET_BEFORE + 1

RECURRENT = ("gru", "lstm", "rnn_tanh", "rnn_relu")
TIME_MAJOR, BATCH_FIRST, PACKED = range(3)

SHARED = (
    "Tensor input, "
    "Tensor w_ih, Tensor? w_hh, Tensor? b_ih, Tensor? b_hh, "
    "Tensor? w_ih_reverse, Tensor? w_hh_reverse, Tensor? b_ih_reverse, Tensor? b_hh_reverse, "
    "Tensor? h_0, Tensor? c_0, "
    "Tensor? gamma_ih, Tensor? gamma_hh, Tensor? gamma_c, Tensor? beta_c, "
    "Tensor? gamma_ih_reverse, Tensor? gamma_hh_reverse, Tensor? gamma_c_reverse, Tensor? beta_c_reverse, "
    "Tensor? lengths, Tensor? recurrent_mask, Tensor? update_h, Tensor? update_c, "
    "int kernel, int order, float constant_update_h, float constant_update_c"
)
NAMES = (
    *("w_ih", "w_hh", "b_ih", "b_hh", "w_ih_reverse", "w_hh_reverse", "b_ih_reverse", "b_hh_reverse"),
    *("h_0", "c_0"),
    *("gamma_ih", "gamma_hh", "gamma_c", "beta_c", "gamma_ih_reverse", "gamma_hh_reverse", "gamma_c_reverse", "beta_c_reverse"),
    *("lengths", "recurrent_mask", "update_h", "update_c"),
)
TENSORS = 1 + len(NAMES)
LENGTHS = 1 + NAMES.index("lengths")
"""How many tensors, the first ones, have a gradient, and the place of the first that has none."""

torch.library.define(
    "gatewise::recurrent",
    f"({SHARED}, bool cells, bool save) -> (Tensor output, Tensor h_n, Tensor c_n, Tensor cells, Tensor saved)",
)
torch.library.define(
    "gatewise::recurrent_backward",
    f"({SHARED}, Tensor output, Tensor saved, "
    "Tensor? grad_output, Tensor? grad_h_n, Tensor? grad_c_n, Tensor? grad_cells, "
    "bool need_input, bool need_h_0, bool need_c_0) -> "
    "(Tensor input, Tensor w_ih, Tensor w_hh, Tensor b_ih, Tensor b_hh, "
    "Tensor w_ih_reverse, Tensor w_hh_reverse, Tensor b_ih_reverse, Tensor b_hh_reverse, Tensor h_0, Tensor c_0, "
    "Tensor gamma_ih, Tensor gamma_hh, Tensor gamma_c, Tensor beta_c, "
    "Tensor gamma_ih_reverse, Tensor gamma_hh_reverse, Tensor gamma_c_reverse, Tensor beta_c_reverse)",
)


def kernel_of(options: Options, *, normalized: bool) -> int:
    """Place in KERNELS."""
    cell = CELLS.index(options.cell)
    if normalized:
        return NORMALIZED + cell
    return cell if options.reset_after else RESET_BEFORE


def options_of(kernel: int, order: int, update_h: float, update_c: float, cells: bool) -> Options:
    """What the operator's numbers stand for."""
    return Options(
        KERNELS[kernel],
        batch_first=order == BATCH_FIRST,
        reset_after=kernel != RESET_BEFORE,
        update_h=update_h,
        update_c=update_c,
        cells=cells,
    )


class Sizes(NamedTuple):
    """positions: rows of features over all steps, padding included."""

    steps: Any
    rows: Any
    positions: Any
    input_size: int
    hidden_size: int
    directions: int


def sizes_of(tensors: list[Tensor | None], kernel: int, order: int) -> Sizes:
    """The sizes of a call whose tensors have the right number of dimensions."""
    input, w_ih, lengths, h_0 = tensors[0], tensors[1], tensors[LENGTHS], tensors[9]
    assert input is not None and w_ih is not None
    shape = input.shape
    if order == PACKED:
        assert lengths is not None
        positions, steps = shape[0], lengths.shape[0]
        rows = h_0.shape[1] if h_0 is not None else int(lengths[0]) if steps else 0
    else:
        steps, rows = (shape[1], shape[0]) if order == BATCH_FIRST else (shape[0], shape[1])
        positions = steps * rows
    hidden_size = w_ih.shape[0] // GATES[KERNELS[kernel]]
    return Sizes(steps, rows, positions, shape[-1], hidden_size, 1 if tensors[5] is None else 2)

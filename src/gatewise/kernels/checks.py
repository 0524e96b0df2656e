"""Whether the operators' arguments are what the kernels will read at their addresses."""

from __future__ import annotations

import torch
from torch import Tensor

from gatewise.kernels.options import GATES
from gatewise.kernels.signature import CELLS, KERNELS, LENGTHS, NAMES, NORMALIZED, PACKED, RECURRENT, TENSORS, Sizes

__all__ = ["check", "check_dimensions", "check_incoming"]

NORMALIZED_LSTM = NORMALIZED + CELLS.index("lstm")
DTYPES = (torch.float32, torch.float64)
NONE = (None, None, None, None)

_accepted: set[tuple[int, ...]] = set()
"""Kernels with the tensors that were given, in the order of the arguments, which have passed `_check_presence`."""


def check_dimensions(tensors: list[Tensor | None], kernel: int, order: int) -> None:
    """Raise ValueError where sizes cannot be told: an unknown kernel or order, a wrong number of dimensions."""
    if not (0 <= kernel < len(KERNELS) and 0 <= order <= PACKED):
        raise ValueError(
            f"kernel is {kernel} and order {order}; there are kernels 0 to {len(KERNELS) - 1} and orders 0 to {PACKED}"
        )
    input, w_ih, lengths, h_0 = tensors[0], tensors[1], tensors[LENGTHS], tensors[9]
    if input is None or w_ih is None:
        raise ValueError("input and w_ih must be given")
    dimensions = 2 if order == PACKED else 3
    if input.dim() != dimensions or input.dtype not in DTYPES:
        raise ValueError(
            f"input is {input.dtype} {list(input.shape)}, expected torch.float32 or torch.float64 of {dimensions} dimensions"
        )
    gates = GATES[KERNELS[kernel]]
    if w_ih.dim() != 2 or w_ih.shape[0] % gates:
        raise ValueError(f"w_ih is {list(w_ih.shape)}, expected two dimensions, the first a multiple of {gates} gates")
    if h_0 is not None and h_0.dim() != 3:
        raise ValueError(f"h_0 is {list(h_0.shape)}, expected three dimensions")
    if order == PACKED and lengths is None:
        raise ValueError("packed input needs batch_sizes as lengths")
    if lengths is not None and (lengths.dtype != torch.int64 or lengths.dim() != 1):
        raise ValueError(f"lengths are {lengths.dtype} {list(lengths.shape)}, expected torch.int64 of one dimension")


def check(tensors: list[Tensor | None], kernel: int, order: int, sizes: Sizes) -> None:
    """Raise ValueError where a tensor is not what the kernel will read at its address, or a gradient would not be written."""
    input = tensors[0]
    assert input is not None
    _, rows, _, input_size, hidden_size, directions = sizes
    gates = GATES[KERNELS[kernel]] * hidden_size
    state = (directions, rows, hidden_size)
    output = (*input.shape[:-1], directions * hidden_size)
    matrices = ((gates, input_size), (gates, hidden_size), (gates,), (gates,))
    gains = ((gates,), (gates,), (hidden_size,), (hidden_size,))
    expected = (*matrices, *matrices, state, state, *gains, *gains, None, state, output, output)
    dtype = input.dtype
    for tensor, shape, name in zip(tensors[1:], expected, NAMES, strict=True):
        if tensor is None or shape is None:
            continue
        if tensor.shape != shape or tensor.dtype != dtype:
            raise ValueError(
                f"{name} is {tensor.dtype} {list(tensor.shape)}, and beside input {dtype} {list(input.shape)} it must be "
                f"{dtype} {list(shape)}"
            )
    lengths = tensors[LENGTHS]
    if order == PACKED and rows > input.shape[0]:  # before anything is made for so many
        raise ValueError(f"packed input begins with {rows} rows, and has {input.shape[0]} in all")
    if lengths is not None and order != PACKED and lengths.shape[0] != rows:
        raise ValueError(f"lengths are {lengths.dtype} {list(lengths.shape)}, expected torch.int64 [{rows}]")
    given = (kernel, *[tensor is not None for tensor in tensors])
    if given not in _accepted:
        _check_presence(tensors, kernel)
        _accepted.add(given)


def _check_presence(tensors: list[Tensor | None], kernel: int) -> None:
    """Every weight that the kernel reads is there, and none whose gradient it would leave unwritten."""
    cell = KERNELS[kernel]
    for first, gain, suffix in ((1, 11, ""), (5, 15, "_reverse")):
        w_ih, w_hh, b_ih, b_hh = tensors[first : first + 4]
        gains = tensors[gain : gain + 4]
        if w_ih is None:
            if w_hh is not None or b_ih is not None or b_hh is not None or gains != list(NONE):
                raise ValueError("weights of the reverse direction need w_ih_reverse")
            continue
        if cell in RECURRENT:
            if w_hh is None:
                raise ValueError(f"{cell} needs w_hh{suffix}")
        elif w_hh is not None or b_hh is not None:
            raise ValueError(f"{cell} has no w_hh{suffix} and no b_hh{suffix}: its gates do not see the state")
        wanted = 0 if kernel < NORMALIZED else 4 if kernel == NORMALIZED_LSTM else 2
        if [tensor is not None for tensor in gains] != [place < wanted for place in range(4)]:
            raise ValueError(
                f"kernel {kernel} takes the first {wanted} of gamma_ih, gamma_hh, gamma_c and beta_c, with suffix '{suffix}'"
            )
    if cell != "lstm" and (tensors[10] is not None or tensors[TENSORS - 1] is not None):
        raise ValueError(f"{cell} has no cell state: c_0 and update_c are the LSTM's")


def check_incoming(
    incoming: list[Tensor | None], output: Tensor | None, tensors: list[Tensor | None], kernel: int, sizes: Sizes
) -> None:
    """Raise ValueError where output or the gradients that come in are not shaped as the forward pass's results."""
    input = tensors[0]
    assert input is not None
    state = (sizes.directions, sizes.rows, sizes.hidden_size)
    results = (*input.shape[:-1], sizes.directions * sizes.hidden_size)
    lstm = KERNELS[kernel] == "lstm"
    for tensor, shape, name in (
        (output, results, "output"),
        (incoming[0], results, "grad_output"),
        (incoming[1], state, "grad_h_n"),
        (incoming[2], state if lstm else (0,), "grad_c_n"),
        (incoming[3], results if lstm else (0,), "grad_cells"),
    ):
        if tensor is not None and (tensor.shape != shape or tensor.dtype != input.dtype):
            raise ValueError(f"{name} is {tensor.dtype} {list(tensor.shape)}, expected {input.dtype} {list(shape)}")

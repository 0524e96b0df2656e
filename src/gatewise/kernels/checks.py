"""Whether the operators' arguments are what the kernels will read at their addresses."""

from __future__ import annotations

import torch

from gatewise.kernels.signature import KERNELS, PACKED, Incoming, Kernel, Sizes, Tensors

__all__ = ["check", "check_dimensions", "check_incoming"]

DTYPES = (torch.float32, torch.float64)
NAMES = Tensors._fields

_accepted: set[tuple[int, ...]] = set()
"""Kernels with the tensors that were given, in the order of the arguments, which have passed `_check_presence`."""


def check_dimensions(tensors: Tensors, kernel: int, order: int) -> None:
    """Raise ValueError where sizes cannot be told: an unknown kernel or order, a wrong number of dimensions."""
    if not (0 <= kernel < len(KERNELS) and 0 <= order <= PACKED):
        raise ValueError(
            f"kernel is {kernel} and order {order}; there are kernels 0 to {len(KERNELS) - 1} and orders 0 to {PACKED}"
        )
    input, w_ih, lengths, h_0 = tensors.input, tensors.w_ih, tensors.lengths, tensors.h_0
    if input is None or w_ih is None:
        raise ValueError("input and w_ih must be given")
    dimensions = 2 if order == PACKED else 3
    if input.dim() != dimensions or input.dtype not in DTYPES or not input.is_cpu:
        raise ValueError(
            f"input is {input.dtype} {list(input.shape)} on {input.device}, expected torch.float32 or torch.float64 of "
            f"{dimensions} dimensions on the CPU"
        )
    gates = KERNELS[kernel].traits.gates
    if w_ih.dim() != 2 or w_ih.shape[0] % gates:
        raise ValueError(f"w_ih is {list(w_ih.shape)}, expected two dimensions, the first a multiple of {gates} gates")
    if h_0 is not None and h_0.dim() != 3:
        raise ValueError(f"h_0 is {list(h_0.shape)}, expected three dimensions")
    if order == PACKED and lengths is None:
        raise ValueError("packed input needs batch_sizes as lengths")
    if lengths is not None and (lengths.dtype != torch.int64 or lengths.dim() != 1 or not lengths.is_cpu):
        raise ValueError(
            f"lengths are {lengths.dtype} {list(lengths.shape)} on {lengths.device}, "
            "expected torch.int64 of one dimension on the CPU"
        )


def check(tensors: Tensors, kernel: int, order: int, sizes: Sizes) -> None:
    """Raise ValueError where a tensor is not what the kernel will read at its address, or a gradient would not be written."""
    input = tensors.input
    _, rows, _, input_size, hidden_size, directions = sizes
    gates = KERNELS[kernel].traits.gates * hidden_size
    state = (directions, rows, hidden_size)
    output = (*input.shape[:-1], directions * hidden_size)
    matrices = ((gates, input_size), (gates, hidden_size), (gates,), (gates,))
    gains = ((gates,), (gates,), (hidden_size,), (hidden_size,))
    expected = (None, *matrices, *matrices, state, state, *gains, *gains, None, state, output, output)  # as Tensors
    dtype = input.dtype
    for tensor, shape, name in zip(tensors, expected, NAMES, strict=True):
        if tensor is None or shape is None:
            continue
        if tensor.shape != shape or tensor.dtype != dtype or not tensor.is_cpu:
            raise ValueError(
                f"{name} is {tensor.dtype} {list(tensor.shape)} on {tensor.device}, and beside input {dtype} "
                f"{list(input.shape)} it must be {dtype} {list(shape)} on the CPU"
            )
    lengths = tensors.lengths
    if order == PACKED and rows > input.shape[0]:  # before anything is made for so many
        raise ValueError(f"packed input begins with {rows} rows, and has {input.shape[0]} in all")
    if lengths is not None and order != PACKED and lengths.shape[0] != rows:
        raise ValueError(f"lengths are {lengths.dtype} {list(lengths.shape)}, expected torch.int64 [{rows}]")
    given = (kernel, *[tensor is not None for tensor in tensors])
    if given not in _accepted:
        _check_presence(tensors, kernel, KERNELS[kernel])
        _accepted.add(given)


def _check_presence(tensors: Tensors, number: int, kernel: Kernel) -> None:
    """Every weight that the kernel reads is there, and none whose gradient it would leave unwritten."""
    for weights, gains, suffix in zip(tensors.weights(), tensors.gains(), ("", "_reverse"), strict=True):
        w_ih, w_hh, _, b_hh = weights
        if w_ih is None:
            if any(tensor is not None for tensor in (*weights, *gains)):
                raise ValueError("weights of the reverse direction need w_ih_reverse")
            continue
        if kernel.traits.recurrent:
            if w_hh is None:
                raise ValueError(f"{kernel.cell} needs w_hh{suffix}")
        elif w_hh is not None or b_hh is not None:
            raise ValueError(f"{kernel.cell} has no w_hh{suffix} and no b_hh{suffix}: its gates do not see the state")
        if [tensor is not None for tensor in gains] != [place < kernel.gains for place in range(4)]:
            raise ValueError(
                f"kernel {number} takes the first {kernel.gains} of gamma_ih, gamma_hh, gamma_c and beta_c, "
                f"with suffix '{suffix}'"
            )
    if not kernel.traits.cell_state and (tensors.c_0 is not None or tensors.update_c is not None):
        raise ValueError(f"{kernel.cell} has no cell state: c_0 and update_c are the LSTM's")


def check_incoming(incoming: Incoming, output: torch.Tensor | None, tensors: Tensors, kernel: int, sizes: Sizes) -> None:
    """Raise ValueError where output or the gradients that come in are not as the forward pass's results."""
    input = tensors.input
    state = (sizes.directions, sizes.rows, sizes.hidden_size)
    results = (*input.shape[:-1], sizes.directions * sizes.hidden_size)
    cell_state = KERNELS[kernel].traits.cell_state
    for tensor, shape, name in (
        (output, results, "output"),
        (incoming.grad_output, results, "grad_output"),
        (incoming.grad_h_n, state, "grad_h_n"),
        (incoming.grad_c_n, state if cell_state else (0,), "grad_c_n"),
        (incoming.grad_cells, results if cell_state else (0,), "grad_cells"),
    ):
        if tensor is not None and (tensor.shape != shape or tensor.dtype != input.dtype or not tensor.is_cpu):
            raise ValueError(
                f"{name} is {tensor.dtype} {list(tensor.shape)} on {tensor.device}, "
                f"expected {input.dtype} {list(shape)} on the CPU"
            )

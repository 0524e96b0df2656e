"""The operators on the CPU, by the compiled kernels, and the shapes of their results where there are no values (meta, fake)."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

import torch
from torch import Tensor

from gatewise.kernels import REMEDY, missing
from gatewise.kernels.checks import check, check_dimensions, check_incoming
from gatewise.kernels.notes import empty_notes, note_size, readable
from gatewise.kernels.signature import (
    C_0,
    DIFFERENTIABLE,
    H_0,
    KERNELS,
    TENSORS,
    Incoming,
    Results,
    Sizes,
    Tensors,
    sizes_of,
)

NUMBERS = ("cell", "order", *Sizes._fields, "threads", "saved_bytes")
CONSTANTS = ("constant_update_h", "constant_update_c")

if not missing():
    from gatewise.kernels import _compiled

    _asked = _compiled.fields()
    if [_asked["numbers"], _asked["constants"]] != [list(NUMBERS), list(CONSTANTS)]:
        raise ImportError(f"gatewise's compiled kernels are of another version; {REMEDY}")

    def _in_order(names: list[str], ours: tuple[str, ...]) -> itemgetter[Any]:
        """Picks what the kernel asks for out of what is called `ours`."""
        return itemgetter(*map(ours.index, names))

    _of_forward = _in_order(_asked["forward"], (*Tensors._fields, *Results._fields))
    _of_backward = _in_order(
        _asked["backward"], (*Incoming._fields, *(f"grad_{name}" for name in Tensors._fields[:DIFFERENTIABLE]))
    )

NO_RESULTS: tuple[None, ...] = (None,) * len(Results._fields[1:-1])


def _contiguous(tensors: Iterable[Tensor | None]) -> list[Any]:
    return [None if tensor is None else tensor.contiguous() for tensor in tensors]


def _addresses(tensors: Iterable[Tensor | None]) -> list[int]:
    """0 for what is absent."""
    return [0 if tensor is None else tensor.data_ptr() or _without_memory(tensor) for tensor in tensors]


def _without_memory(tensor: Tensor) -> int:
    if tensor.numel():
        raise ValueError(f"a tensor of {list(tensor.shape)} has no memory behind it; it was freed, perhaps by sharding")
    return 0


def _outputs(input: Tensor, kernel: int, cells: bool, sizes: Sizes) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The forward pass's results but the notes, not yet filled."""
    output = input.new_empty((*input.shape[:-1], sizes.directions * sizes.hidden_size))
    h_n = input.new_empty((sizes.directions, sizes.rows, sizes.hidden_size))
    cell_state = KERNELS[kernel].traits.cell_state
    c_n = input.new_empty((sizes.directions, sizes.rows, sizes.hidden_size) if cell_state else (0,))
    all_cells = input.new_empty(output.shape if cells and cell_state else (0,))
    return output, h_n, c_n, all_cells


def _checked(arguments: tuple[Any, ...], kernel: int, order: int) -> tuple[Tensors, Sizes]:
    tensors = tuple.__new__(Tensors, _contiguous(arguments))  # Tensors._make costs three times as much
    check_dimensions(tensors, kernel, order)
    sizes = sizes_of(tensors, kernel, order)
    check(tensors, kernel, order, sizes)
    return tensors, sizes


def _nothing_to_do(sizes: Sizes) -> bool:
    return not (sizes.positions and sizes.hidden_size)


def _forward(*arguments: Any) -> tuple[Tensor, ...]:
    kernel, order, constant_update_h, constant_update_c, cells, save = arguments[TENSORS:]
    tensors, sizes = _checked(arguments[:TENSORS], kernel, order)
    outputs = _outputs(tensors.input, kernel, cells, sizes)
    if _nothing_to_do(sizes):
        _carry_over(tensors, *outputs)
        return *outputs, torch.empty(0, dtype=torch.uint8)
    float64 = tensors.input.dtype == torch.float64
    saved = empty_notes(note_size(float64, kernel, sizes) if save else 0)
    run = _compiled.forward_float64 if float64 else _compiled.forward_float32
    run(
        (kernel, order, *sizes, torch.get_num_threads(), saved.numel()),
        (constant_update_h, constant_update_c),
        _addresses(_of_forward((*tensors, *outputs, saved))),
    )
    return *outputs, saved


def _carry_over(tensors: Tensors, output: Tensor, h_n: Tensor, c_n: Tensor, cells: Tensor) -> None:
    """The results of no steps, no rows or no units: states stay as they came."""
    output.zero_()
    cells.zero_()
    for state, first in ((h_n, tensors.h_0), (c_n, tensors.c_0)):
        if first is None:
            state.zero_()
        else:
            state.copy_(first)


@torch.library.register_fake("gatewise::recurrent")  # type: ignore[untyped-decorator]
def _forward_shapes(*arguments: Any) -> tuple[Tensor, ...]:
    kernel, order, _, _, cells, save = arguments[TENSORS:]
    tensors = Tensors._make(arguments[:TENSORS])
    sizes = sizes_of(tensors, kernel, order)
    outputs = _outputs(tensors.input, kernel, cells, sizes)
    size = note_size(outputs[0].dtype == torch.float64, kernel, sizes) if save else 0
    return *outputs, outputs[0].new_empty((size,), dtype=torch.uint8)


def _gradients(tensors: Tensors, need_input: bool, need_h_0: bool, need_c_0: bool) -> list[Tensor]:
    """Not yet filled, of the tensors that have one; of no elements where there is no tensor or none is wanted."""
    nothing = tensors.input.new_empty((0,))
    wanted = [True] * DIFFERENTIABLE
    wanted[0], wanted[H_0], wanted[C_0] = need_input, need_h_0, need_c_0
    return [
        nothing if tensor is None or not want else torch.empty_like(tensor, memory_format=torch.contiguous_format)
        for tensor, want in zip(tensors, wanted, strict=False)
    ]


def _backward(*arguments: Any) -> tuple[Tensor, ...]:
    kernel, order, constant_update_h, constant_update_c, output, saved = arguments[TENSORS : TENSORS + 6]
    *incoming_gradients, need_input, need_h_0, need_c_0 = arguments[TENSORS + 6 :]
    tensors, sizes = _checked(arguments[:TENSORS], kernel, order)
    incoming = Incoming._make(
        _contiguous(None if tensor is None or tensor.shape == (0,) else tensor for tensor in incoming_gradients)
    )
    gradients = _gradients(tensors, need_input, need_h_0, need_c_0)
    if _nothing_to_do(sizes):
        check_incoming(incoming, None, tensors, kernel, sizes)
        _pass_through(gradients, incoming)
        return tuple(gradients)
    if output is None or saved is None:
        raise ValueError("output and saved must be given; where saved is empty, both are made anew")
    if not saved.numel():  # captured without gradients, or no longer what it was
        output, _, _, _, saved = _forward(*tensors, kernel, order, constant_update_h, constant_update_c, False, True)
    check_incoming(incoming, output, tensors, kernel, sizes)
    saved = readable(saved)
    run = _compiled.backward_float64 if output.dtype == torch.float64 else _compiled.backward_float32
    output = output.contiguous()
    run(
        (kernel, order, *sizes, torch.get_num_threads(), saved.numel()),
        (constant_update_h, constant_update_c),
        _addresses(_of_forward((*tensors, output, *NO_RESULTS, saved))),
        _addresses(_of_backward((*incoming, *gradients))),
    )
    return tuple(gradients)


def _pass_through(gradients: list[Tensor], incoming: Incoming) -> None:
    """The gradients of `_carry_over`."""
    for gradient in gradients:
        gradient.zero_()
    for place, state in ((H_0, incoming.grad_h_n), (C_0, incoming.grad_c_n)):
        if state is not None and gradients[place].shape == state.shape:
            gradients[place].copy_(state)


@torch.library.register_fake("gatewise::recurrent_backward")  # type: ignore[untyped-decorator]
def _backward_shapes(*arguments: Any) -> tuple[Tensor, ...]:
    return tuple(_gradients(Tensors._make(arguments[:TENSORS]), *arguments[-3:]))


torch.library.impl("gatewise::recurrent", "CPU", _forward)
torch.library.impl("gatewise::recurrent_backward", "CPU", _backward)

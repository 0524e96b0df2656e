"""The operators on the CPU, by the compiled kernels, and the shapes of their results where there are no values (meta, fake)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gatewise.kernels import missing
from gatewise.kernels.checks import check, check_dimensions, check_incoming
from gatewise.kernels.notes import empty_notes, note_size, readable, remember_writer
from gatewise.kernels.signature import KERNELS, LENGTHS, TENSORS, Sizes, sizes_of

if not missing():
    from gatewise.kernels import _compiled

Results = tuple[Tensor, Tensor, Tensor, Tensor]


def _contiguous(tensors: tuple[Tensor | None, ...]) -> list[Tensor | None]:
    return [None if tensor is None else tensor.contiguous() for tensor in tensors]


def _address(tensor: Tensor | None) -> int:
    if tensor is None:
        return 0
    address = tensor.data_ptr()
    if not address and tensor.numel():
        raise ValueError(f"a tensor of {list(tensor.shape)} has no memory behind it; it was freed, perhaps by sharding")
    return address


def _outputs(tensors: list[Tensor | None], kernel: int, cells: bool, sizes: Sizes) -> Results:
    """The forward pass's results but the notes, not yet filled."""
    input = tensors[0]
    assert input is not None
    output = input.new_empty((*input.shape[:-1], sizes.directions * sizes.hidden_size))
    h_n = input.new_empty((sizes.directions, sizes.rows, sizes.hidden_size))
    lstm = KERNELS[kernel] == "lstm"
    c_n = input.new_empty((sizes.directions, sizes.rows, sizes.hidden_size) if lstm else (0,))
    all_cells = input.new_empty(output.shape if cells and lstm else (0,))
    return output, h_n, c_n, all_cells


def _arguments(
    tensors: list[Tensor | None],
    kernel: int,
    order: int,
    sizes: Sizes,
    results: tuple[Tensor | None, ...],
    constants: tuple[float, float],
) -> tuple[Any, ...]:
    """What both compiled passes take: sizes, addresses of the weights, of everything else, and the constants.

    results: output, cells, h_n, c_n, saved.
    """
    others = (tensors[LENGTHS], tensors[0], tensors[9], tensors[10], *tensors[LENGTHS + 1 :], *results)
    return (
        (kernel, order, *sizes, torch.get_num_threads()),
        [_address(tensor) for tensor in (*tensors[1:9], *tensors[11:LENGTHS])],
        [_address(tensor) for tensor in others],
        constants,
    )


def _nothing_to_do(sizes: Sizes) -> bool:
    return not (sizes.positions and sizes.hidden_size)


def _forward(*arguments: Any) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    kernel, order, constant_update_h, constant_update_c, cells, save = arguments[TENSORS:]
    tensors = _contiguous(arguments[:TENSORS])
    check_dimensions(tensors, kernel, order)
    sizes = sizes_of(tensors, kernel, order)
    check(tensors, kernel, order, sizes)
    output, h_n, c_n, all_cells = results = _outputs(tensors, kernel, cells, sizes)
    if _nothing_to_do(sizes):
        _carry_over(tensors, kernel, results)
        return *results, torch.empty(0, dtype=torch.uint8)
    float64 = output.dtype == torch.float64
    saved = empty_notes(note_size(float64, kernel, sizes) if save else 0)
    run = _compiled.forward_float64 if float64 else _compiled.forward_float32
    run(*_arguments(tensors, kernel, order, sizes, (output, all_cells, h_n, c_n, saved), (constant_update_h, constant_update_c)))
    if save:
        remember_writer(saved, float64, kernel, sizes)
    return output, h_n, c_n, all_cells, saved


def _carry_over(tensors: list[Tensor | None], kernel: int, results: Results) -> None:
    """The results of no steps, no rows or no units: states stay as they came."""
    output, h_n, c_n, all_cells = results
    output.zero_()
    all_cells.zero_()
    for state, first in ((h_n, tensors[9]), (c_n, tensors[10])):
        if first is None:
            state.zero_()
        else:
            state.copy_(first)


@torch.library.register_fake("gatewise::recurrent")  # type: ignore[untyped-decorator]
def _forward_shapes(*arguments: Any) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    kernel, order, _, _, cells, save = arguments[TENSORS:]
    tensors = list(arguments[:TENSORS])
    sizes = sizes_of(tensors, kernel, order)
    results = _outputs(tensors, kernel, cells, sizes)
    size = note_size(results[0].dtype == torch.float64, kernel, sizes) if save else 0
    return *results, results[0].new_empty((size,), dtype=torch.uint8)


def _gradients(tensors: list[Tensor | None], need: tuple[bool, bool, bool]) -> list[Tensor]:
    """Not yet filled, of input, weights, h_0, c_0; of no elements where none is wanted."""
    input = tensors[0]
    assert input is not None

    nothing = input.new_empty((0,))

    def like(tensor: Tensor | None, wanted: bool = True) -> Tensor:
        if tensor is None or not wanted:
            return nothing
        return torch.empty_like(tensor, memory_format=torch.contiguous_format)

    return [
        like(input, need[0]),
        *(like(tensor) for tensor in tensors[1:9]),
        like(tensors[9], need[1]),
        like(tensors[10], need[2]),
        *(like(tensor) for tensor in tensors[11:LENGTHS]),
    ]


def _backward(*arguments: Any) -> tuple[Tensor, ...]:
    kernel, order, constant_update_h, constant_update_c, output, saved, *rest = arguments[TENSORS:]
    tensors = _contiguous(arguments[:TENSORS])
    check_dimensions(tensors, kernel, order)
    sizes = sizes_of(tensors, kernel, order)
    check(tensors, kernel, order, sizes)
    incoming = _contiguous(tuple(None if tensor is None or tensor.shape == (0,) else tensor for tensor in rest[:4]))
    gradients = _gradients(tensors, tuple(rest[4:]))
    if _nothing_to_do(sizes):
        check_incoming(incoming, None, tensors, kernel, sizes)
        _pass_through(gradients, incoming)
        return tuple(gradients)
    if output is None or saved is None:
        raise ValueError("output and saved must be given; where saved is empty, both are made anew")
    if not saved.numel():  # captured without gradients, or no longer what it was
        output, _, _, _, saved = _forward(*tensors, kernel, order, constant_update_h, constant_update_c, False, True)
    float64 = output.dtype == torch.float64
    check_incoming(incoming, output, tensors, kernel, sizes)
    saved = readable(saved, float64, kernel, sizes)
    grad_output, grad_h_n, grad_c_n, grad_cells = incoming
    run: Any = _compiled.backward_float64 if float64 else _compiled.backward_float32
    results = (output.contiguous(), None, None, None, saved)
    run(
        *_arguments(tensors, kernel, order, sizes, results, (constant_update_h, constant_update_c)),
        [
            *map(_address, (grad_output, grad_cells, grad_h_n, grad_c_n)),
            *map(_address, (gradients[0], gradients[9], gradients[10])),
        ],
        [_address(gradient) for gradient in (*gradients[1:9], *gradients[11:])],
    )
    return tuple(gradients)


def _pass_through(gradients: list[Tensor], incoming: list[Tensor | None]) -> None:
    """The gradients of `_carry_over`."""
    for gradient in gradients:
        gradient.zero_()
    for place, state in ((9, incoming[1]), (10, incoming[2])):
        if state is not None and gradients[place].shape == state.shape:
            gradients[place].copy_(state)


@torch.library.register_fake("gatewise::recurrent_backward")  # type: ignore[untyped-decorator]
def _backward_shapes(*arguments: Any) -> tuple[Tensor, ...]:
    return tuple(_gradients(list(arguments[:TENSORS]), tuple(arguments[-3:])))


torch.library.impl("gatewise::recurrent", "CPU", _forward)
torch.library.impl("gatewise::recurrent_backward", "CPU", _backward)

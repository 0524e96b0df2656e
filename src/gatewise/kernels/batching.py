"""torch.vmap over the operators: the mapped dimension becomes part of the batch where it can, else a loop over it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gatewise.kernels.gradients import INCOMING, OUTPUT
from gatewise.kernels.signature import DIFFERENTIABLE, PACKED, TENSORS, TIME_MAJOR, Results, Tensors

FEATURES = ("input", "update_h", "update_c")
STATES = ("h_0", "c_0", "recurrent_mask")
WEIGHTS = tuple(place for place, name in enumerate(Tensors._fields[:DIFFERENTIABLE]) if name not in (*FEATURES, *STATES))

Dimensions = tuple[int | None, ...]


@torch.library.register_vmap("gatewise::recurrent")  # type: ignore[untyped-decorator]
def _forward(info: Any, in_dims: Dimensions, *arguments: Any) -> tuple[tuple[Tensor, ...], Dimensions]:
    order, save = arguments[TENSORS + 1], False  # whoever differentiates below asks for notes of his own
    if order == PACKED or any(in_dims[place] is not None for place in WEIGHTS):
        rows = [
            torch.ops.gatewise.recurrent(*_row(arguments[:-1], in_dims, number), save)[:4] for number in range(info.batch_size)
        ]
        return (*_stacked(rows), _no_notes(arguments[0])), (0,) * len(Results._fields[:-1]) + (None,)
    axes = _batch_axes(order)
    folded = [
        _fold(argument, dimension, axes[place], info.batch_size) if place in axes and argument is not None else argument
        for place, (argument, dimension) in enumerate(zip(arguments[:-1], in_dims, strict=False))
    ]
    output, h_n, c_n, cells, notes = torch.ops.gatewise.recurrent(*folded, save)
    across = 1 if order == TIME_MAJOR else 0

    def unfold(result: Tensor, axis: int) -> tuple[Tensor, int | None]:
        if result.dim() == 1:  # absent
            return result, None
        rows = result.shape[axis] // info.batch_size
        return result.reshape(*result.shape[:axis], info.batch_size, rows, *result.shape[axis + 1 :]), axis

    results = [unfold(output, across), unfold(h_n, 1), unfold(c_n, 1), unfold(cells, across), (notes, None)]
    return tuple(result for result, _ in results), tuple(axis for _, axis in results)


@torch.library.register_vmap("gatewise::recurrent_backward")  # type: ignore[untyped-decorator]
def _backward(info: Any, in_dims: Dimensions, *arguments: Any) -> tuple[tuple[Tensor, ...], Dimensions]:
    """A loop: the kernel adds the weights' gradients up over its batch, and each mapped call has gradients of its own."""
    # Notes and output of a folded call are of no use to a part of it.
    fresh = any(dimension is not None for dimension in in_dims[:INCOMING])
    rows = []
    for number in range(info.batch_size):
        row = _row(arguments, in_dims, number)
        if fresh:
            row[OUTPUT], row[OUTPUT + 1] = row[0].new_empty(0), _no_notes(row[0])
        rows.append(torch.ops.gatewise.recurrent_backward(*row))
    return _stacked(rows), (0,) * DIFFERENTIABLE


def _batch_axes(order: int) -> dict[int, int]:
    """Where each argument that has a batch has it."""
    axes = dict.fromkeys(FEATURES, 1 if order == TIME_MAJOR else 0) | dict.fromkeys(STATES, 1) | {"lengths": 0}
    return {Tensors._fields.index(name): axis for name, axis in axes.items()}


def _fold(tensor: Tensor, dimension: int | None, axis: int, count: int) -> Tensor:
    """The mapped dimension, or `count` copies where there is none, put before the batch and made one with it."""
    if dimension is None:
        mapped = tensor.unsqueeze(axis).expand(*tensor.shape[:axis], count, *tensor.shape[axis:])
    else:
        mapped = tensor.movedim(dimension, axis)
    return mapped.flatten(axis, axis + 1)


def _row(arguments: tuple[Any, ...], in_dims: Dimensions, number: int) -> list[Any]:
    return [
        argument if dimension is None else argument.select(dimension, number)
        for argument, dimension in zip(arguments, in_dims, strict=False)
    ]


def _stacked(rows: list[tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
    return tuple(torch.stack(results) for results in zip(*rows, strict=True))


def _no_notes(like: Tensor) -> Tensor:
    return like.new_empty(0, dtype=torch.uint8)

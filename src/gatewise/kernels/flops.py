"""What the operators cost in torch.utils.flop_counter: the multiplications of their matrix products, as of PyTorch's layers."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils.flop_counter import register_flop_formula

from gatewise.kernels.gradients import INCOMING
from gatewise.kernels.signature import KERNELS, PACKED, TENSORS, Tensors


def _products(shapes: tuple[Any, ...], order: int, kernel: int) -> tuple[int, int]:
    """Multiplications and additions of all positions through the weights of the input, and of the state."""
    of: Any = Tensors._make(shapes[:TENSORS])
    positions = of.input[0] if order == PACKED else of.input[0] * of.input[1]
    gates = of.w_ih[0]
    of_state = gates * of.w_hh[1] if KERNELS[kernel].traits.recurrent else 0
    return 2 * of.directions * positions * gates * of.input[-1], 2 * of.directions * positions * of_state


@register_flop_formula(torch.ops.gatewise.recurrent)
def recurrent_flop(*shapes: Any, out_shape: Any = None, **_: Any) -> int:
    """Of the forward pass."""
    return sum(_products(shapes, shapes[TENSORS + 1], shapes[TENSORS]))


@register_flop_formula(torch.ops.gatewise.recurrent_backward)
def recurrent_backward_flop(*shapes: Any, out_shape: Any = None, **_: Any) -> int:
    """Of the backward pass: once for the weights' gradients, once for those of the input, where wanted, and of the states."""
    through_input, through_state = _products(shapes, shapes[TENSORS + 1], shapes[TENSORS])
    return through_input * (2 if shapes[INCOMING + 4] else 1) + 2 * through_state

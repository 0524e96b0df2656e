"""The gates of a recurrent layer at every step, from its states: a step's gates see the input and the state before it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gatewise.errors import OptionError
from gatewise.kernels import equations, ops
from gatewise.nn.stack import Stack

__all__ = ["Trace", "trace_layers"]


@dataclass(frozen=True, eq=False)
class Trace:
    """What one layer did in one direction; tensors are [batch, steps, H], and beyond a row's length nothing of meaning.

    layer: from 1. blocks: gates and candidate, in the order of `CellTraits.blocks`. states: h after each step. cells: c after
    each step, where there is one. kept: the share of the state before that a step leaves, zoneout included; None where no gate
    keeps it.
    """

    layer: int
    backward: bool
    blocks: tuple[Tensor, ...]
    states: Tensor
    cells: Tensor | None
    kept: Tensor | None


@torch.no_grad()
def trace_layers(stack: Stack, input: Tensor, lengths: Tensor) -> list[Trace]:
    """Every layer and direction, the first layer first, in evaluation mode and from a state of zeros.

    input: float [batch, steps, size], whatever the layer's `batch_first` is. lengths: int64 [batch], 1 to steps.
    Raises OptionError for a cell whose gates are not known, an LSTM with projected states, and a layer in training mode.
    """
    if stack.training:
        raise OptionError("the layer is in training mode, where dropout may be at work; call eval() on it first")
    if stack.proj_size:
        raise OptionError("the states of a layer with proj_size are projected; gates are shown of layers without")
    if stack.cell not in equations.BLOCKS:
        raise OptionError(f"the gates of the {stack.traits.title} are not known to gatewise.kernels.equations.BLOCKS")
    options = replace(stack.options(last=False), batch_first=True, cells=stack.traits.cell_state)
    update = options.update_c if stack.traits.cell_state else options.update_h
    found = []
    for layer in range(stack.num_layers):
        weights, norm = stack.weights(layer), stack.norm(layer)
        recurrent = equations.recurrent if ops.reason(options, input, norm) else ops.recurrent
        output, _, _, cells = recurrent(options, input, weights, None, None, lengths, None, None, None, None, norm)
        states = output.split(stack.hidden_size, -1)
        before = [_before(h, backward=bool(number)) for number, h in enumerate(states)]
        for number, blocks in enumerate(equations.blocks_of(options, input, before, weights, norm)):
            keep = equations.KEPT.get(stack.cell)
            found.append(
                Trace(
                    layer + 1,
                    bool(number),
                    blocks,
                    states[number],
                    None if cells is None else cells.split(stack.hidden_size, -1)[number],
                    None if keep is None else 1 - update * (1 - keep(blocks)),
                )
            )
        input = output
    return found


def _before(states: Tensor, *, backward: bool) -> Tensor:
    """The state before each step. Beyond a row's end states are zero, which is what the backward direction starts from."""
    nothing = torch.zeros_like(states[:, :1])
    return torch.cat([states[:, 1:], nothing], 1) if backward else torch.cat([nothing, states[:, :-1]], 1)

"""What a recurrent layer computes, beyond its tensors."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Options"]


@dataclass(frozen=True)
class Options:
    """The equations of one layer; every default means that the option is off.

    cell: a name of `gatewise.cells.EQUATIONS`. batch_first: padded input is [batch, steps, size] instead of [steps, batch,
    size]. reset_after: whether the GRU's reset gate acts after the recurrent product (as in PyTorch and cuDNN) or on the state
    before it (Cho et al. 2014). update_h, update_c: share of the new hidden and cell state that is taken at every step where no
    tensor says so; 1 - p is zoneout with probability p at inference (Krueger et al. 2017). cells: return the LSTM's cell state
    of every step. bfloat16: whether float32 layers may round weights, inputs and states to bfloat16 for their matrix products,
    and gradients of gates too; sums, gates and what is carried on stay float32. Kernels that cannot do so, and the equations,
    take it for off.
    """

    cell: str
    batch_first: bool = False
    reset_after: bool = True
    update_h: float = 1.0
    update_c: float = 1.0
    cells: bool = False
    bfloat16: bool = False

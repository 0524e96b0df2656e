"""Which of the three implementations computes a call."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from gatewise.kernels import ops
from gatewise.nn.cells import GRUCell, LSTMCell
from gatewise.nn.stack import Stack

__all__ = ["Backend", "backend"]


@dataclass(frozen=True)
class Backend:
    """kernel: `gatewise` and its instruction set, `torch`, `torch (cuDNN)` or `reference equations`. reason: why not
    gatewise's."""

    kernel: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.kernel}: {self.reason}" if self.reason else self.kernel


def backend(module: Stack | GRUCell | LSTMCell, input: Tensor | PackedSequence) -> Backend:
    """Which kernel will compute module(input), and if it is not gatewise's own, why.

    Raises TypeError for a module that is none of `gatewise.nn`'s recurrent layers and cells.
    """
    if not isinstance(module, Stack | GRUCell | LSTMCell):
        raise TypeError(
            f"backend takes a recurrent layer or cell of gatewise.nn, got {type(module).__module__}.{type(module).__name__}"
        )
    data = input.data if isinstance(input, PackedSequence) else input
    reason = module.reason(data)
    if not reason:
        return Backend(f"gatewise {ops.instruction_set()}")
    if isinstance(module, Stack) and module.needs_own_equations():
        return Backend("reference equations", reason)
    # cuDNN computes whole layers; PyTorch's cells are its own on every device.
    cudnn = isinstance(module, Stack) and data.is_cuda and torch.backends.cudnn.is_acceptable(data)
    return Backend("torch (cuDNN)" if cudnn else "torch", reason)

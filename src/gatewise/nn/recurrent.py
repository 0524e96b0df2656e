"""Recurrent layers over padded batches of sequences of unequal length, by the cell's name.

Every sequence is read exactly as if it stood alone: the forward direction never sees padding because padding comes after the
sequence, and the backward direction starts at the last real step because each row is reversed within its own length. Batches stay
padded instead of packed, which keeps the fused kernels that a packed sequence falls out of.
Equations, gate order (r, z, n; i, f, g, o), parameters and initialisation are those of `torch.nn`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

__all__ = ["CELLS", "Recurrent"]

CELLS: dict[str, Callable[..., nn.Module]] = {"gru": nn.GRU, "lstm": nn.LSTM, "rnn": partial(nn.RNN, nonlinearity="tanh")}


class Recurrent(nn.Module):
    """A stack of recurrent layers, optionally bidirectional, that honours lengths.

    cell: `gru` (Cho et al. 2014, reset gate after the matrix product), `lstm` (Hochreiter & Schmidhuber 1997, with the forget
    gate of Gers et al. 2000) or `rnn` (Elman 1990, tanh). dropout: probability on the input of every layer but the first.
    """

    def __init__(
        self, cell: str, input_size: int, hidden_size: int, *, layers: int = 1, bidirectional: bool = False, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.output_size = hidden_size * (2 if bidirectional else 1)
        self.dropout = nn.Dropout(dropout)
        sizes = [input_size] + [self.output_size] * (layers - 1)
        build = CELLS[cell]
        self.forwards = nn.ModuleList(build(size, hidden_size, batch_first=True) for size in sizes)
        self.backwards = nn.ModuleList(build(size, hidden_size, batch_first=True) for size in sizes if bidirectional)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Hidden states of the last layer.

        inputs: [batch, steps, input_size]. lengths: int64 [batch], each from 1 to steps.
        Returns [batch, steps, output_size]; what stands beyond a row's length is undefined and must be masked.
        """
        states = inputs
        reversal = self._reversal(inputs.shape[1], lengths) if self.backwards else None
        for number, layer in enumerate(self.forwards):
            source = self.dropout(states) if number else states
            states, _ = layer(source)
            if reversal is not None:
                from_the_end, _ = self.backwards[number](_reorder(source, reversal))
                states = torch.cat([states, _reorder(from_the_end, reversal)], dim=2)
        return states

    @staticmethod
    def _reversal(steps: int, lengths: Tensor) -> Tensor:
        """Indices [batch, steps] that reverse each row within its length; on padding they only have to be valid."""
        positions = torch.arange(steps, device=lengths.device)
        return (lengths[:, None] - 1 - positions).clamp_min(0)


def _reorder(values: Tensor, indices: Tensor) -> Tensor:
    return values.gather(1, indices.unsqueeze(2).expand_as(values))

"""A temporal convolutional network: dilated causal convolutions in residual blocks (Bai, Kolter & Koltun 2018)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import pad, relu

__all__ = ["TCN", "levels_for"]

KERNEL = 3
MOST_LEVELS = 8


def levels_for(steps: int, kernel: int = KERNEL) -> int:
    """How many blocks it takes until the last step sees the first of so many, at most 8.

    Block i has two convolutions of `kernel` taps, 2**i steps apart: L blocks see 1 + 2 (kernel - 1) (2**L - 1) steps.
    """
    return next((levels for levels in range(1, MOST_LEVELS) if 1 + 2 * (kernel - 1) * (2**levels - 1) >= steps), MOST_LEVELS)


class TCN(nn.Module):
    """Blocks of x + relu(conv(relu(conv(x)))), where a state depends on its own step and those before it alone.

    It stands where a recurrent layer stands: [batch, steps, input_size] -> [batch, steps, hidden_size]. x is mapped by one matrix
    where its size changes. num_layers: blocks; the taps of block i are 2**i steps apart, so that what is seen grows as 2**blocks.
    dropout: behind every convolution. There is no weight normalisation: on short trainings with AdamW it changes little.
    """

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, *, kernel: int = KERNEL, dropout: float = 0.0
    ) -> None:
        super().__init__()
        sizes = [input_size, *[hidden_size] * num_layers]
        self.blocks = nn.ModuleList(Block(sizes[level], hidden_size, kernel, 2**level, dropout) for level in range(num_layers))

    def forward(self, inputs: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, None]:
        """The states, and None where a recurrent layer has its last ones. lengths: not needed, for padding comes last."""
        states = inputs.transpose(1, 2)
        for block in self.blocks:
            states = block(states)
        return states.transpose(1, 2), None


class Block(nn.Module):
    """Two causal convolutions and a way around them, [batch, size, steps]."""

    def __init__(self, input_size: int, size: int, kernel: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.before = (kernel - 1) * dilation
        self.first = nn.Conv1d(input_size, size, kernel, dilation=dilation)
        self.second = nn.Conv1d(size, size, kernel, dilation=dilation)
        self.around = nn.Identity() if input_size == size else nn.Conv1d(input_size, size, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, inputs: Tensor) -> Tensor:
        inner = inputs
        for convolution in (self.first, self.second):
            inner = self.dropout(relu(convolution(pad(inner, (self.before, 0)))))
        return relu(inner + self.around(inputs))

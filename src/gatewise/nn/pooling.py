"""How the states of a sequence become what the head reads: float [batch, steps, size], int64 [batch] -> [batch, read].

Padding enters none of them, whatever stands there.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from gatewise.errors import OptionError

__all__ = [
    "POOLINGS",
    "Attention",
    "Last",
    "Maximum",
    "Mean",
    "Pool",
    "Steps",
    "Summary",
    "build_pool",
    "head_width",
    "pool_parameters",
]


class Pool(nn.Module):
    """One way of pooling. parts: how many vectors of the states' size the head reads. size: of a state; forward_size: how much of
    it is the forward direction's."""

    parts: ClassVar[int] = 1

    def __init__(self, size: int, forward_size: int) -> None:
        super().__init__()
        self.size, self.forward_size = size, forward_size


class Last(Pool):
    """The state at the last real step: all that a recurrent cell was asked to remember.

    In two directions the backward one's at the first step, where that one ends.
    """

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        last = _last(states, lengths)
        if self.forward_size == self.size:
            return last
        return torch.cat([last[:, : self.forward_size], states[:, 0, self.forward_size :]], dim=1)


class Mean(Pool):
    """The mean of the states at the real steps."""

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        return _mean(states, lengths)


class Maximum(Pool):
    """The greatest value of every unit over the real steps."""

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        return _maximum(states, lengths)


class Summary(Pool):
    """State at the last real step, mean and maximum, one behind the other (Conneau et al. 2017 on mean and maximum).

    In two directions the last step is the same for both; mean and maximum hold where the backward one ends.
    """

    parts: ClassVar[int] = 3

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        return torch.cat([_last(states, lengths), _mean(states, lengths), _maximum(states, lengths)], dim=1)


class Attention(Pool):
    """The mean of the real steps' states h, weighted by one learned query q: softmax over steps of q . tanh(W h + b).

    The additive score of Bahdanau et al. 2015, pooling a sequence as in Yang et al. 2016. W, b and q are drawn as
    `torch.nn.Linear` draws its own.
    """

    def __init__(self, size: int, forward_size: int) -> None:
        super().__init__(size, forward_size)
        self.key = nn.Linear(size, size)
        self.query = nn.Parameter(torch.empty(size))
        nn.init.uniform_(self.query, -1 / math.sqrt(size), 1 / math.sqrt(size))

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        padding = ~_real(states, lengths)
        known = states.masked_fill(padding, 0.0)
        scores = (torch.tanh(self.key(known)) @ self.query).unsqueeze(2).masked_fill(padding, float("-inf"))
        return (torch.softmax(scores, dim=1) * known).sum(1)


class Steps(Pool):
    """Every state by itself: [batch, steps, size]."""

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        return states


POOLINGS: dict[str, type[Pool]] = {
    "last": Last,
    "mean": Mean,
    "max": Maximum,
    "summary": Summary,
    "attention": Attention,
    "steps": Steps,
}
"""Every way of pooling by its name; `steps` is what next-step prediction has."""


def head_width(pooling: str, hidden_size: int, *, bidirectional: bool) -> int:
    """How many numbers the head reads. Raises OptionError for a pooling that is not known, or cannot go with both directions."""
    if pooling not in POOLINGS:
        raise OptionError(f"pooling is {pooling!r}; expected one of {', '.join(POOLINGS)}.")
    if pooling == "steps" and bidirectional:
        raise OptionError(
            "a bidirectional cell cannot predict the next step, because its backward direction has read the answer. Leave out "
            "bidirectional."
        )
    return POOLINGS[pooling].parts * _size(hidden_size, bidirectional)


def build_pool(pooling: str, hidden_size: int, *, bidirectional: bool) -> Pool:
    """The module of a pooling that `head_width` knows; where it has weights, they are drawn from torch's random state."""
    return POOLINGS[pooling](_size(hidden_size, bidirectional), hidden_size)


def pool_parameters(pooling: str, hidden_size: int, *, bidirectional: bool) -> int:
    """How many weights the pooling has itself."""
    size = _size(hidden_size, bidirectional)
    return size * (size + 2) if pooling == "attention" else 0


def _size(hidden_size: int, bidirectional: bool) -> int:
    return hidden_size * (2 if bidirectional else 1)


def _real(states: Tensor, lengths: Tensor) -> Tensor:
    """Which steps are real: bool [batch, steps, 1]."""
    return (torch.arange(states.shape[1], device=states.device) < lengths[:, None]).unsqueeze(2)


def _last(states: Tensor, lengths: Tensor) -> Tensor:
    return states[torch.arange(states.shape[0], device=states.device), lengths - 1]


def _mean(states: Tensor, lengths: Tensor) -> Tensor:
    return states.masked_fill(~_real(states, lengths), 0.0).sum(1) / lengths.unsqueeze(1)


def _maximum(states: Tensor, lengths: Tensor) -> Tensor:
    return states.masked_fill(~_real(states, lengths), float("-inf")).amax(1)

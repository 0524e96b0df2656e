"""Which steps a number hangs on, by hiding them: one window of steps after the other is replaced by something neutral
(occlusion, Zeiler & Fergus 2014)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from gatewise.inspection.effort import steps_within
from gatewise.inspection.targets import Question
from gatewise.nn import SequenceNetwork

__all__ = ["Occlusion", "occlude"]

# Windows that a sequence is cut into: a token means something by itself, a value less so.
MOST_OF_TOKENS, MOST_OF_VALUES = 512, 64
# As many as these whatever they cost.
FEWEST = 32

# Steps of all copies of the sequence that a network reads at a time.
BATCH_STEPS = 16_384


@dataclass(frozen=True, eq=False)
class Occlusion:
    """value: the number as it is. starts, stops: int64 [windows], the steps of each. effects: float64 [windows], how much of the
    number is gone without them: positive where they speak for it."""

    value: float
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    effects: NDArray[np.float64]

    @property
    def width(self) -> int:
        """Steps of a window; the last one may have fewer."""
        return int(self.stops[0] - self.starts[0])

    def per_step(self) -> NDArray[np.float64]:
        """The effect of the window that each step is in."""
        return np.repeat(self.effects, self.stops - self.starts)


@torch.no_grad()
def occlude(network: SequenceNetwork, question: Question) -> Occlusion:
    """Hide every window in turn. network: in float64 and evaluation mode."""
    inputs, steps = question.inputs, int(question.lengths[0])
    most = MOST_OF_VALUES if network.embedding is None else MOST_OF_TOKENS
    width = math.ceil(steps / min(most, max(FEWEST, steps_within(network) // steps)))
    starts = np.arange(0, steps, width)
    stops = np.minimum(starts + width, steps)
    at_a_time = max(1, BATCH_STEPS // steps)
    value = float(question.number(network(inputs, question.lengths)))
    found = []
    for first in range(0, len(starts), at_a_time):
        part = slice(first, first + at_a_time)
        copies = inputs.repeat(len(starts[part]), *([1] * (inputs.dim() - 1)))
        for copy, start, stop in zip(copies, starts[part], stops[part], strict=True):
            copy[start:stop] = question.neutral
        found.append(question.number(network(copies, question.lengths.expand(len(copies)))))
    return Occlusion(value, starts, stops, value - torch.cat(found).numpy())

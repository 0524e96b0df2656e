"""Which steps a number hangs on, by its gradient (integrated gradients, Sundararajan et al. 2017).

The gradient is averaged along the straight line from a neutral sequence to the one at hand, and multiplied by the difference of
the two. What the steps then have adds up to the difference between the number here and there (completeness, their proposition 1):
how far it does not is the error of the sum that stands for the integral.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gatewise.inspection.effort import steps_within
from gatewise.inspection.targets import Question
from gatewise.nn import SequenceNetwork

__all__ = ["TOLERANCE", "Gradients", "integrate_gradients"]

TOLERANCE = 0.01
"""Largest share of the sum of all absolute parts that the error may have before more points are taken."""

# Points to begin with, those whatever they cost, and the most.
FIRST_POINTS, FEWEST_POINTS, MOST_POINTS = 32, 8, 2048
# A gradient takes about as long as two forward passes beside the one that it is of.
PASSES = 3
# Steps of all points at a time.
BATCH_STEPS = 16_384


@dataclass(frozen=True, eq=False)
class Gradients:
    """parts: float64 [steps, features], what every value adds to the number, of a token over the numbers of its embedding.
    difference: the number here less that of the neutral sequence. points: on the line between them."""

    parts: NDArray[np.float64]
    difference: float
    points: int

    @property
    def per_step(self) -> NDArray[np.float64]:
        """float64 [steps]."""
        return np.asarray(self.parts.sum(1))

    @property
    def error(self) -> float:
        """By how much the parts do not add up to the difference."""
        return float(self.parts.sum() - self.difference)

    @property
    def is_complete(self) -> bool:
        """Whether that is within `TOLERANCE`."""
        return abs(self.error) <= TOLERANCE * float(np.abs(self.per_step).sum())


def integrate_gradients(network: SequenceNetwork, question: Question) -> Gradients:
    """Average gradients by the midpoint rule, over twice as many points until the parts add up or there would be too many.

    network: in float64 and evaluation mode, its weights without gradients.
    """
    steps = int(question.lengths[0])
    with torch.no_grad():
        here, there = _vectors(network, question)
        difference = float(_number(network, question, here) - _number(network, question, there))
    most = min(MOST_POINTS, max(FEWEST_POINTS, steps_within(network, PASSES) // steps))
    points = min(FIRST_POINTS, most)
    while True:
        parts = ((here - there) * _mean_gradient(network, question, there, here, points))[0].numpy()
        found = Gradients(parts, difference, points)
        if found.is_complete or 2 * points > most:
            return found
        points *= 2


def _mean_gradient(network: SequenceNetwork, question: Question, there: Tensor, here: Tensor, points: int) -> Tensor:
    places = (torch.arange(points, dtype=torch.float64) + 0.5) / points
    total = torch.zeros_like(here)
    for part in places.split(max(1, BATCH_STEPS // here.shape[1])):
        line = (there + part[:, None, None] * (here - there)).requires_grad_()
        (gradient,) = torch.autograd.grad(_number(network, question, line).sum(), line)
        total += gradient.sum(0, keepdim=True)
    return total / points


def _vectors(network: SequenceNetwork, question: Question) -> tuple[Tensor, Tensor]:
    """What the recurrent part reads, [1, steps, features], of the sequence and of the neutral one."""
    neutral = torch.full_like(question.inputs, question.neutral)
    if network.embedding is None:
        return question.inputs, neutral
    return network.embedding(question.inputs), network.embedding(neutral)


def _number(network: SequenceNetwork, question: Question, vectors: Tensor) -> Tensor:
    lengths = question.lengths.expand(len(vectors))
    if network.embedding is None:
        return question.number(network(vectors, lengths))
    states, _ = network.recurrent(vectors, lengths=lengths)
    return question.number(network.answer(question.inputs.expand(len(vectors), -1), states, lengths))

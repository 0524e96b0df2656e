"""How much work an answer is worth: large networks and long sequences are asked less often, so that it takes seconds."""

from __future__ import annotations

from gatewise.nn import SequenceNetwork

__all__ = ["steps_within"]

MULTIPLICATIONS = 10**10
"""That each part of an inspection is worth: one or two seconds of one core."""


def steps_within(network: SequenceNetwork, passes: int = 1) -> int:
    """How many steps a network's cells may read for that, at least one. passes: what a step costs, in forward passes."""
    weights = sum(weight.numel() for weight in network.recurrent.parameters() if weight.dim() > 1)
    return max(1, MULTIPLICATIONS // (passes * max(weights, 1)))

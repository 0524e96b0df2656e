"""Chrono initialisation of gate biases (Tallec & Ollivier 2018, "Can recurrent neural networks warp time?")."""

from __future__ import annotations

from torch import Tensor

__all__ = ["check_longest_dependency", "draw"]


def check_longest_dependency(steps: int | None) -> int | None:
    """T_max, in steps, or None. Raises TypeError or ValueError."""
    if steps is not None:
        if isinstance(steps, bool) or not isinstance(steps, int):
            raise TypeError(f"chrono should be the longest dependency in steps, an integer, got {type(steps).__name__}")
        if steps < 2:
            raise ValueError(f"chrono should be the longest dependency in steps, at least 2, got {steps}")
    return steps


def draw(bias: Tensor, longest: int) -> Tensor:
    """log U(1, T_max - 1), shaped as bias: a gate that keeps its state over 1 to T_max steps."""
    return bias.new_empty(bias.shape).uniform_(1.0, longest - 1.0).log_()

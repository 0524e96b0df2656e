"""The first biases of gates: a constant, or chrono initialisation (Tallec & Ollivier 2018, "Can recurrent neural networks warp
time?")."""

from __future__ import annotations

import math

from torch import Tensor

__all__ = ["check_first_biases", "draw"]


def check_first_biases(forget_bias: float | None, chrono: int | None, *, bias: bool) -> None:
    """Raise ValueError or TypeError unless a layer's gates can begin so. chrono: T_max, in steps. bias: whether it has any."""
    if chrono is not None and forget_bias is not None:
        raise ValueError("chrono and forget_bias both set the gates' biases; give one of them")
    if not bias and (chrono is not None or forget_bias is not None):
        raise ValueError("chrono and forget_bias set the gates' biases and need bias=True")
    if forget_bias is not None and not math.isfinite(forget_bias):
        raise ValueError(f"forget_bias should be a finite number, got {forget_bias}")
    if chrono is not None:
        if isinstance(chrono, bool) or not isinstance(chrono, int):
            raise TypeError(f"chrono should be the longest dependency in steps, an integer, got {type(chrono).__name__}")
        if chrono < 2:
            raise ValueError(f"chrono should be the longest dependency in steps, at least 2, got {chrono}")


def draw(bias: Tensor, longest: int) -> Tensor:
    """log U(1, T_max - 1), shaped as bias: a gate that keeps its state over 1 to T_max steps."""
    return bias.new_empty(bias.shape).uniform_(1.0, longest - 1.0).log_()

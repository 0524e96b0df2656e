"""The compiled kernels held against the equations, on this machine and in a second or two."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gatewise.cells import EQUATIONS
from gatewise.kernels import equations, missing, ops
from gatewise.kernels.options import Options
from gatewise.kernels.signature import NUMBERS

__all__ = ["Tested", "self_test"]

TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-11}
"""Of the largest number of a tensor; rounding takes a tenth or less of it, most where layer normalisation divides by little."""

# Input size, hidden size, steps, rows: widths that fill no vector, and rows enough for every block of the kernels.
SIZES = ((3, 5, 7, 4), (24, 33, 12, 40))


@dataclass(frozen=True)
class Tested:
    """A kernel beside its equations. error: the greatest difference of any output, final state or gradient, over that tensor's
    largest number; infinite where one is no number."""

    kernel: str
    dtype: str
    error: float
    tolerance: float

    @property
    def passed(self) -> bool:
        return self.error <= self.tolerance


def self_test() -> tuple[Tested, ...]:
    """Run every compiled kernel of float32 and float64, both directions, rows of several lengths, forwards and backwards.

    Empty where there are no kernels.
    """
    return () if missing() else tuple(_tested())


def _tested() -> Iterator[Tested]:
    for cell, reset_after, normalized, bfloat16 in NUMBERS:
        if bfloat16:
            # Rounds to eight bits of significand by design.
            continue
        for dtype, tolerance in TOLERANCE.items():
            options = Options(cell, batch_first=True, reset_after=reset_after)
            error = max(_error(options, normalized, dtype, *sizes) for sizes in SIZES)
            name = f"{'normalised ' if normalized else ''}{cell}{'' if reset_after else ', reset before'}"
            yield Tested(name, str(dtype).removeprefix("torch."), error, tolerance)


def _error(options: Options, normalized: bool, dtype: torch.dtype, inputs: int, hidden: int, steps: int, rows: int) -> float:
    generator = torch.Generator().manual_seed(0)
    traits = EQUATIONS[options.cell]
    gates = traits.gates * hidden

    def drawn(*shape: int, of: bool = True) -> Tensor | None:
        return torch.randn(*shape, generator=generator, dtype=torch.float64) if of else None

    def weight(size: int, of: bool = True) -> Tensor | None:
        matrix = drawn(gates, size, of=of)
        return None if matrix is None else matrix * hidden**-0.5

    lengths = torch.randint(1, steps + 1, (rows,), generator=generator)
    leaves: list[Tensor | None] = [drawn(rows, steps, inputs), _state(drawn(2, rows, hidden), traits.recurrent)]
    leaves += [drawn(2, rows, hidden, of=traits.cell_state)]
    for _ in range(2):
        seen = traits.recurrent
        leaves += [weight(inputs), weight(hidden, of=seen), drawn(gates), drawn(gates, of=seen)]
    for _ in range(2 if normalized else 0):
        leaves += [drawn(gates), drawn(gates, of=traits.recurrent)]
        leaves += [drawn(hidden, of=traits.cell_state), drawn(hidden, of=traits.cell_state)]
    shares = [torch.randn(rows, steps, 2 * hidden, generator=generator), torch.randn(2, rows, hidden, generator=generator)]
    expected = _results(equations.recurrent, options, leaves, lengths, shares, torch.float64)
    found = _results(ops.recurrent, options, leaves, lengths, shares, dtype)
    return max(_off(one, other) for one, other in zip(found, expected, strict=True))


def _state(drawn: Tensor | None, signed: bool) -> Tensor | None:
    """The state of a minGRU and a minLSTM is a mean of positive numbers."""
    return drawn if signed or drawn is None else drawn.abs()


def _results(
    recurrent: Any,
    options: Options,
    leaves: Sequence[Tensor | None],
    lengths: Tensor,
    shares: Sequence[Tensor],
    dtype: torch.dtype,
) -> list[Tensor]:
    """Outputs, final states, and the gradients of a sum of them with respect to everything that has one."""
    own = [None if leaf is None else leaf.detach().to(dtype, copy=True).requires_grad_() for leaf in leaves]
    x, h_0, c_0, *rest = own
    weights, gains = rest[:8], rest[8:]
    norm = [gains[:4], gains[4:]] if gains else None
    output, h_n, c_n, _ = recurrent(options, x, weights, h_0, c_0, lengths, None, None, None, None, norm)
    loss = (output * shares[0].to(dtype)).sum() + (h_n * shares[1].to(dtype)).sum()
    if c_n is not None:
        loss = loss + (c_n * shares[1].to(dtype)).sum()
    loss.backward()
    states = [state for state in (output, h_n, c_n) if state is not None]
    return [*(state.detach() for state in states), *(leaf.grad for leaf in own if leaf is not None and leaf.grad is not None)]


def _off(found: Tensor, expected: Tensor) -> float:
    error = float((found.double() - expected).abs().max() / expected.abs().max().clamp_min(1e-30))
    return error if math.isfinite(error) else math.inf

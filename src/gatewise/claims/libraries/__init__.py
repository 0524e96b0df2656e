"""Single layers of the libraries that are installed, to be timed side by side: a training pass, or inference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

__all__ = ["Layer", "Pass", "is_installed"]

Pass = Callable[[int], object]
"""An action for `timing.interleave`."""


@dataclass(frozen=True)
class Layer:
    """One layer and what it reads: [batch, steps, input_size] of random numbers. cell: a name of `cells.CELLS`."""

    cell: str
    batch: int
    steps: int
    input_size: int
    hidden_size: int


def is_installed(*modules: str) -> bool:
    """Whether all of these modules can be imported."""
    return all(find_spec(module) is not None for module in modules)

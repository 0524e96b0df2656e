"""What every training has in common, whatever computes it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["AVERAGING", "BETAS", "CLIP_NORM", "EPSILON", "clock"]

CLIP_NORM = 1.0
"""Gradients are scaled down to this norm."""

AVERAGING = 0.99
"""Decay of the weights' moving average; after t steps it is (1 + t) / (10 + t) where that is less."""

BETAS = (0.9, 0.999)
EPSILON = 1e-8
"""Of AdamW."""


@contextmanager
def clock(phases: dict[str, float], name: str) -> Iterator[None]:
    """Add the block's wall time to a phase."""
    started = time.perf_counter()
    yield
    phases[name] += time.perf_counter() - started

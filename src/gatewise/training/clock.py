"""Where the time of a training goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["clock"]


@contextmanager
def clock(phases: dict[str, float], name: str) -> Iterator[None]:
    """Add the block's wall time to a phase."""
    started = time.perf_counter()
    yield
    phases[name] += time.perf_counter() - started

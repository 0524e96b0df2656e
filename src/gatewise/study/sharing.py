"""Of how many studies that are under way together a process does one: each takes its share of a cluster's places."""

from __future__ import annotations

import fcntl
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gatewise.durable import write_file

__all__ = ["TOGETHER", "another_measures", "measuring", "share_of", "write_active"]

TOGETHER = "GATEWISE_TOGETHER"
"""The environment variable that names the file in which the number of studies under way stands."""


def share_of(places: int) -> int:
    """The places that are this study's share, rounded up so that none is left empty: all of them where it is alone."""
    return max(1, math.ceil(places / _active()))


def write_active(file: Path, studies: int) -> None:
    """Say how many studies are under way."""
    write_file(file, str(studies).encode())


@contextmanager
def measuring() -> Iterator[None]:
    """A block in which no other study measures, nor begins a unit: a node that is to be free of others would never be.

    Whoever dies lets the others go on.
    """
    name = os.environ.get(TOGETHER)
    if name is None:
        yield
        return
    with _lock(name).open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def another_measures() -> bool:
    """Whether another study under way measures, or waits for a node to measure on."""
    name = os.environ.get(TOGETHER)
    if name is None or not _lock(name).exists():
        return False
    with _lock(name).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _lock(name: str) -> Path:
    return Path(name).with_suffix(".lock")


def _active() -> int:
    name = os.environ.get(TOGETHER)
    if name is None:
        return 1
    try:
        return max(1, int(Path(name).read_text(encoding="ascii")))
    except (OSError, ValueError):
        # Whoever began the studies is gone.
        return 1

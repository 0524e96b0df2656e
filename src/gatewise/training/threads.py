"""How many threads the libraries use. One a process by default: small recurrent steps gain little from more, and threads that
wait for each other on a busy machine can be thirty times slower than one alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["default_jobs", "limited_threads", "limited_torch", "set_threads"]


def default_jobs(threads: int) -> int:
    """As many processes as the usable cores hold, at least one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // max(threads, 1))


def set_threads(count: int) -> None:
    """Limit torch and the linear algebra libraries of this process for good."""
    import torch
    from threadpoolctl import threadpool_limits

    threadpool_limits(count)
    torch.set_num_threads(count)


@contextmanager
def limited_threads(count: int) -> Iterator[None]:
    """Limit them for the length of the block."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(count), limited_torch(count):
        yield


@contextmanager
def limited_torch(count: int) -> Iterator[None]:
    """Limit torch alone for the length of the block, which takes no time."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)

"""Where units of work are done. One runner for now, on this machine; another would only have to offer the same `results`."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor

from gatewise.records import Arm, Config, Dataset, Epoch, Trial
from gatewise.study.work import Unit, Workload

__all__ = ["run_units"]

_workload: Workload | None = None


def run_units(
    units: Iterator[Unit], workload: Workload, *, jobs: int, on_epoch: Callable[[Unit, Epoch], None]
) -> Iterator[tuple[Unit, Trial]]:
    """Do the units and yield each with its result, in the order given.

    units: taken one at a time as places fall free, so that the caller can stop the supply. jobs: 1 works in this process and
    reports every epoch; more use that many processes with an equal share of the cores each.
    """
    if jobs == 1:
        for unit in units:
            yield unit, workload.run(unit, lambda epoch, unit=unit: on_epoch(unit, epoch))  # type: ignore[misc]
        return
    threads = max(1, len(os.sched_getaffinity(0)) // jobs) if hasattr(os, "sched_getaffinity") else 1
    executor = ProcessPoolExecutor(
        jobs,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(workload.config, workload.dataset, workload.arms, threads),
    )
    waiting: deque[tuple[Unit, Future[Trial]]] = deque()
    try:
        while True:
            while len(waiting) < jobs and (following := next(units, None)) is not None:
                waiting.append((following, executor.submit(_run_in_worker, following)))
            if not waiting:
                return
            unit, future = waiting.popleft()
            yield unit, future.result()
    finally:
        for process in list(executor._processes.values()):
            process.terminate()
        executor.shutdown(wait=True, cancel_futures=True)


def _start_worker(config: Config, dataset: Dataset, arms: tuple[Arm, ...], threads: int) -> None:
    global _workload  # noqa: PLW0603
    import torch

    # The parent decides what an interrupt means; a worker that raised of its own would print a traceback.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(threads)
    _workload = Workload(config, dataset, arms)


def _run_in_worker(unit: Unit) -> Trial:
    if _workload is None:
        raise RuntimeError("the worker was not started with a workload")
    return _workload.run(unit)

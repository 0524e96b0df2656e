"""Where units of work are done. One runner for now, on this machine; another would only have to offer the same `results`."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from multiprocessing.connection import wait as wait_for

from gatewise.records import Arm, Config, Dataset, Epoch, Trial
from gatewise.study.threads import set_threads
from gatewise.study.work import Unit, Workload

__all__ = ["run_units"]

WAIT_SECONDS = 1.0

_workload: Workload | None = None


def run_units(
    units: Iterator[Unit], workload: Workload, *, jobs: int, on_progress: Callable[[Unit, Epoch | None], None]
) -> Iterator[tuple[Unit, Trial]]:
    """Do the units and yield each with its result, in the order given.

    units: taken one at a time as places fall free, so that the caller can stop the supply. jobs: 1 works in this process and
    reports every epoch; more use that many processes, and report every second that the first unit awaited is still at work.
    """
    if jobs == 1:
        for unit in units:
            yield unit, workload.run(unit, lambda epoch, unit=unit: on_progress(unit, epoch))  # type: ignore[misc]
        return
    executor = ProcessPoolExecutor(
        jobs,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(workload.config, workload.dataset, workload.arms),
    )
    waiting: deque[tuple[Unit, Future[Trial]]] = deque()
    try:
        while True:
            while len(waiting) < jobs and (following := next(units, None)) is not None:
                waiting.append((following, executor.submit(_run_in_worker, following)))
            if not waiting:
                return
            unit, future = waiting.popleft()
            while not wait([future], timeout=WAIT_SECONDS).done:
                on_progress(unit, None)
            yield unit, future.result()
    finally:
        for process in list(executor._processes.values()):
            process.terminate()
        executor.shutdown(wait=True, cancel_futures=True)


def _start_worker(config: Config, dataset: Dataset, arms: tuple[Arm, ...]) -> None:
    global _workload  # noqa: PLW0603
    # The parent decides what an interrupt means; a worker that raised of its own would print a traceback.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    set_threads(config.threads)
    _workload = Workload(config, dataset, arms)


def _end_with_the_parent() -> None:
    """A parent that is killed cannot stop its workers, and they would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)


def _run_in_worker(unit: Unit) -> Trial:
    if _workload is None:
        raise RuntimeError("the worker was not started with a workload")
    return _workload.run(unit)

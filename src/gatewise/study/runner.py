"""Where units of work are done. One runner for now, on this machine; another would only have to offer the same `results`."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for
from types import TracebackType
from typing import TypeAlias

from gatewise.errors import RunError
from gatewise.records import Arm, Config, Dataset, Epoch, Trial
from gatewise.study.threads import set_threads
from gatewise.study.work import Unit, Workload

__all__ = ["LocalRunner", "OnProgress"]

OnProgress: TypeAlias = Callable[[Unit, Epoch | None], None]

WAIT_SECONDS = 1.0

_workload: Workload | None = None


class LocalRunner:
    """Does units in this process (one job), or in as many processes as `config.jobs` says; leaving its context stops them."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.jobs = workload.config.jobs
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> LocalRunner:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._executor is not None:
            for process in list(self._executor._processes.values()):
                process.terminate()
            self._executor.shutdown(wait=True, cancel_futures=True)

    def results(self, units: Iterator[Unit], on_progress: OnProgress) -> Iterator[tuple[Unit, Trial]]:
        """Do the units and yield each with its result, in the order given.

        units: taken one at a time as places fall free, so that the caller can stop the supply. on_progress: called after every
        epoch with one job; with more, every second while the next result is awaited. Raises RunError if a process dies.
        """
        if self.jobs == 1:
            for unit in units:
                yield unit, self.workload.run(unit, lambda epoch, unit=unit: on_progress(unit, epoch))  # type: ignore[misc]
            return
        try:
            yield from self._side_by_side(units, on_progress)
        except BrokenProcessPool as error:
            raise RunError(
                "a training process ended by itself, perhaps for want of memory; what is finished is kept: go on with "
                "`gatewise resume`, after lowering jobs in config.yaml if it happens again"
            ) from error

    def _side_by_side(self, units: Iterator[Unit], on_progress: OnProgress) -> Iterator[tuple[Unit, Trial]]:
        executor = self._started()
        waiting: deque[tuple[Unit, Future[Trial]]] = deque()
        while True:
            while len(waiting) < self.jobs and (following := next(units, None)) is not None:
                waiting.append((following, executor.submit(_run_in_worker, following)))
            if not waiting:
                return
            unit, future = waiting.popleft()
            while not wait([future], timeout=WAIT_SECONDS).done:
                on_progress(unit, None)
            yield unit, future.result()

    def _started(self) -> ProcessPoolExecutor:
        """The processes, kept from one call to the next because starting them takes seconds."""
        if self._executor is None:
            workload = self.workload
            self._executor = ProcessPoolExecutor(
                self.jobs,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_start_worker,
                initargs=(workload.config, workload.dataset, workload.arms),
            )
        return self._executor


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

"""Where units of work are done. One runner for now, on this machine; another would only have to offer the same `results`."""

from __future__ import annotations

import multiprocessing
import multiprocessing.forkserver
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing.connection import wait as wait_for
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias

from gatewise.errors import RunError

if TYPE_CHECKING:
    from gatewise.records import Arm, Config, Dataset, Epoch, Training
    from gatewise.study.kept import KeptFolder
    from gatewise.study.trained import TrainedFolder
    from gatewise.study.units import Unit
    from gatewise.study.work import Workload

__all__ = ["LocalRunner", "OnProgress", "end_processes", "prepare_processes"]

OnProgress: TypeAlias = "Callable[[Unit, Epoch | None], None]"

# Forks of one loaded process begin at once; where the system's own libraries are not made for forks, each is started anew.
METHOD = "forkserver" if sys.platform.startswith("linux") else "spawn"
CHECK_SECONDS = 0.1
PROGRESS_SECONDS = 1.0

_workload: Workload | None = None


def prepare_processes(jobs: int) -> None:
    """Begin to load, in the background, what `jobs` training processes will need; they are then there at once.

    One server process imports everything, while this one reads the data, and every training process is a fork of it.
    """
    if jobs == 1 or METHOD != "forkserver":
        return
    # The server prints a traceback where an interrupt meets it while it imports; what it forks ignores these signals anyway.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        multiprocessing.get_context(METHOD).set_forkserver_preload(["gatewise.study.worker_imports"])
        multiprocessing.forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_processes() -> None:
    """End what `prepare_processes` began, in a program that is about to end.

    It would end by itself, but only after its imports, and hold the program's output open until then.
    """
    server = getattr(multiprocessing.forkserver._forkserver, "_forkserver_pid", None)
    if server is not None:
        with suppress(ProcessLookupError):
            os.kill(server, signal.SIGKILL)


class LocalRunner:
    """Does units in this process (one job), or in as many processes as `config.jobs` says; leaving its context stops them."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.jobs = workload.config.jobs
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> LocalRunner:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def results(
        self, units: Iterator[Unit], on_progress: OnProgress, check: Callable[[], None] = lambda: None
    ) -> Iterator[tuple[Unit, Training]]:
        """Do the units and yield each with its result, in the order given.

        units: taken one at a time as places fall free, so that the caller can stop the supply. on_progress: called after every
        epoch with one job; with more, every second while the next result is awaited. check: called often; what it raises ends
        the units under way, without a result. Raises RunError if a process dies.
        """
        if self.jobs == 1:
            for unit in units:
                yield unit, self.workload.run(unit, lambda epoch, unit=unit: on_progress(unit, epoch), check)  # type: ignore[misc]
            return
        try:
            yield from self._side_by_side(units, on_progress, check)
        except BrokenProcessPool as error:
            raise RunError(
                "a training process ended by itself, perhaps for want of memory; what is finished is kept: go on with "
                "`gatewise resume`, after lowering jobs in config.yaml if it happens again"
            ) from error

    def _side_by_side(
        self, units: Iterator[Unit], on_progress: OnProgress, check: Callable[[], None]
    ) -> Iterator[tuple[Unit, Training]]:
        executor = self._started()
        waiting: deque[tuple[Unit, Future[Training]]] = deque()
        try:
            while True:
                while len(waiting) < self.jobs and (following := next(units, None)) is not None:
                    waiting.append((following, executor.submit(_run_in_worker, following)))
                if not waiting:
                    return
                unit, future = waiting[0]
                shown = time.monotonic()
                while not wait([future], timeout=CHECK_SECONDS).done:
                    check()
                    if time.monotonic() - shown >= PROGRESS_SECONDS:
                        shown = time.monotonic()
                        on_progress(unit, None)
                waiting.popleft()
                yield unit, future.result()
        finally:
            # Whoever gave up waiting must not find the processes still at work on what nobody awaits.
            if waiting:
                self._stop()

    def _started(self) -> ProcessPoolExecutor:
        """The processes, kept from one call to the next because each encodes the data for itself."""
        if self._executor is None:
            workload = self.workload
            prepare_processes(self.jobs)
            self._executor = ProcessPoolExecutor(
                self.jobs,
                mp_context=multiprocessing.get_context(METHOD),
                initializer=_start_worker,
                initargs=(workload.config, workload.dataset, workload.arms, workload.kept, workload.trained),
            )
        return self._executor

    def _stop(self) -> None:
        if self._executor is not None:
            for process in list(self._executor._processes.values()):
                process.kill()
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None


def _start_worker(
    config: Config, dataset: Dataset, arms: tuple[Arm, ...], kept: KeptFolder | None, trained: TrainedFolder | None
) -> None:
    global _workload  # noqa: PLW0603
    from gatewise.study.work import Workload
    from gatewise.training.threads import set_threads

    # The parent decides what a signal means, and kills its workers; one that reacted by itself would look like a crash.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    set_threads(config.threads)
    _workload = Workload(config, dataset, arms, kept, trained)


def _end_with_the_parent() -> None:
    """A parent that is killed cannot stop its workers, and they would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait_for([parent.sentinel])
        os._exit(1)


def _run_in_worker(unit: Unit) -> Training:
    if _workload is None:
        raise RuntimeError("the worker was not started with a workload")
    return _workload.run(unit)

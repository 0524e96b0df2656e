"""Where units of work are done. One runner for now, on this machine; another would only have to offer the same `results`."""

from __future__ import annotations

import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from types import TracebackType
from typing import TYPE_CHECKING, TypeAlias

from gatewise.study.processes import METHOD, begin_process, deaths_told, kill_processes, prepare_processes

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue

    from gatewise.records import Arm, Config, Dataset, Epoch, Hyperparameters, Training
    from gatewise.study.kept import KeptFolder
    from gatewise.study.probe import Probed
    from gatewise.study.trained import TrainedFolder
    from gatewise.study.units import Unit
    from gatewise.study.work import Workload

__all__ = ["LocalRunner", "OnProgress"]

OnProgress: TypeAlias = "Callable[[Unit, Epoch | None], None]"

CHECK_SECONDS = 0.1
PROGRESS_SECONDS = 1.0
# Results for each process that wait for an earlier one, which takes longer.
MOST_WAITING = 4
# A training process tells of its epochs no more often: tiny ones have hundreds in a second.
REPORT_SECONDS = 0.2
_RESUME = "`gatewise resume`, after lowering jobs in config.yaml if it happens again"

_workload: Workload | None = None
_reports: SimpleQueue[tuple[str, Epoch]] | None = None


class LocalRunner:
    """Does units in this process (one job), or in as many processes as `config.jobs` says; leaving its context stops them.

    again: how an error says that work goes on. under_way: the latest known epoch of every unit under way, by its key.
    """

    def __init__(self, workload: Workload, again: str = _RESUME) -> None:
        self.workload = workload
        self.again = again
        self.jobs = workload.config.jobs
        self.under_way: dict[str, Epoch] = {}
        self._executor: ProcessPoolExecutor | None = None
        self._reports: SimpleQueue[tuple[str, Epoch]] | None = None

    def __enter__(self) -> LocalRunner:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def results(
        self, units: Iterator[Unit], on_progress: OnProgress, check: Callable[[], None] = lambda: None
    ) -> Iterator[tuple[Unit, Training]]:
        """Do the units and yield each with its result, in the order given.

        units: taken one at a time as places fall free, so that the caller can stop the supply. on_progress: called after every
        epoch with one job; with more, every second while the next result is awaited, with its latest epoch. check: called often;
        what it raises ends the units under way, without a result. Raises RunError if a process dies.
        """
        self.under_way.clear()
        if self.jobs == 1:
            for unit in units:
                yield unit, self.workload.run(unit, self._heard(unit, on_progress), check)
                self.under_way.clear()
            return
        with deaths_told(self.again):
            yield from self._side_by_side(units, on_progress, check)

    def probe(self, hyperparameters: Hyperparameters, seconds: float) -> Probed:
        """Time a few steps of every arm, as many side by side as will train side by side. Raises RunError if a process dies.

        seconds: for the steps of each process.
        """
        from gatewise.study.probe import Probed, probe

        names = [arm.name for arm in self.workload.arms]
        if self.jobs == 1:
            return probe(self.workload, names, hyperparameters, seconds)
        groups = [names[first :: self.jobs] for first in range(min(self.jobs, len(names)))]
        with deaths_told(self.again):
            executor, config = self._started(), self.workload.config
            futures = [executor.submit(_probe_in_worker, config, group, hyperparameters, seconds) for group in groups]
            return Probed.together([future.result() for future in futures])

    def _heard(self, unit: Unit, on_progress: OnProgress) -> Callable[[Epoch], None]:
        def on_epoch(epoch: Epoch) -> None:
            self.under_way[unit.key] = epoch
            on_progress(unit, epoch)

        return on_epoch

    def _side_by_side(
        self, units: Iterator[Unit], on_progress: OnProgress, check: Callable[[], None]
    ) -> Iterator[tuple[Unit, Training]]:
        executor = self._started()
        waiting: deque[tuple[Unit, Future[Training]]] = deque()
        shown = time.monotonic()
        try:
            while True:
                # A result that waits for an earlier one keeps no process from its next unit.
                under_way = [future for _, future in waiting if not future.done()]
                while len(under_way) < self.jobs and len(waiting) < MOST_WAITING * self.jobs:
                    if (following := next(units, None)) is None:
                        break
                    under_way.append(executor.submit(_run_in_worker, self.workload.config, following))
                    waiting.append((following, under_way[-1]))
                if not waiting:
                    return
                unit, future = waiting[0]
                if not future.done():
                    wait(under_way, timeout=CHECK_SECONDS, return_when=FIRST_COMPLETED)
                self._read_reports()
                self._forget_finished(waiting)
                if future.done():
                    waiting.popleft()
                    yield unit, future.result()
                    shown = time.monotonic()
                    continue
                check()
                if time.monotonic() - shown >= PROGRESS_SECONDS:
                    shown = time.monotonic()
                    on_progress(unit, self.under_way.get(unit.key))
        finally:
            # Whoever gave up waiting must not find the processes still at work on what nobody awaits.
            if waiting:
                self._stop()

    def _started(self) -> ProcessPoolExecutor:
        """The processes, kept from one call to the next because each encodes the data for itself."""
        if self._executor is None:
            workload, context = self.workload, multiprocessing.get_context(METHOD)
            prepare_processes(self.jobs)
            self._reports = context.SimpleQueue()
            self._executor = ProcessPoolExecutor(
                self.jobs,
                mp_context=context,
                initializer=_start_worker,
                initargs=(self._reports, workload.config, workload.dataset, workload.arms, workload.kept, workload.trained),
            )
        return self._executor

    def _read_reports(self) -> None:
        while self._reports is not None and not self._reports.empty():
            key, epoch = self._reports.get()
            self.under_way[key] = epoch

    def _forget_finished(self, waiting: Iterable[tuple[Unit, Future[Training]]]) -> None:
        """What has ended is not under way, though its result waits for an earlier one."""
        for unit, future in waiting:
            if future.done():
                self.under_way.pop(unit.key, None)

    def _stop(self) -> None:
        if self._executor is not None:
            kill_processes(self._executor)
            # One of the processes may have been killed while it wrote into the queue.
            self._executor = self._reports = None


def _start_worker(
    reports: SimpleQueue[tuple[str, Epoch]],
    config: Config,
    dataset: Dataset,
    arms: tuple[Arm, ...],
    kept: KeptFolder | None,
    trained: TrainedFolder | None,
) -> None:
    global _workload, _reports
    from gatewise.study.work import Workload

    begin_process(config.threads)
    _workload, _reports = Workload(config, dataset, arms, kept, trained), reports


def _run_in_worker(config: Config, unit: Unit) -> Training:
    """Do a unit. config: as it stands by now; the epochs of the first plan are not known when the process begins."""
    reports, told = _reports, time.monotonic()

    def on_epoch(epoch: Epoch) -> None:
        nonlocal told
        if reports is not None and time.monotonic() - told >= REPORT_SECONDS:
            told = time.monotonic()
            reports.put((unit.key, epoch))

    return _configured(config).run(unit, on_epoch)


def _probe_in_worker(config: Config, names: list[str], hyperparameters: Hyperparameters, seconds: float) -> Probed:
    from gatewise.study.probe import probe

    return probe(_configured(config), names, hyperparameters, seconds)


def _configured(config: Config) -> Workload:
    if _workload is None:
        raise RuntimeError("the worker was not started with a workload")
    _workload.config = config
    return _workload

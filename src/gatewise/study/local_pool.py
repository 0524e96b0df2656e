"""Processes of this machine, as many as `--jobs` says."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from gatewise.study.processes import METHOD, begin_process, deaths_told, kill_processes, prepare_processes
from gatewise.study.signs import Sign

if TYPE_CHECKING:
    from multiprocessing.queues import SimpleQueue

    from gatewise.records import Arm, Config, Dataset, Epoch, Hyperparameters, Training
    from gatewise.study.kept import KeptFolder
    from gatewise.study.probe import Probed
    from gatewise.study.trained import TrainedFolder
    from gatewise.study.units import Unit
    from gatewise.study.work import Workload

__all__ = ["LocalPool"]

Given = ParamSpec("Given")
Found = TypeVar("Found")

# A training process tells of its epochs no more often: tiny ones have hundreds in a second. Nor that it lives.
REPORT_SECONDS, SIGN_SECONDS = 0.2, 1.0

_workload: Workload | None = None
_reports: SimpleQueue[Sign] | None = None


class LocalPool:
    """A pool whose processes write into the run's folder themselves, and each encode the data once.

    again: how an error says that work goes on.
    """

    died = (BrokenProcessPool,)
    may_begin = True
    # Perhaps it lacked memory beside others, or was killed by chance; for the last time a unit is begun with nothing beside it.
    deaths = 3
    together = True
    listening = True

    def __init__(self, workload: Workload, again: str) -> None:
        self.workload = workload
        self.again = again
        self.places = workload.config.jobs
        self.notes: tuple[str, ...] = ()
        self._executor: ProcessPoolExecutor | None = None
        self._reports: SimpleQueue[Sign] | None = None

    def run(self, config: Config, unit: Unit) -> Future[Training]:
        return self._started().submit(_run_in_worker, config, unit)

    def training(self, done: Future[Training]) -> Training:
        return done.result()

    def probe(self, config: Config, names: list[str], hyperparameters: Hyperparameters, seconds: float) -> Future[Probed]:
        return self._started().submit(_probe_in_worker, config, names, hyperparameters, seconds)

    def alone(self, work: Callable[Concatenate[Workload, Given], Found], *given: Given.args, **options: Given.kwargs) -> Found:
        """In this process: the others wait meanwhile."""
        return work(self.workload, *given, **options)

    def reports(self) -> Iterator[Sign]:
        while self._reports is not None and not self._reports.empty():
            yield self._reports.get()

    def deaths_told(self) -> AbstractContextManager[None]:
        return deaths_told(self.again)

    def end(self, unit: Future[Training], process: str) -> None:
        """With all others: what ends one process of an executor ends it."""
        self.stop()

    def stop(self) -> None:
        if self._executor is not None:
            kill_processes(self._executor)
            # One of the processes may have been killed while it wrote into the queue.
            self._executor = self._reports = None

    def close(self) -> None:
        self.stop()

    def _started(self) -> ProcessPoolExecutor:
        """The processes, kept from one call to the next because each encodes the data for itself."""
        if self._executor is None:
            workload, context = self.workload, multiprocessing.get_context(METHOD)
            prepare_processes(self.places)
            self._reports = context.SimpleQueue()
            self._executor = ProcessPoolExecutor(
                self.places,
                mp_context=context,
                initializer=_start_worker,
                initargs=(self._reports, workload.config, workload.dataset, workload.arms, workload.kept, workload.trained),
            )
        return self._executor


def _start_worker(
    reports: SimpleQueue[Sign],
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
    reports, told, lived = _reports, time.monotonic(), time.monotonic()

    def on_epoch(epoch: Epoch) -> None:
        nonlocal told
        if reports is not None and time.monotonic() - told >= REPORT_SECONDS:
            told = time.monotonic()
            reports.put(Sign(unit.key, epoch))

    def on_step() -> None:
        nonlocal lived
        if reports is not None and time.monotonic() - lived >= SIGN_SECONDS:
            lived = time.monotonic()
            reports.put(Sign(unit.key))

    return _configured(config).run(unit, on_epoch, on_step)


def _probe_in_worker(config: Config, names: list[str], hyperparameters: Hyperparameters, seconds: float) -> Probed:
    from gatewise.study.probe import probe

    return probe(_configured(config), names, hyperparameters, seconds)


def _configured(config: Config) -> Workload:
    if _workload is None:
        raise RuntimeError("the worker was not started with a workload")
    _workload.config = config
    return _workload

"""Processes that work for this one: made ready beforehand, ended with it, and missed where one dies."""

from __future__ import annotations

import importlib
import multiprocessing
import multiprocessing.forkserver
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait

from gatewise.errors import RunError
from gatewise.interrupts import held_back

__all__ = ["METHOD", "begin_process", "deaths_told", "end_processes", "kill_processes", "load_libraries", "prepare_processes"]

# What trainings and baselines load beside this package, in a second or more.
LIBRARIES = ("gatewise.study.work", "scipy.optimize", "sklearn.feature_extraction.text", "sklearn.linear_model", "sklearn.svm")
# Forks of one loaded process begin at once; where the system's own libraries are not made for forks, each is started anew.
METHOD = "forkserver" if sys.platform.startswith("linux") else "spawn"


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


def load_libraries() -> None:
    """Import what trainings and baselines need, so that none of them is the first to."""
    for name in LIBRARIES:
        importlib.import_module(name)


def end_processes() -> None:
    """End what `prepare_processes` began, in a program that is about to end.

    It would end by itself, but only after its imports, and hold the program's output open until then.
    """
    server = getattr(multiprocessing.forkserver._forkserver, "_forkserver_pid", None)
    if server is not None:
        with suppress(ProcessLookupError):
            os.kill(server, signal.SIGKILL)


def begin_process(threads: int) -> None:
    """What a working process does first. threads: of its libraries."""
    from gatewise.training.threads import set_threads

    # The parent decides what a signal means, and kills its workers; one that reacted by itself would look like a crash.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    set_threads(threads)


def kill_processes(executor: ProcessPoolExecutor) -> None:
    """Stop an executor at once, whatever its processes are doing."""
    # Python waits, as it ends, for the work of those that were left.
    with held_back():
        for process in list(executor._processes.values()):
            process.kill()
        executor.shutdown(wait=True, cancel_futures=True)


@contextmanager
def deaths_told(again: str) -> Iterator[None]:
    """Raise RunError where a process of the block dies. again: how an error says that work goes on."""
    try:
        yield
    except BrokenProcessPool as error:
        raise RunError(
            f"a training process ended by itself, perhaps for want of memory; what is finished is kept: go on with {again}"
        ) from error


def _end_with_the_parent() -> None:
    """A parent that is killed cannot stop its workers, and they would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)

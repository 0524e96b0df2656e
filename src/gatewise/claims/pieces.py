"""Pieces of work of a study's own kind, side by side in processes, round by round until time is up."""

from __future__ import annotations

import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gatewise.claims.bench import AGAIN, FEWEST_REPLICATES, Bench
from gatewise.study.processes import METHOD, begin_process, deaths_told, kill_processes, prepare_processes

__all__ = ["Piece", "in_rounds"]

_LOOK_SECONDS = 1.0
# Pieces handed out for each process, so that none is idle while the result of an earlier one is awaited.
_AHEAD = 2


@dataclass(frozen=True, eq=False)
class Piece:
    """A call whose result is to be found out once.

    key: among those of all studies. what: is done, for whoever watches. call, arguments: what gives the result, in types that
    JSON has; both go to another process.
    """

    key: str
    what: str
    call: Callable[..., dict[str, Any]]
    arguments: tuple[Any, ...]


def in_rounds(
    bench: Bench, rounds: Sequence[Sequence[Piece]], *, seconds: float, least: int = FEWEST_REPLICATES
) -> list[list[dict[str, Any]]]:
    """The results of every piece, round by round, of as many rounds as time allows.

    A round is a repetition of everything, with a seed of its own, so that all settings have equally many. seconds: after which no
    further round begins, except that there are `least`; nor one that would rather not be done by then. Pieces in the journal cost
    nothing and count. Raises RunError if a process dies.
    """
    whole = 0

    def lacking() -> Iterator[Piece]:
        nonlocal whole
        began, begun = time.monotonic(), 0
        for number, pieces in enumerate(rounds):
            missing = [piece for piece in pieces if piece.key not in bench.journal]
            if missing:
                spent = time.monotonic() - began
                if number >= least and spent + spent / max(begun, 1) > seconds:
                    return
                begun += 1
            yield from missing
            whole = number + 1

    if bench.jobs == 1:
        for piece in lacking():
            bench.show(piece.what)
            bench.once(piece.key, lambda piece=piece: piece.call(*piece.arguments))  # type: ignore[misc]
    else:
        with deaths_told(AGAIN):
            _side_by_side(bench, lacking())
    return [[bench.journal.get(piece.key) for piece in pieces] for pieces in rounds[:whole]]


def _side_by_side(bench: Bench, pieces: Iterator[Piece]) -> None:
    executor: ProcessPoolExecutor | None = None
    waiting: deque[tuple[Piece, Future[dict[str, Any]]]] = deque()
    try:
        while True:
            while len(waiting) < _AHEAD * bench.jobs and (piece := next(pieces, None)) is not None:
                executor = executor or _executor(bench.jobs)
                waiting.append((piece, executor.submit(piece.call, *piece.arguments)))
            if not waiting:
                return
            piece, future = waiting[0]
            bench.show(piece.what)
            with suppress(NotYet):
                found = future.result(timeout=_LOOK_SECONDS)
                waiting.popleft()
                bench.once(piece.key, lambda found=found: found)  # type: ignore[misc]
    finally:
        if executor is not None:
            kill_processes(executor)


def _executor(jobs: int) -> ProcessPoolExecutor:
    prepare_processes(jobs)
    return ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context(METHOD), initializer=begin_process, initargs=(1,))

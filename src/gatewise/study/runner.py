"""Units of work, done in the order in which they are wanted: in this process, or side by side in a pool of others."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from types import TracebackType
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeAlias, TypeVar

from gatewise.study.local_pool import LocalPool

if TYPE_CHECKING:
    from gatewise.records import Config, Epoch, Hyperparameters, Training
    from gatewise.study.pools import Pool
    from gatewise.study.probe import Probed
    from gatewise.study.units import Unit
    from gatewise.study.work import Workload

__all__ = ["OnProgress", "Runner"]

OnProgress: TypeAlias = "Callable[[Unit, Epoch | None], None]"

Given = ParamSpec("Given")
Found = TypeVar("Found")

CHECK_SECONDS = 0.1
PROGRESS_SECONDS = 1.0
# Results for each process that wait for an earlier one, which takes longer.
MOST_WAITING = 4
# How often a unit is begun anew whose process died.
MOST_DEATHS = 3
_RESUME = "`gatewise resume`, after lowering jobs in config.yaml if it happens again"


class Runner:
    """Does units in this process (one job), or in the pool that the configuration asks for; leaving its context stops them.

    again: how an error says that work goes on. log: told of what a person should know. under_way: the latest known epoch of
    every unit under way, by its key.
    """

    def __init__(self, workload: Workload, again: str = _RESUME, log: Callable[[str], None] = lambda _: None) -> None:
        self.workload = workload
        self.log = log
        self.under_way: dict[str, Epoch] = {}
        self._pool = _pool(workload, again)

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._pool is not None:
            self._pool.close()

    @property
    def places(self) -> int:
        """Units that are done at once."""
        return 1 if self._pool is None else self._pool.places

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of where units are done."""
        return () if self._pool is None else self._pool.notes

    def results(
        self, units: Iterator[Unit], on_progress: OnProgress, check: Callable[[], None] = lambda: None
    ) -> Iterator[tuple[Unit, Training]]:
        """Do the units and yield each with its result, in the order given.

        units: taken one at a time as places fall free, so that the caller can stop the supply. on_progress: called after every
        epoch with one job; with more, every second while the next result is awaited, with its latest epoch. check: called often;
        what it raises ends the units under way, without a result. Where a process dies, what it was at is begun anew; RunError is
        raised where that happens to one unit again and again.
        """
        self.under_way.clear()
        if self._pool is None:
            for unit in units:
                yield unit, self.workload.run(unit, self._heard(unit, on_progress), check)
                self.under_way.clear()
            return
        with self._pool.deaths_told():
            yield from self._side_by_side(self._pool, units, on_progress, check)

    def probe(self, hyperparameters: Hyperparameters, seconds: float) -> Probed:
        """Time a few steps of every arm, as many side by side as will train side by side. Raises RunError if a process dies.

        seconds: for the steps of each process.
        """
        from gatewise.study.probe import Probed, probe

        names = [arm.name for arm in self.workload.arms]
        if self._pool is None:
            return probe(self.workload, names, hyperparameters, seconds)
        # Asked once, for the nodes of a cluster come and go.
        places = self.places
        groups = [names[first::places] for first in range(min(places, len(names)))]
        with self._pool.deaths_told():
            futures = [self._pool.probe(self._config, group, hyperparameters, seconds) for group in groups]
            return Probed.together([future.result() for future in futures])

    def alone(self, work: Callable[Concatenate[Workload, Given], Found], *given: Given.args, **options: Given.kwargs) -> Found:
        """Do a measurement where nothing else is done beside it. Raises RunError if its process dies."""
        if self._pool is None:
            return work(self.workload, *given, **options)
        with self._pool.deaths_told():
            return self._pool.alone(work, *given, **options)

    @property
    def _config(self) -> Config:
        """As it stands by now."""
        return self.workload.config

    def _heard(self, unit: Unit, on_progress: OnProgress) -> Callable[[Epoch], None]:
        def on_epoch(epoch: Epoch) -> None:
            self.under_way[unit.key] = epoch
            on_progress(unit, epoch)

        return on_epoch

    def _side_by_side(
        self, pool: Pool, units: Iterator[Unit], on_progress: OnProgress, check: Callable[[], None]
    ) -> Iterator[tuple[Unit, Training]]:
        waiting: deque[tuple[Unit, Future[Any]]] = deque()
        deaths: Counter[str] = Counter()
        shown = time.monotonic()
        try:
            while True:
                # A result that waits for an earlier one keeps no process from its next unit.
                under_way = [future for _, future in waiting if not future.done()]
                while len(under_way) < pool.places and len(waiting) < MOST_WAITING * pool.places:
                    if (following := next(units, None)) is None:
                        break
                    under_way.append(self._begun(pool, following))
                    waiting.append((following, under_way[-1]))
                if not waiting:
                    return
                unit, future = waiting[0]
                if not future.done():
                    wait(under_way, timeout=CHECK_SECONDS, return_when=FIRST_COMPLETED)
                self.under_way.update(pool.reports())
                self._forget_finished(waiting)
                if future.done():
                    try:
                        training = pool.training(future)
                    except pool.died:
                        gone = {one.key for one, each in waiting if _has_died(each, pool)}
                        deaths.update(gone)
                        if max(deaths.values()) > MOST_DEATHS:
                            raise
                        self.log("a training process ended by itself, perhaps for want of memory: what it was at is begun anew")
                        pool.stop()
                        waiting = deque((one, self._begun(pool, one) if one.key in gone else each) for one, each in waiting)
                        continue
                    waiting.popleft()
                    yield unit, training
                    shown = time.monotonic()
                    continue
                check()
                if time.monotonic() - shown >= PROGRESS_SECONDS:
                    shown = time.monotonic()
                    on_progress(unit, self.under_way.get(unit.key))
        finally:
            # Whoever gave up waiting must not find the processes still at work on what nobody awaits.
            if waiting:
                pool.stop()

    def _begun(self, pool: Pool, unit: Unit) -> Future[Any]:
        try:
            return pool.run(self._config, unit)
        except pool.died as error:
            # Found out only now, and dealt with where results are.
            lost: Future[Any] = Future()
            lost.set_exception(error)
            return lost

    def _forget_finished(self, waiting: Iterable[tuple[Unit, Future[Any]]]) -> None:
        """What has ended is not under way, though its result waits for an earlier one."""
        for unit, future in waiting:
            if future.done():
                self.under_way.pop(unit.key, None)


def _has_died(future: Future[Any], pool: Pool) -> bool:
    return not future.done() or isinstance(future.exception(), pool.died)


def _pool(workload: Workload, again: str) -> Pool | None:
    """The pool that a configuration asks for; None for this process."""
    if workload.config.runner == "ray":
        from gatewise.study.ray_pool import RayPool

        return RayPool(workload, again)
    return None if workload.config.jobs == 1 else LocalPool(workload, again)

"""Units of work, done in the order in which they are wanted: in this process, or side by side in a pool of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from gatewise.data.dataset.splits import make_split
from gatewise.study import signs
from gatewise.study.local_pool import LocalPool
from gatewise.study.side_by_side import OnFailure, OnProgress, SideBySide
from gatewise.study.signs import Patience, Signs, watched
from gatewise.study.unexpected import is_out_of_memory
from gatewise.training.baselines.choice import foreseen_seconds

if TYPE_CHECKING:
    from gatewise.records import Config, Epoch, Hyperparameters, Training
    from gatewise.study.pools import Pool
    from gatewise.study.probe import Probed
    from gatewise.study.units import Unit
    from gatewise.study.work import Workload

__all__ = ["OnFailure", "OnProgress", "Runner"]

Given = ParamSpec("Given")
Found = TypeVar("Found")

_RESUME = "`gatewise resume`, after lowering jobs in config.yaml if it happens again"


class Runner:
    """Does units in this process (one job), or in the pool that the configuration asks for; leaving its context stops them.

    again: how an error says that work goes on. log: told of what a person should know. patience: how long a unit may stand still;
    None for `signs.PATIENCE`. under_way: the latest known epoch of every unit under way, by its key.
    """

    def __init__(
        self,
        workload: Workload,
        again: str = _RESUME,
        log: Callable[[str], None] = lambda _: None,
        patience: Patience | None = None,
    ) -> None:
        self.workload = workload
        self.again = again
        self.log = log
        self.signs = Signs(patience or signs.PATIENCE, self._foreseen)
        self._estimates: dict[str, float] | None = None
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
        self,
        units: Iterator[Unit],
        on_progress: OnProgress,
        check: Callable[[], None] = lambda: None,
        on_failure: OnFailure | None = None,
    ) -> Iterator[tuple[Unit, Training]]:
        """Do the units and yield each with its result, in the order given.

        units: taken one at a time as places fall free, so that the caller can stop the supply. on_progress: called after every
        epoch with one job; with more, every second while the next result is awaited, with its latest epoch. check: called often;
        what it raises ends the units under way, without a result. Where a process dies, what it was at is begun anew, and so is,
        once, a unit that stands still. on_failure: told, in its place in the order, of a unit that cannot be done, and why; the
        others go on. Without it such a unit ends all with RunError, or MemoryError.
        """
        self.under_way.clear()
        if self._pool is None:
            yield from self._one_by_one(units, on_progress, check, on_failure)
            return
        with self._pool.deaths_told():
            yield from SideBySide(self, self._pool, on_progress, check, on_failure).results(units)

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
            futures = [self._pool.probe(self.config, group, hyperparameters, seconds) for group in groups]
            return Probed.together([future.result() for future in futures])

    def alone(self, work: Callable[Concatenate[Workload, Given], Found], *given: Given.args, **options: Given.kwargs) -> Found:
        """Do a measurement where nothing else is done beside it. Raises RunError if its process dies."""
        if self._pool is None:
            return work(self.workload, *given, **options)
        with self._pool.deaths_told():
            return self._pool.alone(work, *given, **options)

    @property
    def config(self) -> Config:
        """As it stands by now."""
        return self.workload.config

    def _one_by_one(
        self, units: Iterator[Unit], on_progress: OnProgress, check: Callable[[], None], on_failure: OnFailure | None
    ) -> Iterator[tuple[Unit, Training]]:
        with watched(self.signs, self.log):
            for unit in units:

                def on_step(key: str = unit.key) -> None:
                    self.signs.heard(key)
                    check()

                self.signs.begin(unit.key)
                try:
                    training = self.workload.run(unit, self._heard(unit, on_progress), on_step)
                except Exception as error:
                    if on_failure is None or not is_out_of_memory(error):
                        raise
                    on_failure(unit, "memory")
                else:
                    self.signs.end(unit.key, finished=True)
                    yield unit, training
                finally:
                    self.signs.end(unit.key)
                    self.under_way.clear()

    def _heard(self, unit: Unit, on_progress: OnProgress) -> Callable[[Epoch], None]:
        def on_epoch(epoch: Epoch) -> None:
            self.under_way[unit.key] = epoch
            on_progress(unit, epoch)

        return on_epoch

    def _foreseen(self) -> dict[str, float]:
        """Seconds that each baseline was estimated to take: a fit may be silent from beginning to end."""
        if self._estimates is None:
            dataset, names = self.workload.dataset, self.workload.baselines
            self._estimates = foreseen_seconds(dataset, make_split(dataset, 0, self.config.seed), names)
        return self._estimates


def _pool(workload: Workload, again: str) -> Pool | None:
    """The pool that a configuration asks for; None for this process."""
    if workload.config.runner == "ray":
        from gatewise.study.ray_pool import RayPool

        return RayPool(workload, again)
    return None if workload.config.jobs == 1 else LocalPool(workload, again)

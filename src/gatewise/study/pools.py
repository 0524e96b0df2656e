"""Where a runner's processes are: on this machine, or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from gatewise.records import Config, Hyperparameters, Training
    from gatewise.study.probe import Probed
    from gatewise.study.signs import Sign
    from gatewise.study.units import Unit
    from gatewise.study.work import Workload

__all__ = ["Pool"]

Given = ParamSpec("Given")
Found = TypeVar("Found")


class Pool(Protocol):
    """Processes that have a run's data, and do its units side by side.

    They begin with the first piece of work, and stay until `stop`. What is given with a piece of work is the configuration as it
    stands by then: the epochs of the first plan are not known when a process begins.
    """

    @property
    def places(self) -> int:
        """Units that are done at once, at least 1."""
        ...

    @property
    def may_begin(self) -> bool:
        """Whether more units may be begun now: not while a measurement of another run waits for room, say."""
        ...

    @property
    def died(self) -> tuple[type[BaseException], ...]:
        """What `training` raises of a unit whose process died."""
        ...

    @property
    def deaths(self) -> int:
        """How often a unit is begun anew whose process died, before it is given up; 0 where the pool has done that by then."""
        ...

    @property
    def together(self) -> bool:
        """Whether all that is under way ends where one process does. Which of the units it died of is not known then."""
        ...

    @property
    def listening(self) -> bool:
        """Whether `reports` would tell of signs of life by now: where not, silence says nothing."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the processes."""
        ...

    def run(self, config: Config, unit: Unit) -> Future[Any]:
        """Begin a unit; `training` says what came of it."""
        ...

    def training(self, done: Future[Any]) -> Training:
        """The result of a unit that has ended. What it left in the run's folder is there by then. Raises what the unit raised."""
        ...

    def probe(self, config: Config, names: list[str], hyperparameters: Hyperparameters, seconds: float) -> Future[Probed]:
        """Begin to time a few steps of some arms, as `gatewise.study.probe` does."""
        ...

    def alone(self, work: Callable[Concatenate[Workload, Given], Found], *given: Given.args, **options: Given.kwargs) -> Found:
        """Do a measurement where no unit of any run is done beside it, and return what it found."""
        ...

    def reports(self) -> Iterator[Sign]:
        """What units have told since the last time: that they have begun, do something, or have ended an epoch."""
        ...

    def end(self, unit: Future[Any], process: str) -> None:
        """End a unit under way that stands still. process: what its last sign named."""
        ...

    def deaths_told(self) -> AbstractContextManager[None]:
        """Raise RunError where a process of the block dies for good."""
        ...

    def stop(self) -> None:
        """End the processes at once, whatever they are doing; more work begins them anew."""
        ...

    def close(self) -> None:
        """End the processes, and leave where they were."""
        ...

"""Signs of life of units under way: one that stands still is told from one that takes long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gatewise.report.numbers import duration

if TYPE_CHECKING:
    from gatewise.records import Epoch

__all__ = ["PATIENCE", "Patience", "Sign", "Signs", "watched"]


class Sign(NamedTuple):
    """A unit, by its key, has done something. epoch: its latest, where one has ended. process: which one it is done in."""

    key: str
    epoch: Epoch | None = None
    process: str = ""


@dataclass(frozen=True)
class Patience:
    """How long, in seconds, a unit may show no sign of life before it counts as standing still.

    least: at least so long. times: so many times the longest silence of finished units of the same arm or baseline. first: while
    none of its units has finished, or as long as the unit itself has taken until then.
    """

    least: float = 60.0
    times: float = 20.0
    first: float = 900.0


PATIENCE = Patience()
"""What a runner has that was given no other."""

# A longer step of the clock means that nobody listened: this process was stopped, or busy with something else.
_LONGEST_STEP = 1.0
_WATCH_SECONDS = 0.5


class Signs:
    """When each unit under way was last heard of, on a clock that runs only while somebody listens.

    foreseen: seconds that a unit of a name was estimated to take, where that is known; `times` so much is allowed at first.
    """

    def __init__(self, patience: Patience, foreseen: Callable[[], Mapping[str, float]] = dict) -> None:
        self.patience = patience
        self._foreseen = foreseen
        self._now, self._looked = 0.0, time.monotonic()
        self._under_way: dict[str, _Heard] = {}
        self._longest: dict[str, float] = {}

    def tick(self, *, listening: bool = True) -> None:
        """Let the clock run on. listening: whether signs would have been heard."""
        now = time.monotonic()
        if listening:
            self._now += min(now - self._looked, _LONGEST_STEP)
        self._looked = now

    def begin(self, key: str) -> None:
        """A unit has begun, or begins anew."""
        self._under_way[key] = _Heard(self._now, self._now)

    def heard(self, key: str) -> None:
        """A unit has done something; one that is not known to have begun has begun now."""
        if key not in self._under_way:
            self.begin(key)
        of = self._under_way[key]
        of.longest, of.last = max(of.longest, self._now - of.last), self._now

    def end(self, key: str, *, finished: bool = False) -> None:
        """A unit is under way no more. finished: whether it has a result, and its silences were those of one that works."""
        if finished and key in self._under_way:
            self.heard(key)
            self._longest[_name(key)] = max(self._longest.get(_name(key), 0.0), self._under_way[key].longest)
        self._under_way.pop(key, None)

    def silent(self) -> dict[str, float]:
        """The units that stand still, and for how many seconds each has been silent."""
        silences = {key: self._now - of.last for key, of in list(self._under_way.items())}
        least = self.patience.least
        return {key: silence for key, silence in silences.items() if silence > least and silence > self._limit(key)}

    def _limit(self, key: str) -> float:
        patience, longest, of = self.patience, self._longest.get(_name(key)), self._under_way.get(key)
        if longest is not None:
            return max(patience.least, patience.times * longest)
        taken = 0.0 if of is None else of.last - of.begun
        return max(patience.first, taken, patience.times * self._foreseen().get(_name(key), 0.0))


@dataclass
class _Heard:
    """Of a unit, on the clock of `Signs`: when it began, when it was last heard of, and its longest silence before that."""

    begun: float
    last: float
    longest: float = 0.0


def _name(key: str) -> str:
    """The arm or baseline of a unit."""
    return key.split(":")[1]


@contextmanager
def watched(signs: Signs, log: Callable[[str], None]) -> Iterator[None]:
    """While the block does units in this process, say so once if one stands still: no thread can end what another does."""
    done = threading.Event()

    def watch() -> None:
        told: set[str] = set()
        while not done.wait(_WATCH_SECONDS):
            signs.tick()
            for key, silence in signs.silent().items():
                if key not in told:
                    told.add(key)
                    log(
                        f"{key} has shown no sign of life for {duration(silence)}; if that goes on, interrupt it twice and go on "
                        "with `gatewise resume RUN --jobs 2`, which ends what stands still and begins it anew"
                    )

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()

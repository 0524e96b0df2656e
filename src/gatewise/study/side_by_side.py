"""Units side by side in a pool: results in the order in which they are wanted, whatever dies or stands still meanwhile."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from gatewise.errors import RunError
from gatewise.report.numbers import duration
from gatewise.study.unexpected import is_out_of_memory
from gatewise.wording import counted

if TYPE_CHECKING:
    from gatewise.records import Config, Epoch, FailureCause, Training
    from gatewise.study.pools import Pool
    from gatewise.study.signs import Signs
    from gatewise.study.units import Unit

__all__ = ["MOST_WAITING", "OnFailure", "OnProgress", "SideBySide"]

OnProgress: TypeAlias = "Callable[[Unit, Epoch | None], None]"
OnFailure: TypeAlias = "Callable[[Unit, FailureCause], None]"

CHECK_SECONDS = 0.1
PROGRESS_SECONDS = 1.0
# Results for each process that wait for an earlier one, which takes longer.
MOST_WAITING = 4
# How often a unit is begun anew that stood still.
MOST_HANGS = 1
# Processes that a unit may have come to where a pool begins it anew by itself, and says nothing of it.
MOST_PROCESSES = 10


@dataclass(eq=False)
class _Asked:
    """A unit that is wanted. future: None while it is to be begun. failed: why it cannot be done. process: that does it."""

    unit: Unit
    future: Future[Any] | None = None
    failed: FailureCause | None = None
    process: str = ""

    @property
    def under_way(self) -> bool:
        return self.future is not None and not self.future.done()

    @property
    def ended(self) -> bool:
        return self.failed is not None or (self.future is not None and self.future.done())


class Wanting(Protocol):
    """Whoever wants units done, as `Runner` does: under_way, log and again are its own, signs are kept for it."""

    signs: Signs
    under_way: dict[str, Epoch]
    log: Callable[[str], None]
    again: str

    @property
    def config(self) -> Config:
        """As it stands by now."""
        ...


class SideBySide:
    """One supply of units, done by a runner's pool. on_progress, check, on_failure: as in `Runner.results`."""

    def __init__(
        self,
        runner: Wanting,
        pool: Pool,
        on_progress: OnProgress,
        check: Callable[[], None],
        on_failure: OnFailure | None,
    ) -> None:
        self.runner, self.pool, self.signs = runner, pool, runner.signs
        self.on_progress, self.check, self.on_failure = on_progress, check, on_failure
        self._waiting: deque[_Asked] = deque()
        self._deaths: Counter[str] = Counter()
        self._hangs: Counter[str] = Counter()
        self._processes: dict[str, set[str]] = {}
        # What was said of a process that died, where that came out as more work was given.
        self._broken: BaseException | None = None

    def results(self, units: Iterator[Unit]) -> Iterator[tuple[Unit, Training]]:
        """Yield each unit with its result, in the order given."""
        shown = time.monotonic()
        try:
            while True:
                held = self._begin(units)
                if self._broken is not None:
                    self._bury(self._broken)
                    continue
                if not self._waiting and not held:
                    return
                if not self._waiting:
                    self.check()
                    time.sleep(CHECK_SECONDS)
                    continue
                self._listen()
                first = self._waiting[0]
                if first.ended:
                    for training in self._result(first):
                        yield first.unit, training
                        shown = time.monotonic()
                    continue
                self.check()
                if time.monotonic() - shown >= PROGRESS_SECONDS:
                    shown = time.monotonic()
                    self.on_progress(first.unit, self.runner.under_way.get(first.unit.key))
        finally:
            # Whoever gave up waiting must not find the processes still at work on what nobody awaits.
            for asked in self._waiting:
                self.signs.end(asked.unit.key)
            if self._waiting:
                self.pool.stop()

    def _begin(self, units: Iterator[Unit]) -> bool:
        """Fill the places: first with what is to be begun anew. Returns whether there may be more that was held back."""
        pool, waiting = self.pool, self._waiting
        if not pool.may_begin:
            return True
        # A unit of which a process died again and again has its last try with nothing beside it.
        last_try = any(pool.together and not one.ended and self._deaths[one.unit.key] >= pool.deaths for one in waiting)
        places = 1 if last_try else pool.places
        # A result that waits for an earlier one keeps no process from its next unit.
        under_way = sum(one.under_way for one in waiting)
        for one in waiting:
            if under_way < places and one.future is None and one.failed is None and self._broken is None:
                self._begun(one)
                under_way += 1
        while under_way < places and len(waiting) < MOST_WAITING * pool.places and self._broken is None:
            if (following := next(units, None)) is None:
                break
            waiting.append(_Asked(following))
            self._begun(waiting[-1])
            under_way += 1
        return False

    def _begun(self, asked: _Asked) -> None:
        self.signs.begin(asked.unit.key)
        try:
            asked.future = self.pool.run(self.runner.config, asked.unit)
        except self.pool.died as error:
            self._broken = error

    def _listen(self) -> None:
        """Wait a while for the first result, and hear what the units tell meanwhile."""
        under_way = [one.future for one in self._waiting if one.future is not None and one.under_way]
        if not under_way:
            time.sleep(0 if self._waiting[0].ended else CHECK_SECONDS)
        elif not self._waiting[0].ended:
            wait(under_way, timeout=CHECK_SECONDS, return_when=FIRST_COMPLETED)
        self.signs.tick(listening=self.pool.listening)
        known = {one.unit.key: one for one in self._waiting}
        for sign in self.pool.reports():
            asked = known.get(sign.key)
            if asked is None or not asked.under_way:
                continue
            if sign.process and not asked.process:
                # A cluster may have kept it waiting for its turn.
                self.signs.begin(sign.key)
            self.signs.heard(sign.key)
            if sign.epoch is not None:
                self.runner.under_way[sign.key] = sign.epoch
            if sign.process and sign.process != asked.process:
                asked.process = sign.process
                self._processes.setdefault(sign.key, set()).add(sign.process)
        for one in self._waiting:
            if one.ended:
                # What has ended is not under way, though its result waits for an earlier one.
                self.runner.under_way.pop(one.unit.key, None)
                finished = one.future is not None and one.future.done() and one.future.exception() is None
                # Of one that was never heard of, the silence may be that of a cluster which kept it waiting.
                self.signs.end(one.unit.key, finished=finished and (self.pool.together or bool(one.process)))
        self._end_silent()

    def _result(self, first: _Asked) -> tuple[Training, ...]:
        """What came of the first unit; nothing where it did not end with a result, which is dealt with."""
        if first.failed is None and first.future is not None:
            try:
                training = self.pool.training(first.future)
                self._waiting.popleft()
                return (training,)
            except self.pool.died as error:
                self._bury(error)
                return ()
            except Exception as error:
                if self.on_failure is None or not is_out_of_memory(error):
                    raise
                first.failed = "memory"
        self._waiting.popleft()
        if self.on_failure is not None and first.failed is not None:
            self.on_failure(first.unit, first.failed)
        return ()

    def _bury(self, error: BaseException) -> None:
        """Begin anew what died, or give up what does so again and again."""
        pool, self._broken = self.pool, None
        gone = [one for one in self._waiting if one.failed is None and self._has_died(one)]
        alone = len(gone) == 1
        for one in gone:
            key = one.unit.key
            self._deaths[key] += 1
            if self._deaths[key] > pool.deaths and (alone or not pool.together):
                self._give_up(one, "memory" if is_out_of_memory(error) else "died", error)
        if any(one.failed is None for one in gone):
            self.runner.log("a training process ended by itself, perhaps for want of memory: what it was at is begun anew")
        if pool.together:
            pool.stop()
        for one in gone:
            self._forget(one)

    def _has_died(self, one: _Asked) -> bool:
        if one.future is None:
            return False
        if not one.future.done():
            return self.pool.together
        return isinstance(one.future.exception(), self.pool.died)

    def _end_silent(self) -> None:
        """End what stands still, and what comes to one process after the other; begin it anew, or give it up."""
        silent = self.signs.silent()
        for one in [one for one in self._waiting if one.under_way]:
            key = one.unit.key
            restless = len(self._processes.get(key, ())) > MOST_PROCESSES
            if not one.under_way or one.future is None or (key not in silent and not restless):
                continue
            waits = not self.pool.together and not one.process
            if waits and silent[key] <= self.signs.patience.first:
                continue
            self._hangs[key] += not restless and not waits
            if waits:
                self.runner.log(f"{key} has not begun for {duration(silent[key])}: it is asked for anew")
            elif restless:
                self._give_up(one, "died", None)
            elif self._hangs[key] > MOST_HANGS:
                self._give_up(one, "hung", None)
            else:
                self.runner.log(f"{key} has shown no sign of life for {duration(silent[key])}: it is ended and begun anew")
            self.pool.end(one.future, one.process)
            for gone in [each for each in self._waiting if each is one or (self.pool.together and each.under_way)]:
                self._forget(gone)

    def _forget(self, one: _Asked) -> None:
        """What a unit had done until its process was ended."""
        one.future, one.process = None, ""
        self.signs.end(one.unit.key)
        self.runner.under_way.pop(one.unit.key, None)

    def _give_up(self, one: _Asked, cause: FailureCause, error: BaseException | None) -> None:
        if self.on_failure is None:
            if error is not None:
                raise error
            how = f"stood still {counted(MOST_HANGS + 1, 'time')}" if cause == "hung" else "came to one process after the other"
            raise RunError(f"{one.unit.key} {how}; what is finished is kept: go on with {self.runner.again}")
        one.failed = cause

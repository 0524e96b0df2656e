"""The trainings that some settings still lack, replicate by replicate, until time is up."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gatewise.claims.pairs import Setting, key_of, units_of
from gatewise.study.journal import Journal
from gatewise.study.units import Unit
from gatewise.study.work import Workload

__all__ = ["Queue"]


@dataclass(eq=False)
class Queue:
    """What settings on the same networks and data lack of so many replicates.

    seconds: after which no further replicate begins, but for the first `least`; nor one that would rather not be done by then.
    whole: replicates of which everything was handed out or is in the journal. waiting: keys of what was handed out and has not
    come back, in order.
    """

    settings: Sequence[Setting]
    workload: Workload
    journal: Journal
    replicates: int
    least: int
    seconds: float
    whole: int = 0
    waiting: deque[str] = field(default_factory=deque)

    def units(self) -> Iterator[Unit]:
        """The trainings, in their order."""
        began, begun = time.monotonic(), 0
        for number in range(self.replicates):
            lacking = [(key, unit) for key, unit in self.of(number) if key not in self.journal]
            if lacking:
                spent = time.monotonic() - began
                if number >= self.least and spent + spent / max(begun, 1) > self.seconds:
                    return
                begun += 1
            for key, unit in lacking:
                self.waiting.append(key)
                yield unit
            self.whole = number + 1

    def of(self, number: int) -> Iterator[tuple[str, Unit]]:
        """All trainings of a replicate with their keys in the journal."""
        for setting in self.settings:
            for unit in units_of(setting, self.workload, number):
                yield key_of(setting, self.workload, unit), unit

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

__all__ = ["Plan", "Queue", "foresee"]


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
    whole: int = field(init=False, default=0)
    waiting: deque[str] = field(init=False, default_factory=deque)

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

    def seconds_of(self, number: int) -> float:
        """What the trainings of a replicate took, one after the other."""
        return sum(float(self.journal.get(key)["seconds"]) for key, _ in self.of(number))

    def lacking(self, number: int) -> float:
        """The part of a replicate's trainings that is not in the journal."""
        known = [key in self.journal for key, _ in self.of(number)]
        return known.count(False) / len(known)


@dataclass(frozen=True)
class Plan:
    """What several queues can have together. seconds: that each will take for it; replicates: how many all of them get."""

    seconds: Sequence[float]
    replicates: int

    def share(self, number: int) -> float:
        """The part of the time that is left when a queue's turn comes which is its own."""
        return self.seconds[number] / (sum(self.seconds[number:]) or 1.0)


def foresee(queues: Sequence[Queue], *, seconds: float, jobs: int) -> Plan:
    """How many replicates all queues can have in so many seconds, by what their least number took, which is in the journal."""
    first, most = min(queues[0].least, queues[0].replicates), queues[0].replicates
    costs = [sum(queue.seconds_of(number) for number in range(first)) / max(first, 1) / jobs for queue in queues]
    taken = [0.0] * len(queues)
    for number in range(first, most):
        further = [cost * queue.lacking(number) for cost, queue in zip(costs, queues, strict=True)]
        if any(further) and sum(taken) + sum(further) > seconds:
            return Plan(taken, number)
        taken = [one + more for one, more in zip(taken, further, strict=True)]
    return Plan(taken, most)

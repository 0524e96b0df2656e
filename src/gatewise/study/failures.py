"""Units of work that cannot be done: what counts of a run all the same.

An arm that fails in a replicate has no score there, and pairs need all: the replicate is left out for every arm. An arm that
fails in three numbers one after the other, of tuning or of replicates, is out, and the others are compared on what they have. A
baseline that fails once is out. A tuning trial that failed is the worst there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatewise.records import Failure, Training, from_json
from gatewise.study.journal import Journal

__all__ = ["FAILED", "OUT_AFTER", "Reckoning", "read_failures", "reckon"]

FAILED = "failed"
"""The kind of the journal's rows of such units, under the unit's key."""

OUT_AFTER = 3
"""Failures of an arm one after the other after which it is out."""


@dataclass(frozen=True)
class Reckoning:
    """What counts of a run. arms, baselines: those that the comparison is of; hopeless: whether no arm could be trained, in which
    case `arms` are all of them. finished: replicates, counted from the first, that have ended for all of these. left_out: the
    numbers of those in which an arm failed."""

    arms: tuple[str, ...]
    baselines: tuple[str, ...]
    hopeless: bool
    finished: int
    left_out: tuple[int, ...]

    @property
    def replicates(self) -> int:
        """How many replicates count."""
        return self.finished - len(self.left_out)

    def counts(self, number: int) -> bool:
        """Whether a replicate has a score of everyone."""
        return number < self.finished and number not in self.left_out


def reckon(
    arms: Sequence[str], baselines: Sequence[str], trainings: Sequence[Training], failures: Sequence[Failure]
) -> Reckoning:
    """Say what counts. trainings: of replicates and baselines."""
    kept = tuple(name for name in baselines if not any(each.name == name and each.of == "baseline" for each in failures))
    trained = tuple(name for name in arms if not _is_out(name, failures))
    compared = trained or tuple(arms)
    failed = {(each.name, each.number) for each in failures if each.of == "replicate"}
    ended = {(training.name, training.number) for training in trainings} | failed
    finished = 0
    while all((name, finished) in ended for name in (*compared, *kept)):
        finished += 1
    left_out = tuple(number for number in range(finished) if any((name, number) in failed for name in compared))
    return Reckoning(compared, kept, not trained, finished, left_out)


def read_failures(journal: Journal) -> list[Failure]:
    """What could not be done, in the order in which that was found. Raises RunError where a record is none."""
    try:
        return [from_json(Failure, payload) for payload in journal.payloads(FAILED)]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise journal.damaged(error) from error


def _is_out(name: str, failures: Sequence[Failure]) -> bool:
    for kind in ("tuning", "replicate"):
        numbers = {each.number for each in failures if (each.name, each.of) == (name, kind)}
        if any(all(number + more in numbers for more in range(OUT_AFTER)) for number in numbers):
            return True
    return False

"""What could not be trained, in sentences: nothing is left out in silence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gatewise.records import Failure, FailureCause, TrainingKind
from gatewise.titles import Titles
from gatewise.wording import counted, joined

__all__ = ["failure_warnings", "failure_words"]

_WORDS: dict[FailureCause, str] = {
    "memory": "ran out of memory",
    "died": "died with its process whenever it was begun, perhaps for want of memory",
    "hung": "stood still and was ended, twice,",
}
# What a number of units of a kind is counted as.
_COUNTED: dict[TrainingKind, str] = {"tuning": "tuning trial", "curve": "training of the learning curve"}


def failure_words(failure: Failure) -> str:
    """What happened to a unit, behind its name: "ran out of memory"."""
    return _WORDS[failure.cause].rstrip(",")


def failure_warnings(
    failures: Sequence[Failure], title: Titles, *, arms: Sequence[str], baselines: Sequence[str], finished: int, rounds: int
) -> Iterator[str]:
    """Sentences on everything that could not be trained: what it was, how often, and what that means for the answer.

    arms, baselines: those that the comparison is still of. finished: replicates that have come to an end, those that count and
    those left out; rounds: of tuning.
    """
    for name in dict.fromkeys(failure.name for failure in failures):
        own = [failure for failure in failures if failure.name == name]
        of_baseline = [failure for failure in own if failure.of == "baseline"]
        if of_baseline:
            first = of_baseline[0]
            yield f"the {title(name)} {_WORDS[first.cause]} in replicate {first.number + 1}: it is left out of the comparison"
            continue
        happened = "; ".join(_counts(own, finished, rounds))
        if name not in arms:
            among = f"the answer is among the others ({joined([title(arm) for arm in arms])})"
            yield f"the {title(name)} could not be trained ({happened}): {among}"
        elif any(failure.of == "replicate" for failure in own):
            yield (
                f"the {title(name)} {happened}: these replicates are left out for every cell, and what is said holds of those in "
                "which all could be trained"
            )
        else:
            yield f"the {title(name)} {happened}: a trial without a score is not chosen"


def _counts(failures: Sequence[Failure], finished: int, rounds: int) -> Iterator[str]:
    """ "ran out of memory in 2 of 12 replicates (3 and 7)"."""
    for cause, of in dict.fromkeys((failure.cause, failure.of) for failure in failures):
        numbers = [failure.number + 1 for failure in failures if (failure.cause, failure.of) == (cause, of)]
        total = {"replicate": max(finished, *numbers), "tuning": max(rounds, *numbers)}.get(of)
        unit = _COUNTED.get(of, of)
        if total is None:
            yield f"{_WORDS[cause]} in {counted(len(numbers), unit)}"
        else:
            which = joined([f"{number:,}" for number in sorted(numbers)])
            yield f"{_WORDS[cause]} in {len(numbers):,} of {counted(total, unit)} ({which})"

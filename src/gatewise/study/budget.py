"""What a budget can hold: how long trainings may be, whether to tune first, and what a better budget would be.

Everything here is arithmetic on seconds that were measured in the first moments of a run (`measure.probe_epochs`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

__all__ = ["MAX_TUNING", "MEASURING_SHARE", "TUNING_SHARE", "BudgetPlan", "Foresight", "foreseen_replicates", "plan_budget"]

MAX_TUNING = 8
TUNING_SHARE = 0.25
MEASURING_SHARE = 0.08
# Early stopping ends trainings before their epochs are used up; this much of them is used on average over data sets.
TYPICAL_SHARE = 0.6
# Trainings are not cut below this share of their epochs for the sake of more replicates, only for the sake of the first.
SHORTEST_SHARE = 0.25
# With fewer replicates than these, the time of tuning is better spent on another.
REPLICATES_WORTH_TUNING = 3
# Processes that train side by side share caches and memory, and wait for each other at the end of a replicate.
CONTENTION = 1.25
ROUND_BUDGETS = (10, 20, 30, 60, 90, *range(120, 600, 60), *range(600, 3600, 300), *range(3600, 86400, 1800))


@dataclass(frozen=True)
class Foresight:
    """What is known before anything is trained.

    budget_s: the whole. elapsed_s: what reading and starting took. epoch_s: seconds of an epoch of every arm, with the machine to
    itself. report_s: what the report will take at the end. epochs: most of a training without a budget. jobs: processes.
    baselines_s, scoring_s: seconds of a replicate beside its trainings: of its baselines, and of the arms on the test part.
    tune: tuning rounds asked for, None for what the budget allows. wanted: replicates below which nothing is decided. enough:
    replicates that must fit even with whole trainings before these are tried. whole: epochs of a whole training, None where it is
    no question how long trainings are.
    """

    budget_s: float
    elapsed_s: float
    epoch_s: tuple[float, ...]
    report_s: float
    epochs: int
    jobs: int
    tune: int | None
    wanted: int
    enough: int = 0
    whole: int | None = None
    baselines_s: float = 0.0
    scoring_s: float = 0.0

    def round_s(self, epochs: float) -> float:
        """Seconds in which every arm is trained once for so many epochs."""
        return self.shared_s(epochs * sum(self.epoch_s))

    def replicate_s(self, epochs: float) -> float:
        """Seconds of a replicate whose trainings take so many epochs."""
        return self.shared_s(epochs * sum(self.epoch_s) + self.baselines_s + self.scoring_s)

    def shared_s(self, seconds: float) -> float:
        """What work of so many seconds takes where processes share it."""
        together = min(self.jobs, len(self.epoch_s))
        return seconds * (CONTENTION if together > 1 else 1.0) / together

    def closing_s(self, epochs: float) -> float:
        """Seconds of the end: the model trained on all data, and the report."""
        return epochs * max(self.epoch_s) + self.report_s


@dataclass(frozen=True)
class BudgetPlan:
    """What a run will do with its budget.

    max_epochs: most of every training; own_epochs: what suits the data, or was asked for; whole_epochs: what is tried beside it,
    None where nothing else is, or there is no time. tuned: whether there is time for tuning.
    replicates: how many are foreseen, 0 where not even one is sure. training_s: seconds of the longest training at `own_epochs`.
    replicate_s, closing_s: seconds foreseen for one replicate, and for the end of the run. baselines_s, scoring_s: of a replicate
    beside its trainings: for the baselines, and for the arms on the test part. better_s: a budget that holds the wanted
    replicates at full length; None where this one does.
    """

    max_epochs: int
    own_epochs: int
    tuned: bool
    replicates: int = field(metadata={"earlier": "pairs"})
    training_s: float
    replicate_s: float = field(metadata={"earlier": "pair_s"})
    closing_s: float
    better_s: float | None
    whole_epochs: int | None = None
    baselines_s: float = 0.0
    scoring_s: float = 0.0


def plan_budget(known: Foresight) -> BudgetPlan:
    """Shorten trainings by halves, as far as it takes to fit the wanted replicates and not below a quarter; below that, and
    without tuning, only so that the first replicate fits. Whole trainings are tried where enough replicates of them fit, even if
    every training uses all of its epochs."""
    epochs, tuned = _chosen(known)
    whole = foreseen_replicates(known, known.epochs, tuned=True) >= known.wanted
    return BudgetPlan(
        max_epochs=epochs,
        own_epochs=known.epochs,
        tuned=tuned,
        replicates=int(foreseen_replicates(known, epochs, tuned=tuned)),
        training_s=known.epochs * max(known.epoch_s),
        replicate_s=known.replicate_s(TYPICAL_SHARE * epochs),
        closing_s=known.closing_s(TYPICAL_SHARE * epochs),
        better_s=None if whole else _better(known),
        whole_epochs=known.whole if whole and _may_be_whole(known) else None,
        baselines_s=known.shared_s(known.baselines_s),
        scoring_s=known.shared_s(known.scoring_s),
    )


def foreseen_replicates(known: Foresight, epochs: int, *, tuned: bool, share: float = TYPICAL_SHARE) -> float:
    """How many replicates of so many epochs fit. share: of its epochs that a training uses.

    The trainings of the first replicate are those of a round of tuning, where there is one.
    """
    used = epochs * share
    left = known.budget_s * (1 - MEASURING_SHARE) - known.elapsed_s - known.closing_s(used)
    if tuned:
        one_round = known.round_s(used)
        most = min(MAX_TUNING, max(1.0, TUNING_SHARE * known.budget_s / one_round))
        left -= one_round * max((most if known.tune is None else known.tune) - 1, 0)
    return max(left / known.replicate_s(used), 0.0)


def _chosen(known: Foresight) -> tuple[int, bool]:
    shortest = max(1, math.ceil(known.epochs * SHORTEST_SHARE))
    for epochs in _halves(known.epochs, shortest):
        if foreseen_replicates(known, epochs, tuned=True) >= known.wanted:
            return epochs, True
    if foreseen_replicates(known, shortest, tuned=True) >= REPLICATES_WORTH_TUNING:
        return shortest, True
    for epochs in _halves(shortest, 1):
        if foreseen_replicates(known, epochs, tuned=False, share=1.0) >= 1:
            return epochs, False
    return 1, False


def _may_be_whole(known: Foresight) -> bool:
    return known.whole is not None and foreseen_replicates(known, known.whole, tuned=True, share=1.0) >= known.enough


def _halves(most: int, least: int) -> Iterator[int]:
    """`most`, its half, and so on, and `least` at last. Steps this coarse come out alike however the machine's speed varies."""
    while most > least:
        yield most
        most = math.ceil(most / 2)
    yield least


def _better(known: Foresight) -> float:
    longer = (seconds for seconds in ROUND_BUDGETS if seconds > known.budget_s)
    fits = (float(s) for s in longer if foreseen_replicates(replace(known, budget_s=s), known.epochs, tuned=True) >= known.wanted)
    return next(fits, float(ROUND_BUDGETS[-1]))

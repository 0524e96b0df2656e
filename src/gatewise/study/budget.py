"""What a budget can hold: how long trainings may be, how much is tuned, and what would do where it is too small.

Everything here is arithmetic on seconds that were measured in the first moments of a run (`study.probe`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from gatewise.training.schedule import LEAST_PATIENCE

__all__ = [
    "FEWEST_USED",
    "MAX_TUNING",
    "MEASURING_SHARE",
    "OVERHEAD_SHARE",
    "TUNING_SHARE",
    "BudgetPlan",
    "Foresight",
    "fitting_epochs",
    "foreseen_replicates",
    "foreseen_rounds",
    "plan_budget",
]

MAX_TUNING = 8
# Tuning beyond the round that the first replicate takes over, measuring and the closing model take so much of a budget at most.
OVERHEAD_SHARE = 1 / 3
MEASURING_SHARE = 0.06
# Of that tuning takes so much at most: its later rounds seldom find what is clearly better, and replicates are what decides.
TUNING_SHARE = 0.15
# Trainings are not cut below this share of their epochs for the sake of more replicates, only for the sake of the first.
SHORTEST_SHARE = 0.25
# With fewer replicates than these, the time of tuning is better spent on another.
REPLICATES_WORTH_TUNING = 3
# Early stopping waits for so many epochs at least: those that no training ends before.
FEWEST_USED = LEAST_PATIENCE + 1
# Baselines are foreseen alone on a machine; processes side by side share caches and memory.
CONTENTION = 1.25
# Of their epochs trainings use so much: early stopping waits long while the learning rate is high.
TYPICAL_SHARE = 0.9
ROUND_BUDGETS = (10, 20, 30, 60, 90, *range(120, 600, 60), *range(600, 3600, 300), *range(3600, 86400, 1800))


@dataclass(frozen=True)
class Foresight:
    """What is known before anything is trained.

    budget_s: the whole. elapsed_s: what reading and starting took. epoch_s: seconds of an epoch of every arm, beside as many
    processes as will train. report_s: what the report will take at the end. epochs: most of a training without a budget. jobs:
    processes. tune: tuning rounds asked for, None for what the budget allows. wanted: replicates below which nothing is decided.
    whole: epochs of a whole training, None where it is no question how long trainings are.
    baselines_s, scoring_s, encoding_s: seconds of a replicate beside its trainings: of its baselines, alone on the machine; of
    the arms on the test part; of its split, in every process. typical: share of their epochs that trainings are expected to
    use, because early stopping ends them.
    """

    budget_s: float
    elapsed_s: float
    epoch_s: tuple[float, ...]
    report_s: float
    epochs: int
    jobs: int
    tune: int | None
    wanted: int
    whole: int | None = None
    baselines_s: float = 0.0
    scoring_s: float = 0.0
    encoding_s: float = 0.0
    typical: float = TYPICAL_SHARE

    def used(self, epochs: int) -> float:
        """How many of its epochs at most a training is expected to use."""
        return max(self.typical * epochs, min(epochs, FEWEST_USED))

    def round_s(self, epochs: float) -> float:
        """Seconds in which every arm is trained once for so many epochs."""
        return epochs * sum(self.epoch_s) / self.together

    def replicate_s(self, epochs: float) -> float:
        """Seconds of a replicate whose trainings take so many epochs."""
        return self.encoding_s + self.round_s(epochs) + self.scoring_s / self.together + self.shared_baselines_s

    @property
    def together(self) -> int:
        """How many processes share the work of a replicate."""
        return min(self.jobs, len(self.epoch_s))

    @property
    def shared_baselines_s(self) -> float:
        """What the baselines of a replicate take where processes share them."""
        return self.baselines_s * (CONTENTION if self.together > 1 else 1.0) / self.together

    @property
    def whole_round_s(self) -> float:
        """Seconds of the round of tuning that has whole trainings, where there is one."""
        return 0.0 if self.whole is None else self.round_s(self.used(self.whole))

    def closing_s(self, epochs: float) -> float:
        """Seconds of the end: the model trained on all data, and the report."""
        return epochs * max(self.epoch_s) + self.report_s

    def left_s(self, epochs: float) -> float:
        """Seconds that are left for tuning and replicates."""
        return self.budget_s * (1 - MEASURING_SHARE) - self.elapsed_s - self.closing_s(epochs)


@dataclass(frozen=True)
class BudgetPlan:
    """What a run will do with its budget.

    max_epochs: most of every training; own_epochs: what suits the data, or was asked for; whole_epochs: what is tried beside it,
    None where nothing else is, or there is no time. tuned: whether there is time for tuning; rounds: how many rounds of it are
    foreseen.
    replicates: how many are foreseen, 0 where not even one is sure. training_s: seconds of the longest training at `own_epochs`.
    replicate_s, closing_s: seconds foreseen for one replicate, and for the end of the run; replicate_most_s: where every training
    uses all of the most that it may have. baselines_s, scoring_s, encoding_s: of a replicate beside its trainings: for the
    baselines, for the arms on the test part, for the split. better_s: a budget that holds the wanted replicates at full length;
    None where this one does. least_s: one that holds them at a quarter of it without tuning, None where this one does. epoch_s:
    seconds of an epoch of every arm. typical: as in `Foresight`.
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
    encoding_s: float = 0.0
    replicate_most_s: float = 0.0
    rounds: int = 0
    least_s: float | None = None
    epoch_s: tuple[float, ...] = ()
    typical: float = TYPICAL_SHARE


def plan_budget(known: Foresight) -> BudgetPlan:
    """Shorten trainings by halves, as far as it takes to fit the wanted replicates and not below a quarter; below that, and
    without tuning, only so that the first replicate fits. Whole trainings are tried where the wanted
    replicates fit with these too. Tuning gets what the wanted replicates leave."""
    known = replace(known, whole=known.whole if _may_be_whole(known) else None)
    epochs, rounds = _chosen(known)
    uncut = _fit(known, known.epochs)
    used, untuned = known.used(epochs), replace(known, tune=1)
    return BudgetPlan(
        max_epochs=epochs,
        own_epochs=known.epochs,
        tuned=rounds > 0 or known.tune == 0,
        replicates=int(foreseen_replicates(known, epochs, rounds)),
        training_s=known.epochs * max(known.epoch_s),
        replicate_s=known.replicate_s(used),
        closing_s=known.closing_s(used),
        better_s=None if uncut else _round_budget(known, known.epochs),
        whole_epochs=known.whole,
        baselines_s=known.shared_baselines_s,
        scoring_s=known.scoring_s / known.together,
        encoding_s=known.encoding_s,
        replicate_most_s=known.replicate_s(known.whole or epochs),
        rounds=rounds,
        least_s=None if _fit(untuned, _shortest(known)) else _round_budget(untuned, _shortest(known)),
        epoch_s=known.epoch_s,
        typical=known.typical,
    )


def foreseen_replicates(known: Foresight, epochs: int, rounds: int) -> float:
    """How many replicates of so many epochs fit, after so many rounds of tuning.

    The trainings of the first replicate are those of a round of tuning, where there is one.
    """
    used = known.used(epochs)
    left = known.left_s(used) - known.round_s(used) * max(rounds - 1, 0) - known.whole_round_s
    return max(left / known.replicate_s(used), 0.0)


def foreseen_rounds(known: Foresight, epochs: int) -> int:
    """How many rounds of tuning there is time for: one at least, which the first replicate takes over."""
    if known.tune is not None:
        return known.tune
    used = known.used(epochs)
    overhead = (OVERHEAD_SHARE - MEASURING_SHARE) * known.budget_s - known.closing_s(used)
    room = (
        min(TUNING_SHARE * known.budget_s, overhead, known.left_s(used) - known.wanted * known.replicate_s(used))
        - known.whole_round_s
    )
    return min(max(1 + math.floor(room / known.round_s(used)), 1), MAX_TUNING)


def fitting_epochs(known: Foresight) -> int | None:
    """The most epochs with which the wanted replicates fit into the budget without tuning; None where not even one fits so."""
    fitting = (epochs for epochs in range(known.epochs, 0, -1) if foreseen_replicates(known, epochs, 1) >= known.wanted)
    return next(fitting, None)


def _fit(known: Foresight, epochs: int) -> bool:
    return foreseen_replicates(known, epochs, foreseen_rounds(known, epochs)) >= known.wanted


def _shortest(known: Foresight) -> int:
    return max(1, math.ceil(known.epochs * SHORTEST_SHARE))


def _chosen(known: Foresight) -> tuple[int, int]:
    """Epochs at most, and rounds of tuning."""
    shortest = _shortest(known)
    for epochs in _halves(known.epochs, shortest):
        if _fit(known, epochs):
            return epochs, foreseen_rounds(known, epochs)
    rounds = foreseen_rounds(known, shortest)
    if foreseen_replicates(known, shortest, rounds) >= REPLICATES_WORTH_TUNING:
        return shortest, rounds
    surely = replace(known, typical=1.0)
    return next((epochs for epochs in _halves(shortest, 1) if foreseen_replicates(surely, epochs, 0) >= 1), 1), 0


def _may_be_whole(known: Foresight) -> bool:
    """Whether whole trainings can be tried: the round that tries them is tuning, and all further ones may then be whole."""
    if known.whole is None or known.tune == 0:
        return False
    overhead = known.round_s(known.whole) + MEASURING_SHARE * known.budget_s + known.closing_s(known.whole)
    fit = foreseen_replicates(replace(known, whole=None), known.whole, 1) >= known.wanted
    return fit and overhead <= OVERHEAD_SHARE * known.budget_s


def _halves(most: int, least: int) -> Iterator[int]:
    """`most`, its half, and so on, and `least` at last. Steps this coarse come out alike however the machine's speed varies."""
    while most > least:
        yield most
        most = math.ceil(most / 2)
    yield least


def _round_budget(known: Foresight, epochs: int) -> float:
    """The least budget above this one that holds the wanted replicates of so many epochs."""
    longer = (float(seconds) for seconds in ROUND_BUDGETS if seconds > known.budget_s)
    return next((s for s in longer if _fit(replace(known, budget_s=s), epochs)), float(ROUND_BUDGETS[-1]))

"""What the parts of a run that are still to come will take, from what was planned and what has happened since."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

from gatewise.comparison.outlook import replicates_to_decide
from gatewise.records import Training, Verdict
from gatewise.statistics.sequential import MINIMUM_REPLICATES
from gatewise.study.budget import FEWEST_USED, MEASURING_SHARE, OVERHEAD_SHARE, TUNING_SHARE, TYPICAL_SHARE
from gatewise.study.length import LENGTH_ROUND
from gatewise.study.session import Session
from gatewise.study.timings import timing_key

__all__ = [
    "Forecast",
    "baseline_costs_seconds",
    "closing_epochs",
    "closing_seconds",
    "first_replicate_seconds",
    "foretell",
    "inference_seconds",
    "late_seconds",
    "memory_seconds",
    "overtime_seconds",
    "round_seconds",
    "shortest_replicate_seconds",
    "still_to_train",
    "tuning_room",
]

# One process that loads the libraries once for all arms.
MEMORY_SECONDS = 4.0
BASELINE_SECONDS = 4.0
LATE_SHARE = 0.15
OVERTIME_SHARE = 0.02
# An epoch of the closing training may take so many times as long as those before it.
CLOSING_SLOWER = 1.1
STILL_UNDER_WAY = 0.25
# Epochs after which the time of a training is foretold: the first one warms up.
TELLING_EPOCHS = 2
# The epochs that were expected weigh as much as so many trainings: those of one split differ less than those of several.
EXPECTED_WEIGHS = 2


@dataclass(frozen=True)
class Forecast:
    """What is expected of a run from now on.

    replicates_done: so far. replicate_s: wall seconds of a further replicate; replicate_most_s: where every training uses all of
    its epochs. replicates: in the whole run, if nothing ends it before the budget does; None where there is no budget. decides_s:
    wall seconds until a decision is more likely than not; None where that is not known.
    """

    replicates_done: int
    replicate_s: float
    replicate_most_s: float
    replicates: int | None
    decides_s: float | None = None


def foretell(session: Session, verdict: Verdict | None = None) -> Forecast:
    """What is expected by what has happened so far. verdict: as it stands; without it nothing is said of a decision."""
    done = session.replicates_done
    usual, most = (_replicate_seconds(session, full=full) for full in (False, True))
    replicates = None
    if session.config.budget_s is not None:
        left = session.left() - closing_seconds(session) - late_seconds(session)
        first = 0.0 if done else usual - first_replicate_seconds(session)
        replicates = done + max(math.floor((left + first) / usual), 0) if usual else None
    further = None
    if verdict is not None and done >= MINIMUM_REPLICATES:
        further = replicates_to_decide(verdict, adaptive=session.config.replicates is None)
    return Forecast(done, usual, max(usual, most), replicates, None if further is None else further * usual)


def round_seconds(session: Session, number: int) -> float:
    """What a round of tuning takes, by the rounds before it; 0 of the first."""
    if session.whole_epochs is not None and number == LENGTH_ROUND:
        return sum(_epoch_seconds(session, name) * _expected_epochs(session, name, number) for name in session.names) / _together(
            session
        )
    return _mean(trial.seconds for trial in session.tuning()) * len(session.names) / _together(session)


def tuning_room(session: Session) -> float:
    """Seconds that another round of tuning may take.

    What tuning takes beyond the round that the first replicate takes over has its share of the budget, and so has that with
    measuring and the closing model; and the replicates before which nothing is decided come first.
    """
    budget = session.config.budget_s
    if budget is None:
        return math.inf
    closing, first = closing_seconds(session), first_replicate_seconds(session)
    if session.config.tune is not None:
        return session.left() - first - closing
    measuring = MEASURING_SHARE * budget
    taken = sum(trial.seconds for trial in session.trainings("tuning")) / _together(session)
    taken_over = _mean(trial.seconds for trial in session.tuning()) * len(session.names) / _together(session)
    further = min(session.config.replicates or MINIMUM_REPLICATES, MINIMUM_REPLICATES) - 1
    needed = first + further * _replicate_seconds(session)
    share = min(TUNING_SHARE * budget, OVERHEAD_SHARE * budget - closing - measuring)
    return min(share - taken + taken_over, session.left() - needed - closing - measuring)


def still_to_train(session: Session, number: int) -> float:
    """Seconds that the trials under way of a round are foretold to take still, by their epochs so far; 0 where none has told."""
    left = [
        epoch.seconds / epoch.epoch * max(_expected_epochs(session, key.split(":")[1], number) - epoch.epoch, 0.0)
        for key, epoch in session.runner.under_way.items()
        if epoch.epoch >= TELLING_EPOCHS
    ]
    return max(left, default=0.0)


def first_replicate_seconds(session: Session) -> float:
    """What is left to do of the first replicate after tuning, which leaves it the trainings."""
    return _scoring_seconds(session) + (0.0 if _first_baselines(session) else _baseline_seconds(session))


def shortest_replicate_seconds(session: Session) -> float:
    """Seconds of the shortest replicate so far.

    Arms that train side by side share the time, less what is still under way when the next one begins.
    """
    together = _together(session)
    whole = _whole_replicates(session)
    return min(whole, default=0.0) * (1.0 if together == 1 else 1.0 / together + STILL_UNDER_WAY)


def closing_seconds(session: Session) -> float:
    """What training the winner on all data, and writing the report, will take; a baseline may be the winner."""
    trainings = session.trainings("replicate") or session.trainings("tuning")
    if not trainings:
        return session.plan.closing_s if session.plan else session.report_s
    trainings += session.trainings("baseline")
    names = (*session.names, *session.workload.baselines)
    return max(_mean(training.seconds for training in trainings if training.name == name) for name in names) + session.report_s


def closing_epochs(session: Session, name: str, rows: int) -> int:
    """Epochs of the closing training of an arm on so many rows: all that its trainings have, or what fits into the time that is
    left, so that its learning rate falls to nothing before that is over. One at least.
    """
    cap = session.config.max_epochs or session.workload.schedule.max_epochs
    trained = len(session.workload.encode(0).split.train)
    epoch_s = _epoch_seconds(session, name) * rows / trained
    if math.isinf(session.left()) or not epoch_s:
        return cap
    room = session.left() + overtime_seconds(session) - session.report_s
    return max(1, min(cap, int(room / (CLOSING_SLOWER * epoch_s))))


def overtime_seconds(session: Session) -> float:
    """By how much a budget may be exceeded for the sake of what a run is for: its first replicate, and its model."""
    return OVERTIME_SHARE * (session.config.budget_s or 0.0)


def late_seconds(session: Session) -> float:
    """What is kept of a budget for measuring after the replicates, once these may decide: no more than measuring took before.

    The memory is measured beside the closing model.
    """
    most = MEASURING_SHARE * (session.config.budget_s or math.inf)
    baselines, memory = baseline_costs_seconds(session), max(memory_seconds(session) - closing_seconds(session), 0.0)
    kept = baselines if baselines <= most else 0.0
    return kept + (memory if kept + memory <= most else 0.0)


def baseline_costs_seconds(session: Session) -> float:
    """Seconds that the baselines' costs take to measure; 0 where that is done, or would be too much of the budget."""
    if not session.workload.baselines or "timing:baselines" in session.journal:
        return 0.0
    fits = sum(training.phases.get("fitting", 0.0) for training in session.trainings("baseline") if training.number == 0)
    too_much = fits > LATE_SHARE * (session.config.budget_s or math.inf)
    return 0.0 if too_much else fits + inference_seconds(session)


def inference_seconds(session: Session) -> float:
    """Seconds in which the baselines' inference is timed."""
    return min(BASELINE_SECONDS, MEASURING_SHARE * (session.config.budget_s or math.inf) / 2)


def memory_seconds(session: Session) -> float:
    """Seconds that the processor's memory of training takes to measure; 0 where that is done, not asked for, or too much of the
    budget."""
    limited = session.config.max_memory_bytes is not None
    too_much = not limited and LATE_SHARE * (session.config.budget_s or math.inf) < MEMORY_SECONDS
    done = "cpu" not in session.config.device or timing_key("memory", "cpu", session.config) in session.journal
    return 0.0 if too_much or done else MEMORY_SECONDS


def _replicate_seconds(session: Session, *, full: bool = False) -> float:
    """Wall seconds of a further replicate: those of this session, once there are some; else of its parts. full: every training
    uses all of its epochs."""
    ended = session.replicates_ended
    if not full and len(ended) > MINIMUM_REPLICATES:
        return (ended[-1] - ended[0]) / (len(ended) - 1)
    cap = session.config.max_epochs or 0
    trained = sum(_epoch_seconds(session, name) * (cap if full else _expected_epochs(session, name)) for name in session.names)
    encoding = session.plan.encoding_s if session.plan else 0.0
    return encoding + trained / _together(session) + _baseline_seconds(session) + _scoring_seconds(session)


def _expected_epochs(session: Session, name: str, number: int | None = None) -> float:
    """Epochs that a training of an arm is expected to take: the share of its trainings so far, and as much of what was expected.

    number: of a round of tuning, None for a replicate.
    """
    cap = session.config.max_epochs or 0
    if number == LENGTH_ROUND:
        cap = session.whole_epochs or cap
    shares = [len(training.history) / (training.max_epochs or cap or 1) for training in _telling(session, name)]
    typical = session.plan.typical if session.plan else TYPICAL_SHARE
    return max(fmean([*shares, *[typical] * EXPECTED_WEIGHS]) * cap, min(cap, FEWEST_USED))


def _epoch_seconds(session: Session, name: str) -> float:
    """Seconds of an epoch of an arm: of its trainings so far, until then as planned."""
    told = [training for training in _telling(session, name) if training.history]
    if told:
        return sum(training.history[-1].seconds for training in told) / sum(len(training.history) for training in told)
    every = [arm.name for arm in session.workload.arms]
    planned = dict(zip(every, session.plan.epoch_s, strict=True)) if session.plan and session.plan.epoch_s else {}
    return planned.get(name, 0.0)


def _telling(session: Session, name: str) -> list[Training]:
    """The trainings of an arm that tell of further ones: those of replicates, until then of tuning."""
    of = [training for training in session.trainings("replicate") if training.name == name and training.adopted is None]
    return of or [training for training in session.trainings("tuning") if training.name == name]


def _scoring_seconds(session: Session) -> float:
    """What the test part will take of the arms of a replicate."""
    return session.plan.scoring_s if session.plan else 0.0


def _baseline_seconds(session: Session) -> float:
    """What the baselines of a replicate will take: what they took in the first one, and until then what was foreseen."""
    fitted = _first_baselines(session)
    if fitted:
        return sum(training.seconds for training in fitted) / _together(session)
    return session.plan.baselines_s if session.plan else 0.0


def _first_baselines(session: Session) -> list[Training]:
    """Those of the first replicate, once all of them are fitted."""
    fitted = [training for training in session.trainings("baseline") if training.number == 0]
    failed = [failure for failure in session.failures if (failure.of, failure.number) == ("baseline", 0)]
    return fitted if len(fitted) + len(failed) == len(session.workload.baselines) else []


def _whole_replicates(session: Session) -> list[float]:
    """Seconds of work of every whole replicate."""
    trainings = session.trainings("replicate", "baseline")
    totals: dict[int, float] = {}
    for training in trainings:
        totals[training.number] = totals.get(training.number, 0.0) + training.seconds
    whole = session.reckoning
    return [totals[number] for number in sorted(totals) if whole.counts(number)]


def _together(session: Session) -> int:
    """How many processes share the work of a replicate."""
    return min(session.runner.places, len(session.names))


def _mean(values: Iterable[float]) -> float:
    known = list(values)
    return fmean(known) if known else 0.0

"""The phases of a run, each picking up where the journal ends: tune, measure, run pairs, train the winner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

import numpy as np

from gatewise.comparison.verdict import is_settled
from gatewise.errors import OptionError
from gatewise.names import display_name
from gatewise.records import Epoch, Hyperparameters, Trial
from gatewise.statistics.sequential import HORIZON
from gatewise.study.evidence import chosen_hyperparameters, complete_pairs, target_score
from gatewise.study.measure import measure_latency, measure_memory, measure_steps
from gatewise.study.session import Session
from gatewise.study.work import Unit
from gatewise.training.tune import suggest

__all__ = ["measure", "run_pairs", "tune"]

MAX_TUNING = 8
TUNING_WITHOUT_BUDGET = 4
TUNING_SHARE = 0.25
MEASURING_SHARE = 0.04
MEASURING_SECONDS = 15.0
MEMORY_PROBE_SECONDS = 4.0
MEMORY_SHARE = 0.15
CLOSING_SECONDS = 2.0
OVERTIME_SHARE = 0.05
STILL_UNDER_WAY = 0.25


def tune(session: Session) -> dict[str, Hyperparameters]:
    """Tune every arm alike: rounds of one trial an arm, until `--tune` rounds are done or a quarter of the budget is spent."""
    planned = session.config.tune or (MAX_TUNING if session.config.budget_s else TUNING_WITHOUT_BUDGET)
    if "plan" not in session.journal:
        for number in range(planned):
            trials = session.trials("tuning")
            # A round that was interrupted is always finished, so that no arm has a trial more than another.
            begun = number == 0 or any(trial.number == number for trial in trials)
            if not begun and session.config.tune is None and not _round_fits(session, trials, number):
                break
            _tuning_round(session, number, planned, trials)
            if number == 0:
                _check_budget(session, session.trials("tuning"))
        trials = session.trials("tuning")
        simplest = session.journal.get("data")["simplest_score"]
        target = target_score(trials, session.names, simplest, session.workload.metric)
        session.record("plan", "plan", {"target_score": target, "tuning_trials": len(trials) // len(session.names)})
    chosen = chosen_hyperparameters(session.trials("tuning"), session.names, session.workload.metric)
    for name, values in chosen.items():
        session.view.log(
            f"{display_name(name)}: learning rate {values.learning_rate:.2g}, dropout {values.dropout:.2f}, "
            f"input dropout {values.input_dropout:.2f}, weight decay {values.weight_decay:.2g}"
        )
    return chosen


def _tuning_round(session: Session, number: int, planned: int, trials: list[Trial]) -> None:
    def units() -> Iterator[Unit]:
        for name in session.names:
            own = sorted(
                (trial for trial in trials if trial.name == name and trial.number < number), key=lambda trial: trial.number
            )
            hyperparameters = suggest(
                session.workload.dataset.kind,
                session.workload.metric,
                session.config.seed,
                number,
                own,
                session.workload.dataset.task,
            )
            unit = Unit("tuning", name, number, hyperparameters)
            if unit.key not in session.journal:
                yield unit

    def on_progress(unit: Unit, epoch: Epoch | None) -> None:
        session.show(f"tuning {display_name(unit.name)}, trial {number + 1} of {planned} at most{_at(epoch)}")
        if number == 0 and session.left() < 0:
            raise _too_small(session, 3 * session.elapsed())

    session.show(f"tuning, trial {number + 1} of {planned} at most")
    for unit, trial in session.runner.results(units(), on_progress):
        session.add_trial(unit, trial)
        session.view.log(
            f"tuning {display_name(unit.name)} {number + 1}: validation {session.score_text(trial.validation_score)} "
            f"after {trial.best_epoch} epochs, {trial.seconds:.1f} s"
        )


def _at(epoch: Epoch | None) -> str:
    return f", epoch {epoch.epoch}" if epoch else ""


def _round_fits(session: Session, trials: list[Trial], finished_rounds: int) -> bool:
    if session.config.budget_s is None:
        return True
    seconds = sum(trial.seconds for trial in trials) / finished_rounds / min(session.config.jobs, len(session.names))
    return session.elapsed() + seconds <= TUNING_SHARE * session.config.budget_s


def _check_budget(session: Session, trials: list[Trial]) -> None:
    if session.config.budget_s is None:
        return
    pair = _pair_seconds(session)
    needed = session.elapsed() + pair + _closing_seconds(session, trials)
    if needed > session.config.budget_s:
        raise _too_small(session, needed)


def _too_small(session: Session, needed: float) -> OptionError:
    minutes = int(np.ceil(1.5 * needed / 60))
    return OptionError(
        f"--budget {session.config.budget_s:g}s is too small for one pair on this data: about {needed:.0f} s are needed; "
        f"give --budget {minutes}m or more, or lower --hidden-size or --max-length"
    )


def measure(session: Session, chosen: Mapping[str, Hyperparameters]) -> None:
    """Measure step time, latency and memory, each once and with nothing else running."""
    budget = session.config.budget_s
    seconds = MEASURING_SECONDS if budget is None else min(MEASURING_SECONDS, MEASURING_SHARE * budget)
    session.show("timing training steps of the cells in turn")
    session.once("timing:steps", lambda: measure_steps(session.workload, chosen, seconds))
    session.show("timing inference of the cells in turn")
    session.once("timing:latency", lambda: measure_latency(session.workload, chosen, seconds))
    if budget is None or MEMORY_PROBE_SECONDS * len(session.names) <= MEMORY_SHARE * budget:
        session.show("measuring the memory of training")
        session.once("timing:memory", lambda: measure_memory(session.workload, chosen))


class _BudgetSpent(Exception):
    """The unit under way takes far longer than those before it: it is given up."""


def run_pairs(session: Session, chosen: Mapping[str, Hyperparameters]) -> str:
    """Run pairs until the decision is clear, their number is reached or the budget is spent; returns which of these."""
    config = session.config
    baselines = session.workload.baselines
    everyone = (*session.names, *baselines)
    stopped = "running"
    overtime = -OVERTIME_SHARE * (config.budget_s or 0.0)

    def reason(number: int) -> str | None:
        """Why pair `number` should not be begun."""
        if config.pairs is not None and number >= config.pairs:
            return "pairs"
        if config.pairs is None and is_settled(session.verdict()):
            return "decided"
        if config.pairs is None and number >= HORIZON:
            return "horizon"
        if number and _pair_seconds(session) + _closing_seconds(session, session.trials("pair")) > session.left():
            return "budget"
        return None

    def units() -> Iterator[Unit]:
        nonlocal stopped
        for number in count():
            missing = [
                unit for unit in _units_of_pair(number, session.names, baselines, chosen) if unit.key not in session.journal
            ]
            if not missing:
                continue
            if (why := reason(number)) is not None:
                stopped = why
                return
            yield from missing

    def on_progress(unit: Unit, epoch: Epoch | None) -> None:
        session.show(f"pair {unit.number + 1}: {display_name(unit.name)}{_at(epoch)}")
        if session.left() < overtime:
            raise _BudgetSpent

    def run() -> None:
        for unit, trial in session.runner.results(units(), on_progress):
            before = _complete(session, everyone)
            session.add_trial(unit, trial)
            done = _complete(session, everyone)
            if done > before:
                _show_evidence(session, done)
                session.view.log(_pair_line(session, everyone, done))

    _show_evidence(session, _complete(session, everyone))
    try:
        run()
        # A pair that was under way when the decision fell counts too, and may have undone it.
        while stopped == "decided" and not is_settled(session.verdict()):
            run()
    except _BudgetSpent:
        return "budget"
    return stopped


def _units_of_pair(
    number: int, names: tuple[str, ...], baselines: tuple[str, ...], chosen: Mapping[str, Hyperparameters]
) -> Iterator[Unit]:
    for name in baselines:
        yield Unit("baseline", name, number)
    # The order alternates, so that no arm always runs first on a machine that warms up or slows down.
    for name in names if number % 2 == 0 else reversed(names):
        yield Unit("pair", name, number, chosen[name])


def _complete(session: Session, names: tuple[str, ...]) -> int:
    return complete_pairs(session.trials("pair", "baseline"), names)


def _show_evidence(session: Session, done: int) -> None:
    remaining = None
    if session.config.pairs is not None:
        remaining = (session.config.pairs - done) * _pair_seconds(session)
    if session.config.budget_s is not None:
        remaining = min(session.left(), remaining if remaining is not None else session.left())
    session.show(pairs_done=done, difference=session.verdict().difference, remaining_s=remaining)


def _pair_line(session: Session, names: tuple[str, ...], done: int) -> str:
    scores = {trial.name: trial.test_score or 0.0 for trial in session.trials("pair", "baseline") if trial.number == done - 1}
    return f"pair {done}: " + ", ".join(f"{display_name(name)} {session.score_text(scores[name])}" for name in names)


def _pair_seconds(session: Session) -> float:
    """A cautious estimate of the next pair's seconds: the mean of those done, half way to the longest.

    Arms that train side by side share the time, less what is still under way when the pair begins.
    """
    together = min(session.config.jobs, len(session.names))
    share = 1.0 if together == 1 else 1.0 / together + STILL_UNDER_WAY
    totals: dict[int, float] = {}
    for trial in session.trials("pair", "baseline"):
        totals[trial.number] = totals.get(trial.number, 0.0) + trial.seconds
    if not totals:
        trials = session.trials("tuning")
        return share * sum(trial.seconds for trial in trials) * len(session.names) / max(len(trials), 1)
    values = list(totals.values())
    return share * (float(np.mean(values)) + max(values)) / 2


def _closing_seconds(session: Session, trials: list[Trial]) -> float:
    """What training the winner on all data, and writing the report, will take."""
    seconds = [[trial.seconds for trial in trials if trial.name == name] for name in session.names]
    return max((float(np.mean(own)) for own in seconds if own), default=0.0) + CLOSING_SECONDS

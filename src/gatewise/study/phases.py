"""The phases of a run, each picking up where the journal ends: tune, measure, run replicates."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

from gatewise.comparison.plan import margin_needs_baselines, resolve_margin
from gatewise.comparison.verdict import is_settled
from gatewise.nn import RIVALS
from gatewise.options.config import DeviceName
from gatewise.records import Epoch, FailureCause, Hyperparameters, Training, to_json
from gatewise.report.numbers import duration
from gatewise.statistics.sequential import MINIMUM_REPLICATES, MOST_REPLICATES
from gatewise.study.budget import MAX_TUNING, MEASURING_SHARE
from gatewise.study.deadline import BudgetSpent, until
from gatewise.study.forecast import (
    Forecast,
    baseline_costs_seconds,
    closing_seconds,
    first_replicate_seconds,
    foretell,
    inference_seconds,
    late_seconds,
    memory_seconds,
    overtime_seconds,
    round_seconds,
    shortest_replicate_seconds,
    still_to_train,
    tuning_room,
)
from gatewise.study.gathered import target_score, whole_rounds
from gatewise.study.length import LENGTH_ROUND, decide_length
from gatewise.study.measure import measure_baseline, measure_latency, measure_steps
from gatewise.study.measure_shipped import measure_shipped
from gatewise.study.memory import MemoryMeasurement, measure_device_memory
from gatewise.study.processes import load_libraries
from gatewise.study.session import Session
from gatewise.study.timings import timing_key
from gatewise.study.unexpected import is_out_of_memory
from gatewise.study.units import Unit
from gatewise.training.devices import DEVICES
from gatewise.training.tune import contenders, suggest
from gatewise.wording import counted

__all__ = ["fix_margin", "measure", "measure_late", "memory_beside", "run_replicates", "tune"]

TUNING_WITHOUT_BUDGET = 4
MEASURING_SECONDS = 15.0
# Replicates after which the forecast goes into the journal, to be compared with what happened.
TOLD_AT = (0, 1, *(MINIMUM_REPLICATES * times for times in (1, 2, 4, 8)))


def fix_margin(session: Session) -> None:
    """Fit the first replicate's baselines, where the margin is relative to the best one's error on its validation part.

    A budget that ends before they are fitted leaves the margin open; nothing is decided by then.
    """
    workload = session.workload
    needed = margin_needs_baselines(session.config.margin, workload.trainer.metric)
    if "margin" in session.journal or not needed or not workload.baselines:
        return
    units = [Unit("baseline", name, 0) for name in workload.baselines]
    missing = iter([unit for unit in units if unit.key not in session.journal])

    def on_progress(unit: Unit, epoch: Epoch | None) -> None:
        session.show(f"fitting the {session.title(unit.name)}")

    session.show("fitting the baselines")
    check = until(session, lambda: session.report_s)
    try:
        for unit, training in session.runner.results(missing, on_progress, check, session.add_failure):
            session.add_training(unit, training)
    except BudgetSpent:
        return
    scores = [training.validation_score for training in session.trainings("baseline") if training.number == 0]
    if not scores:
        return
    best = max(scores, key=workload.trainer.metric.gain)
    session.record("margin", "margin", {"margin": resolve_margin(session.config.margin, workload.trainer.metric, best)})


def tune(session: Session) -> dict[str, Hyperparameters]:
    """Tune every arm alike: rounds of one trial an arm, until `--tune` rounds are done or tuning has had its share of the budget.

    A round is given up, and does not count, as soon as its first epochs foretell that it would take more than that share, or
    time that the first replicate needs. A budget without time for any tuning leaves every arm with the defaults. The weights of
    trials that may still be chosen are kept for the first replicate.
    """
    untuned = session.plan is not None and not session.plan.tuned
    if "plan" not in session.journal and not untuned and not session.trainings("replicate", "curve"):
        _tuning_rounds(session)
        trials = session.tuning()
        if trials:
            simplest = session.journal.get("data")["simplest_score"]
            target = target_score(trials, session.names, simplest, session.workload.trainer.metric)
            rounds = whole_rounds(session.journal, session.trainings("tuning"), session.names, session.failures)
            chosen = {name: to_json(values) for name, values in session.chosen().items()}
            session.record("plan", "plan", {"target_score": target, "tuning_trials": rounds, "chosen": chosen})
    chosen = session.chosen()
    _keep_weights(session, {(name, trial.number) for name, trial in session.adoptable().items()})
    for name, values in ((name, chosen[name]) for name in session.names):
        session.view.log(
            f"{session.title(name)}: learning rate {values.learning_rate:.2g}, dropout {values.dropout:.2f}, "
            f"input dropout {values.input_dropout:.2f}, weight decay {values.weight_decay:.2g}"
        )
    return chosen


def _tuning_rounds(session: Session) -> None:
    planned = session.config.tune
    if planned is None:
        planned = MAX_TUNING if session.config.budget_s else TUNING_WITHOUT_BUDGET
    if session.whole_epochs is not None and planned:
        planned += 1
    for number in range(planned):
        trials = session.trainings("tuning")
        # A round that was interrupted is finished if it can be, so that no arm has a trial more than another.
        begun = number == 0 or any(trial.number == number for trial in trials)
        if session.reckoning.hopeless:
            return
        room = math.inf if begun else tuning_room(session)
        if round_seconds(session, number) > room:
            return
        try:
            _tuning_round(session, number, planned, room)
        except BudgetSpent:
            return
        decide_length(session)
        counted_trials = session.tuning()
        if not counted_trials:
            continue
        finished = {name: [trial for trial in counted_trials if trial.name == name] for name in session.names}
        later = {(trial.name, trial.number) for trial in session.trainings("tuning") if trial.number > number}
        _keep_weights(session, contenders(finished, session.workload.trainer.metric) | later)


def _keep_weights(session: Session, trials: Collection[tuple[str, int]]) -> None:
    if session.workload.trained is not None:
        session.workload.trained.keep(trials)


def _tuning_round(session: Session, number: int, planned: int, room: float) -> None:
    """Do a round. room: seconds that it may take."""

    def units() -> Iterator[Unit]:
        dataset = session.workload.dataset
        longer = session.whole_epochs if number == LENGTH_ROUND else None
        # The round of another length has the hyperparameters of the first one, and those that follow are what they would be
        # without it.
        repeated = int(session.whole_epochs is not None and number >= LENGTH_ROUND)
        hyperparameters = suggest(dataset.kind, session.config.seed, number - repeated, dataset.task)
        for name in session.names:
            unit = Unit("tuning", name, number, hyperparameters, max_epochs=longer)
            if unit.key not in session.journal:
                yield unit

    def on_progress(unit: Unit, epoch: Epoch | None) -> None:
        session.show(f"tuning {session.title(unit.name)}, trial {number + 1} of {planned} at most{_at(epoch)}")

    session.show(f"tuning, trial {number + 1} of {planned} at most")
    spent = until(session, lambda: first_replicate_seconds(session) + session.report_s)
    ends = session.elapsed() + room

    def check() -> None:
        spent()
        if session.elapsed() + still_to_train(session, number) > ends:
            raise BudgetSpent

    for unit, trial in session.runner.results(units(), on_progress, check, session.add_failure):
        session.add_training(unit, trial)
        session.view.log(
            f"tuning {session.title(unit.name)} {number + 1}: validation {session.score_text(trial.validation_score)} "
            f"after {counted(trial.best_epoch, 'epoch')}, {trial.seconds:.1f} s"
        )


def _at(epoch: Epoch | None) -> str:
    return f", epoch {epoch.epoch}" if epoch else ""


def measure(session: Session, chosen: Mapping[str, Hyperparameters]) -> None:
    """Measure step time and latency on every device, each once and with nothing else running; the processor's memory too where a
    constraint asks for it."""
    seconds = MEASURING_SECONDS
    if session.config.budget_s is not None:
        left = session.left() - session.report_s
        if left <= 0:
            return
        seconds = min(seconds, MEASURING_SHARE * min(session.config.budget_s, 2 * left) / 2)
    chosen = {name: chosen[name] for name in session.names}
    for device in session.config.device:
        _measure_on(session, chosen, device, seconds / len(session.config.device))
    form = session.config.ship
    if form is not None:
        session.show(f"timing the cells as {form}")
        with _memory_told(session):
            session.once("timing:shipped", lambda: session.runner.alone(measure_shipped, chosen, form))
    if session.config.max_memory_bytes is not None:
        with memory_beside(session, chosen):
            pass


def _measure_on(session: Session, chosen: Mapping[str, Hyperparameters], device: DeviceName, seconds: float) -> None:
    """What the cells cost on one of the run's devices. Memory that a device counts itself takes no process of its own."""
    where = f" on {device}" if session.config.device != ("cpu",) else ""

    def once(what: str, measured: Callable[[], dict[str, Any]]) -> None:
        with _memory_told(session):
            session.once(timing_key(what, device, session.config), measured)

    session.show(f"timing training steps of the cells in turn{where}")
    once("steps", lambda: session.runner.alone(measure_steps, chosen, seconds, device))
    session.show(f"timing inference of the cells in turn{where}")
    once("latency", lambda: session.runner.alone(measure_latency, chosen, seconds, device))
    if DEVICES[device].counts_memory:
        session.show(f"measuring the memory of training{where}")
        once("memory", lambda: session.runner.alone(measure_device_memory, chosen, device))


@contextmanager
def _memory_told(session: Session) -> Iterator[None]:
    """Go without a measurement for which there is not enough memory; nothing of it is recorded."""
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        session.view.log("a measurement ran out of memory: there is none of it")


def measure_late(session: Session) -> None:
    """Measure the baselines' costs after the replicates, where the time that is left allows it."""
    if not session.replicates_done or not baseline_costs_seconds(session):
        return
    # Where other processes trained, nothing here has loaded their libraries yet, which takes longer than many a fit.
    load_libraries()
    if baseline_costs_seconds(session) <= session.left() - closing_seconds(session):
        _measure_baselines(session)


@contextmanager
def memory_beside(session: Session, chosen: Mapping[str, Hyperparameters]) -> Iterator[None]:
    """Measure the processor's memory of training while the block does what nobody times, where there is time for it."""

    def room() -> float:
        return math.inf if session.config.max_memory_bytes is not None else session.left() - session.report_s

    if not 0.0 < memory_seconds(session) <= room():
        yield
        return
    with MemoryMeasurement(session.workload, {name: chosen[name] for name in session.names}) as measurement:
        yield
        session.show("measuring the memory of training")
        found = measurement.result(room())
        if found is not None:
            session.record(timing_key("memory", "cpu", session.config), "timing", found)


def _measure_baselines(session: Session) -> None:
    seconds = inference_seconds(session) / len(session.workload.baselines)

    def measured(name: str) -> dict[str, Any]:
        session.show(f"timing the {session.title(name)}")
        return session.runner.alone(measure_baseline, name, seconds)

    names = [name for name in session.workload.baselines if name not in RIVALS]
    session.once("timing:baselines", lambda: {name: measured(name) for name in names})


def run_replicates(session: Session, chosen: Mapping[str, Hyperparameters]) -> str:
    """Run replicates until the decision is clear, their number is reached or the budget is spent; returns which of these."""
    config = session.config
    stopped = "running"

    def reason(number: int) -> str | None:
        """Why replicate `number` should not be begun."""
        if session.reckoning.hopeless:
            return "failed"
        if config.replicates is not None and number >= config.replicates:
            return "replicates"
        if config.replicates is None and is_settled(session.standing()):
            return "decided"
        if config.replicates is None and number >= MOST_REPLICATES:
            return "most_replicates"
        # One that turns out to take too long is given up, so that the shortest so far is what has to fit.
        late = late_seconds(session) if number >= MINIMUM_REPLICATES else 0.0
        if number and shortest_replicate_seconds(session) + late + closing_seconds(session) > session.left():
            return "budget"
        return None

    def units() -> Iterator[Unit]:
        nonlocal stopped
        for number in count():
            missing = [
                unit
                for unit in _units_of_replicate(session, number, chosen, {} if number else session.adoptable())
                if unit.key not in session.journal
            ]
            if not missing:
                continue
            if (why := reason(number)) is not None:
                stopped = why
                return
            yield from missing

    def on_progress(unit: Unit, epoch: Epoch | None) -> None:
        session.show(f"replicate {unit.number + 1}: {session.title(unit.name)}{_at(epoch)}")

    # The first replicate may take the time in which the model would be trained; a later one may not.
    overtime = overtime_seconds(session)
    check = until(session, lambda: closing_seconds(session) - overtime if session.replicates_done else session.report_s)

    def ended() -> None:
        before = session.replicates_done
        _count_replicates(session)
        if session.replicates_done > before:
            session.replicates_ended.append(session.elapsed())
            _show_evidence(session)
            session.view.log(_replicate_line(session, session.replicates_done))

    def on_failure(unit: Unit, cause: FailureCause) -> None:
        session.add_failure(unit, cause)
        ended()

    def run() -> None:
        for unit, training in session.runner.results(units(), on_progress, check, on_failure):
            session.add_training(unit, training)
            ended()

    _count_replicates(session)
    _show_evidence(session)
    try:
        run()
        # A replicate that was under way when the decision fell counts too, and may have undone it.
        while stopped == "decided" and not is_settled(session.standing()):
            run()
    except BudgetSpent:
        return "budget"
    return stopped


def _units_of_replicate(
    session: Session, number: int, chosen: Mapping[str, Hyperparameters], trained: Mapping[str, Training]
) -> Iterator[Unit]:
    for name in session.reckoning.baselines:
        yield Unit("baseline", name, number)
    # The order alternates, so that no arm always runs first on a machine that warms up or slows down.
    for name in session.names if number % 2 == 0 else reversed(session.names):
        yield Unit("replicate", name, number, chosen[name], trained=trained.get(name))


def _count_replicates(session: Session) -> None:
    """Count the replicates that have ended; from the first on, nobody needs the weights of tuning any more."""
    session.replicates_done = session.reckoning.finished
    if session.replicates_done and session.workload.trained is not None:
        session.workload.trained.remove()


def _show_evidence(session: Session) -> None:
    """Show where the replicates stand and when they are foretold to end; the forecast is kept at some of them."""
    done, verdict = session.replicates_done, session.standing()
    forecast = foretell(session, verdict)
    remaining = None
    if session.config.replicates is not None:
        remaining = (session.config.replicates - done) * forecast.replicate_s
    if session.config.budget_s is not None:
        remaining = min(session.left(), remaining if remaining is not None else session.left())
    if done in TOLD_AT:
        session.once(f"forecast:{done}", lambda: to_json(forecast))
    if not done and forecast.replicates is not None:
        session.view.log(_forecast_line(session, forecast))
    session.show(
        f"replicate {done + 1}",
        replicates_done=done,
        difference=verdict.difference,
        remaining_s=remaining,
        decides_s=forecast.decides_s,
    )


def _forecast_line(session: Session, forecast: Forecast) -> str:
    fits = f"about {counted(forecast.replicates, 'replicate')} should" if forecast.replicates else "even one may not"
    return (
        f"A replicate takes about {duration(forecast.replicate_s)}, at most {duration(forecast.replicate_most_s)}: "
        f"{fits} fit into the {duration(max(session.left(), 0.0))} that are left."
    )


def _replicate_line(session: Session, done: int) -> str:
    whole = session.reckoning
    scores = {
        training.name: training.test_score or 0.0
        for training in session.trainings("replicate", "baseline")
        if training.number == done - 1
    }
    each = [
        f"{session.title(name)} {session.score_text(scores[name]) if name in scores else 'failed'}"
        for name in (*whole.arms, *whole.baselines)
    ]
    return f"replicate {done}: " + ", ".join(each)

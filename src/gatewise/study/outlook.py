"""What a budget can give on this data, said in the first seconds of a run, before anything is trained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from gatewise.records import from_json
from gatewise.report.numbers import count, duration
from gatewise.statistics.sequential import MINIMUM_REPLICATES
from gatewise.study.budget import BudgetPlan, Foresight, plan_budget
from gatewise.study.measure import probe_epochs, scoring_share
from gatewise.study.session import Session
from gatewise.training.baselines.choice import foreseen_seconds
from gatewise.training.schedule import short_epochs
from gatewise.training.tune import default_hyperparameters
from gatewise.wording import capitalised, counted

__all__ = ["plan_run"]

PROBE_SECONDS = 1.5
PROBE_SHARE = 0.02
# Twice the replicates before which nothing is decided.
ENOUGH_REPLICATES = 2 * MINIMUM_REPLICATES


def plan_run(session: Session, *, may_choose: bool = False) -> None:
    """Fit a run into its budget: how long trainings may be, and whether there is tuning; said in the log and in the report.

    A run whose trainings have begun keeps its plan, for replicates must be alike; one that has none yet is planned anew.
    may_choose: whether a run that begins may choose the length of its trainings itself, by tuning.
    """
    lengths = _lengths(session, may_choose)
    if lengths is not None:
        session.whole_epochs = lengths["whole"]
        session.limit_epochs(lengths["short"])
    budget, most = session.config.budget_s, session.config.max_epochs
    if budget is not None and most is not None:
        _plan(session, budget, most)
    if "length" in session.journal:
        session.limit_epochs(session.journal.get("length")["chosen"])


def _lengths(session: Session, may_choose: bool) -> dict[str, int] | None:
    """The epochs of short and of whole trainings, where a run began without being told how many."""
    whole, journal = session.config.max_epochs, session.journal
    if "lengths" not in journal and may_choose and whole is not None:
        short = short_epochs(whole, session.workload.dataset.task)
        session.record("lengths", "lengths", {"short": short, "whole": whole})
    found: dict[str, int] | None = journal.get("lengths")
    return found


def _plan(session: Session, budget: float, most: int) -> None:
    earlier = session.journal.payloads("budget")
    if session.trainings("tuning", "replicate", "curve"):
        if earlier:
            _follow(session, from_json(BudgetPlan, earlier[-1]))
        return
    session.show("timing a few training steps")
    dataset = session.workload.dataset
    defaults = default_hyperparameters(dataset.kind, dataset.task)
    epoch_s = probe_epochs(session.workload, defaults, min(PROBE_SECONDS, PROBE_SHARE * budget))
    known = Foresight(
        budget_s=budget,
        elapsed_s=session.elapsed(),
        epoch_s=tuple(epoch_s.values()),
        report_s=session.report_s,
        epochs=earlier[-1]["own_epochs"] if earlier else most,
        jobs=session.config.jobs,
        tune=session.config.tune,
        wanted=min(session.config.replicates or MINIMUM_REPLICATES, MINIMUM_REPLICATES),
        baselines_s=_baseline_seconds(session),
        scoring_s=scoring_share(session.workload) * sum(epoch_s.values()),
        enough=max(ENOUGH_REPLICATES, session.config.replicates or 0),
        whole=session.whole_epochs,
    )
    plan = plan_budget(known)
    session.record(f"budget:{len(earlier)}", "budget", asdict(plan) | {"notes": list(_notes(plan, budget))})
    _follow(session, plan)
    for line in _lines(plan, known):
        session.view.log(line)


def _follow(session: Session, plan: BudgetPlan) -> None:
    session.plan, session.whole_epochs = plan, plan.whole_epochs
    session.limit_epochs(plan.max_epochs)


def _baseline_seconds(session: Session) -> float:
    """Seconds of all baselines of a replicate: of the first one, where they are fitted, else as foreseen."""
    workload = session.workload
    fitted = {training.name: training.seconds for training in session.trainings("baseline") if training.number == 0}
    foreseen = foreseen_seconds(workload.dataset, workload.encode(0).split, workload.baselines)
    return sum(fitted.get(name, seconds) for name, seconds in foreseen.items())


def _lines(plan: BudgetPlan, known: Foresight) -> Iterator[str]:
    whole = f"A training takes up to {duration(plan.training_s)} ({counted(plan.own_epochs, 'epoch')})"
    budget = duration(known.budget_s)
    fits = f"about {counted(plan.replicates, 'replicate')} should fit" if plan.replicates else "even one replicate may not fit"
    if plan.whole_epochs is not None:
        yield f"{whole}, or {plan.whole_epochs:,} where that is better: in {budget} {fits}."
    elif plan.max_epochs == plan.own_epochs:
        yield f"{whole}: in {budget} {fits}{'' if plan.tuned else ', without tuning'}."
    else:
        tuning = "" if plan.tuned else " and nothing is tuned"
        yield f"{whole}, too long for {budget}: every training is cut to {counted(plan.max_epochs, 'epoch')}{tuning}; {fits}."
    if plan.better_s is not None:
        yield (
            f"Nothing is decided before {counted(known.wanted, 'replicate')}. {capitalised(_whole_length(plan))}; --max-epochs, "
            "--hidden-size or --max-length make trainings shorter."
        )


def _notes(plan: BudgetPlan, budget: float) -> Iterator[str]:
    """What the reader of the report must know of it."""
    if plan.max_epochs < plan.own_epochs:
        yield (
            f"Every training was cut to {counted(plan.max_epochs, 'epoch')}, where {count(plan.own_epochs)} suit the data, to "
            f"fit into {duration(budget)}; {_whole_length(plan)}."
        )
    if not plan.tuned:
        yield f"There was no time to tune in {duration(budget)}: every cell has the default hyperparameters."


def _whole_length(plan: BudgetPlan) -> str:
    return (
        f"a new run with --budget {_written(plan.better_s)} should hold enough replicates of full length" if plan.better_s else ""
    )


def _written(seconds: float | None) -> str:
    whole = round(seconds or 0.0)
    return f"{whole // 60}m" if whole >= 120 and whole % 60 == 0 else f"{whole}s"

"""What a budget can give on this data, said in the first seconds of a run, before anything is trained."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, replace

from gatewise.data.dataset.drawn import epoch_rows
from gatewise.options.command import duration_words
from gatewise.records import from_json
from gatewise.report.numbers import count, duration
from gatewise.statistics.sequential import MINIMUM_REPLICATES
from gatewise.study.budget import BudgetPlan, Foresight, fitting_epochs, foreseen_replicates, plan_budget
from gatewise.study.session import Session
from gatewise.study.unexpected import is_out_of_memory
from gatewise.training.baselines.choice import foreseen_seconds
from gatewise.training.schedule import default_schedule, short_epochs
from gatewise.training.tune import default_hyperparameters
from gatewise.wording import capitalised, counted

__all__ = ["plan_run"]

PROBE_SECONDS = 1.5
PROBE_SHARE = 0.05
# The estimates by which baselines are left out are cautious: of six data sets, fits took 7% to 57% of them.
BASELINES_TAKE = 0.35
# A sample of fewer rows to train on is a different question.
FEWEST_SAMPLED = 100


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
    try:
        probed = session.runner.probe(defaults, min(PROBE_SECONDS, PROBE_SHARE * budget))
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        # Which arm it was for, its trainings will show.
        session.view.log("a few training steps ran out of memory: the budget is kept to, but not planned for")
        return
    known = Foresight(
        budget_s=budget,
        elapsed_s=session.elapsed(),
        epoch_s=tuple(probed.epoch_s[arm.name] for arm in session.workload.arms),
        report_s=session.report_s,
        epochs=earlier[-1]["own_epochs"] if earlier else most,
        jobs=session.runner.places,
        tune=session.config.tune,
        wanted=min(session.config.replicates or MINIMUM_REPLICATES, MINIMUM_REPLICATES),
        whole=session.whole_epochs,
        baselines_s=_baseline_seconds(session),
        scoring_s=probed.scoring_s,
        encoding_s=probed.encoding_s,
    )
    plan = plan_budget(known)
    instead = _instead(session, known, plan) if plan.replicates < known.wanted else ""
    notes = [*_notes(plan, budget, instead, known.whole)]
    session.record(f"budget:{len(earlier)}", "budget", asdict(plan) | {"notes": notes})
    _follow(session, plan)
    session.view.log(_line(plan, budget))
    if instead or plan.better_s is not None:
        session.view.log(instead or f"{capitalised(_whole_length(plan))}.")


def _follow(session: Session, plan: BudgetPlan) -> None:
    session.plan, session.whole_epochs = plan, plan.whole_epochs
    session.limit_epochs(plan.max_epochs)


def _baseline_seconds(session: Session) -> float:
    """Seconds of all baselines of a replicate: of the first one, where they are fitted, else as foreseen."""
    workload = session.workload
    fitted = {training.name: training.seconds for training in session.trainings("baseline") if training.number == 0}
    foreseen = foreseen_seconds(workload.dataset, workload.encode(0).split, workload.baselines)
    return sum(fitted.get(name, BASELINES_TAKE * seconds) for name, seconds in foreseen.items())


def _line(plan: BudgetPlan, budget: float) -> str:
    """What a replicate costs, and what that makes of the budget."""
    said = f"A replicate takes about {duration(plan.replicate_s)}, at most {duration(plan.replicate_most_s)}"
    if plan.max_epochs < plan.own_epochs:
        said += f", cut to {count(plan.max_epochs)} of {counted(plan.own_epochs, 'epoch')}"
    fits = f"about {count(plan.replicates)} should" if plan.replicates else "even one may not"
    tuning = f"after {count(plan.rounds)} rounds of tuning" if plan.rounds > 1 else "untuned"
    said += f": {fits} fit into {duration(budget)}, {tuning}"
    if plan.whole_epochs is not None:
        said += f", with {count(plan.whole_epochs)} epochs in place of {count(plan.own_epochs)} if these are better"
    return f"{said}."


def _instead(session: Session, known: Foresight, plan: BudgetPlan) -> str:
    """What would do where too few replicates fit."""
    least, better = plan.least_s, plan.better_s
    ways = [f"--budget {duration_words(least)} cut and untuned"] if least and least != better else []
    ways += [f"--budget {duration_words(better)} in full"] if better else []
    epochs, rows = fitting_epochs(known), _sample(session, known)
    here = [f"--max-epochs {epochs}"] if epochs is not None else []
    here += [f"a sample of {counted(rows, 'row')}"] if rows is not None else []
    ways += [f"{duration(known.budget_s)} with {' or '.join(here)}"] if here else []
    fit = f": they fit into {', or '.join(ways)}" if ways else ""
    return f"Nothing is decided before {count(known.wanted)}{fit}."


def _sample(session: Session, known: Foresight) -> int | None:
    """Of how many rows, a half, a quarter and so on, the wanted replicates fit uncut and untuned; None where only of too few."""
    config, rows, task = session.config, len(session.workload.dataset), session.workload.dataset.task
    train = len(session.workload.encode(0).split.train)
    if train > epoch_rows(session.workload.dataset, train):
        # Fewer rows would make no epoch shorter.
        return None
    share = 0.5
    while share * train >= FEWEST_SAMPLED:
        epochs = known.epochs
        if known.whole is not None:
            schedule = default_schedule(math.ceil(share * train), batch_size=config.batch_size, max_epochs=None, task=task)
            epochs = short_epochs(schedule.max_epochs, task)
        smaller = replace(
            known,
            epochs=epochs,
            epoch_s=tuple(share * seconds for seconds in known.epoch_s),
            baselines_s=share * known.baselines_s,
            scoring_s=share * known.scoring_s,
            encoding_s=share * known.encoding_s,
        )
        if foreseen_replicates(smaller, epochs, 1) >= known.wanted:
            return int(float(f"{share * rows:.2g}"))
        share /= 2
    return None


def _notes(plan: BudgetPlan, budget: float, instead: str, whole: int | None) -> Iterator[str]:
    """What the reader of the report must know of it. instead: what would do, where too few replicates fit. whole: epochs of whole
    trainings, None where it is no question how long trainings are."""
    if plan.max_epochs < plan.own_epochs:
        better = "" if instead else f"; {_whole_length(plan)}"
        yield (
            f"Every training was cut to {counted(plan.max_epochs, 'epoch')}, where {count(plan.own_epochs)} suit the data, to "
            f"fit into {duration(budget)}{better}."
        )
    if not plan.tuned:
        yield f"There was no time to tune in {duration(budget)}: every cell has the default hyperparameters."
    elif whole is not None and plan.whole_epochs is None and plan.max_epochs == plan.own_epochs:
        yield f"There was no time in {duration(budget)} to try trainings of {counted(whole, 'epoch')}, which some data needs."
    if instead:
        yield instead


def _whole_length(plan: BudgetPlan) -> str:
    return f"a new run with --budget {duration_words(plan.better_s or 0.0)} should hold enough replicates of full length"

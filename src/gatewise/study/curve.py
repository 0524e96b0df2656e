"""The learning curve: replicates on fractions of the training part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

from gatewise.records import Epoch, Hyperparameters
from gatewise.study.deadline import BudgetSpent, until
from gatewise.study.session import Session
from gatewise.study.units import Unit

__all__ = ["run_curve"]

BUDGET_SHARE = 0.5
MOST_REPLICATES = 10


def run_curve(session: Session, chosen: Mapping[str, Hyperparameters]) -> None:
    """Run rounds of one replicate at every fraction below 1 of `config.curve`; the replicates at 1 are those of the comparison.

    Rounds end at half of the budget, or after `config.replicates` or 10 of them; the first is given up only where it takes the
    time of the report. A fraction has the same split, test part and batches' seed as the whole replicate of that number.
    """
    fractions = [fraction for fraction in session.config.curve if fraction < 1.0]
    if not fractions:
        return
    most = session.config.replicates or MOST_REPLICATES

    def units() -> Iterator[Unit]:
        for number in count():
            wanted = [
                Unit("curve", name, number, chosen[name], fraction)
                for fraction in fractions
                for name in (session.names if number % 2 == 0 else session.names[::-1])
            ]
            missing = [unit for unit in wanted if unit.key not in session.journal]
            if not missing:
                continue
            if number >= most or (number and not _fits(session, number)):
                return
            yield from missing

    def on_progress(unit: Unit, epoch: Epoch | None) -> None:
        at = f", epoch {epoch.epoch}" if epoch else ""
        session.show(f"learning curve at {unit.fraction:.0%}, replicate {unit.number + 1}: {session.title(unit.name)}{at}")

    # A later round may cost half as much again as those before it.
    rest = (1 - 1.5 * BUDGET_SHARE) * (session.config.budget_s or 0.0)
    first = session.report_s
    check = until(session, lambda: rest if any(training.number for training in session.trainings("curve")) else first)
    try:
        for unit, training in session.runner.results(units(), on_progress, check, session.add_failure):
            session.add_training(unit, training)
            session.view.log(
                f"learning curve at {unit.fraction:.0%}, replicate {unit.number + 1}: {session.title(unit.name)} "
                f"{session.score_text(training.test_score or 0.0)}"
            )
    except BudgetSpent:
        session.view.log("the learning curve ends here, for the budget needs the time for the replicates")


def _fits(session: Session, rounds: int) -> bool:
    """Whether another round ends within its share of the budget, if it takes as long as those before on average."""
    budget = session.config.budget_s
    if budget is None:
        return True
    jobs = min(session.runner.places, len(session.names))
    seconds = sum(training.seconds for training in session.trainings("curve")) / rounds / jobs
    return session.elapsed() + seconds <= BUDGET_SHARE * budget

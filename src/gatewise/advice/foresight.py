"""How long a comparison would have to be to settle it, by what a pair of trainings took."""

from __future__ import annotations

from gatewise.advice.probing import Probing
from gatewise.records import Verdict
from gatewise.statistics.sequential import EQUIVALENCE_REPLICATES
from gatewise.study.budget import ROUND_BUDGETS, Foresight, plan_budget
from gatewise.training.schedule import short_epochs

__all__ = ["foreseen_budget"]

# What a comparison takes before its first training, and for its report.
STARTING_S, REPORT_S = 4.0, 1.5


def foreseen_budget(found: Probing, verdict: Verdict, further: int | None) -> float | None:
    """Seconds of a `compare` that would probably decide, from ten seconds to a day; None where none would.

    further: replicates that would decide beyond those that were done.
    """
    known = verdict.decision != "undecided"
    if further is None and not known:
        return None
    wanted = max(verdict.replicates + (further or 0), EQUIVALENCE_REPLICATES)
    for budget in ROUND_BUDGETS:
        if plan_budget(_foresight(found, float(budget))).replicates >= wanted:
            return float(budget)
    return None


def _foresight(found: Probing, budget_s: float) -> Foresight:
    whole = found.probes.whole_epochs
    first = [found.whole(name)[0] for name in found.workload.baselines]
    return Foresight(
        budget_s=budget_s,
        elapsed_s=STARTING_S,
        epoch_s=tuple(_epoch_seconds(found, name) for name in found.names),
        report_s=REPORT_S,
        epochs=short_epochs(whole, found.workload.dataset.task),
        jobs=found.config.jobs,
        tune=None,
        wanted=EQUIVALENCE_REPLICATES,
        whole=whole,
        baselines_s=sum(one.seconds for one in first) / found.probes.fraction,
        scoring_s=found.probed.scoring_s,
        encoding_s=found.probed.encoding_s,
    )


def _epoch_seconds(found: Probing, name: str) -> float:
    """Seconds of an epoch on all training rows, by the trainings there were."""
    own = [one for number, one in found.whole(name).items() if one.history]
    return sum(one.history[-1].seconds / len(one.history) for one in own) / len(own) / found.probes.fraction

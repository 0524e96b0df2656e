"""From the evidence of a run to the answer: which arm to ship."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gatewise.comparison.cheapest import Choice, cheapest
from gatewise.comparison.constraints import excluded_arms
from gatewise.comparison.evidence import Evidence
from gatewise.comparison.explain import SIMPLEST_BASELINES, Findings, explain
from gatewise.records import Comparison, Difference, Verdict
from gatewise.statistics.correlated import Differences, posterior
from gatewise.statistics.decision import compare
from gatewise.statistics.power import foresee

__all__ = ["decide", "is_settled"]

FAR_TIMES = 10
FAR_CHEAPER = "in a tenth of the training time or less"


def decide(comparison: Comparison) -> Verdict:
    """Return the verdict on all replicates that are complete for every arm; it can be asked for after every replicate.

    The leader is the arm with the highest mean score (the first listed of equals). Every arm it does not beat stays in question.
    If none stays, the leader is the decision; if the leader is equivalent to all that stay, the decision is "equivalent" and
    the cheapest of them on `config.cost` is recommended; otherwise it is "undecided", with the leader recommended
    provisionally. A baseline that beats the leader is recommended whatever the arms among themselves (decision "baseline"), and
    so is the best of them where the leader is no better than one of `SIMPLEST_BASELINES`, for then it has learned nothing, and
    where it is equivalent to the leader and fitted in a tenth of the time, once the arms are settled among themselves.

    Arms that a constraint excludes are compared, but neither lead nor are shipped; where none is left, the best baseline is.

    Arms and baselines are two families of comparisons; within each the error is divided by their number (`Rule`).

    Every number in the verdict is finite: with a single replicate the intervals are `Evidence.bounds`, and with none `difference`
    is None. Raises RunError where the record of a training on a fixed test part is damaged.
    """
    evidence = Evidence(comparison)
    scores = evidence.scores
    excluded = excluded_arms(comparison)
    allowed = [name for name in evidence.arms if name not in excluded]
    leader = _best(evidence, allowed or evidence.arms) if evidence.replicates else (allowed or evidence.arms)[0]
    couples = evidence.couples if evidence.replicates else ()
    between_arms = tuple(_difference(evidence, *couple, comparisons=len(couples)) for couple in couples)
    scored_baselines = [name for name in comparison.baselines if name in scores]
    against_leader = {name: _difference(evidence, name, leader, comparisons=len(scored_baselines)) for name in scored_baselines}
    best_baseline = _best(evidence, scored_baselines) if scored_baselines else None

    by_rival = {name: one for name, one in _by_rival(leader, between_arms).items() if name in allowed}
    in_question = [name for name, difference in by_rival.items() if _winner(difference) != leader]
    choice = Choice(leader, "")
    difference = _deciding(evidence, by_rival, in_question)
    beaten = _by_baseline(against_leader, best_baseline)
    if best_baseline is not None and (not allowed or beaten is not None):
        decision, choice, difference = "baseline", Choice(best_baseline, ""), beaten if allowed else None
    elif not evidence.replicates:
        decision = "undecided"
    elif not in_question:
        decision = leader
    elif all(by_rival[name].conclusion == "equivalent" for name in in_question):
        decision = "equivalent"
        choice = cheapest([name for name in allowed if name == leader or name in in_question], comparison)
    else:
        decision = "undecided"

    shipped = choice.name if choice.name in evidence.arms else leader
    cells = Choice(choice.name, choice.reason or "which is better") if decision not in ("baseline", "undecided") else None
    rival = None
    if best_baseline is not None:
        leads = against_leader[best_baseline]
        rival = leads if shipped == leader else _difference(evidence, best_baseline, shipped, comparisons=len(scored_baselines))
        cheap = _cheap_baseline(leads, shipped, comparison) if cells is not None else None
        if cheap is not None:
            decision, choice, difference, rival = "baseline", cheap, leads, leads

    verdict = Verdict(
        decision=decision,
        recommended=choice.name,
        metric=comparison.metric,
        higher_is_better=evidence.metric.higher_is_better,
        margin=comparison.margin,
        replicates=evidence.replicates,
        difference=None if difference is None else difference.better_first(),
        comparisons=(*between_arms, *((rival,) if rival is not None else ())),
        scores=scores,
        costs=comparison.costs,
        baseline_costs=comparison.baseline_costs,
        training_time_ratios=comparison.training_time_ratios,
        explanation=(),
        budget_s=comparison.config.budget_s,
        elapsed_s=comparison.elapsed_s,
        stopped=comparison.stopped,
        warnings=comparison.warnings,
        excluded=excluded,
        failed_trainings=evidence.failed_trainings,
        arms=comparison.arms,
        shipped=comparison.shipped if comparison.shipped is not None and comparison.shipped.name == choice.name else None,
    )
    findings = Findings(leader, tuple(by_rival), tuple(in_question), rival, against_leader, choice.reason, cells)
    return replace(verdict, explanation=explain(verdict, comparison, evidence, findings))


def is_settled(verdict: Verdict) -> bool:
    """Whether further replicates would be wasted: a decision is there, and no baseline may yet turn out to beat the best arm.

    A baseline keeps the question open while its mean lead over the leader exceeds the margin and is undecided.
    """
    open_leads = (
        one.first not in verdict.costs and one.conclusion == "undecided" and one.mean > verdict.margin
        for one in verdict.comparisons
    )
    return verdict.decision != "undecided" and not any(open_leads)


def _cheap_baseline(leads: Difference, shipped: str, comparison: Comparison) -> Choice | None:
    """A baseline in the place of the arm that would be shipped: it does as well as the best one, for a tenth of the training.

    leads: the baseline minus the leader.
    """
    if leads.conclusion != "equivalent" or not _far_cheaper(leads.first, shipped, comparison):
        return None
    return Choice(leads.first, FAR_CHEAPER)


def _far_cheaper(baseline: str, arm: str, comparison: Comparison) -> bool:
    """Whether a fit of the baseline, the choice of its regularisation included, takes a tenth of the arm's training or less."""
    simple, trained = comparison.baseline_costs.get(baseline), comparison.costs.get(arm)
    if simple is None or trained is None or simple.fit_s is None or trained.fit_s is None:
        return False
    return FAR_TIMES * simple.fit_s <= trained.fit_s


def _by_baseline(against_leader: Mapping[str, Difference], best_baseline: str | None) -> Difference | None:
    """The comparison by which a baseline wins: it beats the leader, or the leader is no better than one of the simplest."""
    if best_baseline is not None and against_leader[best_baseline].conclusion == "first":
        return against_leader[best_baseline]
    simplest = (one for name, one in against_leader.items() if name in SIMPLEST_BASELINES)
    return next((one for one in simplest if one.conclusion == "equivalent"), None)


def _best(evidence: Evidence, names: Sequence[str]) -> str:
    return max(names, key=lambda name: evidence.metric.gain(evidence.scores[name].mean))


def _difference(evidence: Evidence, first: str, second: str, *, comparisons: int) -> Difference:
    """Compare two names on the replicates they share; foresee how many more would decide where these do not."""
    margin, rule = evidence.comparison.margin, evidence.rule(comparisons)
    leads, spread = evidence.differences(first, second), evidence.spread(first, second)
    seen = Differences.of(leads)
    known = posterior(seen, spread)
    difference = compare(first, second, known, margin, rule, replicates=int(seen.replicates), bounds=evidence.bounds)
    difference = replace(difference, extremes=(float(leads.min()), float(leads.max())))
    if difference.conclusion != "undecided":
        return difference
    ahead = foresee(seen, spread, margin, rule)
    return replace(difference, further_replicates=ahead.further_replicates, decided_within_most=ahead.within_most)


def _by_rival(leader: str, between_arms: tuple[Difference, ...]) -> dict[str, Difference]:
    """The comparisons of the leader, by the name of the other arm, in the order of the arms."""
    return {one.second if one.first == leader else one.first: one for one in between_arms if leader in (one.first, one.second)}


def _winner(difference: Difference) -> str | None:
    return {"first": difference.first, "second": difference.second}.get(difference.conclusion)


def _deciding(evidence: Evidence, by_rival: dict[str, Difference], in_question: list[str]) -> Difference | None:
    """The leader against its strongest rival among those that hold the decision up: undecided, else equivalent, else beaten."""
    undecided = [name for name in in_question if by_rival[name].conclusion == "undecided"]
    rivals = undecided or in_question or list(by_rival)
    if not rivals:
        return None
    return by_rival[_best(evidence, rivals)]

"""From the evidence of a run to the answer: which arm to ship."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gatewise.comparison.cheapest import Choice, cheapest
from gatewise.comparison.constraints import excluded_arms
from gatewise.comparison.elsewhere import elsewhere_sentence
from gatewise.comparison.evidence import Evidence
from gatewise.comparison.explain import SIMPLEST_BASELINES, Findings, explain
from gatewise.records import Comparison, DeviceVerdict, Difference, Shipped, Verdict
from gatewise.statistics.correlated import Differences, posterior
from gatewise.statistics.decision import compare
from gatewise.statistics.power import foresee
from gatewise.titles import Titles

__all__ = ["decide", "far_cheaper", "is_settled"]

FAR_TIMES = 10
FAR_CHEAPER = "in a tenth of the training time or less"


def decide(comparison: Comparison, *, foresight: bool = True) -> Verdict:
    """Return the verdict on all replicates that are complete for every arm; it can be asked for after every replicate.

    The leader is the arm with the highest mean score (the first listed of equals). Every arm it does not beat stays in question.
    If none stays, the leader is the decision; if the leader is equivalent to all that stay, the decision is "equivalent" and
    the cheapest of them on `config.cost` is recommended; otherwise it is "undecided", with the leader recommended
    provisionally. A baseline that beats the leader is recommended whatever the arms among themselves (decision "baseline"), and
    so is the best of them where the leader is no better than one of `SIMPLEST_BASELINES`, for then it has learned nothing, and
    where it is equivalent to the leader and fitted in a tenth of the time, once the arms are settled among themselves. Where the
    best baseline is ahead of what would be shipped by more than the margin, and that is undecided, so is the whole, however the
    arms stand among themselves, and that baseline is recommended provisionally.

    Arms that a constraint excludes are compared, but neither lead nor are shipped; where none is left, the best baseline is.

    An arm that could not be trained is not among them; where one alone is left, it is the decision unless a baseline is.

    Arms and baselines are two families of comparisons; within each the error is divided by their number (`Rule`).

    The costs of the first device decide; on every other one that the run measured, the same rule on the costs from there.

    foresight: whether every undecided comparison foresees how many more replicates would decide it, which takes a while; else the
    deciding one alone, and other devices are left out.

    Every number in the verdict is finite: with a single replicate the intervals are `Evidence.bounds`, and with none `difference`
    is None. Raises RunError where the record of a training on a fixed test part is damaged.
    """
    standing, answer = _settle(comparison, foresight=foresight)
    if answer.difference is not None and not foresight:
        answer = replace(
            answer, difference=standing.difference(answer.difference.first, answer.difference.second, foresight=True)
        )
    verdict = Verdict(
        decision=answer.decision,
        recommended=answer.choice.name,
        metric=comparison.metric,
        higher_is_better=standing.evidence.metric.higher_is_better,
        margin=comparison.margin,
        replicates=standing.evidence.replicates,
        difference=None if answer.difference is None else answer.difference.better_first(),
        comparisons=(*standing.between_arms, *((answer.rival,) if answer.rival is not None else ())),
        scores=standing.evidence.scores,
        costs=comparison.costs,
        baseline_costs=comparison.baseline_costs,
        training_time_ratios=comparison.training_time_ratios,
        explanation=(),
        budget_s=comparison.config.budget_s,
        elapsed_s=comparison.elapsed_s,
        stopped=comparison.stopped,
        warnings=comparison.warnings,
        excluded=standing.excluded,
        failed_trainings=standing.evidence.failed_trainings,
        arms=comparison.arms,
        failures=comparison.failures,
        shipped=_shipped(comparison, answer.choice.name),
        elsewhere=_elsewhere(comparison, answer.choice.name) if foresight else {},
    )
    findings = Findings(
        standing.leader,
        tuple(standing.by_rival),
        tuple(standing.in_question),
        answer.rival,
        standing.against_leader,
        answer.choice.reason,
        answer.cells,
    )
    return replace(verdict, explanation=explain(verdict, comparison, standing.evidence, findings))


def _settle(comparison: Comparison, *, foresight: bool) -> tuple[_Standing, _Answer]:
    standing = _compare_all(comparison, foresight=foresight)
    return standing, _with_baselines(standing, _among_arms(standing))


def _elsewhere(comparison: Comparison, chosen_here: str) -> dict[str, DeviceVerdict]:
    """What the same scores and the costs of each other device come to."""
    found = {}
    for device, there in comparison.elsewhere.items():
        moved = replace(
            comparison,
            costs=there.costs,
            training_time_ratios=there.training_time_ratios,
            latency_ratios=there.latency_ratios,
        )
        standing, answer = _settle(moved, foresight=False)
        sentence = elsewhere_sentence(
            device,
            answer.decision,
            answer.choice,
            standing.excluded,
            here=comparison.config.device[0],
            chosen_here=chosen_here,
            alone=not standing.allowed if answer.decision == "baseline" else not standing.by_rival,
            title=Titles(comparison.arms),
        )
        found[device] = DeviceVerdict(
            answer.decision, answer.choice.name, sentence, there.costs, there.training_time_ratios, standing.excluded
        )
    return found


def is_settled(verdict: Verdict) -> bool:
    """Whether further replicates would be wasted."""
    return verdict.decision != "undecided"


@dataclass(frozen=True, eq=False)
class _Standing:
    """How arms and baselines stand to each other.

    excluded: arms that a constraint rules out, with the reasons; allowed: the others. leader: the best of these, or of all where
    none is left. by_rival: the leader's comparisons with the other arms that are allowed, by name; in_question: those that it
    does not beat. against_leader: the baselines, each minus the leader.
    """

    evidence: Evidence
    excluded: Mapping[str, str]
    allowed: Sequence[str]
    leader: str
    between_arms: tuple[Difference, ...]
    by_rival: Mapping[str, Difference]
    in_question: Sequence[str]
    against_leader: Mapping[str, Difference]
    best_baseline: str | None
    foresight: bool

    def baseline_against(self, arm: str, baseline: str) -> Difference:
        """The baseline minus an arm."""
        if arm == self.leader:
            return self.against_leader[baseline]
        return self.difference(baseline, arm, foresight=self.foresight)

    def difference(self, first: str, second: str, *, foresight: bool) -> Difference:
        """A comparison of two arms, or of a baseline with an arm."""
        return _difference(self.evidence, first, second, foresight=foresight)


@dataclass(frozen=True, eq=False)
class _Answer:
    """The decision, what to ship, and the comparison that decides.

    rival: the best baseline minus the arm that is shipped, or would be. cells: what would be chosen were there no baselines; None
    where that is open, or where a baseline beat them.
    """

    decision: str
    choice: Choice
    difference: Difference | None
    rival: Difference | None = None
    cells: Choice | None = None


def _compare_all(comparison: Comparison, *, foresight: bool) -> _Standing:
    evidence = Evidence(comparison)
    excluded = excluded_arms(comparison)
    allowed = [name for name in evidence.arms if name not in excluded]
    leader = _best(evidence, allowed or evidence.arms) if evidence.replicates else (allowed or evidence.arms)[0]
    couples = evidence.couples if evidence.replicates else ()
    between_arms = tuple(_difference(evidence, *couple, foresight=foresight) for couple in couples)
    by_rival = {name: one for name, one in _by_rival(leader, between_arms).items() if name in allowed}
    return _Standing(
        evidence,
        excluded,
        allowed,
        leader,
        between_arms,
        by_rival,
        in_question=[name for name, difference in by_rival.items() if _winner(difference) != leader],
        against_leader={name: _difference(evidence, name, leader, foresight=foresight) for name in evidence.baselines},
        foresight=foresight,
        best_baseline=_best(evidence, evidence.baselines) if evidence.baselines else None,
    )


def _among_arms(standing: _Standing) -> _Answer:
    """The answer as if there were no baselines."""
    leader, in_question = standing.leader, standing.in_question
    difference = _deciding(standing)
    if not standing.evidence.replicates:
        return _Answer("undecided", Choice(leader, ""), difference)
    if not in_question:
        return _Answer(leader, Choice(leader, ""), difference)
    if all(standing.by_rival[name].conclusion == "equivalent" for name in in_question):
        equals = [name for name in standing.allowed if name == leader or name in in_question]
        return _Answer("equivalent", cheapest(equals, standing.evidence.comparison), difference)
    return _Answer("undecided", Choice(leader, ""), difference)


def _with_baselines(standing: _Standing, answer: _Answer) -> _Answer:
    """The answer with the baselines: one that beats the leader, the best where no arm is left, one as good and far cheaper, or,
    for the time being, one that is ahead."""
    best = standing.best_baseline
    settled = answer.decision != "undecided"
    alone = "which alone could be trained" if len(standing.evidence.arms) == 1 else "which alone meets the constraints"
    better = "which is better" if standing.by_rival else alone
    cells = Choice(answer.choice.name, answer.choice.reason or better) if settled else None
    if best is None:
        return replace(answer, cells=cells)
    beaten = _by_baseline(standing.against_leader, best)
    if not standing.allowed or beaten is not None:
        rival = standing.against_leader[best]
        return _Answer("baseline", Choice(best, ""), beaten if standing.allowed else None, rival)
    shipped, leads = answer.choice.name, standing.against_leader[best]
    cheap = _cheap_baseline(leads, shipped, standing.evidence.comparison) if settled else None
    if cheap is not None:
        return _Answer("baseline", cheap, leads, leads, cells)
    rival = standing.baseline_against(shipped, best)
    if rival.conclusion == "undecided" and rival.mean > standing.evidence.comparison.margin:
        return _Answer("undecided", Choice(best, ""), rival, rival, cells)
    return replace(answer, rival=rival, cells=cells)


def _shipped(comparison: Comparison, recommended: str) -> Shipped | None:
    """The model that was trained for use, where it is the one that is recommended now."""
    shipped = comparison.shipped
    return shipped if shipped is not None and shipped.name == recommended else None


def _cheap_baseline(leads: Difference, shipped: str, comparison: Comparison) -> Choice | None:
    """A baseline in the place of the arm that would be shipped: it does as well as the best one, for a tenth of the training.

    leads: the baseline minus the leader.
    """
    if leads.conclusion != "equivalent" or not far_cheaper(leads.first, shipped, comparison):
        return None
    return Choice(leads.first, FAR_CHEAPER)


def far_cheaper(baseline: str, arm: str, comparison: Comparison) -> bool:
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


def _difference(evidence: Evidence, first: str, second: str, *, foresight: bool) -> Difference:
    """Compare two names on the replicates they share. foresight: how many more would decide where these do not."""
    margin, rule = evidence.comparison.margin, evidence.rule(first, second)
    leads, spread = evidence.differences(first, second), evidence.spread(first, second)
    seen = Differences.of(leads)
    known = posterior(seen, spread)
    difference = compare(first, second, known, margin, rule, replicates=int(seen.replicates), bounds=evidence.bounds)
    difference = replace(difference, extremes=(float(leads.min()), float(leads.max())))
    if difference.conclusion != "undecided" or not foresight:
        return difference
    ahead = foresee(seen, spread, margin, rule)
    return replace(difference, further_replicates=ahead.further_replicates, decided_within_most=ahead.within_most)


def _by_rival(leader: str, between_arms: tuple[Difference, ...]) -> dict[str, Difference]:
    """The comparisons of the leader, by the name of the other arm, in the order of the arms."""
    return {one.second if one.first == leader else one.first: one for one in between_arms if leader in (one.first, one.second)}


def _winner(difference: Difference) -> str | None:
    return {"first": difference.first, "second": difference.second}.get(difference.conclusion)


def _deciding(standing: _Standing) -> Difference | None:
    """The leader against its strongest rival among those that hold the decision up: undecided, else equivalent, else beaten."""
    by_rival = standing.by_rival
    undecided = [name for name in standing.in_question if by_rival[name].conclusion == "undecided"]
    rivals = undecided or standing.in_question or list(by_rival)
    return by_rival[_best(standing.evidence, rivals)] if rivals else None

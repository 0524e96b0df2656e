"""The verdict in plain sentences, the answer first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gatewise.comparison.cheapest import LEAST_SAVING, Choice, measured_cost, ratio_of, training_ratio
from gatewise.comparison.constraints import amount_text
from gatewise.comparison.evidence import Evidence
from gatewise.metrics import Metric, difference_text, value_text
from gatewise.names import baseline_kind
from gatewise.records import Comparison, Difference, Ratio, ScoreSummary, Shipped, Verdict
from gatewise.statistics.decision import ERROR
from gatewise.statistics.power import MOST_FURTHER_REPLICATES
from gatewise.statistics.shape import failure_rate_bound, is_serial, is_skewed
from gatewise.tasks import TASKS, in_time
from gatewise.titles import Titles
from gatewise.wording import capitalised, counted, joined, probability

__all__ = ["SIMPLEST_BASELINES", "Findings", "explain"]

# What does not look at the input, or no further than its last step: a cell that does no better has learned nothing.
SIMPLEST_BASELINES = tuple(task.rivals("series", None).simple[0] for task in TASKS.values())


@dataclass(frozen=True)
class Findings:
    """What the verdict rests on beside the record itself.

    leader: the arm with the highest mean score. rivals: the other arms. in_question: the rivals it does not beat. baseline: the
    best baseline against the arm that is shipped, or the leader. against_leader: every baseline minus the leader. reason: why the
    recommended one of several equivalent ones was chosen. cells: the arm that would be shipped without baselines, and why.
    """

    leader: str
    rivals: tuple[str, ...]
    in_question: tuple[str, ...]
    baseline: Difference | None
    against_leader: Mapping[str, Difference]
    reason: str
    cells: Choice | None = None


def explain(verdict: Verdict, comparison: Comparison, evidence: Evidence, findings: Findings) -> tuple[str, ...]:
    """Return the sentences: verdict, constraints, difference, probabilities, cost, outlook, baselines, and warnings.

    `verdict` is complete but for its explanation. Differences of a metric from 0 to 1 are in percentage points; where lower is
    better they are turned, so that a positive one always favours the first.
    """
    return tuple(
        _sentences(verdict, comparison, evidence, findings, Wording(evidence.metric, verdict.margin, Titles(comparison.arms)))
    )


@dataclass(frozen=True)
class Wording:
    """How differences of the metric are written, and what arms and baselines are called."""

    metric: Metric
    margin: float
    title: Titles

    def the(self, name: str, *, capital: bool = False) -> str:
        """An arm or a baseline with its article."""
        return f"{'The' if capital else 'the'} {self.title(name)}"

    def all_of(self, names: Sequence[str]) -> str:
        """Several of them."""
        return joined([self.the(name) for name in names])

    def points(self, value: float, *, signed: bool = True) -> str:
        """A difference with its unit."""
        return difference_text(self.metric, value, self.margin, signed=signed)

    def value(self, value: float) -> str:
        """A score."""
        return value_text(self.metric, value, self.margin)

    def band(self) -> str:
        """The margin with its unit."""
        return self.points(self.margin, signed=False)

    def range(self, interval: tuple[float, float]) -> str:
        """An interval of differences, without the unit."""
        low, high = (difference_text(self.metric, bound, self.margin, unit=False) for bound in interval)
        return f"{low} to {high}"


def _sentences(verdict: Verdict, comparison: Comparison, evidence: Evidence, findings: Findings, say: Wording) -> Iterator[str]:
    baseline = findings.baseline
    # A baseline that is recommended stands in the answer and in what was measured.
    rival = baseline if verdict.recommended in evidence.arms else None
    leads = rival is not None and rival.mean > 0.0
    yield f"{_answer(verdict, findings, say)}{_leading(rival, say) if rival is not None and leads else ''}"
    if verdict.excluded:
        yield _excluded(verdict, say)
    if rival is not None and _ahead(rival):
        yield _baseline_ahead(rival, say)
    difference = verdict.difference
    if difference is not None:
        yield _measured(difference, evidence, say)
        if difference.is_known:
            yield _probabilities(difference, evidence, say)
            yield from _shape(difference, evidence, say)
        yield from _failures(verdict, evidence, difference, say)
    cost = _cost(comparison, difference, say)
    if cost:
        yield cost
    if difference is not None and verdict.decision == "undecided":
        yield _outlook(difference, evidence)
    if baseline is not None and not _ahead(baseline) and not _same(baseline, difference):
        if baseline.is_known:
            yield _baseline(baseline, say)
        elif not leads:
            yield f"The best baseline, {say.the(baseline.first)}, is behind by {say.points(-baseline.mean, signed=False)} so far."
    if verdict.shipped is not None and verdict.recommended in verdict.scores:
        yield _shipped(verdict.shipped, verdict.scores[verdict.recommended], say)
    if comparison.metric == "mse" and in_time(comparison.profile.task):
        yield "The MSE is that of values divided by their standard deviation in the training part, as is usual for forecasts."
    simplest = next((one for name, one in findings.against_leader.items() if name in SIMPLEST_BASELINES), None)
    if simplest is not None and simplest.replicates >= evidence.minimum_replicates and not _beaten(simplest, baseline):
        beaten = f"{say.the(findings.leader)} is not shown to beat {say.the(simplest.first)}"
        yield f"Warning: {beaten}; the cells may have learned nothing."
    missing = comparison.environment.get("compiled_kernels", {}).get("missing")
    if missing:
        yield (
            f"Warning: gatewise has no compiled kernels ({missing}): the cells ran on PyTorch's layers or on plain equations, "
            "and their costs are measured on those. Install it from source where GCC or Clang and Python's headers are at hand."
        )


def _shipped(shipped: Shipped, replicates: ScoreSummary, say: Wording) -> str:
    """What is known of the very model that is shipped, beside what the replicates say of models like it."""
    model = f"The {say.title(shipped.name)} that is shipped was trained once more, on {counted(shipped.train_rows, 'row')}"
    mean = f"the mean of the {_replicates(replicates.n)} is {say.value(replicates.mean)}"
    if shipped.cut_short:
        model += ", for as long as the budget allowed"
    if shipped.test_score is not None:
        return f"{model}. Itself it scores {say.value(shipped.test_score)} on the test part; {mean}."
    return f"{model}. It learned from rows that the replicates were tested on, so it has no test score of its own; {mean}."


def _same(one: Difference, other: Difference | None) -> bool:
    return other is not None and {one.first, one.second} == {other.first, other.second}


def _beaten(simplest: Difference, best: Difference | None) -> bool:
    """Whether the leader may be said to have learned something, for all that the simplest baseline is not formally beaten.

    Who beats the best baseline beats the simplest, which is no better. And where few replicates scatter much, a lead beyond their
    95% interval is no sign of a cell that learned nothing, though it is no finding at the level of one look among many.
    """
    equivalent = simplest.conclusion == "equivalent"
    return equivalent or simplest.ci95[1] < 0.0 or (best is not None and best.conclusion == "second")


def _leading(baseline: Difference, say: Wording) -> str:
    """What the headline adds where the best baseline has a better mean than the best cell."""
    simple = f"a {baseline_kind(baseline.first)}, {say.the(baseline.first)}"
    if baseline.conclusion == "equivalent":
        return f" {capitalised(simple)}, does as well."
    lead = say.points(baseline.mean, signed=False)
    if _ahead(baseline):
        return f" But {simple}, is ahead of {say.the(baseline.second)} by {lead}."
    return f" {capitalised(simple)}, leads {say.the(baseline.second)} by {lead} so far, which may be chance."


def _answer(verdict: Verdict, findings: Findings, say: Wording) -> str:
    if verdict.decision == "baseline" and set(verdict.costs) <= set(verdict.excluded):
        return f"{_ship(verdict.recommended, say)}: no cell meets the constraints."
    equal = [name for name in SIMPLEST_BASELINES if name in findings.against_leader]
    if verdict.decision == "baseline" and any(findings.against_leader[name].conclusion == "equivalent" for name in equal):
        than = "it" if equal[0] == verdict.recommended else say.the(equal[0])
        best = f"the best cell, {say.the(findings.leader)}, does no better than {than}"
        return f"{_ship(verdict.recommended, say)}: {best}."
    if verdict.decision == "baseline" and findings.cells is not None:
        as_well = f"it does as well as the best cell, {say.the(findings.leader)}, {findings.reason}"
        return f"{_ship(verdict.recommended, say)}: {as_well}. {_of_the_cells(findings.cells, findings, say)}"
    if verdict.decision == "baseline":
        return f"{_ship(verdict.recommended, say)}: it beats the best cell, {say.the(findings.leader)}."
    if verdict.decision == "equivalent":
        alike = say.all_of([findings.leader, *findings.in_question])
        band = say.band()
        shipped = f"ship {say.the(verdict.recommended)}, {findings.reason}"
        return f"Equivalent: {alike} very probably differ by less than {band}; {shipped}."
    if verdict.decision != "undecided" and not findings.rivals:
        alone = "could be trained" if len(verdict.arms) == 1 else "meets the constraints"
        return f"Ship {say.the(findings.leader)}: it alone {alone}."
    if verdict.decision != "undecided":
        better = "more accurate" if say.metric.name == "accuracy" else f"better in {say.metric.label}"
        return f"Ship {say.the(findings.leader)}: it is {better} than {say.all_of(findings.rivals)}."
    if verdict.stopped == "failed":
        return "Undecided: none of the cells could be trained."
    if verdict.replicates == 0:
        return f"Undecided: no replicate has finished yet; {say.the(findings.leader)} is named only because it is listed first."
    undecided = f"Undecided after {_replicates(verdict.replicates)}"
    ahead = findings.baseline
    if ahead is not None and ahead.first == verdict.recommended:
        lead = f"is ahead of {say.the(ahead.second)} by {say.points(ahead.mean, signed=False)}"
        simple = f"a {baseline_kind(ahead.first)}, {say.the(ahead.first)}"
        cells = "" if findings.cells is None else f" {_of_the_cells(findings.cells, findings, say)}"
        return f"{undecided}: {simple}, {lead} so far and is recommended provisionally.{cells}"
    return f"{undecided}: {say.the(findings.leader)}, the best of the cells so far, is recommended provisionally."


def _ship(baseline: str, say: Wording) -> str:
    return f"Ship the {baseline_kind(baseline)}, {say.the(baseline)}"


def _of_the_cells(cells: Choice, findings: Findings, say: Wording) -> str:
    alike = f" {say.all_of([findings.leader, *findings.in_question])} are equivalent;" if findings.in_question else ""
    return f"Of the cells{alike} take {say.the(cells.name)}, {cells.reason}."


def _excluded(verdict: Verdict, say: Wording) -> str:
    found = "; ".join(f"{say.the(name)}, whose {reason}" for name, reason in verdict.excluded.items())
    return f"Excluded by the constraints: {found}."


def _measured(difference: Difference, evidence: Evidence, say: Wording) -> str:
    inside = f"of {say.metric.label}" if say.metric.in_percent else f"in {say.metric.label}"
    rounds = len({trial.number for trial in evidence.comparison.tuning})
    settings = (
        f"with the hyperparameters that {rounds:,} rounds of tuning chose" if rounds > 1 else "with default hyperparameters"
    )
    sentence = f"{_lead(difference, say)} {inside} over {_replicates(difference.replicates)} {settings}"
    if difference.extremes is not None and difference.replicates > 1:
        sentence += f", from {say.range(difference.extremes)} in single ones"
    if not difference.is_known:
        few = "a single replicate does" if difference.replicates == 1 else "so few replicates do"
        return f"{sentence}; {few} not show how far that may be off."
    sentence += f" (95% interval {say.range(difference.ci95)}"
    causes = ["looking after every replicate"] * evidence.adaptive + ["comparing several arms"] * (len(evidence.arms) > 2)
    if causes:
        sentence += f"; {say.range(difference.ci95_sequential)} when widened for {' and '.join(causes)}"
    return f"{sentence}), against a band of equivalence of ±{say.band()}."


def _shape(difference: Difference, evidence: Evidence, say: Wording) -> Iterator[str]:
    """What the replicates look like where that is not what their statistics expect."""
    leads = evidence.differences(difference.first, difference.second)
    if is_skewed(leads):
        worst = difference.first if abs(leads.min() - leads.mean()) > abs(leads.max() - leads.mean()) else difference.second
        yield (
            f"The replicates scatter to one side: now and then {say.the(worst)} does much worse than usual. The probabilities "
            "allow for that, but few replicates may not have shown the worst; look at single replicates before you rely on them."
        )
    if is_serial(leads):
        yield (
            "Each replicate resembles the one before it, which replicates with seeds and splits of their own should not: take "
            "the probabilities as less sure than they look."
        )


def _failures(verdict: Verdict, evidence: Evidence, difference: Difference, say: Wording) -> Iterator[str]:
    """How many trainings failed, or may fail for all that is known."""
    names = [name for name in (difference.first, difference.second) if name in verdict.failed_trainings]
    failed = [name for name in names if verdict.failed_trainings[name]]
    for name in failed:
        number = verdict.failed_trainings[name]
        bound = probability(failure_rate_bound(verdict.replicates, number))
        yield (
            f"{number:,} of {counted(verdict.replicates, 'training')} of {say.the(name)} failed: they lost more than half of "
            f"what the others learned (up to {bound} of trainings may do so). Try a lower learning rate or more epochs first."
        )
    if verdict.decision == "equivalent" and not failed:
        bound = probability(failure_rate_bound(verdict.replicates))
        none = f"No training of either failed in {_replicates(verdict.replicates)}"
        yield f"{none}, which leaves room for failures in up to {bound} of them."


def _lead(difference: Difference, say: Wording) -> str:
    """Who leads whom by how much; the difference has the better one first."""
    lead = say.points(difference.mean, signed=False)
    return f"{say.the(difference.first, capital=True)} leads {say.the(difference.second)} by {lead}"


def _probabilities(difference: Difference, evidence: Evidence, say: Wording) -> str:
    found = (
        f"{say.the(difference.first, capital=True)} is better by more than {say.band()} with probability "
        f"{probability(difference.p_first)}, {say.the(difference.second)} with {probability(difference.p_second)}; "
        f"the two are equivalent with {probability(difference.p_equivalent)}."
    )
    missing = _missing(difference, evidence)
    return f"{found} {missing}" if missing else found


def _missing(difference: Difference, evidence: Evidence) -> str:
    """What a verdict lacks where the probabilities would do for one look."""
    if difference.conclusion != "undecided" or not evidence.adaptive or difference.replicates < evidence.minimum_replicates:
        return ""
    rule = evidence.rule(difference.first, difference.second)
    if max(difference.p_first, difference.p_second) >= 1.0 - ERROR:
        low, high = difference.ci95_sequential
        if low <= 0.0 <= high:
            return "A verdict also needs the interval that is widened for looking after every replicate to leave out 0."
        return f"Looking after every replicate, a verdict takes {probability(1.0 - float(rule.beyond))}."
    if difference.p_equivalent >= 1.0 - ERROR and difference.replicates >= rule.equivalence_replicates:
        return f"Looking after every replicate, a verdict takes {probability(1.0 - float(rule.inside))}."
    return ""


def _cost(comparison: Comparison, difference: Difference | None, say: Wording) -> str | None:
    """The cost that was asked for; of training times, that of the two arms that decide, or of the first two."""
    kind = comparison.config.cost
    arms = [arm.name for arm in comparison.arms]
    if kind == "training":
        timed = comparison.training_time_ratios
        deciding = set() if difference is None else {difference.first, difference.second}
        shown = next((one for one in timed if {one.first, one.second} == deciding), timed[0] if timed else None)
        if shown is None:
            return None
        first, second = say.title(shown.first), say.title(shown.second)
        sentence = f"A training step of the {first} takes {_share(shown.ratio)} the {second}'s time ({_interval(shown.ratio)})"
        epochs = ratio_of(shown.first, shown.second, comparison.epoch_ratios)
        whole = training_ratio(shown.first, shown.second, comparison)
        if epochs is not None and whole is not None:
            sentence += f", and a training {_share(epochs)} its epochs ({_interval(epochs)})"
        return f"{sentence}: {_judged(first, second, whole or shown.ratio)}."
    values = {name: measured_cost(comparison.costs.get(name), kind) for name in arms}
    measured = [f"{say.title(name)} {amount_text(value, kind)}" for name, value in values.items() if value is not None]
    subject = {"latency": "Median latency at batch 1", "memory": "Peak memory", "size": "Model size"}[kind]
    return f"{subject}: {', '.join(measured)}." if measured else None


def _share(ratio: Ratio) -> str:
    return f"{ratio.median:.2f} of" if ratio.median < 1.0 else f"{ratio.median:.2f} times"


def _interval(ratio: Ratio) -> str:
    low, high = ratio.ci95
    return f"95% interval {low:.2f} to {high:.2f}"


def _judged(first: str, second: str, ratio: Ratio) -> str:
    low, high = ratio.ci95
    if low > LEAST_SAVING or high < 1.0 / LEAST_SAVING:
        return f"the {first} is the {'faster' if high < 1.0 else 'slower'} to train"
    return f"no clear difference between {first} and {second}"


def _outlook(difference: Difference, evidence: Evidence) -> str:
    if difference.replicates < evidence.minimum_replicates:
        return f"Nothing is decided before {_replicates(evidence.minimum_replicates)}."
    if difference.further_replicates is not None:
        return f"About {_replicates(difference.further_replicates, 'further ')} would make a decision more likely than not."
    chance = f"with probability {probability(min(1.0 - difference.decided_within_most, 0.999))}"
    return (
        f"{MOST_FURTHER_REPLICATES:,} further replicates would leave it undecided {chance}: what is uncertain comes in good part "
        f"from {_limit(evidence)}, which more replicates do not add to; more of that or a wider margin would help."
    )


def _limit(evidence: Evidence) -> str:
    dependence = evidence.comparison.dependence
    if dependence.in_time:
        return "the limited test period"
    if dependence.blocks or dependence.groups:
        return "the limited number of groups"
    if dependence.splits:
        return "the limited number of periods that are tested"
    return "the limited test part" if evidence.fixed_test else "the limited data"


def _ahead(baseline: Difference) -> bool:
    """The baseline scores better than the best cell, though not shown to be so by more than the margin."""
    return baseline.conclusion == "undecided" and baseline.is_known and baseline.ci95[0] > 0.0


def _baseline_ahead(difference: Difference, say: Wording) -> str:
    return (
        f"{_lead(difference, say)} (95% interval {say.range(difference.ci95)}): consider it first, though whether it leads by "
        "more than the margin is not settled."
    )


def _baseline(difference: Difference, say: Wording) -> str:
    baseline, cell = say.the(difference.first), say.the(difference.second)
    turned = difference.better_first()
    lead, interval = say.points(turned.mean, signed=False), f"95% interval {say.range(turned.ci95)}"
    if difference.conclusion == "second":
        return f"{say.the(difference.second, capital=True)} beats the best baseline, {baseline}, by {lead} ({interval})."
    measured = f"{say.the(turned.first)} leads by {lead} ({interval})"
    if difference.conclusion == "equivalent":
        return f"A simpler model does as well: {baseline} is equivalent to {cell}; {measured}."
    if difference.conclusion == "first":
        return f"{say.the(difference.first, capital=True)} is ahead of {cell} by more than the margin: {measured}."
    return f"Whether {cell} beats the best baseline, {baseline}, is not decided: {measured}."


# ---------------------------------------------------------------- wording


def _replicates(number: int, kind: str = "") -> str:
    return counted(number, f"{kind}replicate")

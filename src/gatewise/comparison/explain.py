"""The verdict in plain sentences, the answer first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gatewise.comparison.cheapest import measured_cost
from gatewise.comparison.evidence import Evidence
from gatewise.names import display_name
from gatewise.records import Comparison, Difference, Verdict
from gatewise.statistics.power import MOST_FURTHER_PAIRS

__all__ = ["Findings", "explain"]

_MAJORITY = "majority"


@dataclass(frozen=True)
class Findings:
    """What the verdict rests on beside the record itself.

    leader: the arm with the highest mean score. rivals: the other arms. in_question: the rivals it does not beat.
    against_leader: every baseline minus the leader. reason: why the recommended one of several equivalent arms was chosen.
    """

    leader: str
    rivals: tuple[str, ...]
    in_question: tuple[str, ...]
    best_baseline: str | None
    against_leader: Mapping[str, Difference]
    reason: str


def explain(verdict: Verdict, comparison: Comparison, evidence: Evidence, findings: Findings) -> tuple[str, ...]:
    """Return up to seven sentences: verdict, difference, probabilities, cost, what would decide, baselines, and a warning.

    `verdict` is complete but for its explanation. Differences are in percentage points of the metric.
    """
    return tuple(_sentences(verdict, comparison, evidence, findings))


def _sentences(verdict: Verdict, comparison: Comparison, evidence: Evidence, findings: Findings) -> Iterator[str]:
    yield _answer(verdict, findings)
    baseline = findings.against_leader[findings.best_baseline] if findings.best_baseline is not None else None
    if baseline is not None and _ahead(baseline):
        yield _baseline_ahead(baseline, verdict)
    difference = verdict.difference
    if difference is not None:
        yield _measured(difference, verdict, evidence)
        if difference.pairs > 1:
            yield _probabilities(difference, verdict.margin)
    cost = _cost(comparison)
    if cost:
        yield cost
    if difference is not None and verdict.decision == "undecided":
        yield _outlook(difference, evidence)
    if baseline is not None and baseline.pairs > 1 and not _ahead(baseline):
        yield _baseline(baseline, verdict)
    majority = findings.against_leader.get(_MAJORITY)
    if majority is not None and majority.conclusion != "second" and majority.pairs >= evidence.minimum_pairs:
        yield _warning(majority.conclusion == "undecided", findings.leader)


def _answer(verdict: Verdict, findings: Findings) -> str:
    if verdict.decision == "baseline":
        return f"Ship the simple baseline, {_the(verdict.recommended)}: it beats the best cell, {_the(findings.leader)}."
    if verdict.decision == "equivalent":
        alike = _listed([findings.leader, *findings.in_question])
        band = _points(verdict.margin, verdict.margin, signed=False)
        return (
            f"Equivalent: {alike} very probably differ by less than {band}; ship {_the(verdict.recommended)}, {findings.reason}."
        )
    if verdict.decision != "undecided":
        return f"Ship {_the(findings.leader)}: it is more accurate than {_listed(findings.rivals)}."
    if verdict.pairs == 0:
        return f"Undecided: no pair has finished yet; {_the(findings.leader)} is named only because it is listed first."
    return (
        f"Undecided after {_pairs(verdict.pairs)}: {_the(findings.leader)}, with the best mean score so far, "
        "is recommended provisionally."
    )


def _measured(difference: Difference, verdict: Verdict, evidence: Evidence) -> str:
    margin = verdict.margin
    sentence = (
        f"{display_name(difference.first)} minus {display_name(difference.second)}: {_points(difference.mean, margin)} of "
        f"{verdict.metric} over {_pairs(difference.pairs)}"
    )
    if difference.pairs < 2:
        return f"{sentence}; a single pair does not show how far that may be off."
    sentence += f" (95% interval {_range(difference.ci95, margin)}"
    causes = ["looking after every pair"] * evidence.adaptive + ["comparing several arms"] * (len(evidence.arms) > 2)
    if causes:
        sentence += f"; {_range(difference.ci95_sequential, margin)} when widened for {' and '.join(causes)}"
    return f"{sentence}), against a band of equivalence of ±{_points(margin, margin, signed=False)}."


def _probabilities(difference: Difference, margin: float) -> str:
    return (
        f"{_the(difference.first, capital=True)} is better by more than {_points(margin, margin, signed=False)} with probability "
        f"{_percent(difference.p_first)}, {_the(difference.second)} with {_percent(difference.p_second)}; "
        f"the two are equivalent with {_percent(difference.p_equivalent)}."
    )


def _cost(comparison: Comparison) -> str | None:
    kind = comparison.config.cost
    arms = [arm.name for arm in comparison.arms]
    if kind == "training":
        ratio = comparison.training_time_ratio
        if ratio is None:
            return None
        low, high = ratio.ci95
        first, second = (display_name(name) for name in arms[:2])
        share = f"{ratio.median:.2f} of" if ratio.median < 1.0 else f"{ratio.median:.2f} times"
        which = f"no clear difference between {first} and {second}" if low <= 1.0 <= high else None
        which = which or f"the {first} is the {'faster' if ratio.median < 1.0 else 'slower'} to train"
        return (
            f"A training step of the {first} takes {share} the {second}'s time (95% interval {low:.2f} to {high:.2f}): {which}."
        )
    values = {name: measured_cost(comparison.costs.get(name), kind) for name in arms}
    measured = [f"{display_name(name)} {_amount(value, kind)}" for name, value in values.items() if value is not None]
    subject = {"latency": "Median latency at batch 1", "memory": "Peak memory", "size": "Model size"}[kind]
    return f"{subject}: {', '.join(measured)}." if measured else None


def _outlook(difference: Difference, evidence: Evidence) -> str:
    if difference.pairs < evidence.minimum_pairs:
        return f"Nothing is decided before {_pairs(evidence.minimum_pairs)}."
    if difference.further_pairs is not None:
        return f"If the scores go on as they are, about {_pairs(difference.further_pairs, 'further ')} would probably decide."
    limit = "test rows" if evidence.fixed_test else "data"
    return (
        f"Not even {MOST_FURTHER_PAIRS:,} further pairs would probably decide: what is left uncertain comes from the limited "
        f"{limit}, which more pairs do not add to; more rows or a wider margin would help."
    )


def _ahead(baseline: Difference) -> bool:
    """The baseline is more accurate than the best cell, though not shown to be so by more than the margin."""
    return baseline.conclusion == "undecided" and baseline.pairs > 1 and baseline.ci95[0] > 0.0


def _baseline_ahead(difference: Difference, verdict: Verdict) -> str:
    measured = f"{_points(difference.mean, verdict.margin)}, 95% interval {_range(difference.ci95, verdict.margin)}"
    return (
        f"But a simple baseline, {_the(difference.first)}, is ahead of the best cell ({measured}): "
        "consider it first, though whether it leads by more than the margin is not settled."
    )


def _baseline(difference: Difference, verdict: Verdict) -> str:
    baseline, cell = _the(difference.first), _the(difference.second)
    measured = f"{_points(difference.mean, verdict.margin)}, 95% interval {_range(difference.ci95, verdict.margin)}"
    if difference.conclusion == "first":
        return f"{_the(difference.first, capital=True)} is ahead of {cell} by more than the margin ({measured})."
    if difference.conclusion == "equivalent":
        return f"A simpler model does as well: {baseline} is equivalent to {cell} ({measured})."
    if difference.conclusion == "second":
        return f"{_the(difference.second, capital=True)} beats the best baseline, {baseline} ({measured} for the baseline)."
    return f"Whether {cell} beats the best baseline, {baseline}, is not decided ({measured} for the baseline)."


def _warning(unsettled: bool, leader: str) -> str:
    if unsettled:
        return f"Warning: {_the(leader)} is not shown to beat {_the(_MAJORITY)}; the cells may have learned nothing."
    return f"Warning: {_the(leader)} does no better than {_the(_MAJORITY)}: the cells learned nothing."


# ---------------------------------------------------------------- wording


def _the(name: str, *, capital: bool = False) -> str:
    return f"{'The' if capital else 'the'} {display_name(name)}"


def _listed(names: Sequence[str]) -> str:
    *others, last = (_the(name) for name in names)
    return f"{', '.join(others)} and {last}" if others else last


def _pairs(number: int, kind: str = "") -> str:
    return f"{number:,} {kind}pair{'' if number == 1 else 's'}"


def _figure(value: float, margin: float, *, signed: bool = True) -> str:
    digits = 1 if margin >= 0.005 else 2
    figure = round(100 * value, digits) + 0.0  # adding zero turns -0.0 into 0.0
    return f"{figure:{'+' if signed else ''}.{digits}f}"


def _points(value: float, margin: float, *, signed: bool = True) -> str:
    return f"{_figure(value, margin, signed=signed)} points"


def _range(interval: tuple[float, float], margin: float) -> str:
    return f"{_figure(interval[0], margin)} to {_figure(interval[1], margin)}"


def _percent(probability: float) -> str:
    if 0.0 < probability < 0.01:
        return "under 1%"
    if 0.99 < probability < 1.0:
        return "over 99%"
    return f"{probability:.0%}"


def _amount(value: float, kind: str) -> str:
    return f"{value:.3g} ms" if kind == "latency" else f"{value / 1e6:.3g} MB"

"""From facts and recorded outcomes to a ranked recommendation."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gatewise.advice.base import Study
from gatewise.advice.facts import Facts
from gatewise.advice.likeness import Vote, vote
from gatewise.advice.outcomes import LITTLE, way_to_perfect
from gatewise.advice.questions import Question, answered, unsolved, who_leads
from gatewise.metrics import METRICS
from gatewise.names import plain_title
from gatewise.options.command import duration_words
from gatewise.report.metric_text import MetricText
from gatewise.report.numbers import count, percent, rough_duration
from gatewise.wording import counted, probability

__all__ = ["Likely", "Neighbour", "Recommendation", "advice_on"]

# Recorded studies whose likeness adds up to less say little.
ALIKE = 0.5
# Where nothing is settled within a day, what narrows it.
DEFAULT_BUDGET_S = 600.0
# Probabilities from which on an answer is said to be very probable, and probable.
VERY, PROBABLY = 0.9, 0.5


@dataclass(frozen=True)
class Likely:
    """An answer of `outcomes.ANSWERS`, in words, and how probable it is."""

    answer: str
    words: str
    probability: float


@dataclass(frozen=True)
class Neighbour:
    """A recorded study that is like this data. likeness: 1 where it is the same in what was measured."""

    name: str
    likeness: float
    decision: str


@dataclass(frozen=True)
class Recommendation:
    """What to begin with, and why.

    recommended: a cell or a baseline by name. answer: the most probable of `outcomes.ANSWERS`. ranked: all of them. reasons: the
    facts that decide it. changes: what would change it. command: that settles it; settles_s: seconds it takes, None where no
    comparison of a day would probably do. studies: recorded ones that voted, alike: with how much weight. weaker: whether nothing
    was measured, and all rests on what was answered and recorded.
    """

    headline: str
    recommended: str
    answer: str
    ranked: tuple[Likely, ...]
    reasons: tuple[str, ...]
    changes: tuple[str, ...]
    command: str
    settles_s: float | None
    questions: tuple[Question, ...] = ()
    nearest: tuple[Neighbour, ...] = ()
    studies: int = 0
    alike: float = 0.0
    facts: Facts | None = None
    weaker: bool = False


def advice_on(
    facts: Facts,
    cheaper: str,
    why_cheaper: str,
    studies: Sequence[Study],
    *,
    source: str,
    options: Sequence[str] = (),
    deadline_s: float | None = None,
) -> Recommendation:
    """Recommend by facts and the recorded outcomes of similar data.

    cheaper: the cell that costs less on the cost asked for, as measured; why_cheaper: in words. source, options: of the command
    that settles it. deadline_s: by when a model has to be there.
    """
    others = [one for one in studies if one.facts.fingerprint != facts.fingerprint]
    voted = vote(facts, others)
    words = answer_words(facts.cells, cheaper, why_cheaper, facts.best_baseline)
    ranked = sorted(voted.probabilities, key=lambda answer: -voted.probabilities[answer])
    answer = ranked[0]
    recommended = recommended_by(voted.probabilities, facts.cells, cheaper, facts.best_baseline)
    budget = facts.budget_s if facts.budget_s is not None else DEFAULT_BUDGET_S
    command = shlex.join(["gatewise", "compare", source, *options, "--budget", duration_words(budget)])
    return Recommendation(
        headline=_headline(ranked, recommended, facts, voted),
        recommended=recommended,
        answer=answer,
        ranked=tuple(Likely(one, words[one], voted.probabilities[one]) for one in ranked),
        reasons=tuple(_reasons(facts, voted, len(others))),
        changes=tuple(_changes(facts, answer, ranked[1], words)),
        command=command,
        settles_s=facts.budget_s,
        questions=(*answered(facts), *_deadline(facts, recommended, deadline_s)),
        nearest=tuple(Neighbour(one.name, weight, one.outcome.decision) for one, weight in voted.nearest),
        studies=len(others),
        alike=voted.weight,
        facts=facts,
    )


def answer_words(cells: tuple[str, str], cheaper: str, why_cheaper: str, baseline: str | None) -> Mapping[str, str]:
    """Every answer as a sentence without its full stop."""
    first, second = map(plain_title, cells)
    simple = f"the {plain_title(baseline)}" if baseline else "a simple baseline"
    return {
        "first": f"the {first} is better than the {second}",
        "second": f"the {second} is better than the {first}",
        "equivalent": f"the cell does not matter; take the {plain_title(cheaper)}, {why_cheaper}",
        "baseline": f"no recurrent net is worth it; take {simple}",
        "neither": f"neither cell learns more than {simple} does, and that is little",
    }


def recommended_by(probabilities: Mapping[str, float], cells: tuple[str, str], cheaper: str, baseline: str | None) -> str:
    """What is most probably right to begin with: a cell where it is better or equal and cheaper, or the baseline."""
    first, second = cells
    right = {
        first: probabilities["first"] + (probabilities["equivalent"] if cheaper == first else 0.0),
        second: probabilities["second"] + (probabilities["equivalent"] if cheaper == second else 0.0),
    }
    if baseline is not None:
        right[baseline] = probabilities["baseline"] + probabilities["neither"]
    return max(right, key=lambda name: right[name])


def _headline(ranked: Sequence[str], recommended: str, facts: Facts, voted: Vote) -> str:
    first, second = map(plain_title, facts.cells)
    baseline = plain_title(facts.best_baseline or "")
    told = {
        "first": f"the {first} is better than the {second}",
        "second": f"the {second} is better than the {first}",
        "equivalent": "the cell does not matter here",
        "baseline": f"no recurrent net is worth it, because the {baseline} does as well or better",
        "neither": f"neither cell learns more than the {baseline}, and that is little",
    }
    best = voted.probabilities[ranked[0]]
    how = "very probably" if best > VERY else "probably" if best > PROBABLY else "perhaps"
    others = ""
    if best <= PROBABLY:
        others = f"; or {told[ranked[1]]} ({probability(voted.probabilities[ranked[1]])})"
    # A baseline that learns little is no start either: other features, more data or another kind of model may be.
    start = "Start with neither cell" if ranked[0] == "neither" else f"Start with the {plain_title(recommended)}"
    return f"{start}: {how}, {told[ranked[0]]} ({probability(best)}){others}."


def _reasons(facts: Facts, voted: Vote, studies: int) -> list[str]:
    """The facts that decide: the pairs, the baseline, what is recorded."""
    say = MetricText(METRICS[facts.metric], facts.margin)
    reasons = []
    if facts.difference is not None:
        reasons.append(
            f"In {counted(facts.replicates, 'pair')} of quick trainings {who_leads(facts, facts.difference)}, against a band of "
            f"{say.band()}."
        )
    if facts.lead is not None and facts.best_baseline is not None:
        ahead = "ahead of" if facts.lead.value >= 0 else "behind"
        reasons.append(f"The better cell is {ahead} the {plain_title(facts.best_baseline)} by {say.size(facts.lead.value)}.")
    if METRICS[facts.metric].in_percent and facts.simplest in facts.scores:
        best = max(facts.scores.values(), key=METRICS[facts.metric].gain)
        way = way_to_perfect(facts.metric, best, facts.scores[facts.simplest])
        if way < LITTLE:
            reasons.append(unsolved(facts, way))
    if studies and voted.weight < ALIKE:
        reasons.append(f"None of {count(studies)} recorded studies is much like this data: what was measured here decides.")
    elif studies:
        recorded = max(voted.recorded, key=lambda answer: voted.recorded[answer])
        reasons.append(
            f"Of {count(studies)} recorded studies, those like this data (their likeness adds up to {voted.weight:.1f}) found "
            f"'{likely_words(recorded, facts.cells)}' most often: {probability(voted.recorded[recorded])}."
        )
    return reasons


def likely_words(answer: str, cells: tuple[str, str]) -> str:
    """An answer in two or three words."""
    first, second = map(plain_title, cells)
    return {"first": f"{first} better", "second": f"{second} better", "baseline": "a baseline"}.get(answer, answer)


def _changes(facts: Facts, answer: str, runner_up: str, words: Mapping[str, str]) -> list[str]:
    say = MetricText(METRICS[facts.metric], facts.margin)
    first, second = map(plain_title, facts.cells)
    changes = []
    if {answer, runner_up} <= {"first", "second", "equivalent"}:
        changes.append(
            f"A difference that stays above {say.size(facts.margin)} with more replicates and tuned hyperparameters: for the "
            f"{first} where it is positive, for the {second} where it is negative."
        )
    else:
        changes.append(f"Next most probable: {words[runner_up]}. The lead over the best baseline, with more replicates, decides.")
    if facts.learned_rows < facts.data.train_rows:
        share = percent(facts.learned_rows / facts.data.train_rows, 0)
        changes.append(f"The probes learned from {share} of the rows: with all of them recurrent nets gain most.")
    elif facts.epochs < facts.whole_epochs:
        changes.append(
            f"The probes trained for {facts.epochs} of {counted(facts.whole_epochs, 'epoch')}: longer ones may tell more."
        )
    return changes


def _deadline(facts: Facts, recommended: str, deadline_s: float | None) -> list[Question]:
    """What fits before a model has to be there."""
    if deadline_s is None or facts.speed is None:
        return []
    cell = recommended if recommended in facts.speed.epoch_s else facts.cells[0]
    training = facts.speed.epoch_s[cell] * facts.whole_epochs
    trainings = int(deadline_s // training) if training > 0 else 0
    settled = facts.budget_s is not None and facts.budget_s <= deadline_s
    answer = (
        f"Until then {counted(trainings, 'whole training')} of the {plain_title(cell)} fit on this machine, one after another.",
        f"The comparison that settles it {'fits' if settled else 'does not fit'} into {rough_duration(deadline_s)}.",
    )
    return [Question(f"What fits into {rough_duration(deadline_s)}?", answer)]

"""The same questions for a person who has no data yet, and an answer from recorded outcomes alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gatewise.advice.base import Study
from gatewise.advice.facts import Facts
from gatewise.advice.outcomes import ANSWERS
from gatewise.advice.recommend import Likely, Neighbour, Recommendation, answer_words, recommended_by
from gatewise.cells import CELLS
from gatewise.names import plain_title
from gatewise.wording import counted, probability

__all__ = ["QUESTIONS", "Asked", "Choice", "advice_for"]


@dataclass(frozen=True)
class Choice:
    """One answer: its words, and the value that stands for it."""

    words: str
    value: str


@dataclass(frozen=True)
class Asked:
    """One question with its choices; "I don't know" is the last of each, and added by whoever asks."""

    name: str
    words: str
    choices: tuple[Choice, ...]


QUESTIONS = (
    Asked(
        "kind",
        "What are your sequences?",
        (Choice("texts", "text"), Choice("series of numbers", "series"), Choice("sounds", "audio")),
    ),
    Asked(
        "predicts",
        "What is to be predicted of them?",
        (
            Choice("a class", "classification"),
            Choice("a number", "regression"),
            Choice("the next steps of a series", "forecast"),
            Choice("every next step of a sequence of notes or events", "next_step"),
        ),
    ),
    Asked(
        "rows",
        "How many sequences will there be to learn from?",
        (Choice("up to 500", "300"), Choice("up to 5,000", "1500"), Choice("more", "15000")),
    ),
    Asked(
        "length",
        "How long is one, in words, steps or hundredths of a second of sound?",
        (Choice("up to 30", "20"), Choice("up to 150", "70"), Choice("longer", "300")),
    ),
    Asked(
        "depends",
        "What decides the answer?",
        (
            Choice("which elements there are, hardly their order", "elements"),
            Choice("their order, within a short stretch", "near"),
            Choice("something long before the end, or its relation to what comes later", "far"),
            Choice("exact counts, or a state that every step may change", "state"),
        ),
    ),
    Asked(
        "cost",
        "What do you have least of?",
        (
            Choice("time to train", "training"),
            Choice("time to answer", "latency"),
            Choice("memory", "memory"),
            Choice("room for the model", "size"),
        ),
    ),
)

# How much each answer counts, in natural logarithms: a study of the other kind counts a third.
OTHER_KIND, OTHER_TASK, OTHER_DEPENDENCE = 1.1, 1.1, 1.6
PER_DECADE = 1.0
PRIOR_VOTES = 1.0
FIRST, SECOND = list(CELLS)[:2]
# Costs that studies record, of the first cell over the second, and how the cheaper cell is called.
MEASURED = {
    "training": ("training_step", "which trained in less time in these studies"),
    "latency": ("latency", "which answered faster in these studies"),
}


def advice_for(answers: Mapping[str, str], studies: Sequence[Study]) -> Recommendation:
    """Recommend by what a person answered and by recorded outcomes; weaker than what is measured.

    answers: values of `Choice` by the name of the question; what is not known is missing.
    """
    weights = np.exp(-np.array([_distance(answers, one.facts) for one in studies]))
    outcomes = np.array([[one.outcome.probabilities.get(answer, 0.0) for answer in ANSWERS] for one in studies])
    found = (weights @ outcomes + PRIOR_VOTES * outcomes.mean(axis=0)) / (weights.sum() + PRIOR_VOTES)
    probabilities = dict(zip(ANSWERS, found.tolist(), strict=True))
    cheaper, why = _cheaper(answers.get("cost"), studies, weights)
    words = answer_words((FIRST, SECOND), cheaper, why, None)
    ranked = sorted(ANSWERS, key=lambda answer: -probabilities[answer])
    baseline = probabilities["baseline"] + probabilities["neither"]
    recommended = recommended_by(probabilities, (FIRST, SECOND), cheaper, None)
    nearest = sorted(zip(weights.tolist(), range(len(studies)), strict=True), key=lambda pair: (-pair[0], pair[1]))[:5]
    known, recorded = counted(len(answers), "answer"), counted(len(studies), "recorded study", "recorded studies")
    return Recommendation(
        headline=f"Start with the {plain_title(recommended)}, and a simple baseline beside it: {words[ranked[0]]} "
        f"({probability(probabilities[ranked[0]])}).",
        recommended=recommended,
        answer=ranked[0],
        ranked=tuple(Likely(answer, words[answer], probabilities[answer]) for answer in ranked),
        reasons=(
            f"This rests on {known} and on {recorded} of other data, weighed by how alike they are. Nothing of yours was "
            "measured, so it is weaker than advice on data.",
            f"That a simple baseline is as good, or that no cell learns anything, has a probability of {probability(baseline)}.",
        ),
        changes=("Some of your data: gatewise advise FILE measures in a minute what is guessed here.",),
        command="gatewise advise FILE",
        settles_s=None,
        nearest=tuple(Neighbour(studies[place].name, weight, studies[place].outcome.decision) for weight, place in nearest),
        studies=len(studies),
        alike=float(weights.sum()),
        weaker=True,
    )


def _distance(answers: Mapping[str, str], facts: Facts) -> float:
    """How unlike a recorded study is to what was answered, in natural logarithms of its weight."""
    distance = 0.0
    if "kind" in answers and facts.data.kind != answers["kind"]:
        distance += OTHER_KIND
    if "predicts" in answers and facts.data.task != answers["predicts"]:
        distance += OTHER_TASK
    for name, value in (("rows", facts.data.train_rows), ("length", facts.data.length_median)):
        if name in answers:
            distance += PER_DECADE * abs(math.log10(float(answers[name]) / value))
    if "depends" in answers and _dependence(facts) != answers["depends"]:
        distance += OTHER_DEPENDENCE
    return distance


def _dependence(facts: Facts) -> str:
    """What decided in a recorded study, by its probes: what was lost in random order, and with the last steps alone."""
    margin = facts.margin
    if facts.shuffled is not None and facts.shuffled.value <= margin:
        return "elements"
    shortest = [one for one in facts.contexts if one.loss.value <= margin]
    if shortest:
        return "near"
    # A state that every step changes is hard to learn: with half of the rows it is not.
    slow = len(facts.curve) > 1 and max(facts.curve[-2].scores.values()) < max(facts.curve[-1].scores.values()) - 10 * margin
    return "state" if slow else "far"


def _cheaper(
    cost: str | None, studies: Sequence[Study], weights: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> tuple[str, str]:
    """The cell that recorded studies found cheaper on a cost; of size and memory the one with fewer parameters."""
    measure, why = MEASURED.get(cost or "training", ("", ""))
    ratios = [(one.costs or {}).get(measure) for one in studies]
    known = [(ratio, weight) for ratio, weight in zip(ratios, weights.tolist(), strict=True) if ratio is not None]
    if not known:
        return min((FIRST, SECOND), key=lambda name: CELLS[name].gates), "which has fewer parameters"
    mean = sum(math.log(ratio) * weight for ratio, weight in known)
    return (FIRST if mean <= 0.0 else SECOND), why

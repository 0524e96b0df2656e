"""Classes: who takes what for what, how sure, and where the arms differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gatewise.comparison.mistakes.pooling import ByRow, Pooled, compared
from gatewise.mistakes import Answer, Calibration, ClassMistakes, ClassPredictions, ClassRow, ClassScore, ReliabilityBin

__all__ = ["calibration_of", "class_mistakes", "class_rows", "confusion_of"]

# A matrix of more is unreadable.
MOST_CLASSES = 12
BINS = 10
WORST = 8
EACH_WAY = 4

Ints = NDArray[np.int64]


def class_mistakes(
    pooled: Pooled[ClassPredictions], classes: Sequence[str], arms: Sequence[str], between: tuple[str, str]
) -> ClassMistakes:
    """The whole analysis. arms: the cells compared; between: the two whose disagreements are listed."""
    truth = pooled.joined(pooled.names[0], "truth").astype(np.int64)
    predicted = {name: pooled.joined(name, "predicted").astype(np.int64) for name in pooled.names}
    fold, labels = _folded(truth, [predicted[name] for name in arms], classes)
    rows, row_of = _answers(pooled, classes)
    p_truth = {name: rows.mean(pooled.joined(name, "p_truth")) for name in pooled.names}
    mean = np.mean([p_truth[name] for name in arms], axis=0)
    wrong = {name: rows.mean(predicted[name] != truth) for name in arms}
    anybody = np.max([wrong[name] for name in arms], axis=0) > 0
    worst = [place for place in np.argsort(mean, kind="stable").tolist() if anybody[place]]
    return ClassMistakes(
        labels=labels,
        folded=len(classes) - len(labels) + 1 if len(classes) > len(labels) else 0,
        confusions={
            name: tuple(map(tuple, confusion_of(fold[truth], fold[predicted[name]], len(labels)).tolist()))
            for name in pooled.names
        },
        scores=_scores(truth, predicted, classes),
        calibration={name: calibration_of(*_confident(pooled, name)) for name in pooled.names},
        agreements=compared({name: predicted[name] == truth for name in arms}, arms),
        between=between,
        worst=tuple(row_of(place) for place in worst[:WORST]),
        disagreements=tuple(row_of(place) for place in _disputed(wrong, p_truth, between)),
    )


def class_rows(pooled: Pooled[ClassPredictions], classes: Sequence[str], arms: Sequence[str]) -> list[ClassRow]:
    """Every row that an arm had wrong, the one with the least probability of the truth first."""
    rows, row_of = _answers(pooled, classes)
    mean = np.mean([rows.mean(pooled.joined(name, "p_truth")) for name in arms], axis=0)
    found = (row_of(place) for place in np.argsort(mean, kind="stable").tolist())
    return [row for row in found if any(row.answers[name].wrong for name in arms)]


def confusion_of(truth: Ints, predicted: Ints, classes: int) -> Ints:
    """How often each class (rows) was taken for each (columns): int64 [classes, classes]."""
    return np.bincount(truth * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def calibration_of(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> Calibration:
    """Reliability in ten bins of equal width, and the expected calibration error (Guo et al. 2017, equation 3).

    confidence: float [rows], the probability of the class predicted. right: bool [rows], whether that class was the true one.
    """
    place = np.clip((confidence * BINS).astype(np.int64), 0, BINS - 1)
    counts = np.bincount(place, minlength=BINS)
    sums = np.bincount(place, weights=confidence, minlength=BINS)
    hits = np.bincount(place, weights=right, minlength=BINS)
    bins = tuple(
        ReliabilityBin(
            one / BINS, (one + 1) / BINS, int(counts[one]), float(sums[one] / counts[one]), float(hits[one] / counts[one])
        )
        for one in range(BINS)
        if counts[one]
    )
    return Calibration(float(np.abs(hits - sums).sum() / max(1, len(confidence))), bins)


def _confident(pooled: Pooled[ClassPredictions], name: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    right = pooled.joined(name, "predicted") == pooled.joined(name, "truth")
    return pooled.joined(name, "confidence").astype(np.float64), np.asarray(right)


def _folded(truth: Ints, predicted: Sequence[Ints], classes: Sequence[str]) -> tuple[Ints, tuple[str, ...]]:
    """A place in the matrix for every class, and their labels; of many classes those that are confused most keep their own."""
    count = len(classes)
    if count <= MOST_CLASSES:
        return np.arange(count), tuple(classes)
    confused = np.zeros(count, dtype=np.int64)
    for said in predicted:
        wrong = said != truth
        confused += np.bincount(truth[wrong], minlength=count) + np.bincount(said[wrong], minlength=count)
    kept = np.sort(np.argsort(-confused, kind="stable")[: MOST_CLASSES - 1])
    fold = np.full(count, MOST_CLASSES - 1)
    fold[kept] = np.arange(len(kept))
    return fold, (*(classes[one] for one in kept.tolist()), "the others")


def _scores(truth: Ints, predicted: Mapping[str, Ints], classes: Sequence[str]) -> tuple[ClassScore, ...]:
    count = len(classes)
    there = np.bincount(truth, minlength=count)
    said = {name: np.bincount(guess, minlength=count) for name, guess in predicted.items()}
    hits = {name: np.bincount(truth[guess == truth], minlength=count) for name, guess in predicted.items()}

    def share(parts: Ints, of: Ints, one: int) -> float | None:
        return float(parts[one] / of[one]) if of[one] else None

    return tuple(
        ClassScore(
            label,
            int(there[one]),
            {name: share(hits[name], there, one) for name in predicted},
            {name: share(hits[name], said[name], one) for name in predicted},
        )
        for one, label in enumerate(classes)
    )


def _answers(pooled: Pooled[ClassPredictions], classes: Sequence[str]) -> tuple[ByRow, Callable[[int], ClassRow]]:
    """The rows tested, and what makes the record of the row at a place."""
    rows = ByRow.of(pooled.rows)
    truth = pooled.joined(pooled.names[0], "truth").astype(np.int64)
    predicted = {name: pooled.joined(name, "predicted").astype(np.int64) for name in pooled.names}
    p_truth = {name: rows.mean(pooled.joined(name, "p_truth")) for name in pooled.names}

    def answer(name: str, place: int, held: Ints) -> Answer:
        said = predicted[name][held]
        most_often = int(np.bincount(said).argmax())
        return Answer(classes[most_often], float(p_truth[name][place]), int(np.count_nonzero(said != truth[held])))

    def row_of(place: int) -> ClassRow:
        held = rows.places(place)
        answers = {name: answer(name, place, held) for name in pooled.names}
        return ClassRow(int(rows.rows[place]), classes[int(truth[held[0]])], len(held), answers)

    return rows, row_of


def _disputed(
    wrong: Mapping[str, NDArray[np.float64]], p_truth: Mapping[str, NDArray[np.float64]], between: tuple[str, str]
) -> list[int]:
    """Places of rows that one arm mostly has right and the other mostly wrong: the clearest four either way."""
    first, second = between
    found = []
    for one, other in ((first, second), (second, first)):
        apart = np.where((wrong[one] < 0.5) & (wrong[other] > 0.5), p_truth[one] - p_truth[other], -np.inf)
        order = np.argsort(-apart, kind="stable")[:EACH_WAY]
        found += [place for place in order.tolist() if np.isfinite(apart[place])]
    return found

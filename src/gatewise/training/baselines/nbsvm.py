"""NBSVM (Wang & Manning 2012): a linear model on words and pairs of words, each scaled by how much it tells the classes apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gatewise.training.baselines.closed_form import NEVER, probabilities, sharpest
from gatewise.training.baselines.terms import KnownTerms, count_terms
from gatewise.training.baselines.tfidf import words_and_pairs
from gatewise.training.examples import Examples
from gatewise.training.size import Size

__all__ = ["Nbsvm"]

STRENGTHS = (0.01, 0.1, 1.0)
# How much of the support vector machine's own weights is kept; the rest of each is their mean size (naive Bayes).
KEPT = 0.25

Tokens = Sequence[Sequence[str]]


@dataclass(frozen=True, eq=False)
class Nbsvm:
    """Scores of classes are sums over the terms of a text, however often it has them; a softmax makes probabilities of them.

    weights: float32 [classes, terms]; bias: float32 [classes].
    """

    name: ClassVar[str] = "nbsvm"
    terms: tuple[str, ...]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> Nbsvm:
        """The strength of the regularisation is the best of three on the validation part."""
        counted = count_terms(train.inputs, words_and_pairs)
        places = np.flatnonzero(counted.texts)
        terms = counted.terms.chosen(places)
        features, held = _binary(counted.only(places)), _binary(KnownTerms(words_and_pairs, terms).count(validation.inputs))
        own = np.ones(len(train)) if train.weights is None else train.weights.astype(np.float64)
        candidates = []
        for strength in STRENGTHS:
            weights, bias = _fit_scores(features, train.targets, train.classes, own, strength)
            scores = np.asarray(held @ weights.T + bias, dtype=np.float32)
            sharpness = sharpest(scores, validation)
            candidates.append((validation.merit(probabilities(scores * sharpness)), weights * sharpness, bias * sharpness))
        _, weights, bias = max(candidates, key=lambda candidate: candidate[0])
        return cls(terms, weights.astype(np.float32), bias.astype(np.float32))

    def predict(self, inputs: Tokens) -> NDArray[np.float32]:
        if not len(inputs):
            return np.empty((0, len(self.bias)), dtype=np.float32)
        features = _binary(self._known.count(inputs))
        return probabilities(np.asarray(features @ self.weights.T + self.bias, dtype=np.float32))

    @cached_property
    def _known(self) -> KnownTerms:
        return KnownTerms(words_and_pairs, self.terms)

    @staticmethod
    def foreseen(size: Size) -> float:
        """Seconds in a replicate, scores included."""
        return 0.1 + size.seen * size.steps * (3e-6 + 2e-6 * size.questions)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {"terms": list(self.terms)}, {"weights": self.weights, "bias": self.bias}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Nbsvm:
        return cls(tuple(values["terms"]), arrays["weights"], arrays["bias"])


def _binary(counts: Any) -> Any:
    """Whether a text has a term, however often."""
    counts.data.fill(1.0)
    return counts


def _fit_scores(
    features: Any, targets: NDArray[np.int64], classes: int, own: NDArray[np.float64], strength: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One class against the rest, for every class that is there; two classes are one question."""
    from sklearn.svm import LinearSVC

    weights, bias = np.zeros((classes, features.shape[1])), np.full(classes, NEVER)
    present = np.flatnonzero(np.bincount(targets, minlength=classes))
    if len(present) == 1:
        bias[present] = 0.0
        return weights, bias
    for one in present[1:] if len(present) == 2 else present:
        inside = targets == one
        ratio = _log_count_ratio(features, inside, own)
        machine = LinearSVC(C=strength, dual="auto", max_iter=5000, tol=1e-3, random_state=0)
        machine.fit(features.multiply(ratio).tocsr(), inside, sample_weight=own)
        slope = machine.coef_[0]
        weights[one] = ((1 - KEPT) * np.abs(slope).mean() + KEPT * slope) * ratio
        bias[one] = machine.intercept_[0]
    if len(present) == 2:
        # Half to either side, so that the sharpness means the same as with more classes.
        first, second = present
        weights[first], bias[first] = -weights[second], -bias[second]
    return weights, bias


def _log_count_ratio(features: Any, inside: NDArray[np.bool_], own: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of how much more of one side's terms a term is than of the other's, with one text more of each."""
    counts = [1 + np.asarray((own * side) @ features).ravel() for side in (inside, ~inside)]
    return np.asarray(np.log(counts[0] / counts[0].sum()) - np.log(counts[1] / counts[1].sum()))

"""Simple models on the same splits. A recurrent cell that does not beat them is not worth shipping.

Each is a frozen value made of plain numbers, so that a winner is saved without pickle:
`majority` predicts the most frequent class; `tfidf_logistic` is logistic regression on TF-IDF of words and word pairs;
`linear_features` is logistic regression on simple statistics of every channel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from gatewise.records import Kind
from gatewise.training.metrics import accuracy

__all__ = ["BASELINES", "Baseline", "LinearFeatures", "Majority", "TfidfLogistic", "baselines_for", "series_features"]

REGULARISATION = (0.3, 1.0, 3.0, 10.0)
SEGMENTS = 10

Tokens = Sequence[Sequence[str]]
Arrays = Sequence[NDArray[np.float32]]


class Baseline(Protocol):
    """A fitted simple model."""

    name: ClassVar[str]

    @classmethod
    def fit(
        cls, train: Any, targets: NDArray[np.int64], validation: Any, validation_targets: NDArray[np.int64], classes: int
    ) -> Baseline:
        """Fit on the training part; the validation part chooses the regularisation."""

    def predict_probabilities(self, inputs: Any) -> NDArray[np.float32]:
        """Class probabilities float32 [rows, classes] of token lists (text) or arrays [steps, channels] (series)."""

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """What `from_state` needs: JSON values, and arrays."""

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Baseline:
        """Rebuild a fitted model."""


@dataclass(frozen=True, eq=False)
class Majority:
    """Always the most frequent class of the training part."""

    name: ClassVar[str] = "majority"
    frequencies: NDArray[np.float32]

    @classmethod
    def fit(
        cls, train: Any, targets: NDArray[np.int64], validation: Any, validation_targets: NDArray[np.int64], classes: int
    ) -> Majority:
        return cls((np.bincount(targets, minlength=classes) / len(targets)).astype(np.float32))

    def predict_probabilities(self, inputs: Any) -> NDArray[np.float32]:
        return np.tile(self.frequencies, (len(inputs), 1))

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {}, {"frequencies": self.frequencies}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Majority:
        return cls(arrays["frequencies"])


@dataclass(frozen=True, eq=False)
class Logistic:
    """Multinomial logistic regression: softmax(x W^T + b). weights: float64 [classes, features]; bias: [classes]."""

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    @classmethod
    def fit(
        cls, train: Any, targets: NDArray[np.int64], validation: Any, validation_targets: NDArray[np.int64], classes: int
    ) -> Logistic:
        """The inverse regularisation strength with the best validation accuracy out of 0.3, 1, 3 and 10."""
        from sklearn.linear_model import LogisticRegression

        best: tuple[float, Logistic] | None = None
        for strength in REGULARISATION:
            fitted = LogisticRegression(C=strength, max_iter=5000, tol=1e-3).fit(train, targets)
            weights = np.zeros((classes, train.shape[1]))
            # A class that the training part lacks must never be predicted.
            bias = np.full(classes, -1e9)
            if len(fitted.classes_) == 2:
                weights[fitted.classes_[1]] = fitted.coef_[0]
                bias[fitted.classes_] = [0.0, fitted.intercept_[0]]
            else:
                weights[fitted.classes_] = fitted.coef_
                bias[fitted.classes_] = fitted.intercept_
            model = cls(weights, bias)
            score = accuracy(model.predict_probabilities(validation), validation_targets)
            if best is None or score > best[0]:
                best = score, model
        return cast("tuple[float, Logistic]", best)[1]

    def predict_probabilities(self, features: Any) -> NDArray[np.float32]:
        scores = np.asarray(features @ self.weights.T) + self.bias
        scores -= scores.max(1, keepdims=True)
        exponentials = np.exp(scores)
        return cast(NDArray[np.float32], (exponentials / exponentials.sum(1, keepdims=True)).astype(np.float32))


@dataclass(frozen=True, eq=False)
class TfidfLogistic:
    """Logistic regression on TF-IDF of words and pairs of neighbouring words seen in at least two training texts."""

    name: ClassVar[str] = "tfidf_logistic"
    terms: tuple[str, ...]
    idf: NDArray[np.float64]
    logistic: Logistic

    @classmethod
    def fit(
        cls, train: Tokens, targets: NDArray[np.int64], validation: Tokens, validation_targets: NDArray[np.int64], classes: int
    ) -> TfidfLogistic:
        from sklearn.feature_extraction.text import TfidfVectorizer

        repeated = any(count > 1 for count in _document_counts(train).values())
        vectorizer = TfidfVectorizer(analyzer=_words_and_pairs, sublinear_tf=True, min_df=2 if repeated else 1)
        features = vectorizer.fit_transform(train)
        logistic = Logistic.fit(features, targets, vectorizer.transform(validation), validation_targets, classes)
        return cls(tuple(vectorizer.get_feature_names_out()), vectorizer.idf_, logistic)

    def predict_probabilities(self, inputs: Tokens) -> NDArray[np.float32]:
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(analyzer=_words_and_pairs, sublinear_tf=True, vocabulary=self.terms)
        vectorizer.idf_ = self.idf
        return self.logistic.predict_probabilities(vectorizer.transform(inputs))

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {"terms": list(self.terms)}, {"idf": self.idf, "weights": self.logistic.weights, "bias": self.logistic.bias}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> TfidfLogistic:
        return cls(tuple(values["terms"]), arrays["idf"], Logistic(arrays["weights"], arrays["bias"]))


@dataclass(frozen=True, eq=False)
class LinearFeatures:
    """Logistic regression on standardised simple statistics of every channel."""

    name: ClassVar[str] = "linear_features"
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    logistic: Logistic

    @classmethod
    def fit(
        cls, train: Arrays, targets: NDArray[np.int64], validation: Arrays, validation_targets: NDArray[np.int64], classes: int
    ) -> LinearFeatures:
        features = series_features(train)
        mean, scale = features.mean(0), features.std(0)
        scale[scale < 1e-12] = 1.0
        standardised = (series_features(validation) - mean) / scale
        return cls(mean, scale, Logistic.fit((features - mean) / scale, targets, standardised, validation_targets, classes))

    def predict_probabilities(self, inputs: Arrays) -> NDArray[np.float32]:
        return self.logistic.predict_probabilities((series_features(inputs) - self.mean) / self.scale)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {}, {"mean": self.mean, "scale": self.scale, "weights": self.logistic.weights, "bias": self.logistic.bias}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> LinearFeatures:
        return cls(arrays["mean"], arrays["scale"], Logistic(arrays["weights"], arrays["bias"]))


BASELINES: dict[str, type[Majority] | type[TfidfLogistic] | type[LinearFeatures]] = {
    model.name: model for model in (Majority, TfidfLogistic, LinearFeatures)
}


def baselines_for(kind: Kind) -> tuple[str, ...]:
    """Names of the baselines that fit a kind of data."""
    return (Majority.name, TfidfLogistic.name if kind == "text" else LinearFeatures.name)


def series_features(sequences: Arrays) -> NDArray[np.float64]:
    """Simple statistics of every sequence.

    Per channel: mean, deviation, minimum, maximum, first, last, mean absolute change and the means of ten equal segments; then
    the length.
    sequences: float [steps, channels] each. Returns [rows, 17 * channels + 1].
    """
    return np.stack([_features(np.asarray(sequence, dtype=np.float64)) for sequence in sequences])


def _features(values: NDArray[np.float64]) -> NDArray[np.float64]:
    steps = len(values)
    change = np.abs(np.diff(values, axis=0)).mean(0) if steps > 1 else np.zeros(values.shape[1])
    edges = np.linspace(0, steps, SEGMENTS + 1)
    # A sequence shorter than ten steps repeats steps, so that every segment has one.
    segments = [values[int(low) : max(int(np.ceil(high)), int(low) + 1)].mean(0) for low, high in pairwise(edges)]
    statistics = [values.mean(0), values.std(0), values.min(0), values.max(0), values[0], values[-1], change, *segments]
    return np.append(np.concatenate(statistics), steps)


def _words_and_pairs(tokens: Sequence[str]) -> list[str]:
    return [*tokens, *(f"{first} {second}" for first, second in pairwise(tokens))]


def _document_counts(texts: Tokens) -> dict[str, int]:
    counts: dict[str, int] = {}
    for tokens in texts:
        for token in set(tokens):
            counts[token] = counts.get(token, 0) + 1
    return counts

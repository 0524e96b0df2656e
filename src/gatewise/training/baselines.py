"""Simple models on the same splits. A recurrent cell that does not beat them is not worth shipping.

Classes: `majority` predicts the most frequent class; `tfidf_logistic` is logistic regression on TF-IDF of words and word pairs;
`linear_features` is logistic regression on simple statistics of every channel. Numbers: `mean_value` predicts the mean,
`tfidf_ridge` and `ridge_features` are ridge regressions on the same features. Forecasts and next-step prediction have their own
in `forecast_baselines` and `next_step_baselines`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

from gatewise.records import Dataset
from gatewise.training.examples import Baseline, Examples
from gatewise.training.forecast_baselines import LastSeason, LastValue, LinearWindow
from gatewise.training.next_step_baselines import LinearStep, RepeatStep, StepFrequency

__all__ = [
    "BASELINES",
    "LinearFeatures",
    "Majority",
    "MeanValue",
    "RidgeFeatures",
    "TfidfLogistic",
    "TfidfRidge",
    "baselines_for",
    "series_features",
]

REGULARISATION = (0.3, 1.0, 3.0, 10.0)
RIDGE = (0.1, 1.0, 10.0, 100.0, 1000.0)
SEGMENTS = 10

Tokens = Sequence[Sequence[str]]
Arrays = Sequence[NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Majority:
    """Always the most frequent class of the training part."""

    name: ClassVar[str] = "majority"
    frequencies: NDArray[np.float32]

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> Majority:
        counts = np.bincount(train.targets, weights=train.weights, minlength=train.classes)
        return cls((counts / counts.sum()).astype(np.float32))

    def predict(self, inputs: Sequence[Any]) -> NDArray[np.float32]:
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
    def fit(cls, features: Any, train: Examples, validation_features: Any, validation: Examples) -> Logistic:
        """The inverse regularisation strength that is best on the validation part, out of 0.3, 1, 3 and 10; ties by log loss."""
        from sklearn.linear_model import LogisticRegression

        best: tuple[tuple[float, float], Logistic] | None = None
        for strength in REGULARISATION:
            fitted = LogisticRegression(C=strength, max_iter=5000, tol=1e-3).fit(
                features, train.targets, sample_weight=train.weights
            )
            weights = np.zeros((train.classes, features.shape[1]))
            # A class that the training part lacks must never be predicted.
            bias = np.full(train.classes, -1e9)
            if len(fitted.classes_) == 2:
                weights[fitted.classes_[1]] = fitted.coef_[0]
                bias[fitted.classes_] = [0.0, fitted.intercept_[0]]
            else:
                weights[fitted.classes_] = fitted.coef_
                bias[fitted.classes_] = fitted.intercept_
            model = cls(weights, bias)
            reached = validation.merit(model.predict(validation_features))
            if best is None or reached > best[0]:
                best = reached, model
        return cast("tuple[tuple[float, float], Logistic]", best)[1]

    def predict(self, features: Any) -> NDArray[np.float32]:
        scores = np.asarray(features @ self.weights.T) + self.bias
        scores -= scores.max(1, keepdims=True)
        exponentials = np.exp(scores)
        return cast(NDArray[np.float32], (exponentials / exponentials.sum(1, keepdims=True)).astype(np.float32))


@dataclass(frozen=True, eq=False)
class MeanValue:
    """Always the mean of the training part."""

    name: ClassVar[str] = "mean_value"
    mean: NDArray[np.float64]

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> MeanValue:
        return cls(np.average(train.targets.astype(np.float64), axis=0, weights=train.weights))

    def predict(self, inputs: Sequence[Any]) -> NDArray[np.float32]:
        return np.tile(self.mean.astype(np.float32), (len(inputs), 1))

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {}, {"mean": self.mean}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> MeanValue:
        return cls(arrays["mean"])


@dataclass(frozen=True, eq=False)
class Ridge:
    """Ridge regression: x W^T + b. weights: float64 [outputs, features]; bias: [outputs]."""

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    @classmethod
    def fit(cls, features: Any, train: Examples, validation_features: Any, validation: Examples) -> Ridge:
        """The penalty that is best on the validation part, out of 0.1, 1, 10, 100 and 1,000; ties by squared error."""
        from sklearn.linear_model import Ridge as Regression

        best: tuple[tuple[float, float], Ridge] | None = None
        for penalty in RIDGE:
            fitted = Regression(alpha=penalty).fit(features, train.targets.astype(np.float64), sample_weight=train.weights)
            model = cls(np.atleast_2d(fitted.coef_), np.atleast_1d(fitted.intercept_))
            reached = validation.merit(model.predict(validation_features))
            if best is None or reached > best[0]:
                best = reached, model
        return cast("tuple[tuple[float, float], Ridge]", best)[1]

    def predict(self, features: Any) -> NDArray[np.float32]:
        return np.asarray(features @ self.weights.T + self.bias, dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Tfidf:
    """A linear model on TF-IDF of words and pairs of neighbouring words seen in at least two training texts."""

    linear: ClassVar[type[Logistic] | type[Ridge]]
    terms: tuple[str, ...]
    idf: NDArray[np.float64]
    model: Logistic | Ridge

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> Self:
        terms, idf, features, validation_features = _fit_tfidf(train.inputs, validation.inputs)
        return cls(terms, idf, cls.linear.fit(features, train, validation_features, validation))

    def predict(self, inputs: Tokens) -> NDArray[np.float32]:
        return self.model.predict(_tfidf(self.terms, self.idf, inputs))

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {"terms": list(self.terms)}, {"idf": self.idf, "weights": self.model.weights, "bias": self.model.bias}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        return cls(tuple(values["terms"]), arrays["idf"], cls.linear(arrays["weights"], arrays["bias"]))


class TfidfLogistic(Tfidf):
    """Logistic regression on TF-IDF."""

    name: ClassVar[str] = "tfidf_logistic"
    linear = Logistic


class TfidfRidge(Tfidf):
    """Ridge regression on TF-IDF."""

    name: ClassVar[str] = "tfidf_ridge"
    linear = Ridge


@dataclass(frozen=True, eq=False)
class SimpleFeatures:
    """A linear model on standardised simple statistics of every channel."""

    linear: ClassVar[type[Logistic] | type[Ridge]]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    model: Logistic | Ridge

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> Self:
        mean, scale, features, validation_features = _fit_standard(train.inputs, validation.inputs)
        return cls(mean, scale, cls.linear.fit(features, train, validation_features, validation))

    def predict(self, inputs: Arrays) -> NDArray[np.float32]:
        return self.model.predict((series_features(inputs) - self.mean) / self.scale)

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {}, {"mean": self.mean, "scale": self.scale, "weights": self.model.weights, "bias": self.model.bias}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        return cls(arrays["mean"], arrays["scale"], cls.linear(arrays["weights"], arrays["bias"]))


class LinearFeatures(SimpleFeatures):
    """Logistic regression on simple statistics."""

    name: ClassVar[str] = "linear_features"
    linear = Logistic


class RidgeFeatures(SimpleFeatures):
    """Ridge regression on simple statistics."""

    name: ClassVar[str] = "ridge_features"
    linear = Ridge


BASELINES: dict[str, type[Baseline]] = {
    model.name: model
    for model in cast(
        "tuple[type[Baseline], ...]",
        (
            Majority,
            TfidfLogistic,
            LinearFeatures,
            MeanValue,
            TfidfRidge,
            RidgeFeatures,
            LastValue,
            LastSeason,
            LinearWindow,
            StepFrequency,
            RepeatStep,
            LinearStep,
        ),
    )
}


def baselines_for(dataset: Dataset) -> tuple[str, ...]:
    """Names of the baselines that fit a data set, the simplest first."""
    if dataset.forecast is not None:
        seasonal = 1 < dataset.forecast.season <= dataset.forecast.window
        return (LastValue.name, *([LastSeason.name] if seasonal else []), LinearWindow.name)
    if dataset.task == "next_step":
        return (StepFrequency.name, RepeatStep.name, LinearStep.name)
    text = dataset.kind == "text"
    if dataset.task == "regression":
        return (MeanValue.name, TfidfRidge.name if text else RidgeFeatures.name)
    return (Majority.name, TfidfLogistic.name if text else LinearFeatures.name)


def _fit_tfidf(train: Tokens, validation: Tokens) -> tuple[tuple[str, ...], NDArray[np.float64], Any, Any]:
    """Terms, their inverse document frequencies, and the features of both parts."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    repeated = any(count > 1 for count in _document_counts(train).values())
    vectorizer = TfidfVectorizer(analyzer=_words_and_pairs, sublinear_tf=True, min_df=2 if repeated else 1)
    features = vectorizer.fit_transform(train)
    return tuple(vectorizer.get_feature_names_out()), vectorizer.idf_, features, vectorizer.transform(validation)


def _tfidf(terms: tuple[str, ...], idf: NDArray[np.float64], inputs: Tokens) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer=_words_and_pairs, sublinear_tf=True, vocabulary=terms)
    vectorizer.idf_ = idf
    return vectorizer.transform(inputs)


def _fit_standard(
    train: Arrays, validation: Arrays
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean and scale of the training part's features, and the standardised features of both parts."""
    features = series_features(train)
    mean, scale = features.mean(0), features.std(0)
    scale[scale < 1e-12] = 1.0
    return mean, scale, (features - mean) / scale, (series_features(validation) - mean) / scale


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

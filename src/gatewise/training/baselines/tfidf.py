"""Texts as bags of words: linear models on TF-IDF of words and pairs of neighbouring words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from gatewise.training.baselines.linear import Logistic, Ridge
from gatewise.training.examples import Examples

__all__ = ["TfidfLogistic", "TfidfRidge"]

Tokens = Sequence[Sequence[str]]


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


def _words_and_pairs(tokens: Sequence[str]) -> list[str]:
    return [*tokens, *(f"{first} {second}" for first, second in pairwise(tokens))]


def _document_counts(texts: Tokens) -> dict[str, int]:
    counts: dict[str, int] = {}
    for tokens in texts:
        for token in set(tokens):
            counts[token] = counts.get(token, 0) + 1
    return counts

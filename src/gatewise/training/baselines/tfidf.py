"""Texts as bags of what they are made of: linear models on TF-IDF of words and pairs of neighbouring words, or of these and of
pieces of words, which tell words apart that share a stem or are misspelt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from gatewise.training.baselines.linear import Logistic, Ridge
from gatewise.training.baselines.terms import Analyser, KnownTerms, count_terms
from gatewise.training.examples import Examples
from gatewise.training.size import Size

__all__ = ["CharacterLogistic", "TfidfLogistic", "TfidfRidge", "words_and_pairs"]

PIECES = (2, 3, 4, 5)

Tokens = Sequence[Sequence[str]]


def words_and_pairs(tokens: Sequence[str]) -> list[str]:
    """The words of a text, and every two neighbouring ones."""
    return [*tokens, *(f"{first} {second}" for first, second in pairwise(tokens))]


@lru_cache(1 << 16)
def _pieces(word: str) -> tuple[str, ...]:
    """All stretches of two to five characters of a word with its two ends, marked so that no word is one."""
    whole = f" {word} "
    return tuple(f"\t{whole[start : start + size]}" for size in PIECES for start in range(len(whole) - size + 1))


@dataclass(frozen=True, eq=False)
class Tfidf:
    """A linear model on TF-IDF of what is seen in at least two training texts."""

    linear: ClassVar[type[Logistic] | type[Ridge]]
    terms: tuple[str, ...]
    idf: NDArray[np.float64]
    model: Logistic | Ridge

    @staticmethod
    def terms_of(tokens: Sequence[str]) -> list[str]:
        """What a text is made of."""
        return words_and_pairs(tokens)

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> Self:
        terms, idf, features, validation_features = _fit_tfidf(cls.terms_of, train.inputs, validation.inputs)
        return cls(terms, idf, cls.linear.fit(features, train, validation_features, validation))

    def predict(self, inputs: Tokens) -> NDArray[np.float32]:
        return self.model.predict(self._weighted.transform(self._known.count(inputs)))

    @cached_property
    def _known(self) -> KnownTerms:
        return KnownTerms(self.terms_of, self.terms)

    @cached_property
    def _weighted(self) -> Any:
        from sklearn.feature_extraction.text import TfidfTransformer

        weighted = TfidfTransformer(sublinear_tf=True)
        weighted.idf_ = self.idf
        return weighted

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {"terms": list(self.terms)}, {"idf": self.idf, "weights": self.model.weights, "bias": self.model.bias}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        return cls(tuple(values["terms"]), arrays["idf"], cls.linear(arrays["weights"], arrays["bias"]))


class TfidfLogistic(Tfidf):
    """Logistic regression on TF-IDF."""

    name: ClassVar[str] = "tfidf_logistic"
    linear = Logistic

    @staticmethod
    def foreseen(size: Size) -> float:
        """Seconds in a replicate, scores included."""
        return 0.2 + size.seen * size.steps * 4e-6 * size.questions


class CharacterLogistic(Tfidf):
    """Logistic regression on TF-IDF of words, pairs of them, and pieces of words."""

    name: ClassVar[str] = "character_logistic"
    linear = Logistic

    @staticmethod
    def terms_of(tokens: Sequence[str]) -> list[str]:
        return [*words_and_pairs(tokens), *(piece for token in tokens for piece in _pieces(token))]

    @staticmethod
    def foreseen(size: Size) -> float:
        """Seconds in a replicate, scores included."""
        return 0.2 + size.seen * size.steps * (6e-6 + 12e-6 * size.questions)


class TfidfRidge(Tfidf):
    """Ridge regression on TF-IDF."""

    name: ClassVar[str] = "tfidf_ridge"
    linear = Ridge

    @staticmethod
    def foreseen(size: Size) -> float:
        """Seconds in a replicate, scores included."""
        return 0.2 + size.seen * size.steps * 6e-6


def _fit_tfidf(terms_of: Analyser, train: Tokens, validation: Tokens) -> tuple[tuple[str, ...], NDArray[np.float64], Any, Any]:
    """Terms, their inverse document frequencies, and the features of both parts."""
    from sklearn.feature_extraction.text import TfidfTransformer

    counted = count_terms(train, terms_of)
    texts = counted.texts
    places = np.flatnonzero(texts >= min(2, texts.max(initial=1)))
    terms = counted.terms.chosen(places)
    weighted = TfidfTransformer(sublinear_tf=True)
    features = weighted.fit_transform(counted.only(places))
    return terms, weighted.idf_, features, weighted.transform(KnownTerms(terms_of, terms).count(validation))

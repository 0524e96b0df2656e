"""How often texts have each of the terms they are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.shared_rows import SharedRows, by_row

__all__ = ["Analyser", "KnownTerms", "Terms", "count_terms"]

Tokens = Sequence[Sequence[str]]
Analyser = Callable[[Sequence[str]], list[str]]


@dataclass(eq=False)
class Terms:
    """Different terms in rising order, object [terms], and where some of them stand."""

    names: NDArray[Any]
    _places: dict[str, int] = field(init=False)
    _asked: tuple[tuple[str, ...], NDArray[np.int64]] = field(init=False)

    def __post_init__(self) -> None:
        self._places = dict(zip(self.names.tolist(), range(len(self.names)), strict=True))
        self._asked = (), np.empty(0, dtype=np.int64)

    def chosen(self, places: NDArray[np.int64]) -> tuple[str, ...]:
        """The terms at some places."""
        terms = tuple(self.names[places].tolist())
        self._asked = terms, places
        return terms

    def places(self, terms: tuple[str, ...]) -> NDArray[np.int64]:
        """Where terms stand; -1 for what is none of these. A model asks for its own again and again."""
        if self._asked[0] is not terms:
            found = (self._places.get(term, -1) for term in terms)
            self._asked = terms, np.fromiter(found, dtype=np.int64, count=len(terms))
        return self._asked[1]


@dataclass(frozen=True, eq=False)
class Counted:
    """counts: sparse float32 [texts, terms]. Indexing gives some of the texts."""

    terms: Terms
    counts: Any

    def __getitem__(self, rows: NDArray[np.int64]) -> Counted:
        return Counted(self.terms, self.counts[rows])

    @property
    def texts(self) -> NDArray[np.int64]:
        """How many of the texts have each term."""
        return np.bincount(self.counts.indices, minlength=self.counts.shape[1])

    def only(self, places: NDArray[np.int64]) -> Any:
        """The counts of the terms at some rising places, sparse float64 [texts, places]."""
        return self.counts[:, places].astype(np.float64)


def count_terms(texts: Tokens, analyser: Analyser) -> Counted:
    """All terms of some texts; of rows that share, those of the whole data set, of which some may be in none of these texts."""
    found: Counted = by_row(texts, _counter(analyser))
    return found


@dataclass(frozen=True, eq=False)
class KnownTerms:
    """Some terms, which stand in rising order."""

    analyser: Analyser
    terms: tuple[str, ...]

    def count(self, texts: Tokens) -> Any:
        """How often texts have each of them: sparse float64 [texts, terms]."""
        if isinstance(texts, SharedRows):
            counted = count_terms(texts, self.analyser)
            places = counted.terms.places(self.terms)
            if len(places) and places.min() >= 0:
                return counted.only(places)
        return self._vectorizer.transform(texts)

    @cached_property
    def _vectorizer(self) -> Any:
        from sklearn.feature_extraction.text import CountVectorizer

        return CountVectorizer(analyzer=self.analyser, vocabulary=self.terms, dtype=np.float64)


@lru_cache
def _counter(analyser: Analyser) -> Callable[[Tokens], Counted]:
    """What counts the terms of an analyser: one and the same for each, so that rows can share what it found."""

    def count(texts: Tokens) -> Counted:
        from sklearn.feature_extraction.text import CountVectorizer

        vectorizer = CountVectorizer(analyzer=analyser, dtype=np.float32)
        counts = vectorizer.fit_transform(texts)
        return Counted(Terms(vectorizer.get_feature_names_out()), counts)

    return count

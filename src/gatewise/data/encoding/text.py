"""Tokens to ids, by a vocabulary fitted on the training part only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.stored import StoredTokens
from gatewise.data.dataset.tokens import tokenize_all
from gatewise.data.encoding.prepared import Prepared
from gatewise.data.encoding.target_scale import TargetScale
from gatewise.errors import DataError, OptionError
from gatewise.records import Encoded

__all__ = ["PADDING", "UNKNOWN", "TextEncoder", "counted_text_encoder", "fit_text_encoder"]

PADDING = 0
UNKNOWN = 1
_SPECIAL = 2


@dataclass(frozen=True)
class TextEncoder:
    """Tokens to ids: 0 is padding, 1 a token not in the vocabulary, word number i of the vocabulary is 2 + i.

    max_length: tokens read of every text, the first ones; None for all. target_scale: where numbers are predicted.
    """

    vocabulary: tuple[str, ...]
    max_length: int | None
    target_scale: TargetScale | None = None

    @property
    def input_size(self) -> int:
        """How many ids there are, padding and unknown among them."""
        return len(self.vocabulary) + _SPECIAL

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {token: number for number, token in enumerate(self.vocabulary, _SPECIAL)}

    def encode(self, texts: Sequence[str], targets: NDArray[Any]) -> Encoded:
        """Tokenise and encode texts; a text without tokens becomes one unknown token."""
        return self.encode_tokens(tokenize_all(texts), targets)

    def encode_tokens(self, tokens: Sequence[Sequence[str]], targets: NDArray[Any]) -> Encoded:
        """Encode texts that are tokenised already."""
        ids = self._ids
        rows = [[ids.get(token, UNKNOWN) for token in row[: self.max_length]] or [UNKNOWN] for row in tokens]
        lengths = np.array([len(row) for row in rows], dtype=np.int64)
        values = np.fromiter(chain.from_iterable(rows), dtype=np.int64, count=int(lengths.sum()))
        encoded = Encoded(values, lengths, targets, self.input_size)
        return encoded if self.target_scale is None else self.target_scale.apply(encoded)

    def encode_rows(self, prepared: Prepared, rows: NDArray[np.int64]) -> Encoded:
        """Encode some rows of a prepared data set of texts, in the order of `rows`."""
        targets = prepared.dataset.targets[rows]
        if isinstance(prepared.tokens, StoredTokens):
            encoded = self._encode_stored(prepared.tokens, rows, targets)
        else:
            encoded = self.encode_tokens([prepared.tokens[row] for row in rows], targets)
        return replace(encoded, weights=prepared.weights(rows))

    def _encode_stored(self, tokens: StoredTokens, rows: NDArray[np.int64], targets: NDArray[Any]) -> Encoded:
        ids = self._ids
        table = tokens.look_up(self, lambda word: ids.get(word, UNKNOWN), UNKNOWN)
        numbers, lengths = tokens.numbers(rows, self.max_length)
        encoded = Encoded(table[numbers], lengths, targets, self.input_size)
        return encoded if self.target_scale is None else self.target_scale.apply(encoded)

    def truncated(self, lengths: NDArray[np.int64]) -> int:
        """How many rows of these lengths lose tokens to `max_length`."""
        return 0 if self.max_length is None else int((lengths > self.max_length).sum())

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types that `from_json` reads back."""
        return {
            "kind": "text",
            "max_length": self.max_length,
            "vocabulary": list(self.vocabulary),
            "target_scale": self.target_scale and self.target_scale.to_json(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> TextEncoder:
        """Rebuild an encoder from what `to_json` made. Raises DataError where a part is missing."""
        try:
            return cls(tuple(value["vocabulary"]), value["max_length"], TargetScale.from_json(value.get("target_scale")))
        except (KeyError, TypeError) as error:
            raise DataError(f"the saved text encoder is incomplete ({error}). Save the model again.") from error


def fit_text_encoder(
    tokens: Sequence[Sequence[str]], *, max_vocabulary: int, max_length: int | None, min_count: int = 2
) -> TextEncoder:
    """Choose the vocabulary of tokenised training texts: the `max_vocabulary` most frequent tokens.

    Tokens are ordered by falling count, then alphabetically, and only the first `max_length` of each text are counted. Tokens met
    fewer than `min_count` times are left out, unless that would make over half of the text unknown, as in very small data.
    Raises OptionError for a limit below 1.
    """
    counts = Counter(chain.from_iterable(islice(row, max_length) for row in tokens))
    return counted_text_encoder(counts, counts.total(), max_vocabulary=max_vocabulary, max_length=max_length, min_count=min_count)


def counted_text_encoder(
    counts: Mapping[str, int], total: int, *, max_vocabulary: int, max_length: int | None, min_count: int = 2
) -> TextEncoder:
    """Choose the vocabulary by counts, as `fit_text_encoder` does. total: all tokens, those that were not counted among them.

    Raises OptionError for a limit below 1.
    """
    for name, limit in (("max_vocabulary", max_vocabulary), ("max_length", max_length), ("min_count", min_count)):
        if limit is not None and limit < 1:
            raise OptionError(f"{name} is {limit}; expected a whole number of at least 1.")
    frequent = {token: count for token, count in counts.items() if count >= min_count}
    kept = frequent if 2 * sum(frequent.values()) >= total else counts
    ordered = sorted(kept, key=lambda token: (-kept[token], token))
    return TextEncoder(tuple(ordered[:max_vocabulary]), max_length)

"""Numbers for the words of more texts than fit into memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.repeats import text_digest
from gatewise.data.dataset.tokens import tokenize

__all__ = ["KEPT", "BlockOfWords", "WordNumbers", "words_of"]

KEPT = 2**16
"""Words that a store knows by number: three times as many as a network's vocabulary has by default."""


class BlockOfWords(NamedTuple):
    """Some texts as words. words: the different ones. places: uint32, which of them each token is, row after row.

    lengths: int64 [rows], at least 1: a text without words is one unknown one, whose place is that after the last word.
    digests: int64 [rows], the same for texts that are repeats of each other.
    """

    words: list[str]
    places: NDArray[np.uint32]
    lengths: NDArray[np.int64]
    digests: NDArray[np.int64]


def words_of(texts: Sequence[str]) -> BlockOfWords:
    """Tokenise some texts."""
    rows = [tokenize(text) for text in texts]
    flat = [*chain.from_iterable(rows)]
    words = [*dict.fromkeys(flat)]
    known = {word: place for place, word in enumerate(words)}
    places = np.fromiter(map(known.__getitem__, flat), np.uint32, len(flat))
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    empty = np.flatnonzero(lengths == 0)
    if len(empty):
        places = np.insert(places, (np.cumsum(lengths) - lengths)[empty], len(words))
        lengths[empty] = 1
    return BlockOfWords(words, places, lengths, np.fromiter(map(text_digest, texts), np.int64, len(texts)))


class WordNumbers:
    """Numbers words as they come, and forgets rare ones before they become too many.

    A word that was forgotten and comes again has a new number. What was forgotten had come less often than any word that stayed;
    so the words that are frequent in the end are those that are frequent (Manku & Motwani 2002, "lossy counting", in kind).
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._numbers: dict[str, int] = {}
        self._counts = np.zeros(kept, dtype=np.uint32)
        self._next = 1

    def add(self, block: BlockOfWords) -> NDArray[np.uint32]:
        """The numbers of a block's tokens, end to end; 0 is none of any word."""
        numbers = np.empty(len(block.words) + 1, dtype=np.uint32)
        numbers[-1] = 0
        for place, word in enumerate(block.words):
            number = self._numbers.get(word)
            if number is None:
                number = self._numbers[word] = self._next
                self._next += 1
            numbers[place] = number
        if self._next > len(self._counts):
            self._counts = np.concatenate([self._counts, np.zeros(max(self._next, len(self._counts)), dtype=np.uint32)])
        # No number comes twice among a block's words.
        self._counts[numbers] += np.bincount(block.places, minlength=len(numbers)).astype(np.uint32)
        if len(self._numbers) > 2 * self._kept:
            self._forget()
        return numbers[block.places]

    def finished(self) -> tuple[list[str], NDArray[np.uint32]]:
        """The words that are kept, the most frequent first, and from every number given to its word's place among them.

        All others have the place after the last.
        """
        ordered = sorted(self._numbers, key=lambda word: (-int(self._counts[self._numbers[word]]), word))[: self._kept]
        places = np.full(self._next, len(ordered), dtype=np.uint32)
        places[self._of(ordered)] = np.arange(len(ordered), dtype=np.uint32)
        return ordered, places

    def _forget(self) -> None:
        counts = self._counts[self._of(self._numbers)]
        limit = int(np.partition(counts, len(counts) - self._kept)[len(counts) - self._kept])
        # Of words as frequent as the last that stays, all go: which would stay is chance.
        self._numbers = {word: number for word, number in self._numbers.items() if self._counts[number] > limit}

    def _of(self, words: Iterable[str]) -> NDArray[np.int64]:
        return np.fromiter((self._numbers[word] for word in words), dtype=np.int64)

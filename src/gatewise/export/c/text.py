"""A text model's tables: the vocabulary with a hash to look it up by, and what the tokeniser knows of letters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from gatewise.export.c.constants import Constants
from gatewise.export.c.letters import letters_of

__all__ = ["add_text", "longest", "slots"]


def add_text(constants: Constants, vocabulary: Sequence[str]) -> dict[str, int]:
    """The tables; returns sizes that the source has by name."""
    words = [word.encode("utf-8") for word in vocabulary]
    constants.add("WORDS", list(b"".join(words)) or [0], "uint8_t")
    constants.add("WORD_STARTS", [0, *accumulate(map(len, words))], "uint32_t")
    table = slots(words)
    constants.add("SLOTS", table, "uint16_t" if len(words) < 2**16 else "uint32_t")
    letters = letters_of(vocabulary)
    constants.add("CLASSES", letters.classes, "uint32_t")
    constants.add("MAPPED", list(letters.mapped), "uint32_t")
    constants.add("MAPPED_STARTS", [0, *accumulate(map(len, letters.mapped.values()))], "uint16_t")
    read = [code for codes in letters.mapped.values() for code in codes]
    constants.add("MAPPED_TO", read, "uint16_t" if max(read) < 2**16 else "uint32_t")
    constants.add("COMBINING", letters.combining or [0], "uint32_t")
    pairs = letters.composed or ((0, 0, 0),)
    rows = "\n".join(f"    {{{first}, {second}, {both}}}," for first, second, both in pairs)
    constants.add_text(f"static const uint32_t COMPOSED[{len(pairs)}][3] = {{\n{rows}\n}};", 12 * len(pairs))
    return {
        "LONGEST": longest(vocabulary),
        "SLOTS": len(table),
        "HANGUL": int(letters.hangul),
        "GREEK": int(letters.greek),
    }


def longest(vocabulary: Sequence[str]) -> int:
    """Bytes of the longest word."""
    return max((len(word.encode("utf-8")) for word in vocabulary), default=1)


def slots(words: Sequence[bytes]) -> list[int]:
    """Open addressing by the 32-bit FNV-1a hash, at most two thirds full: 1 and a word's place, or 0 where a slot is empty."""
    size = 1 << max(1, (len(words) * 3 // 2).bit_length())
    table = [0] * size
    for number, word in enumerate(words, 1):
        hashed = 2166136261
        for byte in word:
            hashed = (hashed ^ byte) * 16777619 & 0xFFFFFFFF
        slot = hashed % size
        while table[slot]:
            slot = (slot + 1) % size
        table[slot] = number
    return table

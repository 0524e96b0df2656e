"""What the tokeniser needs to know of code points, as small tables: enough that every text gives the tokens that Python finds.

Two things of a code point matter. Its class decides where tokens begin and end, so the classes of all code points are kept, and
what NFKC and lower case make of one wherever tokens then begin or end elsewhere. Beyond that only tokens of the vocabulary
matter: what NFKC and lower case make of a code point is kept where it is written in the vocabulary's letters, and of the pairs of
code points that NFKC composes those whose result leads to such a letter. Any other word is unknown either way.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import regex

from gatewise.data.dataset.tokens import SPACED, UNSPACED, as_read

__all__ = ["Letters", "letters_of"]

# In the order of the enumeration in sources/letters.c.
SKIPPED, VISIBLE, LETTER, MARK, UNSPACED_LETTER, UNSPACED_MARK, APOSTROPHE, JOINER = range(8)

_PATTERNS = {
    VISIBLE: r"[^\s\p{Cc}\p{Cf}]",
    LETTER: rf"[{SPACED}--\p{{M}}]",
    MARK: rf"[{SPACED}&&\p{{M}}]",
    UNSPACED_LETTER: rf"[{UNSPACED}--\p{{M}}]",
    UNSPACED_MARK: rf"[{UNSPACED}&&\p{{M}}]",
    APOSTROPHE: "'",
    JOINER: r"[\u200c\u200d]",
}

_HANGUL = range(0xAC00, 0xD7A4)


@dataclass(frozen=True)
class Letters:
    """classes: first code points of ranges of one class, times 8, plus the class. mapped: code points that are read as others,
    by rising number. combining: marks times 256, plus their canonical combining class. composed: first, second, both. hangul:
    whether syllables are composed by rule. greek: whether a sigma at a word's end is another letter.
    """

    classes: tuple[int, ...]
    mapped: dict[int, tuple[int, ...]]
    combining: tuple[int, ...]
    composed: tuple[tuple[int, int, int], ...]
    hangul: bool
    greek: bool


def letters_of(vocabulary: Iterable[str]) -> Letters:
    """Tables for the letters of a vocabulary."""
    alphabet = {ord(letter) for word in vocabulary for letter in word}
    hangul = any(code in _HANGUL for code in alphabet)
    pairs, grown = _compositions(), True
    chosen: set[tuple[int, int, int]] = set()
    letters = set(alphabet)
    while grown:
        found = {pair for pair in pairs if pair[2] in letters} - chosen
        chosen |= found
        letters |= {code for first, second, _ in found for code in (first, second)}
        grown = bool(found)
    if hangul:
        # Leading consonants, vowels and final consonants that syllables are composed of.
        letters |= {*range(0x1100, 0x1113), *range(0x1161, 0x1176), *range(0x11A8, 0x11C3)}
    letters |= {pair[2] for pair in chosen}
    marks = sorted(code << 8 | combining for code in letters if (combining := unicodedata.combining(chr(code))))
    mapped = {code: read for code, read, alike in _readings() if not alike or code in letters or letters.issuperset(read)}
    return Letters(_classes()[0], mapped, tuple(marks), tuple(sorted(chosen)), hangul, 0x3C2 in alphabet)


@cache
def _classes() -> tuple[tuple[int, ...], bytes]:
    """The ranges, and the class of every code point."""
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    of = bytearray(len(every))
    for number, pattern in _PATTERNS.items():
        for found in regex.compile(f"{pattern}+", regex.VERSION1).finditer(every):
            of[found.start() : found.end()] = bytes([number]) * (found.end() - found.start())
    ranges = [code << 3 | of[code] for code in range(len(of)) if code == 0 or of[code] != of[code - 1]]
    return tuple(ranges), bytes(of)


@cache
def _readings() -> tuple[tuple[int, tuple[int, ...], bool], ...]:
    """Every code point beyond ASCII that alone is read as something else, what as, and whether tokens begin and end as before."""
    of = _classes()[1]
    found = []
    for code in range(128, sys.maxunicode + 1):
        letter = chr(code)
        if unicodedata.category(letter) in ("Cn", "Co", "Cs"):
            continue
        read = as_read(letter)
        if read != letter:
            codes = tuple(map(ord, read))
            first, *rest = (of[one] for one in codes)
            # A letter more or less leaves a word one word.
            alike = first == of[code] and (not rest or (first == LETTER and {LETTER, MARK}.issuperset(rest)))
            found.append((code, codes, alike))
    return tuple(found)


@cache
def _compositions() -> tuple[tuple[int, int, int], ...]:
    """Pairs of code points that NFKC makes one of, but for Hangul, in lower case."""
    found = []
    for code in range(128, sys.maxunicode + 1):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            first, second = (int(part, 16) for part in parts)
            if as_read(chr(code)) == chr(code) == unicodedata.normalize("NFC", chr(first) + chr(second)):
                found.append((first, second, code))
    return tuple(found)

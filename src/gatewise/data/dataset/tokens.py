"""Texts to tokens: one tokeniser for all languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import regex

__all__ = ["SPACED", "UNSPACED", "as_read", "has_tokens", "tokenize", "tokenize_all"]

# Scripts written without spaces. The Japanese long-vowel mark belongs to no single script and is named apart.
UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}\u30fc&&[\p{L}\p{N}\p{M}]]"
SPACED = rf"[\p{{L}}\p{{M}}\p{{N}}--{UNSPACED}]"
# Inside a word: an apostrophe, and the joiners that Persian and the Indic scripts write between the letters of one word.
_INNER = r"['\u200c\u200d]"
_TOKEN = regex.compile(
    rf"{SPACED}++(?:{_INNER}{SPACED}++)*+|{UNSPACED}\p{{M}}*+|[^\s\p{{Cc}}\p{{Cf}}]\p{{M}}*+",
    regex.VERSION1,
)
# The same tokens for a lower-case ASCII text, three times as fast.
_ASCII_TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z0-9]+)*|[!-~]")


def tokenize(text: str) -> list[str]:
    """Split a text into lower-case tokens, after NFKC normalisation.

    A word is a run of letters, marks and digits with apostrophes inside. A character of a script written without spaces (Chinese,
    Japanese, Thai, Lao, Khmer, Myanmar, Tibetan) is a token of its own with its marks, and so is every other visible character:
    punctuation, symbols, emoji.
    """
    if text.isascii():
        return _ASCII_TOKEN.findall(text.lower())
    tokens: list[str] = _TOKEN.findall(as_read(text))
    return tokens


def as_read(text: str) -> str:
    """A text in NFKC and lower case, with one kind of apostrophe: what tokens are found in."""
    return unicodedata.normalize("NFKC", text).replace("\u2019", "'").lower()


def has_tokens(text: str) -> bool:
    """Whether `tokenize` finds anything in the text; stops at the first token."""
    return _TOKEN.search(text) is not None


def tokenize_all(texts: Iterable[str]) -> list[list[str]]:
    """Tokenise every text. Equal tokens share one string object, which saves most of the memory and makes look-ups quick."""
    known: dict[str, str] = {}
    return [[known.setdefault(token, token) for token in tokenize(text)] for text in texts]

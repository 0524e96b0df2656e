"""What the built-in data sets are called and which options they take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from gatewise.data.builtin.synthetic.spans import SPAN_RULES
from gatewise.data.dataset.targets import MINIMUM_ROWS
from gatewise.errors import DataError
from gatewise.wording import listed, nearest

__all__ = ["OPTIONS", "read_request"]

_MOST_DIGITS = 18


@dataclass(frozen=True)
class Option:
    """A whole number: its default, and the values it may have."""

    default: int
    lowest: int
    highest: int | None = None

    @property
    def expected(self) -> str:
        """What may be given, in words."""
        if self.highest is None:
            return f"a whole number of at least {self.lowest}"
        return str(self.lowest) if self.highest == self.lowest else f"a whole number from {self.lowest} to {self.highest}"

    def accepts(self, text: str) -> bool:
        """Whether the text is one of the values."""
        return (
            text.isascii()
            and text.isdecimal()
            and len(text) <= _MOST_DIGITS
            and self.lowest <= int(text) <= (self.highest or int(text))
        )

    @staticmethod
    def read(text: str) -> int:
        """The value of a text that is accepted."""
        return int(text)


@dataclass(frozen=True)
class Choice:
    """One of several words: its default, and all there are."""

    default: str
    words: tuple[str, ...]

    @property
    def expected(self) -> str:
        """What may be given, in words."""
        return f"one of {listed(self.words)}"

    def accepts(self, text: str) -> bool:
        """Whether the text is one of the words."""
        return text in self.words

    @staticmethod
    def read(text: str) -> str:
        """The value of a text that is accepted."""
        return text


_ROWS = Option(2000, MINIMUM_ROWS)
# Below ten steps there is hardly anything to remember.
_LENGTH = Option(50, 10)
# Shorter strings would mostly be repeats of each other.
_STRING = Option(50, 20)

# The place of a name is part of its seed: new ones go to the end.
OPTIONS: dict[str, dict[str, Option | Choice]] = {
    "digits": {},
    "digits-pixels": {},
    "adding": {"length": _LENGTH, "rows": _ROWS, "classes": Option(0, 2, 2)},
    "temporal-order": {"length": _LENGTH, "rows": _ROWS},
    "parity": {"length": _LENGTH, "rows": _ROWS},
    "counting": {"length": _STRING, "rows": _ROWS},
    "copy": {"delay": Option(20, 1), "rows": _ROWS},
    "recall": {"pairs": Option(4, 2, 26), "rows": _ROWS},
    "dyck1": {"length": _STRING, "rows": _ROWS},
    "dyck2": {"length": _STRING, "rows": _ROWS},
    "reviews": {"rows": _ROWS},
    "waves": {"length": _LENGTH, "rows": _ROWS},
    "seasonal": {"rows": Option(2000, 500)},
    "chords": {"length": _LENGTH, "rows": Option(300, MINIMUM_ROWS)},
    "spans": {
        "rule": Choice("symbol", SPAN_RULES),
        "length": _LENGTH,
        "span": Option(20, 2),
        "noise": Option(0, 0, 1000),
        "classes": Option(4, 2, 9),
        "rows": _ROWS,
    },
}
"""The options of every built-in data set, by its name. An option of 0 is off."""


def read_request(request: str) -> tuple[str, dict[str, Any]]:
    """Name and options of a request such as `adding?length=100`; what is not given has its default.

    Raises DataError for a name or option that is not known, or a value that may not be.
    """
    name, _, query = request.partition("?")
    if name not in OPTIONS:
        raise DataError(f"there is no built-in data set {name!r}; there are: {listed(OPTIONS)}.{nearest(name, OPTIONS)}")
    known = OPTIONS[name]
    if query and not known:
        raise DataError(f"builtin:{name} takes no options, {query!r} was given. Leave out the question mark and what follows.")
    options: dict[str, Any] = {key: option.default for key, option in known.items()}
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key not in known:
            raise DataError(f"builtin:{name} has no option {key!r}; there are: {listed(known)}.{nearest(key, known)}")
        if not known[key].accepts(value):
            raise DataError(f"builtin:{name}: {key} is {value!r}; expected {known[key].expected}.")
        options[key] = known[key].read(value)
    return name, options

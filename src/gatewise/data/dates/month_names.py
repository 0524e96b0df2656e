"""The names of months and how they are shortened, in the languages that most tables are written in."""

from __future__ import annotations

__all__ = ["MONTHS"]

_LANGUAGES = (
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart april mei juni juli augustus september oktober november december",
)
_SHORT = (3, 4, 5)


def _months() -> dict[str, int]:
    """Months by name, whole or begun, where only one begins so in any of the languages."""
    found: dict[str, set[int]] = {"mrt": {3}, "jän": {1}, "sept": {9}}
    for language in _LANGUAGES:
        for number, name in enumerate(language.split(), 1):
            for word in (name, *(name[:letters] for letters in _SHORT)):
                found.setdefault(word, set()).add(number)
    return {word: min(numbers) for word, numbers in found.items() if len(numbers) == 1}


MONTHS = _months()
"""Numbers of months, 1 to 12, by name in lower case."""

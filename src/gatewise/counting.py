"""Counts with their nouns, as sentences and tables have them."""

from __future__ import annotations

__all__ = ["counted"]


def counted(number: int, one: str, many: str = "") -> str:
    """Return a count with what is counted: "1 row", "2 rows", "10,662 rows".

    many: the words for any number but one, where it takes more than an s; a verb goes along: "row repeats", "rows repeat".
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"

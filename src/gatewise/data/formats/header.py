"""Whether the first line of a text table names its columns, or is a row like the others.

A name that is a number is no sign by itself: tables have years, wavelengths and plain positions as names. A line is taken for a
row only where nothing about it looks like a name, and something about it is what rows have.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from gatewise.data.columns.columns import TARGET_NAMES, TEXT_NAMES
from gatewise.data.values.table_cells import NOT_GIVEN, SOUND_SUFFIXES, is_number_list

__all__ = ["SAMPLE", "row_like"]

# Cells of a column that tell what it holds.
SAMPLE = 2000
# A title or a question may have some words; only beside a number does a sentence say that a line is a row.
_WORDS = 5
# Five numbers that rise or fall by chance: one row in sixty.
_SEQUENCE = 5
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?([T ].*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}( .*)?")
_NAMES = frozenset((*TEXT_NAMES, *TARGET_NAMES, "id", "index", "time", "date", "split", "group", "weight", "weights"))
# A series in one cell, without brackets.
_MANY_NUMBERS = re.compile(r"[-+]?[\d.][\d.eE+-]*([\s,;]+[-+]?[\d.][\d.eE+-]*){4,}")


def row_like(header: Sequence[str], columns: Sequence[Sequence[Any]]) -> str | None:
    """What says that the first line of a table is a row, in words to follow `it`; None where it may well name the columns.

    header: its cells. columns: the cells below it, None where missing.
    """
    cells = [cell.strip() for cell in header]
    if any(cell.casefold() in _NAMES for cell in cells):
        return None
    below = [[cell.strip() for cell in column[:SAMPLE] if cell is not None] for column in columns]
    numbers: list[float] = []
    repeated: list[str] = []
    sentence = False
    for cell, values in zip(cells, below, strict=True):
        if not cell or cell.lower() in NOT_GIVEN or not values:
            continue
        own, others = _number(cell), [_number(value) for value in values if value.lower() not in NOT_GIVEN]
        is_numeric = bool(others) and None not in others
        if is_numeric and own is None:
            # A word above numbers names them.
            return None
        if own is not None and not is_numeric:
            # So does a number above words.
            return None
        if own is not None:
            numbers.append(own)
            if own in others:
                repeated.append(cell)
            continue
        if _DATE.fullmatch(cell) and all(map(_DATE.fullmatch, values)):
            return f"holds the date {cell}, as the lines below it do"
        if cell.lower().endswith(SOUND_SUFFIXES):
            return f"holds the file name {_short(cell)}"
        if is_number_list(cell) or _MANY_NUMBERS.fullmatch(cell):
            return f"holds the numbers {_short(cell)}"
        if cell in values:
            repeated.append(cell)
        sentence = sentence or len(cell.split()) >= _WORDS
    if len(numbers) > 1 and _name_columns(numbers):
        repeated = [cell for cell in repeated if _number(cell) is None]
        numbers = []
    if repeated:
        return f"holds {_short(repeated[0])}, which stands in the same column below"
    if len(numbers) > 1 or (numbers and (sentence or not numbers[0].is_integer())):
        return f"holds the numbers {_short(', '.join(f'{number:g}' for number in numbers))}"
    return None


def _name_columns(numbers: Sequence[float]) -> bool:
    """Whether numbers may name columns: whole ones that rise, such as years, or many that rise or fall, such as wavelengths."""
    steps = [after - before for before, after in pairwise(numbers)]
    rising, falling = all(step > 0 for step in steps), all(step < 0 for step in steps)
    if len(numbers) >= _SEQUENCE:
        return rising or falling
    return rising and all(number.is_integer() and number >= 0 for number in numbers)


def _number(cell: str) -> float | None:
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:37]}...")

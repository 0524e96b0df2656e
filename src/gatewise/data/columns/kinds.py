"""What the columns of a table hold, by a sample of their cells and, where numbers may be times or ids, by their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from itertools import islice
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dates.numbers import names_time
from gatewise.data.dates.order import is_date_text
from gatewise.data.dates.stamps import iso_moment
from gatewise.data.values.arrow_cells import arrow_array
from gatewise.data.values.column_values import sample_numbers
from gatewise.data.values.table_cells import is_missing, is_number, is_number_list, is_sound_name

__all__ = ["ColumnKind", "counts_rows", "is_free_text", "kind_of", "mean_length", "sample_of"]

ColumnKind = Literal["time", "clock", "sound", "list", "number", "category", "text", "empty", "other"]

# Enough cells to tell what a column holds, few enough for a table of millions of rows.
_SAMPLE = 1000
# Dates are written alike in all of a column.
_DATES = 200
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp]\.?[Mm]\.?)?")
_COUNTERS = re.compile(
    r"(column|unnamed:?) ?\d+|index|idx|id|row|rows|row[ _]?(id|number|nr)|number|nr|no|#|record|key", re.IGNORECASE
)


def kind_of(name: str, cells: Sequence[Any]) -> ColumnKind:
    """What most cells of a column are.

    time: dates and time stamps, also as numbers where the name says so. clock: times of a day. list: numbers of a whole series in
    each cell. category: words that come again and again. text: words that mostly do not.
    """
    array = arrow_array(cells)
    if array is not None and str(array.type).startswith(("timestamp", "date")):
        return "time"
    known = sample_numbers(cells, _SAMPLE)
    if known is not None and 2 * np.isfinite(known).sum() > len(known):
        # Most columns of wide tables: no cell of theirs becomes a Python object.
        return "time" if names_time(name, known[np.isfinite(known)]) else "number"
    sample = sample_of(cells)
    if not sample:
        return "empty"

    def mostly(test: Callable[[Any], bool]) -> bool:
        return 2 * sum(map(test, sample)) > len(sample)

    if mostly(_is_moment):
        return "time"
    if mostly(is_sound_name):
        return "sound"
    if mostly(is_number):
        numbers = _numbers([cell for cell in sample if is_number(cell)])
        return "time" if names_time(name, numbers) else "number"
    if mostly(is_number_list):
        return "list"
    if not mostly(lambda cell: isinstance(cell, str)):
        return "other"
    words = [cell.strip() for cell in sample if isinstance(cell, str)]
    dated = words[:_DATES]
    if 2 * sum(iso_moment(word) is not None for word in dated) > len(dated) or is_date_text(dated):
        return "time"
    if mostly(lambda cell: isinstance(cell, str) and _CLOCK.fullmatch(cell.strip()) is not None):
        return "clock"
    return "category" if 2 * len(set(words)) <= len(words) else "text"


def counts_rows(name: str, cells: Sequence[Any]) -> bool:
    """Whether a column is no more than the number of the row: by its name, and because every number is the last plus one."""
    if _COUNTERS.fullmatch(name.strip()) is None:
        return False
    sample = sample_of(cells)
    if not all(map(is_number, sample)):
        return False
    with np.errstate(invalid="ignore"):
        return bool(len(sample) > 1 and (np.diff(_numbers(sample)) == 1).all())


def sample_of(cells: Sequence[Any]) -> list[Any]:
    """The first cells of a column that are not missing."""
    return list(
        islice((cell for cell in cells if not (is_missing(cell) or (isinstance(cell, str) and not cell.strip()))), _SAMPLE)
    )


def mean_length(cells: Sequence[Any]) -> float:
    """Characters of a text in the mean."""
    lengths = [len(cell) for cell in sample_of(cells) if isinstance(cell, str)]
    return sum(lengths) / max(1, len(lengths))


def is_free_text(cells: Sequence[Any]) -> bool:
    """Whether most texts have several words, or letters beyond ASCII: names, ids and addresses mostly have neither."""
    sample = [cell.strip() for cell in sample_of(cells) if isinstance(cell, str)]
    return 2 * sum(" " in cell or not cell.isascii() for cell in sample) > len(sample)


def _numbers(cells: Sequence[Any]) -> NDArray[np.float64]:
    try:
        return np.array([float(cell) for cell in cells])
    except OverflowError:
        # Whole numbers of hundreds of digits count nothing, and are no times.
        return np.full(len(cells), np.inf)


def _is_moment(cell: object) -> bool:
    return isinstance(cell, (date, datetime, np.datetime64))

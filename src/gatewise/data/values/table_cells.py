"""One cell of a table: missing, a text, or a whole series of numbers."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.errors import DataError

__all__ = [
    "NOT_GIVEN",
    "SOUND_SUFFIXES",
    "is_missing",
    "is_number",
    "is_number_list",
    "is_sound_name",
    "parse_series",
    "parse_text",
]

_SEPARATORS = re.compile(r"[\s,;]+")
# What sound files that can be read are named.
SOUND_SUFFIXES = (".wav", ".flac", ".ogg")
# Words that say a number is not given, in lower case.
NOT_GIVEN = ("", "null", "none", "na", "nan", "?")


def is_missing(cell: object) -> bool:
    """Whether a cell holds nothing: None or a floating-point NaN."""
    return cell is None or (isinstance(cell, (float, np.floating)) and math.isnan(cell))


def is_number(cell: object) -> bool:
    """Whether a cell is a number, or a text that spells one."""
    if isinstance(cell, str):
        try:
            float(cell)
        except ValueError:
            return False
        # Python takes 10_04_2021 for ten millions.
        return "_" not in cell
    return isinstance(cell, (int, float, np.number))


def is_number_list(cell: object) -> bool:
    """Whether a cell is plainly a series: an array, a list of numbers, or a text like `[1, 2, 3]`."""
    if isinstance(cell, str) and not cell.lstrip().startswith("["):
        return False
    if not isinstance(cell, (str, list, tuple, np.ndarray)):
        return False
    try:
        return parse_series(cell) is not None
    except ValueError:
        return False


def is_sound_name(cell: object) -> bool:
    """Whether a cell is the name of a sound file."""
    return isinstance(cell, str) and cell.strip().lower().endswith(SOUND_SUFFIXES)


def parse_text(cell: object, where: str) -> str | None:
    """Return the text of a cell, None where it is missing; numbers are written out. `where` names the cell in errors."""
    if is_missing(cell):
        return None
    if isinstance(cell, (str, int, float)):
        return str(cell)
    raise DataError(
        f"{where} holds a {type(cell).__name__}, not a text. Choose a column of texts with --text, or of numbers with --channels."
    )


def parse_series(cell: Any) -> NDArray[np.float64] | None:
    """Return the numbers [steps] of a cell, None where it is missing or empty; a number not given inside becomes NaN.

    A cell is a list or array of numbers, or a text of numbers separated by commas, semicolons or spaces, in brackets or not.
    Raises ValueError for anything else.
    """
    if is_missing(cell):
        return None
    if isinstance(cell, str):
        words = [word for word in _SEPARATORS.split(cell.strip().removeprefix("[").removesuffix("]")) if word]
        cell = [float("nan") if word.lower() in NOT_GIVEN else float(word) for word in words]
    elif not isinstance(cell, (list, tuple, np.ndarray)):
        raise ValueError(f"a single {type(cell).__name__}")
    try:
        numbers = np.asarray(cell, dtype=np.float64)
    except (TypeError, OverflowError) as error:
        raise ValueError(str(error)) from error
    if numbers.ndim != 1:
        raise ValueError(f"an array of {numbers.ndim} dimensions")
    return numbers if numbers.size else None

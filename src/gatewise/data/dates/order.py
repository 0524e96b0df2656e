"""How the dates of a column are written, and whether day or month comes first, which the column as a whole tells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dates.formats import formats_of, parse_dates

__all__ = ["Found", "find_format", "is_date_text"]

# Cells among which there should be one that is written as the others are.
_FIRST = 20
# One reading is that much more even than the other before it is believed.
_FACTOR = 2.0
# Months are that even.
_EVEN = 0.05


@dataclass(frozen=True)
class Found:
    """format: as strptime has it. inferred, warnings: what was found, and what was assumed, as sentences."""

    format: str
    inferred: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def is_date_text(cells: list[str]) -> bool:
    """Whether most of some texts are dates, all written alike."""
    formats = _possible(cells)
    if not formats:
        return False
    import pyarrow

    array = pyarrow.chunked_array([pyarrow.array(cells, pyarrow.string())])
    return any(2 * int((~np.isnat(parse_dates(array, format))).sum()) > len(cells) for format in formats)


def find_format(array: Any, name: str) -> Found | None:
    """The format of a pyarrow ChunkedArray of texts, none missing; None where they are dates in no format that is known.

    Where day and month could be either, the one is taken that makes all cells dates; then the one in which the rows are in the
    order of time, or lie more evenly in it; else the likelier one, with a warning.
    """
    formats = _possible(cell.as_py() for cell in array)
    if not formats:
        return None
    read = {format: parse_dates(array, format) for format in formats}
    good = {format: int((~np.isnat(times)).sum()) for format, times in read.items()}
    best = max(good.values())
    left = [format for format in formats if good[format] == best]
    if 2 * best <= len(array):
        return None
    chosen = left[0]
    if len(left) == 1 or best < len(array) or all((read[format] == read[chosen]).all() for format in left[1:]):
        return Found(chosen, (f"{_said(array, name, chosen, read[chosen])}.",))
    ranked = _ranked([(format, read[format]) for format in left])
    chosen, told = ranked
    if told:
        return Found(chosen, (f"{_said(array, name, chosen, read[chosen])}, because {told}. {_otherwise(chosen, left)}",))
    warning = f"{_said(array, name, chosen, read[chosen])}, which is a guess: nothing in the column tells day from month."
    return Found(chosen, (), (f"{warning} {_otherwise(chosen, left)}",))


def _possible(cells: Iterable[str]) -> list[str]:
    """The formats that the first cells can have which are dates at all."""
    return next((formats for cell in islice(cells, _FIRST) if (formats := formats_of(cell))), [])


def _ranked(readings: list[tuple[str, NDArray[Any]]]) -> tuple[str, str]:
    """The reading that the order or the spacing of the rows speaks for, and what does; no words where nothing does."""
    ordered = [format for format, times in readings if _is_ordered(times)]
    if len(ordered) == 1:
        return ordered[0], "so the rows are in the order of time"
    left = [(format, _unevenness(times)) for format, times in readings if not ordered or format in ordered]
    left.sort(key=lambda held: held[1])
    if len(left) > 1 and max(left[0][1], _EVEN) * _FACTOR < left[1][1]:
        return left[0][0], "so they lie evenly in time"
    return readings[0][0], ""


def _is_ordered(times: NDArray[Any]) -> bool:
    later, earlier = times[1:] >= times[:-1], times[1:] <= times[:-1]
    return bool((later.all() or earlier.all()) and (times[0] != times[-1]))


def _unevenness(times: NDArray[Any]) -> float:
    """The spread of the steps between different times, in units of their median."""
    steps = np.diff(np.unique(times)).astype(np.float64)
    return float(steps.std() / np.median(steps)) if len(steps) > 1 else 0.0


def _said(array: Any, name: str, format: str, times: NDArray[Any]) -> str:
    row = int((~np.isnat(times)).argmax())
    shown = str(times[row].astype("datetime64[s]")).replace("T", " ").removesuffix(" 00:00:00")
    return f"The times in {name!r} are read as {format}: {array[row].as_py()!r} is {shown}"


def _otherwise(chosen: str, formats: list[str]) -> str:
    other = next(format for format in formats if format != chosen)
    return f"--date-format {other!r} says otherwise."

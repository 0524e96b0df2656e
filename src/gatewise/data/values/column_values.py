"""A whole column at once: as numbers, as texts, as codes. No Python object is made of a cell that Arrow or numpy can read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.values.arrow_cells import ArrowCells, arrow_array
from gatewise.data.values.table_cells import NOT_GIVEN, is_missing, parse_text
from gatewise.errors import DataError

__all__ = [
    "Cells",
    "are_different",
    "encode_cells",
    "join_cells",
    "number_cells",
    "sample_numbers",
    "take_cells",
    "text_cells",
]

Cells = Sequence[Any]


def number_cells(cells: Cells, name: str, of: str = "") -> NDArray[np.float64]:
    """Return the cells as numbers, float64 [rows], NaN where one is missing or says so (`NA`, `null`, `?`).

    name: what the column is called in messages. of: what follows it there, such as " of the test source".
    Raises DataError for the first cell that is no number.
    """
    array = arrow_array(cells)
    if array is None:
        if isinstance(cells, np.ndarray):
            if cells.dtype.kind in "fiub":
                return cells.astype(np.float64)
            cells = cells.tolist()
        return np.array([_number(cell, name, row, of) for row, cell in enumerate(cells, 1)], dtype=np.float64)
    numbers = np.empty(len(array), dtype=np.float64)
    start = 0
    for chunk in array.chunks:
        read = _numbers(chunk)
        if read is None:
            read = np.array([_number(cell, name, start + row, of) for row, cell in enumerate(ArrowCells(chunk), 1)], np.float64)
        numbers[start : start + len(chunk)] = read
        start += len(chunk)
    return numbers


def text_cells(cells: Cells, name: str, of: str = "") -> list[str | None]:
    """Return the cells as texts, None where one is missing; numbers are written out.

    Raises DataError for a cell that is neither.
    """
    array = arrow_array(cells)
    if array is not None and str(array.type) in ("string", "large_string"):
        return list(chain.from_iterable(chunk.to_pylist() for chunk in array.chunks))
    return [parse_text(cell, f"row {row} of the column {name!r}{of}") for row, cell in enumerate(cells, 1)]


def encode_cells(cells: Cells) -> tuple[NDArray[np.int64], list[Any]]:
    """Return a code a cell, int64 [rows], -1 where it is missing, and the different values by code, in order of appearance.

    Raises TypeError where a cell is a list or another value that cannot be compared.
    """
    array = arrow_array(cells)
    if array is None:
        known: dict[Any, int] = {}
        # 1, 1.0 and True are equal in Python, and different values here.
        keys = ((type(cell), cell) for cell in (cells.tolist() if isinstance(cells, np.ndarray) else cells))
        codes = [-1 if is_missing(key[1]) else known.setdefault(key, len(known)) for key in keys]
        return np.array(codes, dtype=np.int64), [cell for _, cell in known]
    import pyarrow
    from pyarrow import compute

    if not len(array):
        return np.empty(0, dtype=np.int64), []
    try:
        # Dictionaries of many chunks would be unified one by one, which takes minutes where most cells differ.
        different = array.unique().drop_null()
        indices = compute.index_in(array, value_set=different)
    except pyarrow.ArrowNotImplementedError as error:
        raise TypeError(f"{array.type} cells cannot be compared") from error
    values = different.to_pylist()
    codes_of = indices.fill_null(-1).to_numpy().astype(np.int64)
    # A NaN is a value for Arrow.
    lookup = np.array([-1 if is_missing(value) else code for code, value in enumerate(values)] + [-1], dtype=np.int64)
    return lookup[codes_of], values


def are_different(cells: Cells) -> bool:
    """Whether no cell comes twice. Raises TypeError as `encode_cells` does."""
    array = arrow_array(cells)
    if array is None:
        codes, values = encode_cells(cells)
        return len(values) == len(codes)
    import pyarrow
    from pyarrow import compute

    try:
        return bool(compute.count_distinct(array, mode="all").as_py() == len(array))
    except pyarrow.ArrowNotImplementedError as error:
        raise TypeError(f"{array.type} cells cannot be compared") from error


def sample_numbers(cells: Cells, most: int) -> NDArray[np.float64] | None:
    """The first cells of an Arrow column as numbers, at most `most`; None where one of them is none, or it is another column."""
    array = arrow_array(cells)
    given = None if array is None else array.slice(0, most).drop_null()
    if given is None or not len(given) or str(given.type) == "bool":
        return None
    read = [_numbers(chunk) for chunk in given.chunks if len(chunk)]
    whole = [chunk for chunk in read if chunk is not None]
    return np.concatenate(whole) if len(whole) == len(read) else None


def take_cells(cells: Cells, rows: NDArray[np.int64]) -> Cells:
    """The cells of some rows, in their order."""
    if isinstance(cells, ArrowCells):
        return cells.take(rows)
    return cells[rows] if isinstance(cells, np.ndarray) else [cells[row] for row in rows]


def join_cells(first: Cells, second: Cells) -> Cells:
    """The cells of both, one after the other."""
    one, other = arrow_array(first), arrow_array(second)
    if one is not None and other is not None and one.type == other.type:
        import pyarrow

        return ArrowCells(pyarrow.chunked_array([*one.chunks, *other.chunks], type=one.type))
    return [*first, *second]


def _numbers(chunk: Any) -> NDArray[np.float64] | None:
    """An Arrow chunk as numbers; None where a cell has to be looked at by itself."""
    import pyarrow
    from pyarrow import compute, types

    kind = chunk.type
    try:
        if types.is_string(kind) or types.is_large_string(kind):
            words = compute.utf8_trim_whitespace(chunk)
            given = compute.invert(compute.is_in(compute.utf8_lower(words), value_set=pyarrow.array(NOT_GIVEN, kind)))
            chunk = compute.if_else(given, words, pyarrow.scalar(None, kind)).cast(pyarrow.float64())
        elif types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) or types.is_decimal(kind):
            chunk = chunk.cast(pyarrow.float64(), safe=False)
        elif not types.is_null(kind):
            return None
        else:
            return np.full(len(chunk), np.nan)
    except pyarrow.ArrowInvalid:
        return None
    numbers: NDArray[np.float64] = chunk.to_numpy(zero_copy_only=False)
    return numbers


def _number(cell: Any, name: str, row: int, of: str) -> float:
    if is_missing(cell):
        return float("nan")
    if isinstance(cell, str):
        word = cell.strip()
        if not word or word.lower() in NOT_GIVEN:
            return float("nan")
        try:
            if "_" not in word:
                return float(word)
        except ValueError:
            pass
    elif isinstance(cell, (int, float, np.number, np.bool_)):
        try:
            return float(cell)
        except OverflowError:
            # As the same digits are read from a text.
            return math.inf if cell > 0 else -math.inf
    shown = repr(cell) if len(repr(cell)) <= 40 else f"{repr(cell)[:37]}..."
    raise DataError(f"row {row} of {name}{of} holds {shown}, which is not a number. Correct it, or name another column.")

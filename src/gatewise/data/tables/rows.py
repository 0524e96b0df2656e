"""One table -> rows: its inputs as texts, series or paths, and what belongs to each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.audio.energies import sound_paths
from gatewise.data.columns.columns import Choice, Columns, require_column
from gatewise.data.columns.steps import time_column
from gatewise.data.dataset.parts import read_parts
from gatewise.data.dataset.rows import Rows
from gatewise.data.tables.long import long_series
from gatewise.data.values.column_values import number_cells, text_cells
from gatewise.data.values.table_cells import parse_series
from gatewise.errors import DataError
from gatewise.records import Reading

__all__ = ["TableRows", "table_rows"]

Series = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class TableRows:
    """The rows of one table. reading: its columns, those that were inferred among them. inferred, warnings: sentences."""

    rows: Rows
    reading: Reading
    inferred: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def table_rows(columns: Columns, choice: Choice, reading: Reading, base: Path | None, of: str = "") -> TableRows:
    """Read the rows of one table, and say what was inferred. Rows without an input have None.

    Without a time the steps of a long table are in the order of its column of times, where it has one.

    of: says which table it is in messages, such as " of the test source". Raises DataError where a column is missing or holds
    cells of another kind.
    """
    beside = [name for name in (choice.target, reading.group, reading.split, reading.weights) if name is not None]
    for name in (*choice.inputs, *beside, *(name for name in (reading.id, reading.time) if name is not None)):
        if name not in columns and of:
            raise DataError(f"the test source has no column {name!r}, which the other has. Give both the same columns.")
        require_column(columns, name)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    taken = replace(reading, target=() if choice.target is None else (choice.target,))
    sequences: Sequence[Any]
    if reading.id is not None:
        time = reading.time or time_column(columns, (*choice.inputs, reading.id, *beside))
        long = long_series(
            columns,
            id=reading.id,
            time=time,
            channels=choice.inputs,
            constant=beside,
            date_format=reading.date_format,
            guessed=reading.time is None,
            of=of,
        )
        cells: Columns = long.columns
        sequences, notes, warnings = long.sequences, long.inferred, long.warnings
        # A time that was inferred and comes twice is not named for the next reading, which would refuse it.
        taken = replace(taken, time=time if not warnings else reading.time, date_format=reading.date_format or long.date_format)
        rows = Rows("series", sequences, channels=choice.inputs, where=long.where, step=long.step)
    else:
        cells = columns
        if choice.kind == "text":
            taken = replace(taken, text=choice.inputs[0])
            sequences = text_cells(columns[choice.inputs[0]], choice.inputs[0], of)
        elif choice.kind == "audio":
            taken = replace(taken, audio=choice.inputs[0])
            sequences, notes = sound_paths(columns[choice.inputs[0]], choice.inputs[0], base or Path())
        else:
            sequences = _series(columns, choice.inputs, of)
        rows = Rows(choice.kind, sequences, where=lambda row: f"row {row + 1}{of}")
        rows = replace(rows, channels=choice.inputs if choice.kind == "series" else ())
    weights = None if reading.weights is None else number_cells(cells[reading.weights], f"the column {reading.weights!r}", of)
    rows = replace(
        rows,
        labels=None if choice.target is None else cells[choice.target],
        groups=None if reading.group is None else cells[reading.group],
        parts=None if reading.split is None else read_parts(cells[reading.split], reading.split, rows.where),
        weights=weights,
    )
    return TableRows(rows, taken, notes, warnings)


def _series(columns: Columns, names: Sequence[str], of: str) -> list[Series | None]:
    """One array [steps, channels] a row, a channel a column; None where every channel is missing."""
    rows: list[Series | None] = []
    for row, cells in enumerate(zip(*(columns[name] for name in names), strict=True), 1):
        channels = [_channel(cell, name, row, of) for name, cell in zip(names, cells, strict=True)]
        present = [channel for channel in channels if channel is not None]
        lengths = [0 if channel is None else len(channel) for channel in channels]
        if present and len(set(lengths)) > 1:
            found = ", ".join(f"{name} {length}" for name, length in zip(names, lengths, strict=True))
            raise DataError(
                f"row {row}{of}: the channels have different numbers of steps ({found}). Give a row's channels the same length."
            )
        # A value beyond 32-bit floats becomes infinite here, and check_series then names its place.
        with np.errstate(over="ignore"):
            rows.append(np.stack(present, axis=1).astype(np.float32) if present else None)
    return rows


def _channel(cell: Any, name: str, row: int, of: str) -> NDArray[np.float64] | None:
    try:
        return parse_series(cell)
    except ValueError as error:
        raise DataError(
            f"row {row} of the column {name!r}{of} is not a series ({error}). "
            "Expected a list of numbers, or a text of numbers separated by commas or spaces, the whole series in one cell; where "
            "every row is a step of a series, name the column that says of which with --id."
        ) from error

"""Columns -> Dataset, or -> sequences alone where there is no target to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.assemble import check_series, series_dataset, text_dataset
from gatewise.data.cells import parse_series, parse_text
from gatewise.data.columns import Columns, choose_sequence, choose_target
from gatewise.data.targets import class_name
from gatewise.errors import DataError
from gatewise.records import Dataset, Kind

__all__ = ["table_dataset", "table_inputs"]

Series = NDArray[np.float32]


def table_dataset(
    name: str, columns: Columns, *, text: str | None, series: Sequence[str], target: str | None, inferred: Sequence[str] = ()
) -> Dataset:
    """Make a Dataset of the columns named or inferred. Rows without an input or a target are dropped with a warning.

    Raises DataError where a column is unknown or not inferable, over half of the rows are dropped, or the rows do not do.
    """
    if not columns or not len(next(iter(columns.values()))):
        raise DataError(f"{name} is empty: it holds no rows. Expected at least 30.")
    sequence = choose_sequence(columns, text=text, series=series, target=target)
    target, guessed = choose_target(columns, target=target, sequence=sequence)
    labels = [class_name(cell) for cell in columns[target]]
    notes = [*inferred, *sequence.inferred, *guessed]
    if any(column.strip().casefold() == "split" for column in columns):
        notes.append("The column 'split' is not used: gatewise makes its own repeated splits.")
    label = f"the target {target!r}"
    if sequence.text is not None:
        texts = _texts(columns, sequence.text)
        kept, warnings = _usable(texts, labels)
        chosen = [texts[row] or "" for row in kept]
        return text_dataset(name, chosen, [labels[row] or "" for row in kept], target=label, inferred=notes, warnings=warnings)
    arrays = _series(columns, sequence.series)
    kept, warnings = _usable(arrays, labels)
    return series_dataset(
        name,
        _several_steps([array for row in kept if (array := arrays[row]) is not None], sequence.series),
        [labels[row] or "" for row in kept],
        target=label,
        channels=sequence.series,
        where=lambda row: f"row {kept[row] + 1}",
        inferred=notes,
        warnings=warnings,
    )


def table_inputs(columns: Columns, *, kind: Kind, text: str | None, series: Sequence[str]) -> list[str] | list[Series]:
    """Read the inputs of every row for prediction; no target is needed.

    Raises DataError where an input is missing or of another kind.
    """
    sequence = choose_sequence(columns, text=text, series=series, target=None)
    if (sequence.text is not None) != (kind == "text"):
        raise DataError(
            f"the model reads {_WORDS[kind]}, the input holds none in {', '.join(map(repr, sequence.names))}. "
            "Name the columns with --text or --series."
        )
    if sequence.text is not None:
        texts = _texts(columns, sequence.text)
        return [text for text in texts if text is not None] if None not in texts else _refuse(texts.index(None))
    arrays = _series(columns, sequence.series)
    missing = next((row for row, array in enumerate(arrays) if array is None), None)
    found = [array for array in arrays if array is not None] if missing is None else _refuse(missing)
    check_series(found)
    return found


_WORDS: dict[Kind, str] = {"text": "texts", "series": "series of numbers"}


def _refuse(row: int) -> Any:
    raise DataError(f"row {row + 1} has no input. Every row needs one to be predicted: fill it or drop the row.")


def _texts(columns: Columns, name: str) -> list[str | None]:
    return [parse_text(cell, f"row {row} of the column {name!r}") for row, cell in enumerate(columns[name], 1)]


def _series(columns: Columns, names: Sequence[str]) -> list[Series | None]:
    """One array [steps, channels] a row, a channel a column; None where every channel is missing."""
    rows: list[Series | None] = []
    for row, cells in enumerate(zip(*(columns[name] for name in names), strict=True), 1):
        channels = [_channel(cell, name, row) for name, cell in zip(names, cells, strict=True)]
        present = [channel for channel in channels if channel is not None]
        lengths = [0 if channel is None else len(channel) for channel in channels]
        if present and len(set(lengths)) > 1:
            found = ", ".join(f"{name} {length}" for name, length in zip(names, lengths, strict=True))
            raise DataError(
                f"row {row}: the channels have different numbers of steps ({found}). Give a row's channels the same length."
            )
        # A value beyond 32-bit floats becomes infinite here, and check_series then names its place.
        with np.errstate(over="ignore"):
            rows.append(np.stack(present, axis=1).astype(np.float32) if present else None)
    return rows


def _channel(cell: Any, name: str, row: int) -> NDArray[np.float64] | None:
    try:
        return parse_series(cell)
    except ValueError as error:
        raise DataError(
            f"row {row} of the column {name!r} is not a series ({error}). "
            "Expected a list of numbers, or a text of numbers separated by commas or spaces, the whole series in one cell."
        ) from error


def _several_steps(arrays: list[Series], names: Sequence[str]) -> list[Series]:
    if arrays and all(len(array) == 1 for array in arrays):
        raise DataError(
            f"every series in {', '.join(map(repr, names))} has a single step. A cell must hold a whole series: "
            "join the columns of one series into one column of number lists."
        )
    return arrays


def _usable(sequences: Sequence[object], labels: Sequence[str | None]) -> tuple[list[int], list[str]]:
    """The rows that have both an input and a target, and the warning on the others."""
    no_input = sum(sequence is None for sequence in sequences)
    no_target = sum(label is None for label in labels)
    kept = [row for row, label in enumerate(labels) if label is not None and sequences[row] is not None]
    dropped = len(labels) - len(kept)
    if not dropped:
        return kept, []
    found = f"{dropped:,} of {len(labels):,} rows lack an input ({no_input:,}) or a target ({no_target:,})"
    if dropped > len(labels) / 2:
        raise DataError(f"{found}: over half. Fill them, or name other columns with --text, --series and --target.")
    return kept, [f"{found} and were dropped."]

"""Columns -> Dataset, or -> sequences alone where there is no target to read.

Memory: reading a CSV takes at most 3 times the size of the file and 300 bytes a row. The file is held as bytes while it is
parsed, and as Arrow columns, which take the size of its cells and 4 bytes each; Python objects are made of the texts that become
sequences, and of nothing else that Arrow can read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gatewise.data.audio.energies import mel_names, read_sounds
from gatewise.data.columns.columns import Choice, Columns, choose_columns, require_column
from gatewise.data.columns.steps import as_forecast
from gatewise.data.dataset.assemble import assemble, check_series
from gatewise.data.dataset.inputs import Inputs, cell_texts, numbered_inputs
from gatewise.data.dataset.next_step_rows import next_step_rows
from gatewise.data.dataset.rows import Rows, from_row_on, join_rows
from gatewise.data.dataset.targets import Target, read_target
from gatewise.data.forecast.dataset import forecast_dataset
from gatewise.data.tables.doubts import refuse_two_readings, settle_numbers, unread_times
from gatewise.data.tables.long import long_names
from gatewise.data.tables.rows import table_rows
from gatewise.errors import DataError, GatewiseError, OptionError
from gatewise.options.checks import check_together
from gatewise.records import Dataset, Kind, Reading
from gatewise.tasks import in_time, predicts
from gatewise.wording import counted

__all__ = ["UNUSED_SPLIT", "Table", "is_split", "reads_as_table", "table_dataset", "table_inputs"]

Series = NDArray[np.float32]

UNUSED_SPLIT = "The column 'split' is not used: gatewise makes its own repeated splits. --split-column split keeps it."

_TEST = " of the test source"
_WORDS: dict[Kind, str] = {"text": "texts", "series": "series of numbers", "audio": "sounds"}


@dataclass(frozen=True, eq=False)
class Table:
    """A table and where it is from. base: the folder that paths in it start from. parts: its own split, int8 [rows].

    untyped: whether every cell is a text because the file holds nothing else.
    """

    name: str
    columns: Columns
    base: Path | None = None
    inferred: tuple[str, ...] = ()
    parts: NDArray[np.int8] | None = None
    untyped: bool = False


def table_dataset(
    name: str,
    columns: Columns,
    reading: Reading,
    *,
    base: Path | None = None,
    inferred: Sequence[str] = (),
    on_progress: Callable[[str], None] | None = None,
    parts: NDArray[np.int8] | None = None,
    test: Table | None = None,
    untyped: bool = False,
) -> Dataset:
    """Make a Dataset of the columns named or inferred. Rows without an input or a target are dropped with a warning.

    base: the folder that paths of sounds start from. parts: the source's own split, TRAIN, VALIDATION or TEST a row. test: a
    second table, whose rows become the test part; it needs the same columns. on_progress: told how far the reading of sounds is.
    untyped: as in `Table`.
    Raises OptionError where the options contradict one another, DataError where a column is unknown or not inferable, over half
    of the rows are dropped, or the rows do not do.
    """
    _refuse_empty(name, columns)
    _check_splits(reading, parts, test)
    steps = as_forecast(columns, reading, reads_as_table(columns)) if parts is None and test is None else None
    if steps is not None:
        return forecast_dataset(name, columns, steps.reading, inferred=(*inferred, *steps.inferred), warnings=steps.warnings)
    choice = choose_columns(columns, reading, with_target=predicts(reading.task) != "steps")
    read = table_rows(columns, choice, reading, base)
    rows, notes, warned = read.rows, [*read.inferred], [*choice.warnings, *read.warnings]
    rows = rows if parts is None else replace(rows, parts=_checked(parts, rows))
    if test is not None:
        _refuse_empty(test.name, test.columns)
        more = table_rows(test.columns, choice, reading, test.base, _TEST)
        tested = f"The test part is {test.name}: {counted(len(more.rows), 'row')}."
        rows, notes, warned = join_rows(rows, more.rows), [*notes, *more.inferred, tested], [*warned, *more.warnings]
    if rows.kind == "series" and len(rows) and all(sequence is None or len(sequence) == 1 for sequence in rows.sequences):
        raise DataError(_single_step(choice, reading))
    notes = [*inferred, *choice.inferred, *notes]
    if reading.split is None and test is None and parts is None and any(is_split(column) for column in columns):
        notes.append(UNUSED_SPLIT)
    beside = {"groups": f"the column {reading.group!r}", "weights": f"the column {reading.weights!r}"}
    if predicts(reading.task) == "steps" or choice.target is None or rows.labels is None:
        kept, lost = _usable(rows)
        rows = rows if len(kept) == len(rows) else rows.take(kept)
        steps_ahead = next_step_rows(name, rows, **beside, inferred=notes, warnings=[*warned, *lost])
        return replace(steps_ahead, reading=read.reading)
    source = f"the target {choice.target!r}"
    target = read_target(rows.labels, source, None if in_time(reading.task) else reading.task, untyped=untyped)
    target, doubts = settle_numbers(target, rows.labels, choice.target, reading)
    warned += doubts
    if parts is None and test is None:
        refuse_two_readings(columns, choice, target, reading, reads_as_table(columns))
    if rows.parts is None:
        warned += unread_times(columns, choice, reading)
    kept, lost = _usable(rows, target)
    warned += lost
    if len(kept) < len(rows):
        rows, target = rows.take(kept), target.take(kept)
    features = None
    if rows.kind == "audio":
        energies, features, odd = read_sounds(rows.sequences, None, on_progress)
        files = tuple(_short_name(path, base) for path in rows.sequences)
        rows = replace(rows, sequences=energies, channels=mel_names(features), files=files)
        warned += odd
    dataset = assemble(
        name, rows, target, source=source, output=choice.target, **beside, audio=features, inferred=notes, warnings=warned
    )
    return replace(dataset, reading=read.reading)


def table_inputs(
    columns: Columns, reading: Reading, *, kind: Kind, base: Path | None = None, keep: Sequence[str] = (), first: int = 0
) -> Inputs:
    """Read the inputs of every row for prediction; no target is needed. Of sounds these are the paths.

    Each is called by its number, or in a long table by its id; sounds by the names of their files, too. keep: columns of further
    names, in a long table the same in all rows of an id. first: number of the first row, counted from 0. Raises DataError where
    an input is missing or of another kind.
    """
    choice = choose_columns(columns, reading, with_target=False)
    if choice.kind != kind:
        raise DataError(
            f"the model reads {_WORDS[kind]}, the input holds none in {', '.join(map(repr, choice.inputs))}. "
            "Name the columns with --text, --audio or --channels."
        )
    for name in keep:
        require_column(columns, name)
    named = [*choice.inputs[: kind == "audio"], *keep]
    asked = Reading(id=reading.id, time=reading.time, date_format=reading.date_format)
    rows = table_rows(columns, choice, asked, base, from_row_on(first)).rows
    missing = next((row for row, sequence in enumerate(rows.sequences) if sequence is None), None)
    if missing is not None:
        raise DataError(f"row {first + missing + 1} has no input. Every row needs one to be predicted: fill it or drop the row.")
    if kind == "series":
        check_series(rows.sequences, rows.where, rows.step)
    if reading.id is None:
        return numbered_inputs(rows.sequences, {name: cell_texts(columns[name]) for name in named}, first=first)
    names = long_names(columns, reading.id, [name for name in named if name != reading.id])
    return Inputs(rows.sequences, {name: cell_texts(cells) for name, cells in names.items()})


def reads_as_table(columns: Columns) -> Callable[[Reading], bool]:
    """Whether a table can be read as it is asked to be, which is tried before it is offered."""

    def works(reading: Reading) -> bool:
        try:
            table_dataset("table", columns, reading)
        except GatewiseError:
            return False
        return True

    return works


def _refuse_empty(name: str, columns: Columns) -> None:
    if not columns or not len(next(iter(columns.values()))):
        raise DataError(f"{name} is empty: it holds no rows. Expected at least 30.")


def _check_splits(reading: Reading, parts: NDArray[np.int8] | None, test: Table | None) -> None:
    check_together(reading)
    asked = "--split-column" if reading.split is not None else "--test" if test is not None else None
    if asked is not None and parts is not None:
        raise OptionError(f"{asked} and the source's own split both say what the test part is; leave {asked} out")
    if in_time(reading.task) and (test is not None or parts is not None):
        which = asked or "the source's own split"
        raise OptionError(f"{which} does not apply to a forecast, whose test part follows the rest in time. Leave it out.")


def _checked(parts: NDArray[np.int8], rows: Rows) -> NDArray[np.int8]:
    if len(parts) != len(rows):
        raise OptionError("--id does not apply to a source that has its own split row by row. Name one of its parts alone.")
    return parts


def _short_name(path: Path, base: Path | None) -> str:
    """A sound file as people call it: from the table's folder on, where it lies in there."""
    return str(path.relative_to(base)) if base is not None and path.is_relative_to(base) else path.name


def is_split(column: str) -> bool:
    """Whether a column is called so that it may say which part a row belongs to."""
    return column.strip().casefold() == "split"


def _single_step(choice: Choice, reading: Reading) -> str:
    names = ", ".join(map(repr, choice.inputs))
    if reading.id is not None:
        return f"every series in {names} has a single step: each value of {reading.id!r} comes once. Name another --id."
    return (
        f"every series in {names} has a single step. A cell must hold a whole series: join the columns of one series into one "
        "column of number lists; or, where every row is a step, name the column that says of which series with --id."
    )


def _usable(rows: Rows, target: Target | None = None) -> tuple[NDArray[np.int64], list[str]]:
    """Which rows have an input and, where one is wanted, a target; and the warning on the others."""
    no_input = np.array([sequence is None for sequence in rows.sequences], dtype=bool)
    no_target = np.zeros(len(rows), dtype=bool) if target is None else target.missing
    kept = np.flatnonzero(~(no_input | no_target))
    dropped = len(rows) - len(kept)
    if not dropped:
        return kept, []
    found = f"{dropped:,} of {len(rows):,} rows lack an input ({no_input.sum():,}) or a target ({no_target.sum():,})"
    if dropped > len(rows) / 2:
        raise DataError(f"{found}: over half. Fill them, or name other columns with --text, --channels and --target.")
    return kept, [f"{found} and were dropped."]

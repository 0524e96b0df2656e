"""Everything a user can point gatewise at becomes a Dataset."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gatewise.data.builtin.dataset import builtin_dataset
from gatewise.data.columns.columns import choose_columns
from gatewise.data.columns.reading import has_columns, read_options, refuse_columns, refuse_steps, require_task
from gatewise.data.dataset.assemble import check_series
from gatewise.data.dataset.inputs import Future, Inputs, numbered_inputs
from gatewise.data.dataset.labelled import Labelled, labelled_dataset
from gatewise.data.dates.stamps import is_written
from gatewise.data.forecast.dataset import forecast_inputs
from gatewise.data.formats.arrays import array_inputs, array_labelled, is_arrays
from gatewise.data.formats.arrow import is_table, table_columns
from gatewise.data.formats.audio_folders import audio_folder_dataset, class_table, is_audio_folder, sound_files
from gatewise.data.formats.delimited import read_delimited
from gatewise.data.formats.hub import hub_table
from gatewise.data.formats.paths import accepted, file_format, is_address, named_sheet
from gatewise.data.formats.remote import local_source
from gatewise.data.formats.streams import TableStream, table_stream
from gatewise.data.formats.text_files import standard_input
from gatewise.data.store import places
from gatewise.data.store.opening import stored_table
from gatewise.data.tables.tables import Table, table_dataset, table_inputs
from gatewise.data.values.table_cells import SOUND_SUFFIXES
from gatewise.errors import DataError, OptionError
from gatewise.records import Dataset, Kind, Reading
from gatewise.tasks import in_time, predicts
from gatewise.wording import listed

__all__ = ["input_blocks", "open_inputs", "open_source"]

Report = Callable[[str], None]

_BUILTIN = "builtin:"
_HUB = "hf:"
_STANDARD_INPUT = "-"
_MODEL_READS: dict[Kind, str] = {"text": "texts", "series": "series of numbers", "audio": "sounds"}
_IN_PYTHON = "from Python also a pandas, polars or pyarrow table, arrays (X, y), or a gatewise Dataset"


def open_source(
    source: Any, *, seed: int = 0, on_progress: Report | None = None, on_disk: str = "never", jobs: int = 1, **reading: Any
) -> Dataset:
    """Read sequences with what is to be predicted of them.

    source: a path or an http(s) address (.csv, .tsv, .jsonl, .ndjson, .json, .parquet, .xlsx, .npz, .ts; tables of text also .gz;
    book.xlsx?sheet=NAME for another sheet than the first), a folder with a sub-folder of sounds for each class, `builtin:NAME`,
    `hf:NAME`, `-` for CSV on standard input, a table that speaks Arrow (pandas, polars, pyarrow, ...), arrays (X, y) or
    {"X": ..., "y": ...}, or a Dataset, which comes back as it is. seed: of the built-in
    generators. on_progress: told how far a long reading is. on_disk, jobs: whether tables and folders of sounds are encoded onto
    disk, by so many processes, as in `stored_table`. reading: the fields of `Reading`; what is not given is inferred and
    said in `Dataset.inferred`; series and target may be one name.
    Raises DataError where the data cannot be read or is not fit, OptionError where an option does not apply to the source.
    """
    with local_source(source) as here, local_source(reading.get("test")) as test:
        return _open_here(here, seed, on_progress, read_options(reading | {"test": test}), on_disk, jobs)


def _open_here(source: Any, seed: int, on_progress: Report | None, asked: Reading, on_disk: str, jobs: int) -> Dataset:
    if on_disk == "always" and (isinstance(source, Dataset) or str(source).startswith(_BUILTIN)):
        raise _no_file(source)
    if isinstance(source, Dataset):
        refuse_columns("a Dataset", asked)
        return require_task(source, asked)
    if isinstance(source, str) and source.startswith(_BUILTIN):
        return builtin_dataset(source.removeprefix(_BUILTIN), seed, asked)
    refuse_steps(asked)
    if _is_sound_folder(source):
        if asked.test is not None and not _is_sound_folder(asked.test):
            raise DataError(
                f"{source} is a folder of sounds, and {_called(asked.test)} is none. Give --test a folder of sounds too."
            )
        table = class_table(_path(source), asked)
        stored = stored_table(_path(source), asked, on_disk, on_progress=on_progress, folder=table)
        return stored or audio_folder_dataset(_path(source), asked, on_progress, table)
    if isinstance(source, (str, os.PathLike)) and on_disk != "never" and (path := _file_of(source)) is not None:
        stored = stored_table(path, asked, on_disk, jobs=jobs, on_progress=on_progress)
        if stored is not None:
            return stored
    elif on_disk == "always":
        raise _no_file(source)
    with_labels = predicts(asked.task) != "steps"
    opened = _open(source, with_labels, asked.test is not None)
    test = None if asked.test is None else _open_test(asked.test, type(opened), with_labels)
    if isinstance(opened, Labelled):
        refuse_columns(opened.name if is_arrays(source) else str(source), replace(asked, test=None))
        return labelled_dataset(opened, asked, test if isinstance(test, Labelled) else None)
    return table_dataset(
        opened.name,
        opened.columns,
        asked,
        base=opened.base,
        inferred=opened.inferred,
        on_progress=on_progress,
        parts=opened.parts,
        untyped=opened.untyped,
        test=test if isinstance(test, Table) else None,
    )


def open_inputs(source: Any, *, kind: Kind, usual: Reading | None = None, keep: Sequence[str] = (), **reading: Any) -> Inputs:
    """Read the sequences alone, for prediction: one a row, and no target is needed; there may be none at all.

    kind: what the model reads: texts, series float32 [steps, channels], or paths of sounds. With `task="forecast"` and the
    model's channels as `series`, these are the series to go on from, each in the order of time. usual: columns to be taken of a
    table where `reading` names none. keep: columns of a table that name its rows in the predictions.
    Raises DataError where the source holds another kind, or a row has no input, OptionError where `keep` does not apply.
    """
    with local_source(source) as here:
        return _inputs_here(here, kind, usual or Reading(), keep, read_options(reading))


def input_blocks(
    source: Any, *, kind: Kind, usual: Reading | None = None, keep: Sequence[str] = (), **reading: Any
) -> Iterator[Inputs]:
    """What `open_inputs` reads, a block of rows at a time where the source is a large table whose rows stand for themselves; else
    all at once. Rows are numbered from one block to the next. Raises what `open_inputs` does, at the block where it shows.
    """
    asked, usual = read_options(reading), usual or Reading()
    stream = _large_table(source, asked, usual)
    if stream is None:
        yield open_inputs(source, kind=kind, usual=usual, keep=keep, **reading)
        return
    first = 0
    for columns in stream.blocks(None):
        table = Table(stream.name, columns, stream.base)
        if not first and columns:
            # What the first rows are taken for, the others are.
            inputs = choose_columns(columns, _with_usual(asked, usual, table), with_target=False).inputs
            asked = _named(asked, kind, inputs)
        found = _table_inputs(table, kind, usual, keep, asked, first)
        yield found
        first += len(found.sequences)


def _named(asked: Reading, kind: Kind, inputs: tuple[str, ...]) -> Reading:
    match kind:
        case "text":
            return replace(asked, text=inputs[0])
        case "audio":
            return replace(asked, audio=inputs[0])
        case "series":
            return replace(asked, channels=inputs)


def _large_table(source: Any, asked: Reading, usual: Reading) -> TableStream | None:
    if not isinstance(source, (str, os.PathLike)) or in_time(asked.task) or is_address(source):
        return None
    if any(name is not None for name in (asked.id, asked.time, usual.id, usual.time)):
        return None
    path = None if str(source).startswith(_BUILTIN) else _file_of(source)
    stream = None if path is None else table_stream(path)
    return stream if stream is not None and stream.bytes > places.LARGE else None


def _inputs_here(source: Any, kind: Kind, usual: Reading, keep: Sequence[str], asked: Reading) -> Inputs:
    if kind == "audio" and not has_columns(asked) and (sounds := _sounds(source)) is not None:
        return sounds
    table = _table(source)
    if table is None:
        refuse_columns(str(source) if isinstance(source, (str, os.PathLike)) else "the arrays", asked)
        if keep:
            raise OptionError(f"{_called(source)} has no columns, so --keep does not apply. Leave it out.")
        found, inputs = _archive_inputs(source)
        if found != kind:
            raise DataError(f"{_called(source)} holds {_MODEL_READS[found]}, but the model reads {_MODEL_READS[kind]}.")
        if found == "series" and inputs:
            check_series(inputs)
        return numbered_inputs(inputs)
    return _table_inputs(table, kind, usual, keep, asked)


def _table_inputs(table: Table, kind: Kind, usual: Reading, keep: Sequence[str], asked: Reading, first: int = 0) -> Inputs:
    """The rows of a table, the first of which has the number `first`, counted from 0."""
    asked = _with_usual(asked, usual, table)
    if usual.group is not None and usual.group in table.columns and not in_time(asked.task):
        keep = [*dict.fromkeys([*keep, usual.group])]
    if not table.columns or not len(next(iter(table.columns.values()))):
        return _no_inputs(asked, keep)
    if in_time(asked.task):
        if keep:
            raise OptionError("--keep does not apply to a forecast, whose rows are steps. Leave it out.")
        return forecast_inputs(table.columns, asked, asked.channels)
    return table_inputs(table.columns, asked, kind=kind, base=table.base, keep=keep, first=first)


def _no_inputs(asked: Reading, keep: Sequence[str]) -> Inputs:
    """What a table without rows holds."""
    forecast = in_time(asked.task)
    first = asked.id or (None if forecast else "row")
    names: dict[str, list[str]] = {name: [] for name in ([first] if first else []) + [*keep]}
    return Inputs([], names, Future(asked.time, [], lambda *_: []) if forecast and asked.time is not None else None)


def _with_usual(asked: Reading, usual: Reading, table: Table) -> Reading:
    """The columns asked for, and where they leave something open the usual ones."""
    inputs = ("text", "audio", "channels")
    open_names = ["id", "time", *(inputs if all(getattr(asked, name) in (None, ()) for name in inputs) else ())]
    taken = {name: getattr(usual, name) for name in open_names if getattr(asked, name) in (None, ())}
    named_alone = ("id", "time", "text", "audio")
    missing = [name for name in named_alone if taken.get(name) is not None and taken[name] not in table.columns]
    if missing and table.columns:
        named = " and ".join(f"{taken[name]!r} (--{name})" for name in missing)
        raise DataError(
            f"the data of the run had the column {named}, and the input has: {listed(table.columns)}. Call its column so, or "
            f"name it with --{missing[0]}."
        )
    filled = replace(asked, **taken)
    if asked.date_format is None and usual.date_format is not None and filled.time is not None:
        # Day and month are in the order that they had in the run, unless this table writes its times in another way.
        fits = filled.time in table.columns and is_written(table.columns[filled.time], usual.date_format)
        filled = replace(filled, date_format=usual.date_format if fits else None)
    in_steps = filled.id is not None or in_time(filled.task)
    if not in_steps and asked.channels == () and not all(name in table.columns for name in filled.channels):
        # Lists of numbers may stand in a column of any name.
        return replace(filled, channels=())
    return filled


def _open(source: Any, with_labels: bool, alone: bool) -> Table | Labelled:
    """Whatever `source` is, as a table or as labelled rows. alone: leave out a test part that lies beside it."""
    table = _table(source)
    if table is not None:
        return table
    if isinstance(source, (str, os.PathLike)):
        path = _path(source)
        labelled = file_format(path).labelled
        if labelled is not None:
            return labelled(path, with_labels, alone)
    if is_arrays(source):
        return array_labelled(source, with_labels=with_labels)
    raise DataError(f"a {type(source).__name__} is no data source. {accepted()}; {_IN_PYTHON}.")


def _open_test(source: Any, form: type, with_labels: bool) -> Table | Labelled:
    if isinstance(source, Dataset) or (isinstance(source, str) and source.startswith(_BUILTIN)):
        raise OptionError(f"{_called(source)} cannot be a test part. Give --test a source of the same form as the data.")
    if _is_sound_folder(source):
        raise DataError(f"{source} is a folder of sounds, and the data is none. Give --test a source of the same form.")
    opened = _open(source, with_labels, alone=True)
    if not isinstance(opened, form):
        raise DataError(
            f"{_called(source)} is not of the form of the data: one is a table, the other has arrays. Give --test the same form."
        )
    return opened


def _table(source: Any) -> Table | None:
    """The source as a table, None where it is something else. Raises DataError where it is a file that cannot be read."""
    if isinstance(source, str) and source == _STANDARD_INPUT:
        columns, inferred = read_delimited(standard_input(), tabs=False)
        return Table("standard-input", columns, Path(), inferred, untyped=True)
    if isinstance(source, str) and source.startswith(_HUB):
        return hub_table(source.removeprefix(_HUB))
    if isinstance(source, (str, os.PathLike)):
        path, sheet = named_sheet(source)
        table = file_format(path).table
        return None if table is None else table(path, sheet)
    return Table("table", table_columns(source), Path()) if is_table(source) else None


def _archive_inputs(source: Any) -> tuple[Kind, list[Any]]:
    if isinstance(source, (str, os.PathLike)):
        path = _path(source)
        sequences = file_format(path).sequences
        if sequences is not None:
            return sequences(path)
    if is_arrays(source) or (hasattr(source, "__len__") and hasattr(source, "__iter__")):
        return array_inputs(source)
    raise DataError(f"a {type(source).__name__} is no input. {accepted()}; {_IN_PYTHON}.")


def _sounds(source: Any) -> Inputs | None:
    """Sounds that are named, or given as waveforms, without a table; None where the source is something else."""
    if _is_sound_folder(source):
        files = sound_files(_path(source))
        return Inputs(files, {"file": [file.relative_to(_path(source)).as_posix() for file in files]})
    if isinstance(source, (str, os.PathLike)):
        path = _path(source)
        return Inputs([path], {"file": [path.name]}) if path.name.lower().endswith(SOUND_SUFFIXES) else None
    return numbered_inputs(list(source)) if isinstance(source, list) else None


def _no_file(source: Any) -> OptionError:
    return OptionError(f"--on-disk always does not apply to {_called(source)}, which is no table in a file. Leave it out.")


def _file_of(source: str | os.PathLike[str]) -> Path | None:
    """The file of tables that a source names; None where it is something else."""
    if str(source) == _STANDARD_INPUT or str(source).startswith(_HUB):
        return None
    path = _path(source)
    return path if file_format(path).table is not None else None


def _path(source: str | os.PathLike[str]) -> Path:
    return Path(source).expanduser()


def _is_sound_folder(source: Any) -> bool:
    if not isinstance(source, (str, os.PathLike)) or source == _STANDARD_INPUT or str(source).startswith(_HUB):
        return False
    try:
        return is_audio_folder(_path(source))
    except OSError:
        # A name too long for a file: refused with the other paths.
        return False


def _called(source: Any) -> str:
    return str(source) if isinstance(source, (str, os.PathLike)) else f"the {type(source).__name__}"

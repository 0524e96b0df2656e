"""Whatever of a user's sources is read from disk: encoded once, found again afterwards."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gatewise.data.audio.energies import read_sounds
from gatewise.data.columns.columns import Columns, choose_columns
from gatewise.data.columns.steps import as_forecast
from gatewise.data.dataset.drawn import drawing_note
from gatewise.data.dataset.memory import size_text
from gatewise.data.dataset.stored import StoredDataset, open_stored
from gatewise.data.dataset.targets import read_target
from gatewise.data.formats.audio_folders import OF_FOLDERS
from gatewise.data.formats.streams import Share, TableStream, table_stream
from gatewise.data.store.blocks import Asked
from gatewise.data.store.places import outgrows_memory, require_space, store_folder
from gatewise.data.store.target_column import ClassColumn, NumberColumn
from gatewise.data.store.words import KEPT
from gatewise.data.store.writing import write_store
from gatewise.data.tables.doubts import refuse_two_readings, settle_numbers, unread_times
from gatewise.data.tables.tables import UNUSED_SPLIT, Table, is_split, reads_as_table
from gatewise.errors import DataError, OptionError
from gatewise.records import AudioFeatures, Reading
from gatewise.tasks import in_time, predicts

__all__ = ["stored_table"]

Report = Callable[[str], None]

# Rows that say how a table is to be read.
HEAD = 4096
# Sound files that are in memory at once.
SOUNDS = 64
# What the content of tables takes when it is encoded, in sizes of their files; and of sounds, most of which are compressed.
_TABLE_GROWS, _SOUND_GROWS = 2.5, 6


def stored_table(
    path: Path,
    reading: Reading,
    on_disk: str,
    *,
    jobs: int = 1,
    on_progress: Report | None = None,
    folder: tuple[Table, list[str]] | None = None,
) -> StoredDataset | None:
    """A table, or a folder of sounds, as a data set on disk; None where it is to be read into memory.

    on_disk: `always`, `never`, or `auto`: where it is large, or too much for this machine's memory. jobs: processes that find the
    words of texts. on_progress: told how far it is. folder: of a folder of sounds its table. Raises OptionError where it has to
    be read into memory and is not to be, and DataError as `table_dataset` does.
    """
    if on_disk == "never":
        return None
    unfit = _unfit(reading)
    stream = (table_stream(path) if folder is None else _folder_stream(path, folder[0])) if unfit is None else None
    if stream is None:
        if on_disk == "always":
            why = unfit or "only CSV, TSV, JSON Lines, Parquet and folders of sounds are read block by block"
            raise OptionError(f"--on-disk always does not apply to {path}: {why}. Leave it out.")
        return None
    if on_disk == "auto" and not outgrows_memory(stream.bytes, sound=folder is not None):
        return None
    head = _head(stream)
    asked = _asked(path, stream, head, OF_FOLDERS if folder is not None else reading, () if folder is None else tuple(folder[1]))
    if asked is None:
        if on_disk == "always":
            raise OptionError(f"--on-disk always does not apply to {path}: it is taken for a forecast. Leave it out.")
        return None
    files = [path] if folder is None else [path / file for file in folder[0].columns["file"]]
    place = store_folder(files, reading)
    if place.is_dir():
        with suppress(DataError):
            # One that is damaged is made anew.
            return _noted(open_stored(place))
    grows = _SOUND_GROWS if asked.choice.kind == "audio" else _TABLE_GROWS
    require_space(place.parent, int(grows * stream.bytes))
    _encode(place, stream, asked, jobs, on_progress)
    return _noted(open_stored(place))


def _noted(dataset: StoredDataset) -> StoredDataset:
    note = drawing_note(dataset.facts, len(dataset.channels))
    if dataset.tokens is not None and len(dataset.tokens.vocabulary) == KEPT:
        note += f" Words beyond the {KEPT:,} most frequent ones are read as unknown."
    return replace(dataset, inferred=(*dataset.inferred, note, f"The encoded data lie in {dataset.folder}; it may be deleted."))


def _unfit(reading: Reading) -> str | None:
    """Why a reading needs the whole table at once; None where it does not."""
    if reading.test is not None:
        return "--test does not apply to data on disk; a split column does"
    if reading.id is not None or reading.time is not None:
        return "the rows of one series have to be brought together (--id, --time)"
    if in_time(reading.task) or predicts(reading.task) == "steps":
        return f"the task {reading.task} reads whole series"
    return None


def _folder_stream(path: Path, table: Table) -> TableStream:
    files, classes = table.columns["file"], table.columns["class"]
    read = Share()

    def blocks(_: Sequence[str] | None) -> Iterator[Columns]:
        for start in range(0, len(files), SOUNDS):
            place = slice(start, start + SOUNDS)
            read.value = start / len(files)
            yield {"file": [str(file) for file in files[place]], "class": classes[place]}

    return TableStream(table.name, path, sum((path / file).stat().st_size for file in files), False, blocks, read=read)


def _head(stream: TableStream) -> Columns:
    first = next(iter(stream.blocks(None)))
    return {name: cells[:HEAD] for name, cells in first.items()}


def _asked(path: Path, stream: TableStream, head: Columns, reading: Reading, warnings: tuple[str, ...]) -> Asked | None:
    """How a table is read, by its first rows; None where it is a forecast."""
    if not head or not len(next(iter(head.values()))):
        raise DataError(f"{stream.name} is empty: it holds no rows. Expected at least 30.")
    works = reads_as_table(head)
    if as_forecast(head, reading, works) is not None:
        return None
    choice = choose_columns(head, reading)
    source = f"the target {choice.target!r}"
    cells = head[str(choice.target)]
    target = read_target(cells, source, reading.task, untyped=stream.untyped)
    target, doubts = settle_numbers(target, cells, str(choice.target), reading)
    refuse_two_readings(head, choice, target, reading, works)
    notes = [UNUSED_SPLIT] if reading.split is None and any(map(is_split, head)) else []
    unread = unread_times(head, choice, reading) if reading.split is None else ()
    column: ClassColumn | NumberColumn
    column = NumberColumn(source) if predicts(target.task) == "numbers" else ClassColumn(source, untyped=stream.untyped)
    return Asked(
        stream.name,
        choice,
        reading,
        stream.base,
        column,
        (*stream.inferred, *choice.inferred, *notes),
        (*warnings, *choice.warnings, *doubts, *unread),
    )


def _encode(place: Path, stream: TableStream, asked: Asked, jobs: int, on_progress: Report | None) -> None:
    begun = told = time.monotonic()

    def on_rows(rows: int) -> None:
        nonlocal told
        now = time.monotonic()
        if on_progress is None or now - told < 1.0 or not stream.read.value:
            return
        told = now
        left = (now - begun) * (1 / stream.read.value - 1)
        on_progress(
            f"{rows:,} rows encoded ({stream.read.value:.0%} of {size_text(stream.bytes)}), {max(1, round(left)):,} s left"
        )

    choice, reading = asked.choice, asked.reading
    beside = (choice.target, reading.group, reading.split, reading.weights)
    blocks = stream.blocks([*dict.fromkeys([*choice.inputs, *(name for name in beside if name is not None)])])
    if choice.kind == "audio":
        write_store(place, _smaller(blocks), asked, sounds=_Sounds(), on_rows=on_rows)
    elif choice.kind == "text" and jobs > 1:
        context = multiprocessing.get_context("forkserver" if sys.platform.startswith("linux") else "spawn")
        with _ended(ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin_process)) as executor:
            write_store(place, blocks, asked, executor=executor, at_once=3 * jobs, on_rows=on_rows)
    else:
        write_store(place, blocks, asked, on_rows=on_rows)


def _begin_process() -> None:
    """The parent decides what an interrupt means."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _ended(executor: ProcessPoolExecutor) -> Iterator[ProcessPoolExecutor]:
    """What is still to be done is not, where the block is left."""
    try:
        yield executor
    except BrokenProcessPool as error:
        raise DataError(
            "a process that encoded the data ended by itself, perhaps for want of memory. Start again; nothing was left on disk."
        ) from error
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _smaller(blocks: Iterable[Columns]) -> Iterator[Columns]:
    for block in blocks:
        rows = len(next(iter(block.values())))
        for start in range(0, rows, SOUNDS):
            yield {name: cells[start : start + SOUNDS] for name, cells in block.items()}


class _Sounds:
    """Reads sound files, all with the features that suit the first ones."""

    def __init__(self) -> None:
        self._features: AudioFeatures | None = None

    def __call__(self, paths: Sequence[Path]) -> tuple[list[NDArray[np.float32]], AudioFeatures, tuple[str, ...]]:
        energies, self._features, odd = read_sounds(paths, self._features)
        return energies, self._features, odd

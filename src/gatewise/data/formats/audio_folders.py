"""A folder of sounds, a sub-folder a class -> Dataset."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from gatewise.data.columns.columns import Columns
from gatewise.data.columns.reading import refuse_columns
from gatewise.data.tables.tables import Table, table_dataset
from gatewise.data.values.table_cells import SOUND_SUFFIXES
from gatewise.errors import DataError, OptionError
from gatewise.records import Dataset, Reading
from gatewise.tasks import predicts
from gatewise.wording import counted, listed

__all__ = ["OF_FOLDERS", "audio_folder_dataset", "class_table", "is_audio_folder", "sound_files"]

# Names of a data set's parts, which would be mistaken for classes.
_PARTS = {"train", "training", "test", "testing", "val", "valid", "validation", "dev"}

# Files looked at before a folder is said to hold no sound: whoever names a home folder by mistake should not wait for all of it.
_LOOKED_AT = 20_000

OF_FOLDERS = Reading(task="classification", audio="file", target=("class",))
"""How that table is read."""

_EXPECTED = "Expected a sub-folder for each class, with its wav, flac or ogg files, or an index table with a column of files."


def is_audio_folder(path: Path) -> bool:
    """Whether `path` is a folder that holds a wav, flac or ogg file, at any depth."""
    return path.is_dir() and any(_is_sound(file) for file in islice(_files(path), _LOOKED_AT))


def sound_files(path: Path) -> list[Path]:
    """Return the wav, flac and ogg files of a folder, at any depth, folder by folder in the order of their names."""
    return [file for file in _files(path) if _is_sound(file)]


def audio_folder_dataset(
    path: Path,
    reading: Reading,
    on_progress: Callable[[str], None] | None = None,
    found: tuple[Table, list[str]] | None = None,
) -> Dataset:
    """Make a Dataset of a folder's wav, flac and ogg files; the class of a file is the sub-folder it lies in, at any depth.

    Hidden files are left out, others counted in a warning. `reading.test` may name a second folder of the same classes.
    found: what `class_table` found there, where it was asked before.
    Raises OptionError where columns or another task are asked for, DataError where there is no class folder or one alone, and
    as `read_sounds` does.
    """
    table, warnings = found or class_table(path, reading)
    test, test_warnings = (None, []) if reading.test is None else _folder_table(Path(reading.test).expanduser())
    dataset = table_dataset(table.name, table.columns, OF_FOLDERS, base=path, on_progress=on_progress, test=test)
    return replace(dataset, warnings=(*warnings, *test_warnings, *dataset.warnings))


def class_table(path: Path, reading: Reading) -> tuple[Table, list[str]]:
    """A folder as a table with the columns `file` (paths below it) and `class`, and warnings on what was left out.

    Raises OptionError and DataError as `audio_folder_dataset` does.
    """
    refuse_columns(f"the folder {path}", replace(reading, test=None))
    if predicts(reading.task) not in (None, "classes"):
        raise OptionError(
            f"{path} is a folder of sounds, whose sub-folders are classes; the task {reading.task} does not apply. For other "
            "tasks write an index table with a column of files and a target column."
        )
    table, warnings = _folder_table(path)
    if len(set(table.columns["class"])) == 1:
        raise DataError(
            f"{path} has one class folder only ({table.columns['class'][0]!r}). A comparison needs at least two: add the others."
        )
    return table, warnings


def _files(folder: Path) -> Iterator[Path]:
    """The files below a folder, folder by folder in the order of their names, without hidden files and folders."""
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(root, name) for name in sorted(names) if not name.startswith("."))


def _is_sound(file: Path) -> bool:
    return file.name.lower().endswith(SOUND_SUFFIXES)


def _folder_table(path: Path) -> tuple[Table, list[str]]:
    """A folder as a table with the columns `file` (paths below it) and `class`, and warnings on what was left out."""
    files = list(_files(path))
    sounds = [file.relative_to(path) for file in files if _is_sound(file)]
    classified = [file for file in sounds if len(file.parts) > 1]
    classes = sorted({file.parts[0] for file in classified})
    if not sounds:
        raise DataError(f"{path} holds no sound file. {_EXPECTED}")
    if not classes:
        raise DataError(f"{path} holds {len(sounds):,} sound files but no sub-folder with any. {_EXPECTED}")
    if {name.casefold() for name in classes} <= _PARTS:
        training = next((name for name in classes if name.casefold().startswith("train")), classes[0])
        raise DataError(
            f"the sub-folders of {path} are named {listed(classes)}: parts of the data rather than classes. Point gatewise at "
            f"{path / training}, whose sub-folders are the classes, and name the test part with --test."
        )
    folders = sorted(item.name for item in path.iterdir() if item.is_dir() and not item.name.startswith("."))
    columns: Columns = {"file": classified, "class": [file.parts[0] for file in classified]}
    warnings = _warnings(
        len(files) - len(sounds), len(sounds) - len(classified), [name for name in folders if name not in classes]
    )
    return Table(path.resolve().name, columns, path), warnings


def _warnings(others: int, unclassified: int, empty: list[str]) -> list[str]:
    warnings = []
    if others:
        warnings.append(f"{counted(others, 'file was', 'files were')} left out: neither wav nor flac nor ogg.")
    if unclassified:
        beside = counted(unclassified, "sound file was", "sound files were")
        warnings.append(f"{beside} left out: beside the class folders, in no class.")
    if empty:
        warnings.append(f"Sub-folders without a sound file are no classes: {listed(empty, 5)}.")
    return warnings

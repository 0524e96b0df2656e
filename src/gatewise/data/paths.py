"""What the name of a source says before anything is read. Imports nothing heavy: a wrong name is answered at once."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from gatewise.data.suggestions import nearest
from gatewise.errors import DataError

__all__ = ["ARCHIVES", "TABLES", "check_place", "check_standard_input", "file_suffix"]

_TEXT_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
TABLES = (*_TEXT_TABLES, ".parquet", ".pq")
ARCHIVES = (".npz", ".ts")
_ACCEPTED = (
    f"Expected a file ({', '.join(TABLES + ARCHIVES)}; text tables also as .gz), a folder of sounds, builtin:NAME, hf:NAME, or - "
    "for CSV on standard input"
)
_REMOTE = ("http:", "https:", "s3:", "gs:")


def file_suffix(path: Path) -> str:
    """The suffix that says how to read a file, without .gz. Raises DataError where there is no such file or it is not known."""
    try:
        _require_file(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}. {_ACCEPTED}.") from error
    zipped = path.suffix.lower() == ".gz"
    suffix = Path(path.stem).suffix.lower() if zipped else path.suffix.lower()
    if suffix not in (_TEXT_TABLES if zipped else TABLES + ARCHIVES):
        raise DataError(f"{path}: files named {''.join(path.suffixes[-2:]) or 'without a suffix'} are not known. {_ACCEPTED}.")
    return suffix


def check_place(source: str | os.PathLike[str]) -> None:
    """Look whether a source that is named can be there at all, without reading it.

    Raises DataError for a file that is missing, empty or of an unknown kind, and for a standard input that nothing is piped into.
    """
    name = str(source)
    if name == "-":
        check_standard_input()
    elif not name.startswith(("builtin:", "hf:")):
        path = Path(name).expanduser()
        if not _is_folder(path):
            file_suffix(path)


def check_standard_input() -> None:
    """Raise DataError where nothing is piped into standard input."""
    if sys.stdin is None or sys.stdin.isatty():
        raise DataError("nothing is piped into standard input. Pipe a CSV into it (cat data.csv | gatewise ...), or name a file.")


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        # A name too long for a file: refused with the others.
        return False


def _require_file(path: Path) -> None:
    if path.is_dir():
        raise DataError(f"{path} is a directory without sounds. Point gatewise at one file inside it, or at a folder of sounds.")
    if path.is_file():
        if not path.stat().st_size:
            raise DataError(f"{path} is empty. Expected rows of data.")
        return
    # Path turns https://host into https:/host.
    if path.parts and path.parts[0] in _REMOTE:
        raise DataError(f"{path} is an address; gatewise reads local files. Download it first.")
    beside = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
    raise DataError(f"there is no file {path}.{nearest(path.name, beside)} {_ACCEPTED}.")

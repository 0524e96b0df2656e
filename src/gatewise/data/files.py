"""What the suffix of a file says, and the tables among them."""

from __future__ import annotations

from pathlib import Path

from gatewise.data.arrow import read_parquet
from gatewise.data.delimited import read_delimited
from gatewise.data.json_lines import read_json_lines
from gatewise.data.suggestions import nearest
from gatewise.data.tables import Table
from gatewise.data.text_files import text_file
from gatewise.errors import DataError

__all__ = ["ARCHIVES", "TABLES", "file_suffix", "read_table"]

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


def read_table(path: Path, suffix: str) -> Table:
    """Read a file that holds a table. Raises DataError where it is damaged."""
    name = Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem
    if suffix in (".parquet", ".pq"):
        return Table(name, read_parquet(path), path.parent)
    if suffix in (".csv", ".tsv"):
        columns, inferred = read_delimited(text_file(path), tabs=suffix == ".tsv")
        return Table(name, columns, path.parent, inferred, untyped=True)
    return Table(name, read_json_lines(path), path.parent)


def _require_file(path: Path) -> None:
    if path.is_dir():
        raise DataError(f"{path} is a directory without sounds. Point gatewise at one file inside it, or at a folder of sounds.")
    if path.is_file():
        if not path.stat().st_size:
            raise DataError(f"{path} is empty. Expected at least 30 rows of data.")
        return
    # Path turns https://host into https:/host.
    if path.parts and path.parts[0] in _REMOTE:
        raise DataError(f"{path} is an address; gatewise reads local files. Download it first.")
    beside = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
    raise DataError(f"there is no file {path}.{nearest(path.name, beside)} {_ACCEPTED}.")

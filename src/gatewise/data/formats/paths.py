"""What the name of a source says before anything is read. Imports nothing heavy: a wrong name is answered at once."""

from __future__ import annotations

import os
import sys
from pathlib import Path, PurePath, PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

from gatewise.data.formats.files import FileFormat, file_formats
from gatewise.errors import DataError
from gatewise.wording import nearest

__all__ = ["accepted", "address_file", "check_place", "check_standard_input", "file_format", "is_address", "named_sheet"]

_ADDRESSES = ("http://", "https://")
_REMOTE = ("s3:", "gs:", "ftp:")
_SHEET = "?sheet="


def file_format(path: Path) -> FileFormat:
    """How to read a file, by its suffix. Raises DataError where there is no such file or it is of no format that is known."""
    try:
        _require_file(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}. {accepted()}.") from error
    return _format_of(path, str(path))


def _format_of(path: PurePath, called: str) -> FileFormat:
    zipped = path.suffix.lower() == ".gz"
    suffix = Path(path.stem).suffix.lower() if zipped else path.suffix.lower()
    found = file_formats().get(suffix)
    if found is None or (zipped and not found.zipped):
        name = "".join(path.suffixes[-2:]) or "without a suffix"
        raise DataError(f"{called}: files named {name} are not known. {accepted()}.")
    return found


def accepted() -> str:
    """What a source may be on the command line, to end a message with."""
    return (
        f"Expected a file ({', '.join(file_formats())}; text tables also as .gz), a folder of sounds, builtin:NAME, hf:NAME, "
        "or - for CSV on standard input"
    )


def check_place(source: str | os.PathLike[str]) -> None:
    """Look whether a source that is named can be there at all, without reading it.

    Raises DataError for a file that is missing, empty or of an unknown kind, and for a standard input that nothing is piped into.
    """
    name = str(source)
    if name == "-":
        check_standard_input()
    elif is_address(name):
        address_file(name)
    elif not name.startswith(("builtin:", "hf:")):
        path, _ = named_sheet(name)
        if not _is_folder(path):
            file_format(path)


def is_address(source: object) -> bool:
    """Whether a source is at an http or https address."""
    return isinstance(source, str) and source.lower().startswith(_ADDRESSES)


def address_file(address: str) -> tuple[str, str]:
    """The name of the file at an address, and what names its sheet, if it is a workbook.

    Raises DataError where the address does not end in a kind of file that is known, or holds a password, which would be kept in
    the run's configuration.
    """
    parts = urlsplit(address)
    if parts.username or parts.password:
        raise DataError("the address holds a name or a password, which a run would keep. Download the file by hand.")
    name = PurePosixPath(unquote(parts.path)).name
    _format_of(PurePosixPath(name), address)
    sheets = parse_qs(parts.query).get("sheet")
    return name, f"{_SHEET}{sheets[0]}" if sheets and name.lower().endswith(".xlsx") else ""


def named_sheet(source: str | os.PathLike[str]) -> tuple[Path, str | None]:
    """The path of a file, and of `book.xlsx?sheet=NAME` the sheet's name."""
    name, mark, sheet = str(source).partition(_SHEET)
    if mark and name.lower().endswith(".xlsx"):
        return Path(name).expanduser(), sheet
    return Path(source).expanduser(), None


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
    raise DataError(f"there is no file {path}.{nearest(path.name, beside)} {accepted()}.")

"""Read a text file or standard input whole, plain or gzipped, and say clearly when it is no text."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gatewise.data.dataset.memory import available_bytes, require_memory, size_text
from gatewise.data.formats.paths import check_standard_input
from gatewise.errors import DataError

__all__ = ["TextSource", "decoding_message", "read_text", "refuse_binary", "standard_input", "text_file"]

# First bytes of formats that are often saved under the wrong name.
_SIGNATURES = {
    b"PAR1": "Parquet",
    b"PK\x03\x04": "a zip archive (npz, xlsx, ...)",
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\x93NUMPY": "npy",
}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_STANDARD_INPUT = "standard input"
_COPIES = 3
# Bytes that are read at once.
_PIECE = 2**20
_TODO = "Take a sample of its rows, or a larger machine."


@dataclass(frozen=True, eq=False)
class TextSource:
    """Bytes that were found to be text. name: what they are called in messages."""

    name: str
    data: bytes

    @property
    def first_line(self) -> str:
        """The first line that is not empty."""
        start = len(_BYTE_ORDER_MARK) if self.data.startswith(_BYTE_ORDER_MARK) else 0
        while self.data[start : start + 1] in (b"\r", b"\n"):
            start += 1
        end = self.data.find(b"\n", start)
        return self.data[start : None if end < 0 else end].decode("utf-8", "replace")

    def text(self) -> str:
        """All of it. Raises DataError where it is not UTF-8."""
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = self.data.count(b"\n", 0, error.start) + 1
            detail = f" (byte 0x{self.data[error.start]:02x} in line {line})"
            raise DataError(decoding_message(self.name, detail)) from error

    def stream(self) -> io.TextIOWrapper:
        """All of it as a stream that decodes bit by bit, line ends kept. Reading may raise UnicodeDecodeError."""
        return io.TextIOWrapper(io.BytesIO(self.data), encoding="utf-8-sig", newline="")


def text_file(path: Path) -> TextSource:
    """Read a file, gzipped or not (recognised by content).

    Raises DataError where it cannot be read, is empty, or is binary.
    """
    try:
        # As much as `tables` says that reading takes.
        require_memory(_COPIES * path.stat().st_size, str(path), _TODO)
        return _checked(str(path), path.read_bytes())
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}. Check the path and its permissions.") from error


def standard_input() -> TextSource:
    """Read standard input to its end. Raises DataError as `text_file` does, and where nothing is piped into it."""
    check_standard_input()
    limit = available_bytes() // _COPIES
    data = _read(sys.stdin.buffer, limit)
    if len(data) > limit:
        require_memory(_COPIES * len(data), _STANDARD_INPUT, _TODO)
    return _checked(_STANDARD_INPUT, data)


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, without a byte order mark. Raises DataError as `text_file` and `TextSource.text` do."""
    return text_file(path).text()


def _read(file: BinaryIO | gzip.GzipFile, limit: int) -> bytes:
    """All of a file, or a little more than `limit` bytes; `read(limit)` would ask for the memory of all of these at once."""
    read = bytearray()
    while len(read) <= limit and (piece := file.read(_PIECE)):
        read += piece
    return bytes(read)


def _checked(name: str, data: bytes) -> TextSource:
    if data.startswith(b"\x1f\x8b"):
        limit = available_bytes() // _COPIES
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
                data = _read(file, limit)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise DataError(f"{name} is a damaged gzip file ({error}). Download or compress it again.") from error
        if len(data) > limit:
            raise DataError(f"{name} holds more than {size_text(limit)} of text, too much for the memory available. {_TODO}")
    if not data or data.isspace():
        raise DataError(f"{name} is empty. Expected a header and rows of data below it.")
    refuse_binary(name, data)
    return TextSource(name, data)


def refuse_binary(name: str, data: bytes) -> None:
    """Raise DataError where bytes are of a known binary format, of an encoding that is not UTF-8, or hold NUL."""
    for signature, kind in _SIGNATURES.items():
        if data.startswith(signature):
            raise DataError(
                f"{name} is binary, not text: it looks like {kind}. Rename it to its real suffix, or export it as text."
            )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(decoding_message(name, encoding="UTF-16"))
    if b"\x00" in data:
        raise DataError(f"{name} is binary, not text: it holds NUL bytes. Point gatewise at a text table or a Parquet file.")


def decoding_message(name: str, detail: str = "", encoding: str = "another encoding") -> str:
    """What is said of a text that is not UTF-8. detail: where it shows."""
    known = encoding if encoding.startswith("UTF") else "WINDOWS-1252"
    file = Path("FILE.csv" if name == _STANDARD_INPUT else name)
    return (
        f"{name} is not UTF-8 but {encoding}{detail}, or it is a binary file. "
        f"Convert it first, for example: iconv -f {known} -t UTF-8 {file.name} > converted{file.suffix}"
    )

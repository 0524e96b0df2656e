"""Read a text file whole, plain or gzipped, and say clearly when it is not one."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from gatewise.errors import DataError

__all__ = ["read_text"]

# First bytes of formats that are often saved under the wrong name.
_SIGNATURES = {
    b"PAR1": "Parquet",
    b"PK\x03\x04": "a zip archive (npz, xlsx, ...)",
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\x93NUMPY": "npy",
}


def read_text(path: Path) -> str:
    """Return the text of a UTF-8 file, without a byte order mark; gzip is recognised by content.

    Raises DataError where the file cannot be read, is empty, binary, or in another encoding.
    """
    data = _read_bytes(path)
    if not data.strip():
        raise DataError(f"{path} is empty. Expected a header and at least 30 rows of data.")
    for signature, name in _SIGNATURES.items():
        if data.startswith(signature):
            raise DataError(
                f"{path} is binary, not text: it looks like {name}. Rename it to its real suffix, or export it as text."
            )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(_encoding_message(path, "UTF-16"))
    if b"\x00" in data:
        raise DataError(f"{path} is binary, not text: it holds NUL bytes. Point gatewise at a text table or a Parquet file.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        detail = f"byte 0x{data[error.start]:02x} in line {line}"
        raise DataError(_encoding_message(path, "another encoding", detail)) from error


def _encoding_message(path: Path, encoding: str, detail: str = "") -> str:
    found = f" ({detail})" if detail else ""
    known = encoding if encoding.startswith("UTF") else "WINDOWS-1252"
    return (
        f"{path} is not UTF-8 but {encoding}{found}, or it is a binary file. "
        f"Convert it first, for example: iconv -f {known} -t UTF-8 {path.name} > converted{path.suffix}"
    )


def _read_bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path} is a damaged gzip file ({error}). Download or compress it again.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}. Check the path and its permissions.") from error

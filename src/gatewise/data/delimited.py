"""CSV and TSV as columns of text. Every cell stays as it is written: a text `NA` or a label `007` is never reinterpreted."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gatewise.data.columns import Columns
from gatewise.data.text_files import read_text
from gatewise.errors import DataError

__all__ = ["read_delimited"]

_NAMES = {",": "comma", "\t": "tab", ";": "semicolon"}


def read_delimited(path: Path, *, tabs: bool) -> tuple[Columns, tuple[str, ...]]:
    """Read a CSV (`tabs` false) or TSV file with a header.

    A CSV whose header holds no comma may be separated by semicolons or tabs. Empty cells are None (missing).
    Returns the columns and sentences on what was inferred. Raises DataError for broken quoting, ragged rows and doubled names.
    """
    text = read_text(path)
    header = text.lstrip("\r\n").partition("\n")[0]
    delimiter = "\t" if tabs else next((mark for mark in ",;\t" if mark in header), ",")
    inferred: list[str] = []
    if not tabs and delimiter != ",":
        inferred.append(f"The columns are separated by a {_NAMES[delimiter]}: the header holds no comma.")
    if not tabs:
        rows = _parse(path, text, delimiter, quoted=True)
    else:
        rows, plain = _parse_tabs(path, text)
        if plain:
            inferred.append("Quotation marks are read as part of the text: the file does not quote its cells.")
    return _columns(path, rows), tuple(inferred)


def _parse_tabs(path: Path, text: str) -> tuple[list[list[str]], bool]:
    """Parse a TSV, which may quote its cells or never do so; also return whether it is read without quoting.

    Many TSV files never quote, and two texts that merely begin and end with a quotation mark would swallow the rows between them.
    Such a loss shows: without quoting every row has the header's width, and with quoting there are fewer rows, or an error.
    """
    try:
        plain = _parse(path, text, "\t", quoted=False)
    except DataError:
        return _parse(path, text, "\t", quoted=True), False
    try:
        quoted = _parse(path, text, "\t", quoted=True)
    except DataError:
        return plain, True
    return (quoted, False) if len(quoted) == len(plain) else (plain, True)


def _parse(path: Path, text: str, delimiter: str, *, quoted: bool) -> list[list[str]]:
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    )
    rows: list[list[str]] = []
    line = 1
    with _unlimited_cells():
        try:
            for row in reader:
                if row:
                    _check_width(path, row, rows, line, _NAMES[delimiter])
                    rows.append(row)
                line = reader.line_num + 1
        except csv.Error as error:
            raise DataError(
                f"{path}: the quoting is broken in the row that starts at line {line} ({error}). "
                'Close every quotation mark, and double those inside a cell: "she said ""yes""".'
            ) from error
    return rows


def _check_width(path: Path, row: list[str], rows: list[list[str]], line: int, separator: str) -> None:
    if rows and len(row) != len(rows[0]):
        raise DataError(
            f"{path}: the row at line {line} has {len(row)} cells, the header has {len(rows[0])}. "
            f"Quote every cell that holds a {separator} or a line break."
        )


@contextmanager
def _unlimited_cells() -> Iterator[None]:
    # csv refuses cells above 128 KiB by default; a long series or a document is a legitimate cell.
    previous = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(previous)


def _columns(path: Path, rows: list[list[str]]) -> Columns:
    names = [name.strip() or f"column {number}" for number, name in enumerate(rows[0], 1)]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise DataError(f"{path}: the header names {', '.join(map(repr, doubled))} twice. Give every column its own name.")
    if len(rows) == 1:
        raise DataError(f"{path} holds a header and no rows. Expected at least 30 rows below it.")
    return {name: [cell or None for cell in cells] for name, cells in zip(names, zip(*rows[1:], strict=True), strict=True)}

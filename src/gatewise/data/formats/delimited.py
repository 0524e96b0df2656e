"""CSV and TSV as columns of text. Every cell stays as it is written: a text `NA` or a label `007` is never reinterpreted; columns
of numbers alone, written with decimal commas or as amounts of money, become plain numbers.

Cells go into Arrow columns as they are parsed, some thousand rows at a time, so that a table never is a list of lists.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gatewise.data.columns.columns import Columns
from gatewise.data.formats.arrow import ArrowColumns
from gatewise.data.formats.header import SAMPLE, row_like
from gatewise.data.formats.text_files import TextSource
from gatewise.data.values.arrow_cells import ArrowCells
from gatewise.data.values.number_words import plain_numbers
from gatewise.errors import DataError

__all__ = ["read_delimited"]

_NAMES = {",": "comma", "\t": "tab", ";": "semicolon"}

# Rows that are Python objects at one time.
_BLOCK = 8192


def read_delimited(source: TextSource, *, tabs: bool) -> tuple[Columns, tuple[str, ...]]:
    """Read CSV (`tabs` false) or TSV text with a header.

    A CSV whose header holds no comma may be separated by semicolons or tabs. Empty cells are None (missing).
    Returns the columns and sentences on what was inferred. Raises DataError for broken quoting, ragged rows, doubled names, a
    first line that is a row, and bytes that are not UTF-8.
    """
    header = source.first_line
    delimiter = "\t" if tabs else next((mark for mark in ",;\t" if mark in header), ",")
    inferred: list[str] = []
    if not tabs and delimiter != ",":
        inferred.append(f"The columns are separated by a {_NAMES[delimiter]}: the header holds no comma.")
    if not tabs:
        table = _parse(source, delimiter, quoted=True)
    else:
        table, plain = _parse_tabs(source)
        if plain:
            inferred.append("Quotation marks are read as part of the text: the file does not quote its cells.")
    _refuse_row(source.name, table)
    table, written = plain_numbers(table, decimal_comma=delimiter != ",")
    return ArrowColumns(table), (*inferred, *written)


def _refuse_row(name: str, table: Any) -> None:
    """Raise DataError where the first line is no header: a row would be lost, and the columns have senseless names."""
    found = row_like(table.column_names, [ArrowCells(column.slice(0, SAMPLE)) for column in table.columns])
    if found is not None:
        raise DataError(
            f"{name} has no line of names on top: its first line {found}. Put one there, such as {_example(table.num_columns)}; "
            "where it is one, give its columns other names."
        )


def _example(columns: int) -> str:
    return "text,label" if columns == 2 else ",".join(f"column{number}" for number in range(1, min(columns, 3) + 1))


def _parse_tabs(source: TextSource) -> tuple[Any, bool]:
    """Parse a TSV, which may quote its cells or never do so; also return whether it is read without quoting.

    Many TSV files never quote, and two texts that merely begin and end with a quotation mark would swallow the rows between them.
    Such a loss shows: without quoting every row has the header's width, and with quoting there are fewer rows, or an error.
    """
    try:
        plain = _parse(source, "\t", quoted=False)
    except DataError:
        return _parse(source, "\t", quoted=True), False
    try:
        quoted = _parse(source, "\t", quoted=True)
    except DataError:
        return plain, True
    return (quoted, False) if quoted.num_rows == plain.num_rows else (plain, True)


def _parse(source: TextSource, delimiter: str, *, quoted: bool) -> Any:
    """The cells as a pyarrow Table of texts."""
    import pyarrow

    names: list[str] = []
    chunks: list[list[Any]] = []
    rows: list[list[str]] = []
    line = 1
    try:
        with _unlimited_cells():
            reader = csv.reader(
                source.stream(), delimiter=delimiter, strict=True, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
            )
            for row in reader:
                if row and not names:
                    names = _header(source.name, row)
                    chunks = [[] for _ in names]
                elif row:
                    _check_width(source.name, row, len(names), line, _NAMES[delimiter])
                    rows.append(row)
                    if len(rows) == _BLOCK:
                        _move(rows, chunks)
                line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{source.name}: the quoting is broken in the row that starts at line {line} ({error}). "
            'Close every quotation mark, and double those inside a cell: "she said ""yes""".'
        ) from error
    except UnicodeDecodeError:
        # Says where it is.
        source.text()
        raise
    _move(rows, chunks)
    columns = [pyarrow.chunked_array(cells, type=pyarrow.string()) for cells in chunks]
    return pyarrow.table(columns, names=names)


def _move(rows: list[list[str]], chunks: list[list[Any]]) -> None:
    """Turn rows into Arrow, a chunk a column, and forget them."""
    import pyarrow

    for number, column in enumerate(chunks):
        cells = pyarrow.array([row[number] or None for row in rows], pyarrow.string())
        # More than 2 GB of text is several arrays.
        column.extend(cells.chunks if isinstance(cells, pyarrow.ChunkedArray) else [cells])
    rows.clear()


def _header(name: str, row: list[str]) -> list[str]:
    names = [cell.strip() or f"column {number}" for number, cell in enumerate(row, 1)]
    doubled = sorted({cell for cell in names if names.count(cell) > 1})
    if doubled:
        raise DataError(
            f"{name}: the header names {', '.join(map(repr, doubled))} twice. Give every column its own name; where that line is "
            "a row, put a line of names above it."
        )
    return names


def _check_width(name: str, row: list[str], width: int, line: int, separator: str) -> None:
    if len(row) != width:
        raise DataError(
            f"{name}: the row at line {line} has {len(row)} cells, the header has {width}. "
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

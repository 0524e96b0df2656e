"""CSV and TSV as columns of text. Every cell stays as it is written: a text `NA` or a label `007` is never reinterpreted; columns
of numbers alone, written with decimal commas or as amounts of money, become plain numbers.

Cells go into Arrow columns as they are parsed, some thousand rows at a time, so that a table never is a list of lists.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from gatewise.data.columns.columns import Columns
from gatewise.data.formats.arrow import ArrowColumns
from gatewise.data.formats.header import SAMPLE, row_like
from gatewise.data.formats.text_files import TextSource
from gatewise.data.values.arrow_cells import ArrowCells
from gatewise.data.values.number_words import plain_numbers
from gatewise.errors import DataError

__all__ = ["LONGEST_CELL", "UNQUOTED", "delimited_blocks", "delimiter_of", "read_delimited", "refuse_row"]

_NAMES = {",": "comma", "\t": "tab", ";": "semicolon"}
UNQUOTED = "Quotation marks are read as part of the text: the file does not quote its cells."

# Rows that are Python objects at one time.
_BLOCK = 8192

# Characters. No document has as many: a quotation mark was never closed, and the rest of the file would be copied over and over.
LONGEST_CELL = 100_000_000


def read_delimited(source: TextSource, *, tabs: bool) -> tuple[Columns, tuple[str, ...]]:
    """Read CSV (`tabs` false) or TSV text with a header.

    A CSV whose header holds no comma may be separated by semicolons or tabs. Empty cells are None (missing).
    Returns the columns and sentences on what was inferred. Raises DataError for broken quoting, ragged rows, doubled names, a
    first line that is a row, and bytes that are not UTF-8.
    """
    delimiter, inferred = delimiter_of(source.first_line, tabs=tabs)
    if not tabs:
        table = _parse(source, delimiter, quoted=True)
    else:
        table, plain = _parse_tabs(source)
        if plain:
            inferred.append(UNQUOTED)
    refuse_row(source.name, table)
    table, written = plain_numbers(table, decimal_comma=delimiter != ",")
    return ArrowColumns(table), (*inferred, *written)


def delimiter_of(header: str, *, tabs: bool) -> tuple[str, list[str]]:
    """What separates the cells below a header, and what is to be said of it. tabs: as in `read_delimited`."""
    delimiter = "\t" if tabs else next((mark for mark in ",;\t" if mark in header), ",")
    if tabs or delimiter == ",":
        return delimiter, []
    return delimiter, [f"The columns are separated by a {_NAMES[delimiter]}: the header holds no comma."]


def refuse_row(name: str, table: Any) -> None:
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

    try:
        blocks = [*delimited_blocks(source.name, source.stream(), delimiter, quoted=quoted, most=LONGEST_CELL)]
    except UnicodeDecodeError:
        # Says where it is.
        source.text()
        raise
    return pyarrow.concat_tables(blocks)


def delimited_blocks(name: str, stream: Iterable[str], delimiter: str, *, quoted: bool, most: int = sys.maxsize) -> Iterator[Any]:
    """Parse lines with a header on top, and yield pyarrow Tables of texts, some thousand rows each and one at least.

    name: what the lines are called in messages. stream: the lines, their ends kept. most: characters of a cell. Raises DataError
    as `read_delimited` does.
    """
    names: list[str] = []
    rows: list[list[str]] = []
    line, sent = 1, False
    try:
        with _cells_of(most):
            reader = csv.reader(stream, delimiter=delimiter, strict=True, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE)
            for row in reader:
                if row and not names:
                    names = _header(name, row)
                elif row:
                    _check_width(name, row, len(names), line, _NAMES[delimiter])
                    rows.append(row)
                    if len(rows) == _BLOCK:
                        yield _table(names, rows)
                        rows, sent = [], True
                line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{name}: the quoting is broken in the row that starts at line {line} ({error}). "
            'Close every quotation mark, and double those inside a cell: "she said ""yes""".'
        ) from error
    if rows or not sent:
        yield _table(names, rows)


def _table(names: list[str], rows: list[list[str]]) -> Any:
    import pyarrow

    columns = [pyarrow.array([row[number] or None for row in rows], pyarrow.string()) for number in range(len(names))]
    # More than 2 GB of text is several arrays.
    return pyarrow.table(columns, names=names)


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
def _cells_of(most: int) -> Iterator[None]:
    # csv refuses cells above 128 KiB by default; a long series or a document is a legitimate cell.
    previous = csv.field_size_limit(most)
    try:
        yield
    finally:
        csv.field_size_limit(previous)

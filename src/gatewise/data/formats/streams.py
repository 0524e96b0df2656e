"""Tables that are read a block at a time, and never whole: CSV, TSV, JSON Lines and Parquet.

Memory: some thousand rows at a time, however many there are; of Parquet a row group's pages of the columns that are wanted.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from gatewise.data.columns.columns import Columns
from gatewise.data.formats.arrow import ArrowColumns
from gatewise.data.formats.delimited import LONGEST_CELL, UNQUOTED, delimited_blocks, delimiter_of, refuse_row
from gatewise.data.formats.files import table_name
from gatewise.data.formats.json_lines import read_line
from gatewise.data.formats.text_files import decoding_message, refuse_binary
from gatewise.errors import DataError
from gatewise.wording import first_line

__all__ = ["Share", "TableStream", "table_stream"]

BLOCK = 8192
# Characters of a line, or of a cell of CSV: one that never ends would be read until memory does.
LONGEST = LONGEST_CELL
_ZIPPED = b"\x1f\x8b"
# What text becomes when it is unpacked, roughly.
_UNPACKED = 4


@dataclass
class Share:
    """A part of something, from 0 to 1."""

    value: float = 0.0


@dataclass(frozen=True, eq=False)
class TableStream:
    """A table on disk. name: of it. base: the folder that paths in it start from. bytes: of its content, unpacked, roughly.

    untyped: whether every cell is a text because the file holds nothing else. inferred: sentences. read: how much of it was read
    the last time, from 0 to 1.
    blocks: reads it from the beginning: some thousand rows at a time, with all columns in every block, and one block at least;
    of Parquet those columns alone that are named. Raises DataError where the table is damaged.
    """

    name: str
    base: Path
    bytes: int
    untyped: bool
    blocks: Callable[[Sequence[str] | None], Iterator[Columns]]
    inferred: tuple[str, ...] = ()
    read: Share = field(default_factory=Share)


def table_stream(path: Path) -> TableStream | None:
    """How to read a file block by block; None where its format is read whole. Raises DataError where it is damaged."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    zipped = suffixes[-1:] == [".gz"]
    suffix = (suffixes[:-1] if zipped else suffixes)[-1:]
    match suffix:
        case [".csv" | ".tsv"]:
            return _delimited(path, tabs=suffix == [".tsv"])
        case [".jsonl" | ".ndjson"]:
            read = Share()
            return TableStream(table_name(path), path.parent, _unpacked(path), False, lambda _: _objects(path, read), read=read)
        case [".parquet" | ".pq"] if not zipped:
            return _parquet(path)
    return None


# ---------------------------------------------------------------- text


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[str], Callable[[], float]]]:
    """A text file, gzipped or not, line ends kept, and how much of it was read.

    What cannot be decoded or unpacked is a DataError inside the block, too.
    """
    try:
        with path.open("rb") as file:
            begin = file.read(2)
            file.seek(0)
            packed = begin == _ZIPPED
            raw: Any = gzip.GzipFile(fileobj=file) if packed else file
            head = raw.read(4096)
            refuse_binary(str(path), head)
            raw.seek(0)
            size = max(path.stat().st_size, 1)
            with io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as stream:
                yield stream, lambda: file.tell() / size
    except UnicodeDecodeError as error:
        raise DataError(decoding_message(str(path), f" ({error.reason})")) from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path} is a damaged gzip file ({error}). Download or compress it again.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}. Check the path and its permissions.") from error


def _lines(path: Path, stream: IO[str]) -> Iterator[str]:
    number = 0
    while line := stream.readline(LONGEST):
        number += 1
        if len(line) == LONGEST:
            raise DataError(
                f"{path}: line {number:,} has over {LONGEST:,} characters. Expected one row a line: write the table anew."
            )
        if "\0" in line:
            raise DataError(f"{path} is binary, not text: it holds NUL bytes. Point gatewise at a text table or a Parquet file.")
        yield line


def _unpacked(path: Path) -> int:
    """Bytes of text, roughly."""
    with path.open("rb") as file:
        packed = file.read(2) == _ZIPPED
    return path.stat().st_size * (_UNPACKED if packed else 1)


def _delimited(path: Path, *, tabs: bool) -> TableStream:
    with _opened(path) as (stream, _):
        header = next((line for line in _lines(path, stream) if line.strip()), "")
    delimiter, inferred = delimiter_of(header.rstrip("\r\n"), tabs=tabs)
    quoted = True
    if tabs:
        quoted = _is_quoted(path)
        inferred += [] if quoted else [UNQUOTED]

    read = Share()

    def blocks(_: Sequence[str] | None) -> Iterator[Columns]:
        with _opened(path) as (stream, share):
            tables = delimited_blocks(str(path), _lines(path, stream), delimiter, quoted=quoted, most=LONGEST)
            for number, table in enumerate(tables):
                if not number:
                    refuse_row(str(path), table)
                read.value = share()
                yield ArrowColumns(table)

    return TableStream(table_name(path), path.parent, _unpacked(path), True, blocks, tuple(inferred), read)


def _is_quoted(path: Path) -> bool:
    """Whether a TSV quotes its cells, as `read_delimited` has it: where both readings give as many rows, or it has to."""

    def rows(quoted: bool) -> int:
        with _opened(path) as (stream, _):
            tables = delimited_blocks(str(path), _lines(path, stream), "\t", quoted=quoted, most=LONGEST)
            return sum(table.num_rows for table in tables)

    try:
        plain = rows(False)
    except DataError:
        return True
    try:
        return rows(True) == plain
    except DataError:
        return False


def _objects(path: Path, read: Share) -> Iterator[Columns]:
    """JSON Lines. Every block has the columns that were met by then, and what a row does not have is None."""
    names: dict[str, None] = {}
    rows: list[Mapping[str, Any]] = []
    sent = False

    def block() -> Columns:
        return {name: [row.get(name) for row in rows] for name in names}

    with _opened(path) as (stream, share):
        for number, line in enumerate(_json_lines(path, stream), 1):
            if not line.strip():
                continue
            row = read_line(path, number, line)
            names.update(dict.fromkeys(row))
            rows.append(row)
            if len(rows) == BLOCK:
                read.value = share()
                yield block()
                rows, sent = [], True
    if rows or not sent:
        yield block()


def _json_lines(path: Path, stream: IO[str]) -> Iterator[str]:
    # A line ends with \n alone: JSON allows other separators inside a string, and \r outside.
    stream.reconfigure(newline="\n")  # type: ignore[attr-defined]
    return _lines(path, stream)


# ---------------------------------------------------------------- Parquet


def _parquet(path: Path) -> TableStream:
    import pyarrow
    from pyarrow import parquet

    def broken(error: BaseException) -> DataError:
        return DataError(
            f"{path} is not a readable Parquet file ({first_line(error)}). "
            "It may be damaged or cut short: write or download it again."
        )

    faults = (pyarrow.ArrowException, OSError, UnicodeDecodeError)
    try:
        content = parquet.ParquetFile(path).metadata
    except faults as error:
        raise broken(error) from error
    size = sum(content.row_group(number).total_byte_size for number in range(content.num_row_groups))

    read, rows = Share(), max(content.num_rows, 1)

    def blocks(columns: Sequence[str] | None) -> Iterator[Columns]:
        done = 0
        try:
            with parquet.ParquetFile(path, memory_map=True) as file:
                for batch in file.iter_batches(BLOCK, columns=None if columns is None else [*columns], use_threads=False):
                    batch.validate(full=True)
                    done += batch.num_rows
                    read.value = done / rows
                    yield ArrowColumns(pyarrow.Table.from_batches([batch]))
                if not done:
                    yield ArrowColumns(file.schema_arrow.empty_table())
        except faults as error:
            raise broken(error) from error

    return TableStream(table_name(path), path.parent, size, False, blocks, read=read)

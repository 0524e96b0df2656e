"""Parquet files, and Arrow, pandas and polars tables in memory, as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gatewise.data.dataset.memory import require_memory
from gatewise.data.values.arrow_cells import ArrowCells
from gatewise.errors import DataError
from gatewise.wording import first_line

__all__ = ["ArrowColumns", "is_table", "read_parquet", "table_columns"]


class ArrowColumns(Mapping[str, ArrowCells]):
    """The columns of a pyarrow Table. Raises DataError where two have one name."""

    def __init__(self, table: Any) -> None:
        names = [str(name) for name in table.column_names]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise DataError(f"the table holds {', '.join(map(repr, doubled))} twice. Give every column its own name.")
        self._cells = {name: ArrowCells(column) for name, column in zip(names, table.columns, strict=True)}

    def __getitem__(self, name: str) -> ArrowCells:
        return self._cells[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)


def read_parquet(path: Path) -> ArrowColumns:
    """Read a Parquet file. Raises DataError where it is damaged or no Parquet at all."""
    import pyarrow
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path)
        content = file.metadata
        # The least that Arrow takes: what is written, without compression, and four bytes a cell where many are written as one.
        written = sum(content.row_group(number).total_byte_size for number in range(content.num_row_groups))
        require_memory(
            max(written, 4 * content.num_rows * content.num_columns), str(path), "Take a sample of its rows, or a larger machine."
        )
        table = file.read()
        # Strings that are no UTF-8 would be met later, one by one.
        table.validate(full=True)
        return ArrowColumns(table)
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path} is not a readable Parquet file ({first_line(error)}). "
            "It may be damaged or cut short: write or download it again."
        ) from error


def is_table(source: object) -> bool:
    """Whether `source` is a table in memory: a pandas frame, or anything that speaks Arrow (pyarrow, polars, ...)."""
    return _is_pandas(source) or hasattr(source, "__arrow_c_stream__")


def table_columns(source: Any) -> ArrowColumns:
    """Turn a table in memory into columns, without importing pandas. Raises DataError where a column mixes types."""
    import pyarrow

    try:
        if _is_pandas(source):
            return ArrowColumns(pyarrow.Table.from_pandas(source, preserve_index=False))
        # pyarrow before 25 dies of handing itself a dictionary of string views.
        return ArrowColumns(source if isinstance(source, pyarrow.Table) else pyarrow.table(source))
    except (pyarrow.ArrowException, TypeError, ValueError) as error:
        raise DataError(
            f"the table cannot be read ({first_line(error)}). Give every column one type, for example with .astype(str)."
        ) from error


def _is_pandas(source: object) -> bool:
    kind = type(source)
    return kind.__module__.partition(".")[0] == "pandas" and kind.__name__ == "DataFrame"

"""Parquet files, and Arrow and pandas tables in memory, as columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gatewise.errors import DataError

__all__ = ["is_table", "read_parquet", "table_columns"]


def read_parquet(path: Path) -> Mapping[str, Sequence[Any]]:
    """Read a Parquet file. Raises DataError where it is damaged or no Parquet at all."""
    import pyarrow
    from pyarrow import parquet

    try:
        return _ArrowColumns(parquet.ParquetFile(path).read())
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"{path} is not a readable Parquet file ({_first_line(error)}). "
            "It may be damaged or cut short: write or download it again."
        ) from error


def is_table(source: object) -> bool:
    """Whether `source` is a table in memory: a pandas frame, or anything that speaks Arrow (pyarrow, polars, ...)."""
    return _is_pandas(source) or hasattr(source, "__arrow_c_stream__")


def table_columns(source: Any) -> Mapping[str, Sequence[Any]]:
    """Turn a table in memory into columns, without importing pandas. Raises DataError where a column mixes types."""
    import pyarrow

    try:
        if _is_pandas(source):
            return _ArrowColumns(pyarrow.Table.from_pandas(source, preserve_index=False))
        return _ArrowColumns(pyarrow.table(source))
    except (pyarrow.ArrowException, TypeError, ValueError) as error:
        raise DataError(
            f"the table cannot be read ({_first_line(error)}). Give every column one type, for example with .astype(str)."
        ) from error


def _is_pandas(source: object) -> bool:
    kind = type(source)
    return kind.__module__.partition(".")[0] == "pandas" and kind.__name__ == "DataFrame"


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


class _ArrowColumns(Mapping[str, Sequence[Any]]):
    """Columns of a pyarrow Table, each turned into Python objects only when asked for."""

    def __init__(self, table: Any) -> None:
        names = [str(name) for name in table.column_names]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise DataError(f"the table holds {', '.join(map(repr, doubled))} twice. Give every column its own name.")
        self._table = table
        self._index = {name: number for number, name in enumerate(names)}
        self._read: dict[str, Sequence[Any]] = {}

    def __getitem__(self, name: str) -> Sequence[Any]:
        if name not in self._read:
            self._read[name] = _cells(self._table.column(self._index[name]))
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)


def _cells(column: Any) -> Sequence[Any]:
    """One Python object a row; a list of numbers becomes a numpy array, which is a hundred times faster than a list."""
    from pyarrow import types

    kind = column.type
    if not (types.is_list(kind) or types.is_large_list(kind)) or not (
        types.is_integer(kind.value_type) or types.is_floating(kind.value_type)
    ):
        cells: Sequence[Any] = column.to_pylist()
        return cells
    return [row.values.to_numpy(zero_copy_only=False) if row.is_valid else None for chunk in column.chunks for row in chunk]

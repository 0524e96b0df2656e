"""Files that hold tables, read by their suffix."""

from __future__ import annotations

from pathlib import Path

from gatewise.data.formats.arrow import read_parquet
from gatewise.data.formats.delimited import read_delimited
from gatewise.data.formats.excel import read_sheet
from gatewise.data.formats.json_lines import read_json_lines
from gatewise.data.formats.text_files import text_file
from gatewise.data.tables.tables import Table

__all__ = ["read_table"]


def read_table(path: Path, suffix: str, sheet: str | None = None) -> Table:
    """Read a file that holds a table. sheet: of a workbook, the first one where None. Raises DataError where it is damaged."""
    name = Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem
    if suffix in (".parquet", ".pq"):
        return Table(name, read_parquet(path), path.parent)
    if suffix == ".xlsx":
        sheet_columns, inferred = read_sheet(path, sheet)
        return Table(name, sheet_columns, path.parent, inferred)
    if suffix in (".csv", ".tsv"):
        columns, inferred = read_delimited(text_file(path), tabs=suffix == ".tsv")
        return Table(name, columns, path.parent, inferred, untyped=True)
    return Table(name, read_json_lines(path), path.parent)

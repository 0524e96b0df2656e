"""Comma- and tab-separated values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gatewise.data.formats.files import FileFormat, table_name

if TYPE_CHECKING:
    from gatewise.data.tables.tables import Table

__all__ = ["FORMAT"]


def _table(path: Path, _: str | None) -> Table:
    from gatewise.data.formats.delimited import read_delimited
    from gatewise.data.formats.text_files import text_file
    from gatewise.data.tables.tables import Table

    tabs = any(suffix.lower() == ".tsv" for suffix in path.suffixes[-2:])
    columns, inferred = read_delimited(text_file(path), tabs=tabs)
    return Table(table_name(path), columns, path.parent, inferred, untyped=True)


FORMAT = FileFormat((".csv", ".tsv"), zipped=True, table=_table)

"""Sheets of workbooks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gatewise.data.formats.files import FileFormat, table_name

if TYPE_CHECKING:
    from gatewise.data.tables.tables import Table

__all__ = ["FORMAT"]


def _table(path: Path, sheet: str | None) -> Table:
    from gatewise.data.formats.excel import read_sheet
    from gatewise.data.tables.tables import Table

    columns, inferred = read_sheet(path, sheet)
    return Table(table_name(path), columns, path.parent, inferred)


FORMAT = FileFormat((".xlsx",), table=_table)

"""Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gatewise.data.formats.files import FileFormat, table_name

if TYPE_CHECKING:
    from gatewise.data.tables.tables import Table

__all__ = ["FORMAT"]


def _table(path: Path, _: str | None) -> Table:
    from gatewise.data.formats.arrow import read_parquet
    from gatewise.data.tables.tables import Table

    return Table(table_name(path), read_parquet(path), path.parent)


FORMAT = FileFormat((".parquet", ".pq"), table=_table)

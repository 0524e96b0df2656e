"""JSON, an object a line or a list of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gatewise.data.formats.files import FileFormat, table_name

if TYPE_CHECKING:
    from gatewise.data.tables.tables import Table

__all__ = ["FORMAT"]


def _table(path: Path, _: str | None) -> Table:
    from gatewise.data.formats.json_lines import read_json_lines
    from gatewise.data.tables.tables import Table

    return Table(table_name(path), read_json_lines(path), path.parent)


FORMAT = FileFormat((".jsonl", ".ndjson", ".json"), zipped=True, table=_table)

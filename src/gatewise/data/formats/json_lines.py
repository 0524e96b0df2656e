"""JSON Lines (one object a line), or one JSON array of objects, as columns."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gatewise.data.columns.columns import Columns
from gatewise.data.formats.text_files import TextSource, text_file
from gatewise.errors import DataError

__all__ = ["read_json_lines", "read_line"]


def read_json_lines(path: Path) -> Columns:
    """Read objects as rows; the columns are all keys met, and a key a row does not have is missing there (None).

    Raises DataError naming the line that is not a JSON object.
    """
    source = text_file(path)
    is_array = source.data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    rows = _array(path, source) if is_array else _lines(path, source)
    return _columns(rows)


def _columns(rows: Iterable[dict[str, Any]]) -> dict[str, list[Any]]:
    """Cells by column; of a row nothing else is kept."""
    columns: dict[str, list[Any]] = {}
    count = 0
    for row in rows:
        for name, cell in row.items():
            column = columns.setdefault(name, [])
            column += [None] * (count - len(column))
            column.append(cell)
        count += 1
    return {name: [*column, *[None] * (count - len(column))] for name, column in columns.items()}


def _lines(path: Path, source: TextSource) -> Iterator[dict[str, Any]]:
    # Not splitlines(): JSON allows U+2028 and its like inside a string.
    for number, line in enumerate(source.text().split("\n"), 1):
        if not line.strip():
            continue
        yield read_line(path, number, line)


def read_line(path: Path, number: int, line: str) -> dict[str, Any]:
    """The object of a line. number: of it, from 1. Raises DataError where it is none."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: line {number} is not valid JSON ({error}). Expected one object a line.") from error
    return _object(path, f"line {number}", row)


def _array(path: Path, source: TextSource) -> Iterator[dict[str, Any]]:
    try:
        values = json.loads(source.text())
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not valid JSON ({error}). Expected one object a line, or one array of objects.") from error
    return (_object(path, f"element {number} of the array", value) for number, value in enumerate(values, 1))


def _object(path: Path, where: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DataError(
            f"{path}: {where} is a {type(value).__name__}, not an object. "
            'Expected rows such as {"text": "good value", "label": "positive"}.'
        )
    return value

"""JSON Lines (one object a line), or one JSON array of objects, as columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gatewise.data.columns import Columns
from gatewise.data.text_files import read_text
from gatewise.errors import DataError

__all__ = ["read_json_lines"]


def read_json_lines(path: Path) -> Columns:
    """Read objects as rows; the columns are all keys met, and a key a row does not have is missing there (None).

    Raises DataError naming the line that is not a JSON object.
    """
    text = read_text(path)
    rows = _array(path, text) if text.lstrip().startswith("[") else _lines(path, text)
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _lines(path: Path, text: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    # Not splitlines(): JSON allows U+2028 and its like inside a string.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise DataError(f"{path}: line {number} is not valid JSON ({error}). Expected one object a line.") from error
        rows.append(_object(path, f"line {number}", row))
    return rows


def _array(path: Path, text: str) -> list[dict[str, Any]]:
    try:
        values = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"{path} is not valid JSON ({error}). Expected one object a line, or one array of objects.") from error
    return [_object(path, f"element {number} of the array", value) for number, value in enumerate(values, 1)]


def _object(path: Path, where: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DataError(
            f"{path}: {where} is a {type(value).__name__}, not an object. "
            'Expected rows such as {"text": "good value", "label": "positive"}.'
        )
    return value

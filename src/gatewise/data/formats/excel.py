"""Sheets of Excel workbooks as columns (extra `excel`)."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from gatewise.data.columns.columns import Columns
from gatewise.data.formats.unpacking import DAMAGED
from gatewise.errors import DataError
from gatewise.wording import first_line, listed, nearest

__all__ = ["read_sheet"]


def read_sheet(path: Path, sheet: str | None) -> tuple[Columns, tuple[str, ...]]:
    """Read a sheet whose first row names the columns; the first sheet where none is named. Formulas count as their last result.

    Returns the columns and sentences on what was inferred. Raises DataError where openpyxl is missing, the file is damaged, or
    there is no such sheet.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise DataError(
            f"{path} is read with the package openpyxl, which cannot be loaded ({error}). "
            "Install it: pip install 'gatewise[excel]'"
        ) from error
    try:
        # It warns of parts that hold no cells, such as drop-down lists.
        with warnings.catch_warnings(action="ignore"):
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            names = [page.title for page in book.worksheets]
            if sheet is not None and sheet not in names:
                raise DataError(f"{path} has no sheet {sheet!r}; it has: {listed(names)}.{nearest(sheet, names)}")
            chosen = names[0] if sheet is None else sheet
            rows = [row for row in book[chosen].iter_rows(values_only=True) if any(cell is not None for cell in row)]
            book.close()
    except DAMAGED as error:
        raise DataError(
            f"{path} is not a readable Excel workbook ({first_line(error)}). Save it again as .xlsx, or as CSV."
        ) from error
    inferred = (f"The sheet is {chosen!r}, the first of {len(names)}.",) if sheet is None and len(names) > 1 else ()
    return _columns(path, chosen, rows), inferred


def _columns(path: Path, sheet: str, rows: list[tuple[Any, ...]]) -> Columns:
    header, cells = (rows[0], rows[1:]) if rows else ((), [])
    width = max((number for number, name in enumerate(header, 1) if name is not None), default=0)
    names = [f"column {number}" if name is None else str(name).strip() for number, name in enumerate(header[:width], 1)]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise DataError(
            f"{path}: the first row of the sheet {sheet!r} names {listed(doubled)} twice. Give every column its own name."
        )
    beyond = next((number for number, row in enumerate(cells, 2) if any(cell is not None for cell in row[width:])), None)
    if beyond is not None:
        raise DataError(
            f"{path}: row {beyond} of the sheet {sheet!r} has cells beyond its header. Name every column in the first row."
        )
    return {name: [row[number] if number < len(row) else None for row in cells] for number, name in enumerate(names)}

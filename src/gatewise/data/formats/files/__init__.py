"""The formats of files, a module each: a new one is a file beside these, found by its place.

Their modules import nothing heavy before they read, so that a wrong name is answered at once.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gatewise.data.dataset.labelled import Labelled
    from gatewise.data.tables.tables import Table
    from gatewise.records import Kind

__all__ = ["FileFormat", "file_formats", "table_name"]


@dataclass(frozen=True)
class FileFormat:
    """What a module here calls FORMAT. Either `table`, or `labelled` and `sequences`; all raise DataError for a damaged file.

    suffixes: that say a file is of it. zipped: whether it may be gzipped, NAME.suffix.gz. table: the path, and of a workbook the
    sheet's name (None for the first), to a table. labelled: the path, whether there must be labels, and whether to leave out a
    test part that lies beside it, to series with their labels. sequences: the path to the sequences alone, and their kind.
    """

    suffixes: tuple[str, ...]
    zipped: bool = False
    table: Callable[[Path, str | None], Table] | None = None
    labelled: Callable[[Path, bool, bool], Labelled] | None = None
    sequences: Callable[[Path], tuple[Kind, list[Any]]] | None = None


@cache
def file_formats() -> Mapping[str, FileFormat]:
    """The format of every suffix that is known."""
    modules = [importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    formats: list[FileFormat] = [module.FORMAT for module in modules]
    # Tables first: what most people have.
    formats.sort(key=lambda one: one.table is None)
    return {suffix: one for one in formats for suffix in one.suffixes}


def table_name(path: Path) -> str:
    """What a table is called after its file."""
    return Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem

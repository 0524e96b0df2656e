"""Everything a user can point gatewise at becomes a Dataset."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.arrow import is_table, read_parquet, table_columns
from gatewise.data.builtin import builtin_dataset
from gatewise.data.columns import Columns
from gatewise.data.delimited import read_delimited
from gatewise.data.json_lines import read_json_lines
from gatewise.data.npz import npz_dataset, npz_inputs
from gatewise.data.suggestions import nearest
from gatewise.data.tables import table_dataset, table_inputs
from gatewise.data.ts_format import ts_dataset, ts_inputs
from gatewise.errors import DataError, OptionError
from gatewise.records import Dataset, Kind

__all__ = ["open_inputs", "open_source"]

_TEXT_TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")
_TABLES = (*_TEXT_TABLES, ".parquet", ".pq")
_SERIES = (".npz", ".ts")
_ACCEPTED = f"Expected a file ({', '.join(_TABLES + _SERIES)}; text tables also as .gz) or builtin:NAME"
_BUILTIN = "builtin:"
_REMOTE = ("http:", "https:", "s3:", "gs:", "hf:")


def open_source(
    source: Any, *, text: str | None = None, series: Sequence[str] = (), target: str | None = None, seed: int = 0
) -> Dataset:
    """Read labelled sequences.

    source: a path (.csv, .tsv, .jsonl, .ndjson, .json, .parquet, .npz, .ts; text tables also gzipped), `builtin:NAME`, a pandas,
    pyarrow or other Arrow table, or a Dataset, which comes back as it is. text, series, target: columns of a table; what is not
    given is inferred and said in `Dataset.inferred`. seed: of the built-in generators.
    Raises DataError where the data cannot be read or is not fit, OptionError where a column is named and the source has none.
    """
    if isinstance(source, str) and source.startswith(_BUILTIN):
        _refuse_columns(source, text, series, target)
        return builtin_dataset(source.removeprefix(_BUILTIN), seed)
    if isinstance(source, (str, os.PathLike)):
        return _open_file(Path(source).expanduser(), text, tuple(series), target)
    if isinstance(source, Dataset):
        _refuse_columns("a Dataset", text, series, target)
        return source
    if is_table(source):
        return table_dataset("table", table_columns(source), text=text, series=series, target=target)
    raise DataError(
        f"a {type(source).__name__} is no data source. {_ACCEPTED}, a pandas or pyarrow table, or a gatewise Dataset."
    )


def open_inputs(
    source: Any, *, kind: Kind, text: str | None = None, series: Sequence[str] = ()
) -> list[str] | list[NDArray[np.float32]]:
    """Read the sequences alone, for prediction: one a row, and no target is needed.

    kind: what the model reads. Raises DataError where the source holds another kind, or a row has no input.
    """
    if isinstance(source, (str, os.PathLike)):
        path = Path(source).expanduser()
        suffix = _suffix(path)
        if suffix in _SERIES:
            _refuse_columns(str(path), text, series, None)
            if kind == "text":
                raise DataError(f"{path} holds series, but the model reads texts. Give it a table with a text column.")
            return npz_inputs(path) if suffix == ".npz" else ts_inputs(path)
        columns = _read_table(path, suffix)[0]
    elif is_table(source):
        columns = table_columns(source)
    else:
        raise DataError(f"a {type(source).__name__} is no input. Expected a file ({', '.join(_TABLES + _SERIES)}) or a table.")
    return table_inputs(columns, kind=kind, text=text, series=series)


def _open_file(path: Path, text: str | None, series: tuple[str, ...], target: str | None) -> Dataset:
    suffix = _suffix(path)
    if suffix in _SERIES:
        _refuse_columns(str(path), text, series, target)
        return npz_dataset(path, path.stem) if suffix == ".npz" else ts_dataset(path)
    columns, inferred = _read_table(path, suffix)
    name = Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem
    return table_dataset(name, columns, text=text, series=series, target=target, inferred=inferred)


def _suffix(path: Path) -> str:
    """The suffix that says how to read a file, without .gz. Raises DataError where there is no such file or it is not known."""
    try:
        _require_file(path)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}. {_ACCEPTED}.") from error
    zipped = path.suffix.lower() == ".gz"
    suffix = Path(path.stem).suffix.lower() if zipped else path.suffix.lower()
    if suffix not in (_TEXT_TABLES if zipped else _TABLES + _SERIES):
        raise DataError(f"{path}: files named {''.join(path.suffixes[-2:]) or 'without a suffix'} are not known. {_ACCEPTED}.")
    return suffix


def _require_file(path: Path) -> None:
    if path.is_dir():
        raise DataError(f"{path} is a directory. Point gatewise at one file inside it.")
    if path.is_file():
        if not path.stat().st_size:
            raise DataError(f"{path} is empty. Expected at least 30 rows of data.")
        return
    # Path turns https://host into https:/host.
    if path.parts and path.parts[0] in _REMOTE:
        raise DataError(f"{path} is an address; gatewise reads local files. Download it first.")
    beside = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
    raise DataError(f"there is no file {path}.{nearest(path.name, beside)} {_ACCEPTED}.")


def _read_table(path: Path, suffix: str) -> tuple[Columns, tuple[str, ...]]:
    if suffix in (".parquet", ".pq"):
        return read_parquet(path), ()
    if suffix in (".csv", ".tsv"):
        return read_delimited(path, tabs=suffix == ".tsv")
    return read_json_lines(path), ()


def _refuse_columns(source: str, text: str | None, series: Sequence[str], target: str | None) -> None:
    if text is not None or series or target is not None:
        raise OptionError(
            f"{source} has no columns to choose from, so --text, --series and --target do not apply. Leave them out."
        )

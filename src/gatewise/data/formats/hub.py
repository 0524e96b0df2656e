"""Data sets of the Hugging Face hub, read by its library `datasets` (extra `hub`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gatewise.data.dataset.rows import TEST, TRAIN, VALIDATION
from gatewise.data.formats.arrow import ArrowColumns
from gatewise.data.tables.tables import Table
from gatewise.errors import DataError
from gatewise.wording import first_line, listed, nearest

__all__ = ["hub_table"]

_PARTS = {"train": TRAIN, "validation": VALIDATION, "valid": VALIDATION, "val": VALIDATION, "dev": VALIDATION, "test": TEST}

# Owner, name and configuration.
_MOST_WORDS = 3

# Where errors of a connection come from that are no ConnectionError.
_NETWORK = ("requests", "httpx", "httpcore", "urllib3", "aiohttp", "huggingface_hub")


def hub_table(request: str) -> Table:
    """Read `NAME`, `OWNER/NAME`, either with `/CONFIG` behind it, and all with `@SPLIT` for one of its splits alone.

    Its splits train and test become the training and the test part, validation the validation part; where the test part has no
    labels, validation takes its place. Classes are called by their names. No code of a data set is run.
    Raises DataError where the library is missing, the hub cannot be reached, or there is no such data set or split.
    """
    named, _, split = request.partition("@")
    loaded = _load(named.strip("/"), split)
    if not isinstance(loaded, Mapping):
        return Table(_short(named), ArrowColumns(_table(loaded)), inferred=(f"Its split {split!r} is read alone.",))
    return _joined(named, dict(loaded))


def _short(named: str) -> str:
    return named.strip("/").rpartition("/")[2]


def _load(named: str, split: str) -> Any:
    words = named.split("/")
    if not all(words) or len(words) > _MOST_WORDS:
        raise DataError(f"hf:{named} is no data set's name. Expected hf:NAME or hf:OWNER/NAME, perhaps with /CONFIG or @SPLIT.")
    try:
        import datasets
    except ImportError as error:
        raise DataError(
            f"hf:{named} is read with the package datasets, which cannot be loaded ({error}). "
            "Install it: pip install 'gatewise[hub]'"
        ) from error
    # With one slash the first word may be an owner or a data set.
    candidates: dict[int, list[tuple[str, str | None]]] = {
        1: [(named, None)],
        2: [(named, None), (words[0], words[-1])],
        3: [("/".join(words[:2]), words[-1])],
    }
    missing: Exception | None = None
    for path, config in candidates[len(words)]:
        try:
            return datasets.load_dataset(path, config, split=split or None)
        except FileNotFoundError as error:
            missing = error
        except Exception as error:
            raise _explained(named, error) from error
    raise DataError(
        f"there is no data set {named!r} on the hub that could be read ({first_line(missing)}). Check the name; a private one "
        "needs `huggingface-cli login` first."
    ) from missing


def _explained(named: str, error: Exception) -> DataError:
    if isinstance(error, (ConnectionError, TimeoutError)) or type(error).__module__.partition(".")[0] in _NETWORK:
        return DataError(
            f"hf:{named} is not on this machine, and the hub cannot be reached ({first_line(error)}). Connect to the internet, "
            "or unset HF_HUB_OFFLINE; what was read once is kept for later."
        )
    return DataError(
        f"hf:{named} cannot be read ({first_line(error)}). Name a configuration with hf:{named}/CONFIG, a split with "
        f"hf:{named}@SPLIT, or save it as Parquet and read the file."
    )


def _table(dataset: Any) -> Any:
    """A split as a pyarrow Table, its classes by name; -1 says that a row has no label."""
    import pyarrow

    table = dataset.with_format("arrow")[:]
    for number, name in enumerate(table.column_names):
        names = getattr(dataset.features[name], "names", None)
        if names is None or not pyarrow.types.is_integer(table.schema.field(name).type):
            continue
        codes = table.column(name).to_numpy().astype(np.float64)
        there = codes >= 0
        cells = np.full(len(codes), None, dtype=object)
        cells[there] = np.array(names, dtype=object)[codes[there].astype(np.int64)]
        table = table.set_column(number, name, pyarrow.array(cells, pyarrow.string()))
    return table


def _joined(named: str, splits: dict[str, Any]) -> Table:
    import pyarrow

    parts = {name: _PARTS[name.casefold()] for name in splits if name.casefold() in _PARTS}
    if TRAIN not in parts.values():
        if len(splits) == 1:
            return Table(_short(named), ArrowColumns(_table(next(iter(splits.values())))))
        raise DataError(
            f"hf:{named} has no split 'train'; it has: {listed(splits)}.{nearest('train', splits)} Name one: hf:{named}@SPLIT."
        )
    tables = {name: _table(splits[name]) for name in parts}
    notes = [f"The split {name!r} is not used; hf:{named}@{name} reads it." for name in splits if name not in parts]
    test = next((name for name, part in parts.items() if part == TEST), None)
    if test is not None and _unlabelled(splits[test], tables[test]):
        del parts[test], tables[test]
        notes.append(f"The split {test!r} has no labels and is not used.")
        test = None
    if test is None:
        # Without a test part of its own, what is left for validation is one.
        parts = {name: TEST if part == VALIDATION else part for name, part in parts.items()}
    try:
        table = pyarrow.concat_tables([tables[name] for name in parts], promote_options="default")
    except pyarrow.ArrowException as error:
        raise DataError(
            f"the splits of hf:{named} have different columns ({first_line(error)}). Name one with hf:{named}@SPLIT."
        ) from error
    columns = ArrowColumns(table)
    if len(parts) == 1:
        return Table(_short(named), columns, inferred=tuple(notes))
    sizes = [tables[name].num_rows for name in parts]
    words = {TRAIN: "to train on", VALIDATION: "to validate", TEST: "to test"}
    kept = ", ".join(f"{name} ({size:,} rows) {words[part]}" for (name, part), size in zip(parts.items(), sizes, strict=True))
    codes = np.repeat(np.array(list(parts.values()), dtype=np.int8), sizes)
    return Table(_short(named), columns, inferred=(f"The data set's own splits are kept: {kept}.", *notes), parts=codes)


def _unlabelled(dataset: Any, table: Any) -> bool:
    """Whether a split has columns of classes and none of them says anything."""
    classes = [name for name in table.column_names if getattr(dataset.features[name], "names", None) is not None]
    return bool(classes) and all(table.column(name).null_count == table.num_rows for name in classes)

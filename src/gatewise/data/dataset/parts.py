"""What a source says of its rows beside input and target: which part they belong to, what they weigh, whom they come from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.repeats import join_groups
from gatewise.data.dataset.rows import TEST, TRAIN, VALIDATION, Rows
from gatewise.data.values.column_values import Cells, encode_cells
from gatewise.data.values.table_cells import is_missing
from gatewise.errors import DataError
from gatewise.wording import listed

__all__ = [
    "PART_NAMES",
    "check_each_weight",
    "check_weights",
    "encoded_groups",
    "grouped",
    "only_zeros",
    "part_masks",
    "read_parts",
]

PART_NAMES = ("train", "validation", "test")
_SPELLINGS = {
    "train": TRAIN,
    "training": TRAIN,
    "validation": VALIDATION,
    "valid": VALIDATION,
    "val": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
    "testing": TEST,
}


def read_parts(cells: Cells, name: str, where: Callable[[int], str]) -> NDArray[np.int8]:
    """Return the part of every row as its split column `name` says: TRAIN, VALIDATION or TEST, int8 [rows].

    The parts are spelled train, validation (valid, val, dev) and test, in any case. Raises DataError for another word or none.
    """
    codes, values = _encoded(cells, name)
    words = [str(value).strip() for value in values]
    known = np.array([_SPELLINGS.get(word.casefold(), -1) for word in words] + [-1], dtype=np.int8)
    parts: NDArray[np.int8] = known[codes]
    bad = np.flatnonzero(parts < 0)
    if len(bad):
        row = int(bad[0])
        came = "is empty" if codes[row] < 0 else f"holds {words[codes[row]][:40]!r}"
        raise DataError(
            f"{where(row)} of the split column {name!r} {came}. Expected train, validation (valid, val, dev) or test in each row."
        )
    return parts


def part_masks(parts: NDArray[np.int8] | None) -> tuple[NDArray[np.bool_] | None, NDArray[np.bool_] | None]:
    """Return which rows are of the test and of the validation part, bool [rows] each; None where the source has no such part.

    Raises DataError where parts are given and none is test or none is training.
    """
    if parts is None:
        return None, None
    counts = np.bincount(parts, minlength=3)
    if not counts[TEST] or not counts[TRAIN]:
        missing = "test" if not counts[TEST] else "training"
        found = listed(f"{PART_NAMES[part]} ({counts[part]:,})" for part in range(3) if counts[part])
        raise DataError(
            f"the source's own split has no {missing} rows; it has: {found}. Give both a training and a test part, or leave out "
            "the split, and gatewise makes its own."
        )
    return parts == TEST, (parts == VALIDATION) if counts[VALIDATION] else None


def grouped(repeats: NDArray[np.int64], rows: Rows, name: str) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Join the groups of a source, where it names any, with the repeats of sequences, int64 [rows]; also say what was done.

    name: what the groups are called in messages. Raises DataError where a row has no group, all have the same, or one is on two
    sides of the source's own split.
    """
    if rows.groups is None:
        return repeats, ()
    codes, values = encoded_groups(rows.groups, name, rows.where)
    used = np.unique(codes)
    if len(used) < 2:
        raise DataError(
            f"{name} holds one group only ({str(values[used[0]])[:40]!r}): its rows cannot be on two sides of a split. "
            "Name a column of several groups, or leave out --group."
        )
    if rows.parts is not None:
        sides = np.unique(np.stack([codes, rows.parts.astype(np.int64)]), axis=1)
        twice = np.flatnonzero(sides[0, 1:] == sides[0, :-1])
        if len(twice):
            group, one, other = sides[0, twice[0]], sides[1, twice[0]], sides[1, twice[0] + 1]
            raise DataError(
                f"the group {str(values[group])[:40]!r} of {name} is in both the {PART_NAMES[one]} and the {PART_NAMES[other]} "
                "part of the source's own split. Leave out --group to keep that split, or the split to keep groups together."
            )
    return join_groups(repeats, codes), (f"Rows of one value of {name} stay on one side of every split: {len(used):,} groups.",)


def check_weights(
    weights: NDArray[np.float64], name: str, where: Callable[[int], str], parts: NDArray[np.int8] | None = None
) -> None:
    """Raise DataError unless all weights [rows] are finite numbers of at least 0, and not all 0, nor all of one part."""
    check_each_weight(weights, name, where)
    if not weights.any():
        raise DataError(only_zeros(name))
    for part in () if parts is None else np.unique(parts):
        if not weights[parts == part].any():
            raise DataError(
                f"{name} holds weights of 0 only in the {PART_NAMES[part]} part, and scores count rows by weight. Give some of "
                "its rows a weight above 0."
            )


def encoded_groups(cells: Cells, name: str, where: Callable[[int], str]) -> tuple[NDArray[np.int64], list[object]]:
    """The group of each row as a number, int64 [rows], and what the groups are called. Raises DataError where a row has none."""
    codes, values = _encoded(cells, name)
    if (codes < 0).any():
        row = int((codes < 0).argmax())
        raise DataError(f"{where(row)} has no group in {name}. Give every row one, or leave out --group.")
    return codes, values


def check_each_weight(weights: NDArray[np.float64], name: str, where: Callable[[int], str]) -> None:
    """Raise DataError unless all weights [rows] are finite numbers of at least 0."""
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(bad):
        value = weights[bad[0]]
        came = "no weight" if np.isnan(value) else f"the weight {value:g}"
        raise DataError(f"{where(int(bad[0]))} has {came} in {name}. Expected a finite number of at least 0 in every row.")


def only_zeros(name: str) -> str:
    """What is said of weights that are all 0."""
    return f"{name} holds weights of 0 only: nothing would be learned. Give some rows a weight above 0."


def _encoded(cells: Cells, name: str) -> tuple[NDArray[np.int64], list[object]]:
    try:
        codes, values = encode_cells(cells)
    except TypeError as error:
        raise DataError(f"{name} holds cells that are neither texts nor numbers ({error}). Name another column.") from error
    blank = [code for code, value in enumerate(values) if is_missing(value) or (isinstance(value, str) and not value.strip())]
    return np.where(np.isin(codes, blank), -1, codes), values

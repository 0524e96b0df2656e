"""A column that says train, validation or test for each step, as parts of a forecast's windows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.parts import PART_NAMES, read_parts
from gatewise.data.dataset.rows import TEST, TRAIN, VALIDATION, row_name
from gatewise.data.forecast.columns import SeriesTable
from gatewise.data.values.column_values import Cells
from gatewise.errors import DataError

__all__ = ["Parts", "find_parts"]


@dataclass(frozen=True, eq=False)
class Parts:
    """kept: int64, the windows whose predicted steps are in one part, None for all. test, validation: bool, of those kept."""

    kept: NDArray[np.int64] | None = None
    test: NDArray[np.bool_] | None = None
    validation: NDArray[np.bool_] | None = None
    inferred: tuple[str, ...] = ()


def find_parts(cells: Cells, table: SeriesTable, first: NDArray[np.int64], horizon: int, name: str) -> Parts:
    """The part of each window: the one that holds all its predicted steps.

    first: int64 [windows], the first predicted step of each. Raises DataError for a cell that names no part, where there are no
    training or test windows, or the parts are not in the order of time.
    """
    part = read_parts(cells, name, row_name)[table.rows]
    changes = np.cumsum(np.diff(part, prepend=part[:1]) != 0)
    kept = np.flatnonzero(changes[first + horizon - 1] == changes[first])
    of = part[first[kept]]
    counts = np.bincount(of, minlength=3)
    for number in (TRAIN, TEST):
        if not counts[number]:
            raise DataError(
                f"no window has all its {horizon:,} predicted steps in the {PART_NAMES[number]} part of the column {name!r}. "
                "Give that part more rows, choose a shorter --horizon, or leave the column out."
            )
    _check_order(of, table.axis.positions[first[kept]], horizon, name)
    found = ", ".join(f"{counts[number]:,} of {part}" for number, part in enumerate(PART_NAMES) if counts[number])
    left = len(first) - len(kept)
    without = f"; {left:,} whose predicted steps are in two parts are left out" if left else ""
    said = f"The windows are in the parts that the column {name!r} names: {found}{without}."
    return Parts(kept, of == TEST, of == VALIDATION if counts[VALIDATION] else None, (said,))


def _check_order(of: NDArray[np.int8], origins: NDArray[np.int64], horizon: int, name: str) -> None:
    """A model must not have learned from what happened after the steps it is tested on."""
    present = [number for number in (TRAIN, VALIDATION, TEST) if (of == number).any()]
    for earlier, later in pairwise(present):
        if origins[of == earlier].max() + horizon > origins[of == later].min():
            raise DataError(
                f"the column {name!r} is not in the order of time: steps of the {PART_NAMES[earlier]} part come after steps of "
                f"the {PART_NAMES[later]} part. In a forecast training comes first, then validation, then test."
            )

"""What is to be predicted, however it is spelled, as class indices or as numbers, and the checks that it is fit for that."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gatewise.data.values.class_labels import class_labels, typed_texts
from gatewise.data.values.column_values import Cells, encode_cells, number_cells
from gatewise.data.values.table_cells import is_missing
from gatewise.errors import DataError
from gatewise.records import Label, Task
from gatewise.tasks import predicts
from gatewise.wording import counted, listed

__all__ = [
    "MINIMUM_ROWS",
    "Target",
    "class_name",
    "finish_classes",
    "finish_numbers",
    "first_fraction",
    "order_classes",
    "read_target",
    "require_rows",
]

MINIMUM_ROWS = 30
FEW_ROWS = 5
MANY_CLASSES = 50

# Label columns with missing values pass through floats in many tools, which turns 1 into 1.0.
_WHOLE_FLOAT = re.compile(r"(-?\d+)\.0+")


@dataclass(frozen=True, eq=False)
class Target:
    """Targets as read. values: int64 [rows], indices into `names`, -1 where missing; or float64 [rows], NaN where missing.

    labels: the classes in the type that the source has.
    """

    task: Literal["classification", "regression"]
    values: NDArray[Any]
    names: tuple[str, ...] = ()
    labels: tuple[Label, ...] = ()

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Which rows have no target, [rows]."""
        return np.isnan(self.values) if predicts(self.task) == "numbers" else self.values < 0

    def take(self, rows: NDArray[np.int64]) -> Target:
        """The targets of some rows."""
        return replace(self, values=self.values[rows])


def read_target(
    cells: Cells,
    source: str,
    task: Task | None = None,
    *,
    declared: bool = False,
    untyped: bool = False,
) -> Target:
    """Read targets. Where no task is named, numbers of which one has a fraction are a regression, all else are classes.

    source: what the target is called in messages. declared: the source itself names its classes, which may then be any numbers.
    untyped: every cell is a text because its file holds nothing else.
    Raises DataError where a cell does not fit the task.
    """
    if predicts(task) == "numbers":
        return Target("regression", number_cells(cells, source))
    numbers = None if declared else _numbers(cells, source)
    fraction = None if numbers is None else first_fraction(numbers)
    if predicts(task) == "classes" and fraction is not None:
        raise DataError(
            f"{source} holds numbers with fractions (such as {fraction:g}): they are no classes. Leave out --task classification "
            "to predict the numbers, name another --target, or turn the numbers into classes first."
        )
    if numbers is not None and fraction is not None:
        return Target("regression", numbers)
    try:
        codes, values = encode_cells(cells)
    except TypeError:
        # The first cell that cannot be compared is refused by name.
        codes, values = np.arange(len(cells)), list(cells)
    # Declared names are matched as they are written.
    names = [str(value).strip() or None if declared else class_name(value) for value in values]
    known = {name: number for number, name in enumerate(dict.fromkeys(name for name in names if name is not None))}
    # The last code is that of a missing cell, -1.
    merged = np.array([-1 if name is None else known[name] for name in names] + [-1], dtype=np.int64)
    labels = class_labels(names, typed_texts(values) if untyped else values, tuple(known))
    return Target("classification", merged[codes], tuple(known), labels)


def class_name(label: Any) -> str | None:
    """Return the class a label names, None where it is missing (None, NaN or blank). 1, 1.0 and "1.0" all are the class "1"."""
    if is_missing(label):
        return None
    if isinstance(label, (bytes, list, tuple, dict, np.ndarray)):
        raise DataError(
            f"the target holds a {type(label).__name__}. Expected one class a row: a text, a whole number or true/false."
        )
    try:
        name = str(label).strip()
    except ValueError as error:
        raise DataError(
            "the target holds a number of thousands of digits. Name another, or write its classes as words."
        ) from error
    whole = _WHOLE_FLOAT.fullmatch(name)
    return (whole[1] if whole else name) or None


def finish_classes(target: Target, source: str) -> tuple[NDArray[np.int64], tuple[str, ...], tuple[Label, ...], tuple[str, ...]]:
    """Return targets int64 [rows], the classes by name and in their own type, and warnings. No target may be missing.

    Classes are sorted (as numbers where all are numbers), so that the same rows have one order in every format, and the same
    results; those without a row are left out. `source` names the target in errors. Raises DataError where the classes are an id
    or free text, or a single one, or where the rows are too few to split.
    """
    counts = dict(zip(target.names, np.bincount(target.values, minlength=len(target.names)).tolist(), strict=True))
    classes, warnings = order_classes(counts, source)
    index = {name: number for number, name in enumerate(classes)}
    codes = np.array([index.get(name, -1) for name in target.names], dtype=np.int64)
    own = dict(zip(target.names, target.labels or target.names, strict=True))
    return codes[target.values], classes, tuple(own[name] for name in classes), warnings


def order_classes(counts: Mapping[str, int], source: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The classes of which there are rows, in order, and warnings. counts: rows of each. Raises DataError as `finish_classes`."""
    rows = sum(counts.values())
    classes = tuple(_sorted([name for name, count in counts.items() if count]))
    if len(classes) == 1:
        raise DataError(
            f"{source} holds one class only ({classes[0]!r}). A comparison needs at least two: name another --target."
        )
    require_rows(rows)
    if len(classes) == rows or (len(classes) > MANY_CLASSES and len(classes) > rows / 2):
        raise DataError(
            f"{source} looks like an id or free text: {len(classes):,} different values in {rows:,} rows. "
            "Name the column of classes with --target."
        )
    if sum(counts[name] >= 2 for name in classes) < 2:
        raise DataError(f"{source} has fewer than two classes with at least 2 rows. Add rows of the rare classes, or merge them.")
    rare = [f"{name} ({counts[name]})" for name in classes if counts[name] < FEW_ROWS]
    warning = f"Classes of {source} with fewer than {FEW_ROWS} rows are hardly learned or tested: {listed(rare, 5)}."
    return classes, (warning,) if rare else ()


def finish_numbers(target: Target, source: str, where: Callable[[int], str]) -> NDArray[np.float32]:
    """Return the numbers to be predicted, float32 [rows, 1]. No target may be missing. where: how a row is called in messages.

    Raises DataError where one is not finite as a 32-bit float, all are the same, or the rows are too few to split.
    """
    require_rows(len(target.values))
    with np.errstate(over="ignore"):
        values = target.values.astype(np.float32)
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        raise DataError(
            f"{source} holds {counted(len(bad), 'number that is', 'numbers that are')} not finite as 32-bit floats; the first is "
            f"in {where(int(bad[0]))}. Correct them or drop these rows."
        )
    if (values == values[0]).all():
        raise DataError(
            f"{source} holds one number only ({values[0]:g}, as a 32-bit float): there is nothing to predict. Name another."
        )
    return values[:, np.newaxis]


def require_rows(rows: int) -> None:
    """Raise DataError where there are too few rows to split."""
    if rows < MINIMUM_ROWS:
        raise DataError(f"there are {rows} usable rows. A comparison needs at least {MINIMUM_ROWS}: add data.")


def _numbers(cells: Cells, source: str) -> NDArray[np.float64] | None:
    """The cells as numbers, None where one of them is something else."""
    try:
        return number_cells(cells, source)
    except DataError:
        return None


def first_fraction(numbers: NDArray[np.float64]) -> float | None:
    """The first number that is not whole; infinite ones and missing ones are no fractions."""
    finite = numbers[np.isfinite(numbers)]
    fractions = finite[finite != np.floor(finite)]
    return float(fractions[0]) if len(fractions) else None


def _sorted(names: Sequence[str]) -> list[str]:
    if all(re.fullmatch(r"-?[0-9]{1,1000}(\.[0-9]+)?", name) for name in names):
        return sorted(names, key=lambda name: (Decimal(name), name))
    return sorted(names)

"""The column that is to be predicted, read a block of rows at a time."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.targets import class_name, first_fraction, order_classes, require_rows
from gatewise.data.values.class_labels import class_labels, typed_texts
from gatewise.data.values.column_values import Cells, encode_cells, number_cells
from gatewise.errors import DataError
from gatewise.records import Label

__all__ = ["ClassColumn", "NumberColumn"]

MOST_CLASSES = 10_000


class ClassColumn:
    """Classes, numbered as they come. source: what the column is called in messages. untyped: as in `read_target`."""

    task: Literal["classification"] = "classification"

    def __init__(self, source: str, *, untyped: bool) -> None:
        self._source = source
        self._untyped = untyped
        self._names: dict[tuple[type, Any], str | None] = {}
        self._codes: dict[str, int] = {}
        self._are_numbers = True
        self._fraction: float | None = None

    def read(self, cells: Cells, of: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """A code for each cell, and which have none. of: what follows the column's name in messages.

        Raises DataError where a cell is no class, or there are too many.
        """
        self._look_for_numbers(cells, of)
        try:
            codes, values = encode_cells(cells)
        except TypeError as error:
            raise DataError(f"{self._source} holds cells that are neither texts nor numbers ({error}). Name another.") from error
        names = [self._names.setdefault((type(value), value), class_name(value)) for value in values]
        merged = [-1 if name is None else self._codes.setdefault(name, len(self._codes)) for name in names]
        if len(self._codes) > MOST_CLASSES:
            instead = (
                "Add --task regression to predict the numbers"
                if self._are_numbers
                else "Name the column of classes with --target"
            )
            raise DataError(f"{self._source} holds over {MOST_CLASSES:,} different values: too many for classes. {instead}.")
        found = np.array([*merged, -1], dtype=np.int64)[codes]
        return found, found < 0

    def finish(self, counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], tuple[str, ...], tuple[Label, ...], tuple[str, ...]]:
        """From each code to the class's final number, the classes, their labels and warnings. counts: rows of every code.

        Raises DataError as `finish_classes` does, and where the column turned out to hold numbers with fractions.
        """
        if self._are_numbers and self._fraction is not None:
            raise DataError(
                f"{self._source} begins with whole numbers, read as classes, and holds fractions further on (such as "
                f"{self._fraction:g}). Add --task regression to predict the numbers, or name another --target."
            )
        known = [*self._codes]
        classes, warnings = order_classes(dict(zip(known, counts.tolist(), strict=True)), self._source)
        index = {name: number for number, name in enumerate(classes)}
        final = np.array([index.get(name, -1) for name in known], dtype=np.int64)
        values = [value for _, value in self._names]
        labels = class_labels([*self._names.values()], typed_texts(values) if self._untyped else values, classes)
        return final, classes, labels, warnings

    def _look_for_numbers(self, cells: Cells, of: str) -> None:
        if not self._are_numbers:
            return
        try:
            numbers = number_cells(cells, self._source, of)
        except DataError:
            self._are_numbers = False
            return
        self._fraction = self._fraction or first_fraction(numbers)


class NumberColumn:
    """Numbers that are to be predicted. source: as in `ClassColumn`."""

    task: Literal["regression"] = "regression"

    def __init__(self, source: str) -> None:
        self._source = source
        self.rows = 0
        self.least, self.greatest = np.inf, -np.inf

    def read(self, cells: Cells, of: str) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """The numbers, and which are missing. Raises DataError where a cell is no number, or not finite as a 32-bit float."""
        numbers = number_cells(cells, self._source, of)
        missing = np.isnan(numbers)
        with np.errstate(over="ignore"):
            values = numbers.astype(np.float32)
        bad = np.flatnonzero(~np.isfinite(values) & ~missing)
        if len(bad):
            raise DataError(
                f"row {bad[0] + 1} of {self._source}{of} holds {numbers[bad[0]]:g}, which is not finite as a 32-bit float. "
                "Correct it or drop the row."
            )
        given = values[~missing]
        self.rows += len(given)
        if len(given):
            self.least, self.greatest = min(self.least, float(given.min())), max(self.greatest, float(given.max()))
        return values, missing

    def finish(self) -> None:
        """Raise DataError where there are too few rows, or all numbers are the same."""
        require_rows(self.rows)
        if self.least == self.greatest:
            raise DataError(
                f"{self._source} holds one number only ({self.least:g}, as a 32-bit float): there is nothing to predict. Name "
                "another."
            )

"""What scikit-learn users hold - tables, ragged lists, tensors, texts - as sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.validation import validate_data

from gatewise.data.dataset.assemble import check_series
from gatewise.estimators.errors import InputError, array_errors

__all__ = ["Sequences", "plain_array", "read_sequences"]

# What scikit-learn's validate_data learns from a table and compares later tables with.
_TABLE_ATTRIBUTES = ("n_features_in_", "feature_names_in_")


@dataclass(frozen=True, eq=False)
class Sequences:
    """rows: texts, or float32 arrays [steps, channels] of one number of channels."""

    kind: Literal["text", "series"]
    rows: list[Any]

    @property
    def channels(self) -> int:
        """The number of channels; 0 for texts."""
        return 0 if self.kind == "text" else int(self.rows[0].shape[1])


def read_sequences(estimator: Any, X: Any, *, reset: bool) -> Sequences:
    """Read the input of an estimator.

    X: texts; a list of arrays [steps, channels] or [steps] of any lengths; an array [rows, steps, channels]; or a table
    [rows, steps] (array, nested list of equal rows, data frame), whose rows are sequences of one channel. Tensors are arrays.
    A table's number of columns, and their names, are kept in `estimator` (reset) or compared with those kept.
    Raises InputError or InputTypeError for anything else, for values that are not finite, and in `fit` for fewer than 2 rows.
    """
    values = _unwrapped(X)
    if isinstance(values, list) and any(isinstance(one, str) for one in values):
        found = Sequences("text", _texts(values))
    elif _is_sequences(values):
        found = Sequences("series", [_series(one, row) for row, one in enumerate(values, 1)])
    else:
        return _table(estimator, values, reset=reset)
    if reset:
        for name in _TABLE_ATTRIBUTES:
            estimator.__dict__.pop(name, None)
        if len(found.rows) < 2:
            raise InputError(f"{len(found.rows)} sequence came (n_samples={len(found.rows)}); fit needs at least 2. Add data.")
    if found.kind == "series":
        _check(found.rows)
    return found


def plain_array(values: Any) -> Any:
    """A tensor as an array that shares its memory; anything else as it is."""
    return values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else values


def _unwrapped(X: Any) -> Any:
    """Tensors as arrays; tuples, columns of texts and arrays of arrays as lists; tables as they are."""
    if isinstance(X, str):
        raise InputError("one text came where a list of texts was expected. Put it in a list: [text].")
    X = plain_array(X)
    if isinstance(X, (list, tuple)):
        return [plain_array(one) for one in X]
    if hasattr(X, "__array__") and not hasattr(X, "toarray"):
        array = np.asarray(X)
        if array.dtype.kind in "OUT" and (array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1)):
            cells = array.ravel().tolist()
            # A column of numbers kept as objects is a table like any other.
            if any(isinstance(one, (str, list, tuple, np.ndarray, torch.Tensor)) for one in cells):
                return [plain_array(one) for one in cells]
        return X if array.ndim == 2 else array
    return X


def _is_sequences(values: Any) -> bool:
    if isinstance(values, list):
        return bool(values) and not _is_table(values)
    return isinstance(values, np.ndarray) and values.ndim == 3


def _is_table(rows: Sequence[Any]) -> bool:
    """Whether a list is a table written down: rows of numbers, equally many in each. Arrays in a list are sequences."""
    if not isinstance(rows[0], (list, tuple)):
        return not isinstance(rows[0], np.ndarray) or rows[0].ndim == 0
    return all(isinstance(row, (list, tuple)) and len(row) == len(rows[0]) and not (row and np.ndim(row[0])) for row in rows)


def _texts(values: Sequence[Any]) -> list[str]:
    for row, value in enumerate(values, 1):
        if not isinstance(value, str):
            raise InputError(
                f"row {row} of X is a {type(value).__name__} among texts. Give a text in every row, '' where there is none."
            )
    return [str(value) for value in values]


def _series(values: Any, row: int) -> NDArray[np.float32]:
    expected = "[steps, channels], or [steps] for one channel"
    try:
        array = np.asarray(values)
        if array.dtype.kind == "c":
            raise InputError(f"Complex data not supported: row {row} of X is complex. Give its parts as two channels.")
        with np.errstate(over="ignore"):
            numbers = array.astype(np.float32)
    except (TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"row {row} of X is not an array of numbers ({error}). Expected {expected}.") from error
    if numbers.ndim not in (1, 2):
        raise InputError(f"row {row} of X has shape {numbers.shape}; expected {expected}.")
    return numbers[:, np.newaxis] if numbers.ndim == 1 else numbers


def _table(estimator: Any, X: Any, *, reset: bool) -> Sequences:
    with array_errors():
        values = validate_data(estimator, X, reset=reset, dtype=[np.float64, np.float32], ensure_min_samples=2 if reset else 1)
    with np.errstate(over="ignore"):
        rows = list(values.astype(np.float32)[:, :, np.newaxis])
    _check(rows)
    return Sequences("series", rows)


def _check(rows: list[NDArray[np.float32]]) -> None:
    check_series(rows, lambda row: f"row {row + 1} of X")

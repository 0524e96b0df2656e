"""The targets and weights of an estimator, checked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import assert_all_finite, column_or_1d

from gatewise.estimators.errors import InputError, array_errors
from gatewise.estimators.inputs import plain_array

__all__ = ["distinct", "read_labels", "read_numbers", "read_weights"]


def read_labels(y: Any, rows: int) -> NDArray[Any]:
    """Each row's class, [rows], in the type of y.

    Raises InputError where y is missing, has another number of rows, a missing value, or numbers with fractions.
    """
    labels = _column(y, rows)
    with array_errors():
        check_classification_targets(labels)
    return labels


def distinct(labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """The classes, sorted, and each row's class as an index into them, int64 [rows]. Raises InputError where some cannot be."""
    with array_errors():
        classes, indices = np.unique(labels, return_inverse=True)
    return classes, indices.astype(np.int64)


def read_numbers(y: Any, rows: int) -> NDArray[np.float32]:
    """The numbers to be predicted, float32 [rows, 1]. Raises InputError as `read_labels`, and where one is not a number."""
    values = _column(y, rows)
    with array_errors(), np.errstate(over="ignore"):
        numbers = values.astype(np.float32)
        assert_all_finite(numbers, input_name="y")
    return numbers[:, np.newaxis]


def read_weights(sample_weight: Any, rows: int) -> NDArray[np.float64]:
    """Weights of the rows, 1 where none came. Raises InputError unless they are finite, at least 0, and not all 0."""
    if sample_weight is None:
        return np.ones(rows)
    with array_errors():
        weights = np.asarray(plain_array(sample_weight), dtype=np.float64)
    if weights.shape != (rows,):
        raise InputError(
            f"sample_weight has shape {weights.shape}; expected one weight for each of the {rows:,} rows, ({rows},)."
        )
    if not np.isfinite(weights).all() or weights.min() < 0:
        raise InputError("sample_weight holds negative or missing values; expected finite numbers of at least 0.")
    if not weights.any():
        raise InputError(
            "sample_weight is zero in every row; at least one weight must be above zero. Leave it out for equal weights."
        )
    return weights


def _column(y: Any, rows: int) -> NDArray[Any]:
    if y is None:
        raise InputError("fit requires y to be passed, but the target y is None. Give one target for each row of X.")
    with array_errors():
        values: NDArray[Any] = column_or_1d(plain_array(y), warn=True)
        if values.dtype.kind == "c":
            raise InputError("Complex data not supported: y holds complex numbers. Give real ones.")
        assert_all_finite(values, input_name="y")
    if len(values) != rows:
        raise InputError(f"X has {rows:,} rows and y has {len(values):,}. Give one target for each row of X.")
    return values

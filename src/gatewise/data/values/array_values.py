"""Arrays, tensors and lists as sequences and labels, whatever library they are from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.values.column_values import Cells
from gatewise.errors import DataError
from gatewise.records import Kind

__all__ = ["labels_of", "plain", "ragged_sequences", "sequences_of"]

Series = NDArray[np.float32]


def plain(value: Any) -> Any:
    """A tensor, frame or other array as a numpy array, where it is one; a list as it is."""
    if hasattr(value, "detach") and hasattr(value, "cpu"):
        tensor = value.detach().cpu()
        try:
            value = tensor.numpy()
        except TypeError:
            # numpy has no bfloat16.
            value = tensor.float().numpy()
    elif hasattr(value, "__array__") and not isinstance(value, np.ndarray):
        value = np.asarray(value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "S":
        return np.char.decode(value, "utf-8", "replace")
    return value


def sequences_of(value: Any, name: str) -> tuple[Kind, list[str] | list[Series]]:
    """Read X: an array [rows, steps] or [rows, steps, channels], texts, or a list of series of different lengths.

    A series of a list is [steps] or [steps, channels]. name: what X is called in messages.
    Raises DataError where it is none of these.
    """
    value = plain(value)
    if isinstance(value, np.ndarray) and value.dtype.kind != "O" and not (value.dtype.kind == "U" and value.ndim == 1):
        values = _numbers(value, name)
        if values.ndim not in (2, 3):
            raise DataError(f"{name} has shape {values.shape}; expected [rows, steps] or [rows, steps, channels].")
        return "series", list(values if values.ndim == 3 else values[..., np.newaxis])
    if isinstance(value, (str, bytes)) or not hasattr(value, "__len__") or not hasattr(value, "__iter__"):
        raise DataError(f"{name} is a {type(value).__name__}; expected an array, or a list of texts or of arrays.")
    items = [str(item) if isinstance(item, np.str_) else item for item in value]
    texts = sum(isinstance(item, str) for item in items)
    if items and texts == len(items):
        return "text", items
    if texts:
        row = next(row for row, item in enumerate(items, 1) if isinstance(item, str) != isinstance(items[0], str))
        raise DataError(f"{name} mixes texts with other things; row {row} is the first of another kind. Give one kind.")
    return "series", [_one_series(item, f"row {row} of {name}") for row, item in enumerate(items, 1)]


def ragged_sequences(values: Any, lengths: Any, names: tuple[str, str]) -> list[Series]:
    """Cut values [sum of lengths] or [sum of lengths, channels] into series. Raises DataError where the two do not fit."""
    values, lengths = _numbers(plain(values), names[0]), plain(lengths)
    if values.ndim not in (1, 2):
        raise DataError(f"{names[0]} has shape {values.shape}; expected [sum of lengths] or [sum of lengths, channels].")
    if not isinstance(lengths, np.ndarray):
        lengths = np.asarray(lengths)
    if lengths.ndim != 1 or lengths.dtype.kind not in "iu" or (len(lengths) and lengths.min() < 0):
        raise DataError(f"{names[1]} must be whole numbers of steps [rows]; it is {lengths.dtype} {lengths.shape}.")
    if int(lengths.sum()) != len(values):
        raise DataError(
            f"the {names[1]} add up to {int(lengths.sum()):,} steps but {names[0]} holds {len(values):,}. "
            "Series i must be values[sum of lengths before i : that + lengths[i]]."
        )
    values = values if values.ndim == 2 else values[:, np.newaxis]
    return np.split(values, np.cumsum(lengths.astype(np.int64))[:-1]) if len(lengths) else []


def labels_of(value: Any, name: str) -> Cells:
    """Read y: a label a row, as an array [rows] or [rows, 1], or a list. Raises DataError for another shape."""
    value = plain(value)
    if not isinstance(value, np.ndarray):
        if isinstance(value, (str, bytes)) or not hasattr(value, "__len__"):
            raise DataError(f"{name} is a {type(value).__name__}; expected one label a row, as an array or a list.")
        # Single tensors of a list.
        return [label.item() if hasattr(label, "detach") else label for label in value]
    if value.ndim == 2 and value.shape[1] == 1:
        value = value[:, 0]
    if value.ndim != 1:
        raise DataError(f"{name} has shape {value.shape}; expected one label a series [rows], not a one-hot code.")
    labels: Cells = value.tolist() if value.dtype.kind == "O" else value
    return labels


def _one_series(item: Any, name: str) -> Series:
    item = plain(item)
    try:
        values = _numbers(item if isinstance(item, np.ndarray) else np.asarray(item), name)
    except ValueError as error:
        raise DataError(f"{name} is not a series ({error}). Expected numbers [steps] or [steps, channels].") from error
    if values.ndim not in (1, 2):
        raise DataError(f"{name} has shape {values.shape}; expected [steps] or [steps, channels].")
    return values if values.ndim == 2 else values[:, np.newaxis]


def _numbers(value: Any, name: str) -> Series:
    if not isinstance(value, np.ndarray):
        value = np.asarray(value)
    if value.dtype.kind not in "fiub":
        raise DataError(f"{name} holds {value.dtype} values; expected real numbers (float or integer).")
    # A value beyond 32-bit floats becomes infinite here, and check_series then names its place.
    with np.errstate(over="ignore"):
        numbers: Series = value.astype(np.float32, copy=False)
    return numbers

"""Arrays in memory: (X, y), or a mapping that names them as an .npz archive does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gatewise.data.dataset.labelled import Labelled
from gatewise.data.formats.layouts import canonical_key, labelled_arrays, sequence_arrays
from gatewise.errors import DataError
from gatewise.records import Kind
from gatewise.wording import listed, nearest

__all__ = ["array_inputs", "array_labelled", "is_arrays"]

_WHERE = "the arrays"
_PARTS = ("train", "valid", "test")
_DENSE, _RAGGED = ("X", "y", "groups", "weights"), ("values", "lengths", "labels", "groups", "weights")
_KEYS = (
    *(*_DENSE, *_RAGGED, "classes"),
    *(f"{name}_{part}" for name in _DENSE for part in _PARTS),
    *(f"{part}_{name}" for name in _RAGGED for part in _PARTS),
)


def is_arrays(source: object) -> bool:
    """Whether `source` is a pair (X, y) or a mapping of arrays."""
    return isinstance(source, Mapping) or (isinstance(source, tuple) and len(source) == 2)


def array_labelled(source: Any, *, with_labels: bool = True) -> Labelled:
    """Read (X, y) or {"X": ..., "y": ...}: numpy arrays, tensors or lists, X also texts or series of different lengths.

    A mapping takes the names of an .npz archive: X_train, X_test, groups, weights and so on.
    Raises DataError where a name is not known or what they hold does not fit together.
    """
    return labelled_arrays(_named(source), _WHERE, "arrays", with_labels=with_labels)


def array_inputs(source: Any) -> tuple[Kind, list[Any]]:
    """Read the sequences alone of X, (X, y) or {"X": ...}, for prediction; and of which kind they are."""
    return sequence_arrays(_named(source) if is_arrays(source) else {"X": source}, _WHERE)


def _named(source: Any) -> dict[str, Any]:
    if not isinstance(source, Mapping):
        return {key: value for key, value in zip(("X", "y"), source, strict=True) if value is not None}
    named = {canonical_key(str(key)): value for key, value in source.items()}
    unknown = [key for key in named if key not in _KEYS]
    if unknown:
        raise DataError(
            f"the mapping names {listed(unknown)}; expected X and y, perhaps groups and weights.{nearest(unknown[0], _KEYS)} "
            "For a table of columns give a pandas, polars or pyarrow table."
        )
    return named

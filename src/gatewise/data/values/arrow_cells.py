"""The cells of an Arrow column, which become Python objects only where they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ArrowCells", "arrow_array"]

# Cells turned into Python objects at once.
_BLOCK = 4096


class ArrowCells(Sequence[Any]):
    """A pyarrow column as a sequence of Python objects: None where a cell is missing, a numpy array for a list of numbers.

    array: the pyarrow ChunkedArray, in one of the plain types that compute functions know.
    """

    def __init__(self, array: Any) -> None:
        import pyarrow

        self.array = _plain(array if isinstance(array, pyarrow.ChunkedArray) else pyarrow.chunked_array([array]))

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, row: Any) -> Any:
        if isinstance(row, slice):
            return ArrowCells(self.array[row])
        if not _is_numbers(self.array.type):
            return self.array[row].as_py()
        start = range(len(self))[row]
        return next(cell for chunk in self.array.slice(start, 1).chunks for cell in _objects(chunk))

    def __iter__(self) -> Iterator[Any]:
        for chunk in self.array.chunks:
            for start in range(0, len(chunk), _BLOCK):
                yield from _objects(chunk.slice(start, _BLOCK))

    def take(self, rows: NDArray[np.int64]) -> ArrowCells:
        """The cells of some rows, in their order."""
        return ArrowCells(self.array.take(rows))


def arrow_array(cells: Sequence[Any]) -> Any | None:
    """The pyarrow ChunkedArray behind cells, None where they are something else."""
    return cells.array if isinstance(cells, ArrowCells) else None


def _plain(array: Any) -> Any:
    """Without dictionaries, views and extensions, which many compute functions do not take."""
    import pyarrow
    from pyarrow import types

    kind = array.type
    if isinstance(kind, pyarrow.BaseExtensionType):
        return _plain(array.cast(kind.storage_type))
    if types.is_dictionary(kind):
        if not array.num_chunks:
            return _plain(pyarrow.chunked_array([], type=kind.value_type))
        # A cast does not know dictionaries of views.
        taken = [_plain(pyarrow.chunked_array([chunk.dictionary])).take(chunk.indices) for chunk in array.chunks]
        return pyarrow.chunked_array([part for whole in taken for part in whole.chunks], type=taken[0].type)
    if str(kind) == "string_view":
        return array.cast(pyarrow.large_string())
    if types.is_float16(kind):
        return array.cast(pyarrow.float32())
    if types.is_fixed_size_list(kind) or str(kind).startswith(("list_view", "large_list_view")):
        return array.cast(pyarrow.large_list(kind.value_type))
    return array


def _is_numbers(kind: Any) -> bool:
    """Whether a type is a list of numbers."""
    from pyarrow import types

    is_list = bool(types.is_list(kind) or types.is_large_list(kind))
    return is_list and bool(types.is_integer(kind.value_type) or types.is_floating(kind.value_type))


def _objects(chunk: Any) -> list[Any]:
    if not _is_numbers(chunk.type):
        cells: list[Any] = chunk.to_pylist()
        return cells
    # A hundred times faster than a list a row.
    values = chunk.values.to_numpy(zero_copy_only=False)
    offsets = chunk.offsets.to_numpy(zero_copy_only=False)
    present = chunk.is_valid().to_numpy(zero_copy_only=False)
    return [values[offsets[row] : offsets[row + 1]] if there else None for row, there in enumerate(present)]

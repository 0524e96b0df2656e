"""numpy's .npz archives of time series: dense or ragged, with or without their own split."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.labelled import Labelled
from gatewise.data.dataset.memory import require_memory
from gatewise.data.formats.layouts import EXPECTED, canonical_key, labelled_arrays, sequence_arrays
from gatewise.data.formats.unpacking import DAMAGED
from gatewise.errors import DataError
from gatewise.records import Kind
from gatewise.wording import listed

__all__ = ["npz_inputs", "npz_labelled"]

_COPIES = 3
# Numbers read at one time.
_BLOCK = 1 << 20


def npz_labelled(path: Path, *, with_labels: bool = True) -> Labelled:
    """Read an archive of series with labels, unless only the series are wanted, as next-step prediction does.

    Raises DataError where it is damaged, holds pickled objects, fits no known layout, or its sizes contradict each other.
    """
    return labelled_arrays(_load(path), str(path), path.stem, with_labels=with_labels)


def npz_inputs(path: Path) -> tuple[Kind, list[Any]]:
    """Read the sequences alone, for prediction: of all parts where the archive is split; and of which kind they are.

    Raises DataError as `npz_labelled` does.
    """
    return sequence_arrays(_load(path), str(path))


def _load(path: Path) -> Mapping[str, NDArray[Any]]:
    """The arrays by canonical name; numbers of sequences as 32-bit floats, so that no wider copy of them is ever held."""
    try:
        with path.open("rb") as file:
            # Only a zip archive is offered to numpy, which takes any other bytes for a pickle and would say so.
            if not zipfile.is_zipfile(file):
                raise DataError(f"{path} is not an .npz archive, or is damaged. Save it with numpy.savez. {EXPECTED}")
            file.seek(0)
            with zipfile.ZipFile(file) as archive:
                members = [name for name in archive.namelist() if name.endswith(".npy")]
                if not members:
                    raise DataError(
                        f"{path} holds {listed(archive.namelist())}, no numpy arrays: it is some other zip archive. {EXPECTED}"
                    )
                keys = {canonical_key(name.removesuffix(".npy")): name for name in members}
                _check_size(path, archive, keys)
                return {key: _read(archive, name, is_sequences=_is_sequences(key)) for key, name in keys.items()}
    except DAMAGED as error:
        if "allow_pickle" in str(error):
            raise DataError(
                f"{path} holds pickled objects, which may run code when read. Save plain number arrays instead; for series of "
                "different lengths use values, lengths and labels."
            ) from error
        raise DataError(f"{path} is not a readable .npz archive ({error}). It may be damaged: save it again.") from error


def _check_size(path: Path, archive: zipfile.ZipFile, keys: Mapping[str, str]) -> None:
    """Raise DataError where the arrays would not fit into memory, by their headers, which say what a few bytes may unfold to."""
    needed = 0
    for key, name in keys.items():
        with archive.open(name) as member:
            shape, _, kind = _header(member)
        size = 4 if _is_sequences(key) and kind.kind in "fiub" else kind.itemsize
        # While a network trains, the training part is there a second time, and batches of it a third.
        needed += math.prod(shape) * size * (_COPIES if _is_sequences(key) else 1)
    require_memory(needed, str(path), "Take a sample of its rows, or a larger machine.")


def _is_sequences(key: str) -> bool:
    return key.split("_", maxsplit=1)[0] == "X" or key.rsplit("_", maxsplit=1)[-1] == "values"


def _header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(member)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    header: tuple[tuple[int, ...], bool, np.dtype[Any]] = read(member)
    return header


def _read(archive: zipfile.ZipFile, name: str, *, is_sequences: bool) -> NDArray[Any]:
    with archive.open(name) as member:
        shape, is_fortran, kind = _header(member)
        if is_fortran or not is_sequences or kind.kind not in "fiu" or kind.itemsize <= 4 or not math.prod(shape):
            # What is written by columns is turned while it is whole.
            with archive.open(name) as again:
                array: NDArray[Any] = np.lib.format.read_array(again, allow_pickle=False)
                return array
        values = np.empty(math.prod(shape), dtype=np.float32)
        with np.errstate(over="ignore"):
            for start in range(0, len(values), _BLOCK):
                count = min(_BLOCK, len(values) - start)
                data = member.read(count * kind.itemsize)
                if len(data) != count * kind.itemsize:
                    raise ValueError(f"{name} ends too early")
                values[start : start + count] = np.frombuffer(data, dtype=kind)
    return values.reshape(shape)

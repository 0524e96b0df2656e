"""numpy's .npz archives of time series: dense or ragged, with or without their own split."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.labelled import Labelled
from gatewise.data.layouts import EXPECTED, canonical_key, labelled_arrays, sequence_arrays
from gatewise.data.suggestions import listed
from gatewise.errors import DataError
from gatewise.records import Kind

__all__ = ["npz_inputs", "npz_labelled"]


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
    try:
        with path.open("rb") as file:
            # Only a zip archive is offered to numpy, which takes any other bytes for a pickle and would say so.
            if not zipfile.is_zipfile(file):
                raise DataError(f"{path} is not an .npz archive, or is damaged. Save it with numpy.savez. {EXPECTED}")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                arrays = {canonical_key(key): archive[key] for key in archive.files}
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, RuntimeError, MemoryError) as error:
        if "allow_pickle" in str(error):
            raise DataError(
                f"{path} holds pickled objects, which may run code when read. Save plain number arrays instead; for series of "
                "different lengths use values, lengths and labels."
            ) from error
        raise DataError(f"{path} is not a readable .npz archive ({error}). It may be damaged: save it again.") from error
    foreign = [key for key, value in arrays.items() if not isinstance(value, np.ndarray)]
    if foreign:
        raise DataError(f"{path} holds {listed(foreign)}, no numpy arrays: it is some other zip archive. {EXPECTED}")
    return arrays

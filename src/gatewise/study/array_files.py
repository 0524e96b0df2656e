"""Arrays of one result as a file: whole or not there, and of that result alone.

The journal stays the truth: a file that is missing, damaged or of another result than the journal's is as if it had never been
there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.errors import RunError
from gatewise.study.folder import write_atomic

__all__ = ["read_arrays", "write_arrays"]

Arrays = Mapping[str, NDArray[Any]]


def write_arrays(path: Path, arrays: Arrays, result: str) -> None:
    """Write arrays atomically, in a folder that is made where it is missing. result: what they belong to.

    Raises RunError where the folder cannot be written.
    """
    from safetensors.numpy import save

    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise RunError(f"{path.parent} cannot be made: {error.strerror}; put that right and resume the run") from error
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    write_atomic(path, save(whole, metadata=_about(whole, result)))


def read_arrays(path: Path, result: str) -> dict[str, NDArray[Any]] | None:
    """The arrays of a file, or None where it is not whole or not of this result."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            about: Mapping[str, str] = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (it is no mapping)
    except (OSError, SafetensorError):
        return None
    return arrays if about == _about(arrays, result) else None


def _about(arrays: Arrays, result: str) -> dict[str, str]:
    """The result, and a digest of names, types, shapes and numbers."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape} ".encode())
        digest.update(arrays[name].tobytes())
    # One entry, for safetensors writes several in any order.
    return {"gatewise": f"{result}, sha256 {digest.hexdigest()}"}

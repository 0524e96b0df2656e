"""The state of a stream as bytes: a safetensors file that says whose it is and holds a digest of what it carries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gatewise.errors import DataError
from gatewise.records import to_json
from gatewise.runtime.network import ArrayNetwork

if TYPE_CHECKING:
    from gatewise.runtime.model import Model

__all__ = ["fingerprint", "pack", "unpack"]

FORMAT = "gatewise.model-stream.1"
ABOUT = "gatewise"

Arrays = Mapping[str, NDArray[np.generic]]


def fingerprint(model: Model) -> str:
    """A digest of all that a stream's state depends on: preprocessing, architecture and weights."""
    parts = {
        "task": model.task,
        "encoder": model.encoder.to_json(),
        "audio": to_json(model.audio),
        "forecast": to_json(model.forecast),
        "architecture": {} if model.architecture is None else asdict(model.architecture),
    }
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode())
    if isinstance(model.predictor, ArrayNetwork):
        _add(digest, model.predictor.weights)
    return digest.hexdigest()


def pack(arrays: Arrays, of: str) -> bytes:
    """of: the fingerprint of the model."""
    from safetensors.numpy import save

    digest = hashlib.sha256()
    _add(digest, arrays)
    metadata = {"format": FORMAT, "model": of, "digest": digest.hexdigest()}
    # One entry: safetensors writes several in any order.
    about = {ABOUT: json.dumps(metadata)}
    content: bytes = save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, metadata=about)
    return content


def unpack(content: bytes, expected: Arrays, of: str) -> Arrays:
    """What `pack` was given, of the names, types and shapes of `expected`. Raises DataError for anything else."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        size = int.from_bytes(content[:8], "little")
        arrays = load(bytes(content))
        metadata = json.loads(json.loads(content[8 : 8 + size]).get("__metadata__", {}).get(ABOUT, "{}"))
        if not isinstance(metadata, dict):
            raise ValueError(f"{ABOUT} is no object")
    except (SafetensorError, TypeError, ValueError, KeyError, RecursionError) as error:
        raise DataError(
            f"these {len(content):,} bytes are no stream's state, or a damaged one ({error}); give what `save` returned"
        ) from error
    if metadata.get("format") != FORMAT:
        raise DataError(f"the bytes are of format {metadata.get('format')!r}; a stream's state has {FORMAT}")
    if metadata.get("model") != of:
        raise DataError("the state is of another model's stream; restore it to a stream of the model that it was saved from")
    digest = hashlib.sha256()
    _add(digest, arrays)
    if metadata.get("digest") != digest.hexdigest():
        raise DataError("the state is damaged: it is not what was saved. Restore another copy, or begin anew with `reset`.")
    came, wanted = ({name: (one.dtype, one.shape) for name, one in of.items()} for of in (arrays, expected))
    if came != wanted:
        name = next(name for name in sorted({**came, **wanted}) if came.get(name) != wanted.get(name))
        raise DataError(
            f"the state is of another number of streams: {name} is {came.get(name)}; this stream has {wanted.get(name)}"
        )
    return arrays


def _add(digest: hashlib._Hash, arrays: Arrays) -> None:
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        digest.update(array.tobytes())

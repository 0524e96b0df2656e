"""A model as a bundle: a folder, or one file. Never pickle; nothing in it can execute.

A folder holds `model.json` (preprocessing, architecture, classes, card), `model.safetensors` (weights) and `README.md`, the same
card for people. One file is a safetensors file of the weights with the JSON in its header. Either carries hashes over all that is
read, and is refused where they do not fit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from gatewise.durable import new_folder, write_file, write_synced
from gatewise.errors import RunError
from gatewise.export.card import card_text
from gatewise.export.metadata import checked_metadata, metadata_of, model_from
from gatewise.export.weights import arrays_of, predictor_from
from gatewise.runtime.model import Model
from gatewise.wording import first_line

__all__ = ["SUFFIX", "load_model", "save_model", "write_model"]

SUFFIX = ".safetensors"
WEIGHTS = "model.safetensors"
METADATA = "model.json"
CARD = "README.md"
# Under what the header of a single file has the metadata.
_KEY = "gatewise"
# The first format whose hashes cover all that is read.
_FIRST_HASHED = 5


def save_model(model: Model, path: Path) -> None:
    """Write a model to folder `path`, or where its name ends with .safetensors to one file.

    What is there is replaced only once everything is on disk. Raises RunError where it cannot be written.
    """
    try:
        if path.suffix == SUFFIX:
            write_file(path, _single_file(model))
        else:
            with new_folder(path) as folder:
                write_model(model, folder)
    except OSError as error:
        raise RunError(
            f"{path} cannot be written: {error.strerror or error}; choose a place you may write to, with room left"
        ) from error


def write_model(model: Model, folder: Path) -> None:
    """Write a model into a folder that is there. Raises OSError."""
    metadata, _, weights = _contents(model)
    text = json.dumps(metadata, ensure_ascii=False, indent=1)
    # A name that is no UTF-8 comes from the operating system with lone surrogates; JSON reads their escapes back.
    contents = ((WEIGHTS, weights), (METADATA, _bytes(text)), (CARD, _bytes(card_text(model))))
    for name, content in contents:
        write_synced(folder / name, content)


def load_model(path: Path) -> Model:
    """Read a model that `save_model` wrote.

    Raises RunError if there is no model, or one that is damaged, cannot be read, or is of a newer format.
    """
    try:
        text, weights = _read(path)
        written = json.loads(text)
        metadata = checked_metadata(written, str(path))
        _check_hashes(path, written, weights)
        return model_from(metadata, predictor_from(metadata, _arrays(weights)))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RuntimeError, RecursionError) as error:
        raise _unusable(path, first_line(error)) from error


def _check_hashes(path: Path, written: Mapping[str, Any], weights: bytes) -> None:
    """Raise RunError where the content is not what was written. Earlier formats had no hash of the metadata, at first none at
    all."""
    digests = {"weights_sha256": (WEIGHTS, hashlib.sha256(weights).hexdigest()), "metadata_sha256": (METADATA, _digest(written))}
    for name, (what, digest) in digests.items():
        if written.get(name) != digest and (name in written or written["format"] >= _FIRST_HASHED):
            raise _unusable(path, f"{what} is not what was written")


def _contents(model: Model) -> tuple[dict[str, Any], dict[str, NDArray[Any]], bytes]:
    """The metadata with its hashes, and the weights as arrays and as bytes."""
    from safetensors.numpy import save

    more, arrays = arrays_of(model)
    weights = save(arrays)
    metadata = {**metadata_of(model), **more, "weights_sha256": hashlib.sha256(weights).hexdigest()}
    return {**metadata, "metadata_sha256": _digest(metadata)}, arrays, weights


def _single_file(model: Model) -> bytes:
    from safetensors.numpy import save

    metadata, arrays, _ = _contents(model)
    # Escaped, so that also names that are no UTF-8 can stand in a header.
    return bytes(save(arrays, metadata={_KEY: json.dumps(metadata)}))


def _read(path: Path) -> tuple[str, bytes]:
    """The metadata's text and the weights' bytes. Raises RunError where there is no model, ValueError for what is none."""
    if path.is_file():
        return _read_single_file(path)
    try:
        return (path / METADATA).read_bytes().decode("utf-8"), (path / WEIGHTS).read_bytes()
    except OSError as error:
        if not (path / METADATA).exists():
            raise RunError(
                f"{path} holds no model (no {METADATA} in it); a finished run keeps its model in the folder model/"
            ) from error
        raise _unusable(path, f"{error.strerror}: {error.filename}") from error


def _read_single_file(path: Path) -> tuple[str, bytes]:
    from safetensors import SafetensorError, safe_open
    from safetensors.numpy import save

    try:
        with safe_open(path, framework="numpy") as file:
            text = (file.metadata() or {}).get(_KEY)
            # As a folder has them, which the hash is of.
            weights = save({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118  no mapping
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error
    except SafetensorError as error:
        raise ValueError(f"it is no safetensors file: {error}") from error
    if text is None:
        raise ValueError("a safetensors file without the description of a model")
    return text, bytes(weights)


def _arrays(weights: bytes) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return dict(load(weights))
    except SafetensorError as error:
        raise ValueError(f"{WEIGHTS}: {error}") from error


def _digest(metadata: Mapping[str, Any]) -> str:
    """A hash of all that the metadata says beside it, whatever its layout."""
    said = {name: value for name, value in metadata.items() if name != "metadata_sha256"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "backslashreplace")


def _unusable(path: Path, reason: str) -> RunError:
    return RunError(f"the model in {path} is damaged ({reason}); run `gatewise resume` on its run to write it anew")

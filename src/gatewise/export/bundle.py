"""A model as a folder: `model.json` (preprocessing, architecture, classes) and `model.safetensors` (weights). Never pickle."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.durable import new_folder, write_synced
from gatewise.errors import RunError
from gatewise.export.earlier import todays_name
from gatewise.export.metadata import architecture_of, checked_metadata, metadata_of, model_from
from gatewise.records import Architecture
from gatewise.runtime.model import Model, Network, Predictor
from gatewise.runtime.network import ArrayNetwork
from gatewise.runtime.shapes import weight_shapes

__all__ = ["load_model", "save_model", "write_model"]

WEIGHTS = "model.safetensors"
METADATA = "model.json"


def save_model(model: Model, path: Path) -> None:
    """Write a model to folder `path`, replacing what is there only once everything is on disk.

    Raises RunError where it cannot be written.
    """
    try:
        with new_folder(path) as folder:
            write_model(model, folder)
    except OSError as error:
        raise RunError(
            f"{path} cannot be written: {error.strerror or error}; choose a place you may write to, with room left"
        ) from error


def write_model(model: Model, folder: Path) -> None:
    """Write a model into a folder that is there. Raises OSError."""
    from safetensors.numpy import save

    metadata = metadata_of(model)
    if isinstance(model.predictor, ArrayNetwork):
        arrays = dict(model.predictor.weights)
    elif isinstance(model.predictor, Network):
        raise ValueError(f"an artefact of the {model.name} is no model to be saved")
    else:
        metadata["baseline"], arrays = model.predictor.state()
    weights = save(arrays)
    metadata["weights_sha256"] = hashlib.sha256(weights).hexdigest()
    text = json.dumps(metadata, ensure_ascii=False, indent=1)
    # A name that is no UTF-8 comes from the operating system with lone surrogates; JSON reads their escapes back.
    for name, content in ((WEIGHTS, weights), (METADATA, text.encode("utf-8", "backslashreplace"))):
        write_synced(folder / name, content)


def load_model(path: Path) -> Model:
    """Read a model that `save_model` wrote.

    Raises RunError if the folder holds no model, or one that is damaged, cannot be read, or is of a newer format.
    """
    try:
        text, weights = (path / METADATA).read_bytes(), (path / WEIGHTS).read_bytes()
    except OSError as error:
        if not (path / METADATA).exists():
            raise RunError(
                f"{path} holds no model (no {METADATA} in it); a finished run keeps its model in the folder model/"
            ) from error
        raise _unusable(path, f"{error.strerror}: {error.filename}") from error
    try:
        metadata = json.loads(text.decode("utf-8"))
        metadata = checked_metadata(metadata, str(path))
        # Earlier versions wrote none.
        if metadata.get("weights_sha256", digest := hashlib.sha256(weights).hexdigest()) != digest:
            raise _unusable(path, f"{WEIGHTS} is not what was written")
        return model_from(metadata, _predictor(metadata, weights))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RuntimeError, RecursionError) as error:
        raise _unusable(path, (str(error) or type(error).__name__).splitlines()[0]) from error


def _unusable(path: Path, reason: str) -> RunError:
    return RunError(f"the model in {path} is damaged ({reason}); run `gatewise resume` on its run to write it anew")


def _predictor(metadata: dict[str, Any], weights: bytes) -> Predictor:
    """The network or baseline. Raises ValueError where a weight is not finite, and what its parts raise of a damaged record."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        arrays = load(weights)
        if not all(np.isfinite(array).all() for array in arrays.values() if array.dtype.kind == "f"):
            raise ValueError(f"{WEIGHTS} holds weights that are not finite")
        architecture = architecture_of(metadata)
        if architecture is None:
            # Only a baseline needs what baselines are made of.
            from gatewise.training.baselines import BASELINES

            return BASELINES[metadata["name"]].from_state(metadata["baseline"], arrays)
    except SafetensorError as error:
        raise ValueError(f"{WEIGHTS}: {error}") from error
    return _network(architecture, {todays_name(name): array for name, array in arrays.items()})


def _network(architecture: Architecture, arrays: dict[str, NDArray[Any]]) -> ArrayNetwork:
    """Raises ValueError where the weights are not those of the architecture."""
    expected, came = weight_shapes(architecture), {name: array.shape for name, array in arrays.items()}
    wrong = next((name for name in {**expected, **came} if expected.get(name) != came.get(name)), None)
    if wrong is not None:
        raise ValueError(f"{WEIGHTS} has {wrong} of shape {came.get(wrong)}; the architecture has {expected.get(wrong)}")
    return ArrayNetwork(architecture, {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in arrays.items()})

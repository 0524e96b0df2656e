"""A model as a folder: `model.json` (preprocessing, architecture, classes) and `model.safetensors` (weights). Never pickle."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from gatewise.data.encoders import encoder_from_json
from gatewise.errors import RunError
from gatewise.nn import SequenceNetwork, build_network
from gatewise.records import AudioFeatures, Forecast, from_json, to_json
from gatewise.training.baselines import BASELINES
from gatewise.training.model import Model

__all__ = ["load_model", "save_model"]

FORMAT = 3
WEIGHTS = "model.safetensors"
METADATA = "model.json"


def save_model(model: Model, path: Path) -> None:
    """Write a model to folder `path`, replacing what is there only once everything is on disk."""
    from safetensors.numpy import save_file as save_arrays
    from safetensors.torch import save_file as save_tensors

    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    metadata: dict[str, Any] = {
        "format": FORMAT,
        "name": model.name,
        "kind": model.kind,
        "task": model.task,
        "metric": model.metric,
        "classes": list(model.classes),
        "channels": list(model.channels),
        "outputs": list(model.outputs),
        "audio": to_json(model.audio),
        "forecast": to_json(model.forecast),
        "seasonal": list(model.seasonal),
        "deviation": list(model.deviation),
        "encoder": model.encoder.to_json(),
        "architecture": dict(model.architecture),
        "details": dict(model.details),
    }
    if isinstance(model.predictor, SequenceNetwork):
        save_tensors(model.predictor.state_dict(), temporary / WEIGHTS)
    else:
        values, arrays = model.predictor.state()
        metadata["baseline"] = values
        save_arrays(arrays, temporary / WEIGHTS)
    (temporary / METADATA).write_text(json.dumps(metadata, ensure_ascii=False, indent=1), encoding="utf-8")
    for file in temporary.iterdir():
        with file.open("rb") as handle:
            os.fsync(handle.fileno())
    if path.exists():
        shutil.rmtree(path)
    temporary.replace(path)


def load_model(path: Path) -> Model:
    """Read a model that `save_model` wrote.

    Raises RunError if the folder holds no model, or one that is damaged or of a newer format.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file as load_arrays
    from safetensors.torch import load_file as load_tensors

    if not (path / METADATA).is_file():
        raise RunError(f"{path} holds no model (no {METADATA} in it); a finished run keeps its model in the folder model/")
    try:
        metadata = json.loads((path / METADATA).read_text(encoding="utf-8"))
        if metadata["format"] != FORMAT:
            age = "a newer" if metadata["format"] > FORMAT else "an older"
            raise RunError(f"{path} has model format {metadata['format']}, this version reads {FORMAT}; install {age} gatewise")
        predictor: Any
        if metadata["architecture"]:
            predictor = build_network(**metadata["architecture"])
            predictor.load_state_dict(load_tensors(path / WEIGHTS))
            predictor.eval()
        else:
            predictor = BASELINES[metadata["name"]].from_state(metadata["baseline"], load_arrays(path / WEIGHTS))
        return Model(
            name=metadata["name"],
            kind=metadata["kind"],
            task=metadata["task"],
            metric=metadata["metric"],
            classes=tuple(metadata["classes"]),
            channels=tuple(metadata["channels"]),
            outputs=tuple(metadata["outputs"]),
            encoder=encoder_from_json(metadata["encoder"]),
            predictor=predictor,
            audio=from_json(AudioFeatures, metadata["audio"]),
            forecast=from_json(Forecast, metadata["forecast"]),
            seasonal=tuple(metadata["seasonal"]),
            deviation=tuple(metadata["deviation"]),
            architecture=metadata["architecture"],
            details=metadata["details"],
        )
    except (OSError, AttributeError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        raise RunError(f"the model in {path} is damaged ({error}); run `gatewise resume` on its run to write it anew") from error

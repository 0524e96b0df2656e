"""All of a model but its weights as plain JSON types: what every artefact carries, so that it reads what the model reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from gatewise.data.encoding.encoders import encoder_from_json
from gatewise.errors import RunError
from gatewise.export.earlier import OLDEST, todays_metadata
from gatewise.export.validity import check_model
from gatewise.records import Architecture, AudioFeatures, Forecast, from_json, to_json
from gatewise.runtime.model import Model, Predictor

__all__ = ["FORMAT", "architecture_of", "checked_metadata", "metadata_of", "model_from"]

FORMAT = 5


def metadata_of(model: Model) -> dict[str, Any]:
    """What `model_from` needs beside a predictor: task, preprocessing, classes, architecture, details."""
    return {
        "format": FORMAT,
        "name": model.name,
        "kind": model.kind,
        "task": model.task,
        "metric": model.metric,
        "classes": list(model.classes),
        "names": list(model.names),
        "channels": list(model.channels),
        "outputs": list(model.outputs),
        "audio": to_json(model.audio),
        "forecast": to_json(model.forecast),
        "seasonal": list(model.seasonal),
        "deviation": list(model.deviation),
        "encoder": model.encoder.to_json(),
        "architecture": {} if model.architecture is None else asdict(model.architecture),
        "details": dict(model.details),
    }


def checked_metadata(value: Any, place: str) -> dict[str, Any]:
    """Metadata of any format that is still read, as today's. place: for messages. Raises RunError for another format, and
    KeyError or TypeError for what is no metadata."""
    if not OLDEST <= value["format"] <= FORMAT:
        age = "a newer" if value["format"] > FORMAT else "an older"
        raise RunError(
            f"{place} has model format {value['format']}, this version reads {OLDEST} to {FORMAT}; install {age} gatewise"
        )
    return todays_metadata(value)


def architecture_of(metadata: Mapping[str, Any]) -> Architecture | None:
    """What the network is built of; None of a baseline."""
    return Architecture(**metadata["architecture"]) if metadata["architecture"] else None


def model_from(metadata: Mapping[str, Any], predictor: Predictor) -> Model:
    """A model that computes with `predictor`. Raises what a damaged record raises: KeyError, TypeError, ValueError, DataError."""
    model = Model(
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
        details=metadata["details"],
        # Earlier versions had texts alone.
        names=tuple(metadata.get("names", ())),
    )
    check_model(model, architecture_of(metadata))
    return model

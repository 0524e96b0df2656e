"""What the tests of ONNX files share: models, a batch of every length for them, and the means to change a file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from gatewise.export.onnx import OnnxNetwork
from gatewise.export.onnx.loading import model_of_bytes
from gatewise.export.onnx.seal import sealed, unsealed
from gatewise.export.onnx.writing import onnx_bytes
from gatewise.records import Encoded
from gatewise.runtime.batches import pad
from gatewise.runtime.model import Model
from gatewise.runtime.network import ArrayNetwork
from gatewise.training.networks import torch_network
from tests.inspection.models import CLASSES, FORECAST, STEPS, TEXTS, dataset_of, make_model

Values = NDArray[np.float32]

POOLINGS = ("last", "mean", "max", "summary", "attention")
SIZES = (1, 7, 13)
"""Hidden sizes that fill no vector of a processor."""


def sequences_of(source: str) -> list[Any]:
    """Twelve raw sequences, of series one of each length from 1 to 12; a forecast's are all as long as its window."""
    rows = [np.asarray(row) if source != TEXTS else row for row in dataset_of(source).sequences[:12]]
    return [row[: 1 + place] for place, row in enumerate(rows)] if source in (CLASSES, STEPS) else rows


def models(cell: str, layers: int, *, both: bool) -> Iterator[tuple[Model, Encoded]]:
    """Models of every pooling, of texts and numbers, and what each reads; the hidden sizes change with the pooling."""
    for number, pooling in enumerate(POOLINGS):
        for source in (TEXTS, CLASSES):
            shape = {"layers": layers, "bidirectional": both, "pooling": pooling, "hidden_size": SIZES[number % 3]}
            model = make_model(cell, source, **shape)
            yield model, model.encode(sequences_of(source))
    for source in (FORECAST, *([] if both else [STEPS])):
        model = make_model(cell, source, layers=layers, bidirectional=both)
        yield model, model.encode(sequences_of(source))


def network_of(model: Model) -> ArrayNetwork:
    """The network on arrays."""
    assert isinstance(model.predictor, ArrayNetwork)
    return model.predictor


def said_by_torch(model: Model, encoded: Encoded) -> Values:
    """What the network in torch says of all rows in one batch."""
    network, batch = torch_network(model), pad(encoded, np.arange(len(encoded)))
    assert network is not None
    with torch.inference_mode():
        found: Values = network(torch.from_numpy(batch.inputs), torch.from_numpy(batch.lengths)).numpy()
    return inside(model, found, batch.lengths)


def inside(model: Model, said: Values, lengths: NDArray[np.int64]) -> Values:
    """Where every step is answered, the answers to real steps alone."""
    if network_of(model).architecture.pooling != "steps":
        return said
    return said[np.arange(said.shape[1]) < lengths[:, np.newaxis]]


def farthest(one: Values, other: Values) -> float:
    """The greatest distance between two arrays of one shape."""
    assert one.shape == other.shape and one.size and np.isfinite(one).all()
    return float(np.abs(one - other).max())


def reloaded(model: Model, **how: bool) -> OnnxNetwork:
    """The network from the bytes of a model's file."""
    found = model_of_bytes(onnx_bytes(model, **how), "a file").predictor
    assert isinstance(found, OnnxNetwork)
    return found


def proto_of(content: bytes) -> Any:
    """A file as ONNX reads it, without its seal."""
    return onnx.load_from_string(bytes(unsealed(content)))


def resealed(proto: Any) -> bytes:
    """A changed model under a seal that is right."""
    return sealed(proto.SerializeToString())


def with_metadata(content: bytes, change: Any) -> bytes:
    """The file with its metadata changed by a function, under a seal that is right."""
    proto = proto_of(content)
    (entry,) = proto.metadata_props
    metadata = json.loads(entry.value)
    changed = change(metadata)
    entry.value = json.dumps(metadata if changed is None else changed)
    return resealed(proto)


def written(model: Model, folder: Path, **how: bool) -> Path:
    """The path of a model's file."""
    path = folder / "model.onnx"
    path.write_bytes(onnx_bytes(model, **how))
    return path

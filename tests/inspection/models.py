"""Models of every task, untrained but for the size of their weights: what they say depends on every step."""

from functools import cache
from typing import Any

import numpy as np
import torch

from gatewise.data.encoding.encoders import fit_encoder
from gatewise.data.encoding.prepared import prepare
from gatewise.data.sources import open_source
from gatewise.nn import build_network
from gatewise.nn.linear_skip import skip_of
from gatewise.records import Architecture, Dataset
from gatewise.runtime.model import Model, model_of
from gatewise.runtime.scoring import Truth
from gatewise.tasks import traits_of
from gatewise.training.networks import array_network

TEXTS = "builtin:reviews?rows=40"
CLASSES = "builtin:temporal-order?rows=40&length=12"
EVEN = "builtin:parity?rows=40&length=12"
NUMBERS = "builtin:waves?rows=40&length=15"
FORECAST = "builtin:seasonal?rows=500"
STEPS = "builtin:chords?rows=30&length=20"


@cache
def dataset_of(source: str) -> Dataset:
    """A built-in data set; a forecast's windows are short."""
    asked: dict[str, Any] = {"window": 12, "horizon": 3} if "seasonal" in source else {}
    return open_source(source, **asked)


def make_model(cell: str, source: str, **changes: Any) -> Model:
    """A model of one cell for a data set. changes: of its architecture."""
    dataset = dataset_of(source)
    rows = np.arange(20)
    encoder = fit_encoder(prepare(dataset), rows)
    predicts = traits_of(dataset.task).predicts
    outputs = {"classes": len(dataset.classes), "steps": len(dataset.channels)}.get(
        predicts, len(np.atleast_2d(dataset.targets)[0])
    )
    shape: dict[str, Any] = {
        "input_size": encoder.input_size,
        "tokens": dataset.kind == "text",
        "outputs": outputs,
        "pooling": "steps" if predicts == "steps" else "summary",
        "embedding_size": 4,
        "hidden_size": 7,
        "layers": 1,
        "bidirectional": False,
        "dropout": 0.5,
        "input_dropout": 0.1,
        "skip": skip_of(dataset.forecast),
        "seed": 1,
        "cell_seed": 2,
    }
    architecture = Architecture(cell, **(shape | changes))
    network = build_network(architecture).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(2.0)
        if network.skip is not None:
            network.skip.linear.weight.add_(0.1)
    metric = traits_of(dataset.task).metric
    return model_of(dataset, Truth(dataset.targets), metric, cell, encoder, array_network(architecture, network), {})

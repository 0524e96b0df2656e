"""Models of every kind that C is written of, untrained, and inputs for them."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gatewise.data.encoding.series import SeriesEncoder
from gatewise.data.encoding.text import TextEncoder
from gatewise.export.c import CModel, load_c, write_c
from gatewise.nn import build_network
from gatewise.records import Architecture, AudioFeatures
from gatewise.runtime.model import Model
from gatewise.training.networks import array_network
from tests.inspection.models import dataset_of, make_model

FEATURES = AudioFeatures(sample_rate=4000, mels=12, high=2000.0)


def compiled(model: Model, folder: Path, *, int8: bool = False, flags: tuple[str, ...] = ("-std=c99", "-O1")) -> CModel:
    """A model by way of its C."""
    write_c(model, folder, "tested", int8=int8)
    return load_c(folder, flags=flags)


def sequences(source: str, count: int = 12) -> list[Any]:
    """The first inputs of a built-in data set."""
    return list(dataset_of(source).sequences[:count])


def network_of(cell: str, *, inputs: int, tokens: bool, outputs: int = 3, **changes: Any) -> Any:
    """An untrained network, whose weights are large enough that what it says depends on every step."""
    shape: dict[str, Any] = {"pooling": "summary", "embedding_size": 4, "hidden_size": 9, "layers": 1, "bidirectional": False}
    rest = {"dropout": 0.0, "input_dropout": 0.0, "seed": 1, "cell_seed": 2}
    built = Architecture(cell, input_size=inputs, tokens=tokens, outputs=outputs, **(shape | rest | changes))
    network = build_network(built).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(2.0)
    return array_network(built, network)


def audio_model(cell: str = "gru", **changes: Any) -> Model:
    """A model of sounds."""
    encoder = SeriesEncoder((-8.0,) * FEATURES.mels, (3.0,) * FEATURES.mels, None)
    network = network_of(cell, inputs=FEATURES.mels, tokens=False, **changes)
    classes = ("one", "two", "three")
    return Model(cell, "audio", "classification", "accuracy", classes, (), (), encoder, network, audio=FEATURES)


def text_model(vocabulary: tuple[str, ...], cell: str = "gru", max_length: int | None = None, **changes: Any) -> Model:
    """A model of texts in a vocabulary."""
    encoder = TextEncoder(vocabulary, max_length)
    network = network_of(cell, inputs=encoder.input_size, tokens=True, **changes)
    return Model(cell, "text", "classification", "accuracy", ("mauvais", "gut", "良い?"), (), (), encoder, network)


@cache
def sounds() -> list[tuple[NDArray[np.float32], int]]:
    """Noise and tones, one of them shorter than a window."""
    generator = np.random.default_rng(0)
    made = []
    for length in (3000, 1999, 60, 100, 101):
        tone = np.sin(np.arange(length) * generator.uniform(0.05, 1.5)) * generator.uniform(0.01, 0.5)
        made.append(((tone + generator.normal(0, 0.01, length)).astype(np.float32), FEATURES.sample_rate))
    return made


__all__ = ["FEATURES", "audio_model", "compiled", "make_model", "network_of", "sequences", "sounds", "text_model"]

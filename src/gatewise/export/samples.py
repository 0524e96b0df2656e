"""Made-up inputs for a model: what an artefact is held against the model on where there are no data at hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from gatewise.data.encoding.text import TextEncoder
from gatewise.runtime.model import Model
from gatewise.tasks import traits_of

__all__ = ["sample_inputs"]

LONGEST = 60


def sample_inputs(model: Model, rows: int, seed: int = 0) -> list[Any]:
    """Inputs for `model.predict`, of 1 to 60 steps, the same for one seed.

    Texts of words from the vocabulary and words that are not in it; series around the mean of the training part, of a forecast as
    long as its window; steps of 0 and 1; a second of noise at the sample rate of a model of sound, or less.
    """
    generator = np.random.default_rng(seed)
    encoder = model.encoder
    if isinstance(encoder, TextEncoder):
        words = [*encoder.vocabulary[:2000], "qqzx", "Zürich"]
        return [" ".join(generator.choice(words, generator.integers(1, LONGEST + 1))) for _ in range(rows)]
    if model.audio is not None:
        rate = model.audio.sample_rate
        lengths = generator.integers(max(rate // 20, 1), rate + 1, rows)
        return [(generator.normal(0, 0.1, steps).astype(np.float32), rate) for steps in lengths]
    channels = encoder.input_size
    if traits_of(model.task).predicts == "steps":
        return [
            (generator.random((steps, channels)) < 0.2).astype(np.float32) for steps in generator.integers(2, LONGEST + 1, rows)
        ]
    drawn = generator.integers(1, LONGEST + 1, rows).tolist()
    sizes = [model.forecast.window] * rows if model.forecast else drawn
    mean, scale = np.array(encoder.mean), np.array(encoder.scale)
    return [(mean + scale * generator.normal(size=(steps, channels))).astype(np.float32) for steps in sizes]

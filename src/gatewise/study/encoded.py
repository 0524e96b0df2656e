"""The splits of a run as numbers."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from gatewise.data.dataset.splits import make_split
from gatewise.data.encoding.encoders import Encoder
from gatewise.records import Dataset, Encoded, Split
from gatewise.training.trainer import Trainer

__all__ = ["EncodedSplit", "encode_split", "shortened_split"]


@dataclass(frozen=True, eq=False)
class EncodedSplit:
    """One split as numbers; everything fitted saw its training part only."""

    split: Split
    encoder: Encoder
    train: Encoded
    validation: Encoded
    test: Encoded
    seconds: float


def encode_split(trainer: Trainer, split: Split, started: float) -> EncodedSplit:
    """Fit an encoder on the training part and encode all three. started: `time.perf_counter()` at which this work began."""
    encoder = trainer.fit_encoder(split.train)
    train, validation = trainer.encode_training(encoder, split.train), trainer.encode(encoder, split.validation)
    test = encoder.encode_rows(trainer.prepared, split.test)
    return EncodedSplit(split, encoder, train, validation, test, time.perf_counter() - started)


def shortened_split(dataset: Dataset, number: int, fraction: float, seed: int) -> Split:
    """A split whose training part keeps a fraction of its rows; a smaller one is part of a larger.

    In a forecast the latest rows are kept, else rows drawn at random, in every class alike by chance alone.
    """
    split = make_split(dataset, number, seed)
    if fraction == 1.0:
        return split
    kept = max(2, round(fraction * len(split.train)))
    if dataset.origins is not None:
        order = np.argsort(-dataset.origins[split.train], kind="stable")
    else:
        order = np.random.default_rng([seed, 4, number]).permutation(len(split.train))
    return replace(split, train=np.sort(split.train[order[:kept]]))

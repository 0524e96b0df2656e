"""One training with a chosen preprocessing, regularisation and learning rate: a cell of a crossed design."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import lru_cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from gatewise.claims.pairs import workload_of
from gatewise.data.dataset.splits import make_split
from gatewise.data.dataset.tokens import tokenize
from gatewise.data.encoding.series import plain_series_encoder
from gatewise.data.sources import open_source
from gatewise.records import Config, Dataset, Hyperparameters, Reading
from gatewise.study.work import Workload

__all__ = ["PREPROCESSING", "REGULARISATION", "train_combination"]

Series = NDArray[np.float32]

PIECE = 3
"""Characters of a subword."""
RAW = "raw"


def _characters(text: str) -> str:
    """Every character as a word, with an underscore where the next token begins."""
    return " ".join("_".join(tokenize(text)))


def _pieces(text: str) -> str:
    """Every token in pieces of three characters, of which the last may be shorter. The first of a token has an x before it, so
    that pieces at its beginning differ from those inside."""
    starts = ((token, start) for token in tokenize(text) for start in range(0, len(token), PIECE))
    return " ".join(f"{'' if start else 'x'}{token[start : start + PIECE]}" for token, start in starts)


def _standardised(series: Series) -> Series:
    """Each channel of one series less its mean, in units of its own deviation; a constant becomes 0."""
    deviation = series.std(axis=0)
    scaled = (series - series.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    return np.asarray(scaled, dtype=np.float32)


TEXTS: Mapping[str, Callable[[str], str]] = {
    "words": lambda text: text,
    "characters": _characters,
    "subwords": _pieces,
}
SERIES: Mapping[str, Callable[[Series], Series]] = {
    RAW: lambda series: series,
    "channels standardised": lambda series: series,
    "each series standardised": _standardised,
}
PREPROCESSING = {"text": tuple(TEXTS), "series": tuple(SERIES)}
"""What is done to each kind of data before the network reads it."""

REGULARISATION = ("none", "recipe")
"""No dropout and no weight decay, or what every comparison begins with."""


def train_combination(
    config: Config, cell: str, preprocessing: str, regularisation: str, rate: float, epochs: int, seed: int
) -> dict[str, Any]:
    """Train on split `seed` of the data that a configuration names, and return the test accuracy.

    preprocessing: of `PREPROCESSING`; regularisation: of `REGULARISATION`. rate: what the default learning rate is multiplied by.
    """
    workload = _workload(config, cell, preprocessing)
    trainer, split = workload.trainer, make_split(workload.dataset, seed, config.seed)
    encoder = trainer.fit_encoder(split.train)
    if preprocessing == RAW:
        encoder = plain_series_encoder(len(workload.dataset.channels), max_length=config.max_length)
    usual = trainer.default_hyperparameters
    chosen = replace(usual, learning_rate=rate * usual.learning_rate)
    if regularisation == "none":
        chosen = Hyperparameters(chosen.learning_rate, dropout=0.0, input_dropout=0.0, weight_decay=0.0)
    (arm,) = workload.arms
    fitted = workload.fit_arm(
        arm,
        seed,
        chosen,
        (trainer.encode(encoder, split.train), trainer.encode(encoder, split.validation)),
        (split.train, split.validation),
        lambda _: None,
        max_epochs=epochs,
    )
    predictions = trainer.objective.predict(fitted.network, encoder.encode_rows(workload.prepared, split.test))
    return {"score": float(trainer.score(predictions, split.test, split.train)), "seconds": round(fitted.seconds, 3)}


@lru_cache(maxsize=8)
def _workload(config: Config, cell: str, preprocessing: str) -> Workload:
    return workload_of(replace(config, cells=(cell,)), _preprocessed(config, preprocessing))


@lru_cache(maxsize=4)
def _preprocessed(config: Config, preprocessing: str) -> Dataset:
    dataset = _dataset(config)
    if dataset.kind == "text":
        texts = cast(tuple[str, ...], dataset.sequences)
        return replace(dataset, sequences=tuple(map(TEXTS[preprocessing], texts)))
    series = cast(tuple[Series, ...], dataset.sequences)
    return replace(dataset, sequences=tuple(map(SERIES[preprocessing], series)))


@lru_cache(maxsize=2)
def _dataset(config: Config) -> Dataset:
    reading = {item.name: getattr(config, item.name) for item in fields(Reading)}
    return open_source(config.source, seed=config.seed, **reading)

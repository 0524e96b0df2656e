"""Scores of predictions, and the packed per-row correctness that paired statistics need."""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray

__all__ = ["METRIC", "accuracy", "log_loss", "pack_correct", "unpack_correct"]

METRIC = "accuracy"


def accuracy(probabilities: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
    """Share of rows whose most probable class is the target. probabilities: [rows, classes]; targets: int64 [rows]."""
    return float((probabilities.argmax(1) == targets).mean())


def log_loss(probabilities: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
    """Mean of -ln p(target), with p kept above the smallest float32 so that one certain mistake stays finite."""
    chosen = probabilities[np.arange(len(targets)), targets]
    return float(-np.log(np.maximum(chosen, np.finfo(np.float32).tiny)).mean())


def pack_correct(probabilities: NDArray[np.float32], targets: NDArray[np.int64]) -> str:
    """One bit a row, set where the prediction is right: base64 of numpy.packbits."""
    return base64.b64encode(np.packbits(probabilities.argmax(1) == targets).tobytes()).decode("ascii")


def unpack_correct(packed: str, rows: int) -> NDArray[np.bool_]:
    """Undo `pack_correct` for `rows` rows."""
    bits = np.frombuffer(base64.b64decode(packed), dtype=np.uint8)
    return np.unpackbits(bits, count=rows).astype(bool)

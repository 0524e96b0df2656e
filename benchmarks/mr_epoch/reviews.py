"""The reviews in batches, and how many a network gets right."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import pyarrow.parquet
import torch
from benchmarks.mr_epoch.classifier import BATCH
from numpy.typing import NDArray
from torch import Tensor, nn

from gatewise.data.dataset.tokens import tokenize_all
from gatewise.data.encoding.text import fit_text_encoder
from gatewise.records import Encoded
from gatewise.runtime.batches import Batch, iterate_batches, plan_batches
from gatewise.training.objectives import to_tensors

__all__ = ["accuracy", "batches_of", "file_of", "first", "load", "parts"]


def file_of(parser: ArgumentParser, path: Path | None) -> Path:
    """The file that was asked for; ends the program with code 2 and a message where there is none."""
    if path is None or not path.exists():
        parser.error(f"--data is {path}; give a parquet file with text, label and fold")
    return path


def load(path: Path) -> tuple[Encoded, Encoded]:
    """Training (folds 2 to 9, 8,530 reviews) and validation part (fold 1), encoded with the training part's vocabulary."""
    table = pyarrow.parquet.read_table(path, columns=["text", "label", "fold"])
    fold, labels = np.array(table["fold"]), np.array(table["label"]).astype(np.int64)
    texts = tokenize_all(table["text"].to_pylist())
    train, validation = np.flatnonzero(fold >= 2), np.flatnonzero(fold == 1)
    encoder = fit_text_encoder([texts[row] for row in train], max_vocabulary=20_000, max_length=None)
    parts = (encoder.encode_tokens([texts[row] for row in rows], labels[rows]) for rows in (train, validation))
    return next(parts), next(parts)


def batches_of(encoded: Encoded, kind: str, generator: np.random.Generator) -> list[NDArray[np.int64]]:
    """Rows of each batch of an epoch."""
    if kind == "bucketed":
        return plan_batches(encoded.lengths, BATCH, generator)
    order = generator.permutation(len(encoded))
    return [order[start : start + BATCH] for start in range(0, len(order), BATCH)]


def parts(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """inputs, lengths and classes."""
    tensors = to_tensors(batch)
    return tensors.inputs, tensors.lengths, tensors.targets


def accuracy(network: nn.Module, encoded: Encoded) -> float:
    """Share of reviews whose class is right."""
    network.eval()
    right = 0
    with torch.inference_mode():
        for batch in iterate_batches(encoded, plan_batches(encoded.lengths, 256, None)):
            inputs, lengths, targets = parts(batch)
            right += int((network(inputs, lengths).argmax(1) == targets).sum())
    return right / len(encoded)


def first(encoded: Encoded, rows: int | None) -> Encoded:
    """The first reviews; all of them where `rows` is None."""
    if rows is None:
        return encoded
    lengths = encoded.lengths[:rows]
    return Encoded(encoded.values[: lengths.sum()], lengths, encoded.targets[:rows], encoded.input_size)

"""What eight bits cost in accuracy: networks trained on real data, scored on rows held out in float and in eight bits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import torch
from benchmarks.layers.tables import Table
from numpy.typing import NDArray

import gatewise.nn as gnn
from gatewise import SequenceClassifier
from gatewise.records import Encoded
from gatewise.runtime.batches import in_batches
from gatewise.training.networks import torch_network

__all__ = ["SETS", "accuracy_row", "accuracy_table"]

HELD_OUT_FOLD = 0


@dataclass(frozen=True, eq=False)
class TorchPredictor:
    """A network in torch in the place of a model's own."""

    network: torch.nn.Module
    outputs: int

    def run(self, encoded: Encoded) -> NDArray[np.float32]:
        """[rows, outputs]"""

        def call(inputs: NDArray[Any], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
            with torch.inference_mode():
                result: NDArray[np.float32] = self.network(torch.from_numpy(inputs), torch.from_numpy(lengths)).numpy()
                return result

        return in_batches(call, encoded, self.outputs)


SETS = ("JapaneseVowels", "mr")
HEADER = ("data", "rows", "float", "int8", "points", "range", "differ", "weights, kB", "int8, kB")


def accuracy_row(name: str, cell: str, data: Path, seeds: int) -> tuple[str, ...]:
    """The row of one of SETS and a cell: accuracy in float and in eight bits, over `seeds` trainings."""
    train, test = {"mr": _mr, "JapaneseVowels": _vowels}[name](data)
    return (f"{name}, {cell.upper()}, {seeds} trainings", *_row(cell, train, test, seeds))


def accuracy_table(rows: Iterable[tuple[str, ...]]) -> Table:
    """Of such rows."""
    note = (
        "Means over the trainings, with an estimator's own settings. mr: one fold of ten held out; JapaneseVowels: "
        "the archive's test part. Points: int8 less float, mean and range. Differ: test rows whose class changes. Weights: of "
        "the recurrent layer."
    )
    return Table("Accuracy in eight bits", note, HEADER, tuple(rows))


Part = tuple[list[Any], list[Any]]


def _row(cell: str, train: Part, test: Part, seeds: int) -> tuple[str, ...]:
    found = []
    for seed in range(seeds):
        classifier: Any = SequenceClassifier(cell=cell, random_state=seed)
        model = classifier.fit(*train).model_
        network = torch_network(model)
        assert network is not None
        recurrent = network.recurrent
        outputs = len(model.classes)
        small = gnn.quantize(network)
        both = [replace(model, predictor=TorchPredictor(each, outputs)) for each in (network, small)]
        said = [np.asarray(each.predict_proba(test[0])).argmax(axis=1) for each in both]
        sizes = [_bytes(each) for each in (recurrent, small.recurrent)]
        found.append((*(each.score(*test) for each in both), float((said[0] != said[1]).mean()), *sizes))
    plain, rounded, differ, before, after = np.array(found).T
    points = 100 * (rounded - plain)
    return (
        f"{len(test[0]):,}",
        f"{100 * plain.mean():.2f}%",
        f"{100 * rounded.mean():.2f}%",
        f"{points.mean():+.2f}",
        f"{points.min():+.2f} to {points.max():+.2f}",
        f"{100 * differ.mean():.2f}%",
        f"{before.mean() / 1e3:.0f}",
        f"{after.mean() / 1e3:.0f}",
    )


def _bytes(module: torch.nn.Module) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in module.state_dict().values())


def _mr(data: Path) -> tuple[Part, Part]:
    table = pyarrow.parquet.read_table(data / "mr" / "mr.parquet", columns=["text", "label", "fold"])
    held_out = table["fold"].to_numpy() == HELD_OUT_FOLD
    train, test = (table.filter(mask) for mask in (~held_out, held_out))
    return tuple((part["text"].to_pylist(), part["label"].to_pylist()) for part in (train, test))  # type: ignore[return-value]


def _vowels(data: Path) -> tuple[Part, Part]:
    found = np.load(data / "tsc" / "JapaneseVowels.npz", allow_pickle=False)
    parts = []
    for part in ("train", "test"):
        ends = np.cumsum(found[f"{part}_lengths"])
        parts.append((np.split(found[f"{part}_values"], ends[:-1]), found[f"{part}_labels"].tolist()))
    return parts[0], parts[1]

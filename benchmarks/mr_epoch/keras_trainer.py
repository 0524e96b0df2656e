"""Keras's layers in the race of `mr_epoch`: masked, as Keras's own guides train on texts, on whichever backend Keras runs on."""

from __future__ import annotations

import time
from collections.abc import Sequence

import keras  # type: ignore[import-not-found, unused-ignore]
import numpy as np
from benchmarks.layers.keras_rival import gate_order
from numpy.typing import NDArray
from torch import nn

from gatewise.records import Encoded
from gatewise.runtime.batches import iterate_batches, pad

__all__ = ["KerasTrainer"]

# A compiler makes a program for every shape: steps are padded to a multiple of these, and the last batch to a whole one.
STEPS = 16
TOLERANCE = 1e-4


class KerasTrainer:
    """An embedding with a mask, the layer and a linear head, with Adam; compiled as a whole.

    start: PyTorch's network of the same parts, whose weights it begins with.
    """

    def __init__(self, cell: str, start: nn.Module, batch: int) -> None:
        weights = {name: value.detach().numpy() for name, value in start.named_parameters()}
        vocabulary, width = weights["embedding.weight"].shape
        hidden = weights["recurrent.weight_hh_l0"].shape[1]
        layer = {"gru": keras.layers.GRU, "lstm": keras.layers.LSTM}[cell](hidden)
        self.name = f"Keras on {keras.backend.backend()} {cell}"
        self.batch = batch
        self.network = keras.Sequential(
            [
                keras.layers.Input((None,), dtype="int32"),
                keras.layers.Embedding(vocabulary, width, mask_zero=True),
                layer,
                keras.layers.Dense(len(weights["head.bias"])),
            ]
        )
        order = gate_order(cell)
        parts = {
            name: np.concatenate([np.split(weights[f"recurrent.{name}"], len(order))[gate] for gate in order])
            for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
        }
        b_ih, b_hh = parts["bias_ih_l0"], parts["bias_hh_l0"]
        self.network.set_weights(
            [
                weights["embedding.weight"],
                parts["weight_ih_l0"].T,
                parts["weight_hh_l0"].T,
                np.stack([b_ih, b_hh]) if cell == "gru" else b_ih + b_hh,
                weights["head.weight"].T,
                weights["head.bias"],
            ]
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.network.compile(keras.optimizers.Adam(1e-3, epsilon=1e-8), loss, jit_compile=True)
        self.epochs: list[float] = []

    def check(self, encoded: Encoded, rows: NDArray[np.int64], scores: NDArray[np.float32]) -> None:
        """Compare the class scores of some rows with those of PyTorch's network. Raises ValueError where they differ."""
        found = np.asarray(self.network(self._padded(pad(encoded, rows).inputs)))[: len(rows)]
        if not np.allclose(found, scores, atol=TOLERANCE):
            raise ValueError(f"{self.name} is wrong and is not timed: its scores differ by {np.abs(found - scores).max():.1e}")

    def epoch(self, encoded: Encoded, plan: Sequence[NDArray[np.int64]]) -> None:
        """Train over the batches of `plan`."""
        started = time.perf_counter()
        for batch in iterate_batches(encoded, plan):
            there = np.zeros(self.batch, dtype=np.float32)
            there[: len(batch.rows)] = 1.0
            targets = np.zeros(self.batch, dtype=np.int64)
            targets[: len(batch.rows)] = batch.targets
            self.network.train_on_batch(self._padded(batch.inputs), targets, sample_weight=there)
        self.epochs.append(time.perf_counter() - started)

    def accuracy(self, encoded: Encoded) -> float:
        """Share of reviews whose class is right."""
        right = 0
        order = np.argsort(encoded.lengths, kind="stable")
        for first in range(0, len(encoded), self.batch):
            rows = order[first : first + self.batch]
            said = np.asarray(self.network(self._padded(pad(encoded, rows).inputs)))[: len(rows)]
            right += int((said.argmax(1) == encoded.targets[rows]).sum())
        return right / len(encoded)

    def _padded(self, inputs: NDArray[np.int64]) -> NDArray[np.int32]:
        rows, steps = inputs.shape
        whole = np.zeros((self.batch, -(-steps // STEPS) * STEPS), dtype=np.int32)
        # A row that is not there has one token: a row that is masked throughout has no last state.
        whole[rows:, 0] = 1
        whole[:rows, :steps] = inputs
        return whole

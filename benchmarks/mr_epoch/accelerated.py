"""A model as one meets it, given to `accelerate`, and then compiled and exported."""

from __future__ import annotations

import copy
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median

import numpy as np
import torch
from benchmarks.layers.rivals import STOCK
from benchmarks.layers.tables import Table
from benchmarks.mr_epoch.classifier import BATCH, CLASSES, EMBEDDING, HIDDEN
from benchmarks.mr_epoch.reviews import accuracy, batches_of, parts
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_padded_sequence

from gatewise.nn.accelerate import accelerate
from gatewise.records import Encoded
from gatewise.runtime.batches import iterate_batches
from gatewise.timing.interleaved import interleave

__all__ = ["accelerated", "deployed"]


class TwoLayers(nn.Module):
    """The classifier that one meets in the wild: two bidirectional layers of torch.nn over packed vectors."""

    def __init__(self, cell: str, vocabulary: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, EMBEDDING, padding_idx=0)
        self.recurrent = STOCK[cell](EMBEDDING, HIDDEN, num_layers=2, bidirectional=True, batch_first=True, dropout=0.3)
        self.head = nn.Linear(2 * HIDDEN, CLASSES)

    def forward(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Class scores [batch, classes]; without lengths the batch is full."""
        vectors = self.embedding(inputs)
        if lengths is not None:
            vectors = pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
        _, state = self.recurrent(vectors)
        last = state[0] if isinstance(state, tuple) else state
        scores: Tensor = self.head(torch.cat([last[-2], last[-1]], dim=1))
        return scores


def accelerated(train: Encoded, validation: Encoded, kind: str, epochs: int, seeds: int) -> Table:
    """Seconds an epoch and accuracy of `TwoLayers` as it comes and after `accelerate`, in turns, over several seeds."""
    cells = []
    for cell in STOCK:
        seconds: dict[str, list[float]] = defaultdict(list)
        scores: dict[str, list[float]] = defaultdict(list)
        for seed in range(seeds):
            torch.manual_seed(seed)
            stock = TwoLayers(cell, train.input_size)
            faster = copy.deepcopy(stock)
            accelerate(faster)
            networks = {"torch.nn": stock, "accelerated": faster}
            optimizers = {name: torch.optim.Adam(network.parameters(), fused=True) for name, network in networks.items()}
            generator = np.random.default_rng(seed)
            for _ in range(epochs):
                plan = batches_of(train, kind, generator)
                for name, network in networks.items():
                    started = time.perf_counter()
                    _train(network, optimizers[name], train, plan)
                    seconds[name].append(time.perf_counter() - started)
            for name, network in networks.items():
                scores[name].append(accuracy(network, validation))
        for name, times in seconds.items():
            spread = f"{np.mean(scores[name]):.1%} ± {np.std(scores[name], ddof=min(1, seeds - 1)):.1%}"
            cells.append((f"{cell.upper()}, {name}", f"{median(times):.2f}", spread))
    note = f"Two bidirectional layers, dropout 0.3, {epochs} epochs, {seeds} seeds; accuracy with its standard deviation."
    return Table("A model given to accelerate()", note, ("model", "seconds", "accuracy"), tuple(cells))


def _train(network: nn.Module, optimizer: torch.optim.Optimizer, encoded: Encoded, plan: Sequence[NDArray[np.int64]]) -> None:
    network.train()
    for batch in iterate_batches(encoded, plan):
        inputs, lengths, targets = parts(batch)
        optimizer.zero_grad()
        cross_entropy(network(inputs, lengths), targets).backward()
        optimizer.step()


def deployed(vocabulary: int, seconds: float) -> Table:
    """Milliseconds of one full batch of 32 x 40 tokens: as it comes, accelerated, then compiled and exported."""
    cells = []
    inputs = torch.randint(1, vocabulary, (BATCH, 40), generator=torch.Generator().manual_seed(0))
    for cell in STOCK:
        torch.manual_seed(0)
        stock = TwoLayers(cell, vocabulary).eval()
        faster = copy.deepcopy(stock)
        accelerate(faster)
        with torch.no_grad():
            exported = torch.export.export(faster, (inputs,)).module()
            forms: dict[str, Callable[[Tensor], Tensor]] = {
                "torch.nn": stock,
                "accelerated": faster,
                "compiled": torch.compile(faster),
                "exported": exported,
            }
            for name, form in forms.items():
                torch.testing.assert_close(form(inputs), stock(inputs), msg=f"{name} {cell} is wrong and is not timed")
            actions = {name: partial(_call, form, inputs) for name, form in forms.items()}
            times = interleave(actions, rounds=201, warm_up=3, seconds=seconds)
        cells += [(f"{cell.upper()}, {name}", f"{np.median(values):.2f}") for name, values in times.items()]
    note = "Milliseconds of a forward pass, 32 x 40 tokens, two bidirectional layers; compiled and exported after accelerate()."
    return Table("Compiled and exported", note, ("model", "ms"), tuple(cells))


def _call(form: Callable[[Tensor], Tensor], inputs: Tensor, _: int) -> Tensor:
    return form(inputs)

"""What trains a recipe's network, an epoch at a time."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch
from benchmarks.mr_epoch.classifier import CLASSES, EMBEDDING, HIDDEN, STOCK_RECIPE, Classifier, Recipe
from benchmarks.mr_epoch.reviews import accuracy, parts
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import PackedSequence

from gatewise.nn import SequenceNetwork, build_network
from gatewise.records import Architecture, Encoded, Hyperparameters
from gatewise.runtime.batches import iterate_batches
from gatewise.training.compiled_step import CompiledStep
from gatewise.training.objectives import Classes, to_tensors

__all__ = ["AS_ADAM", "PHASES", "CompiledTrainer", "Racer", "Trainer", "as_compared"]

AS_ADAM = Hyperparameters(learning_rate=1e-3, dropout=0.0, input_dropout=0.0, weight_decay=0.0)
PHASES = ("batches", "lookup", "recurrent", "head", "recurrent backward", "lookup backward", "optimiser")


class Racer(Protocol):
    """What trains a network, an epoch at a time. epochs: seconds of each."""

    name: str
    epochs: list[float]

    def epoch(self, encoded: Encoded, plan: Sequence[NDArray[np.int64]], /) -> None:
        """Train over the batches of `plan`."""

    def accuracy(self, encoded: Encoded, /) -> float:
        """Share of reviews whose class is right."""


class Trainer:
    """Trains one recipe, an epoch at a time, and keeps the seconds of each phase."""

    def __init__(self, recipe: Recipe, cell: str, vocabulary: int, seed: int = 0) -> None:
        self.name = f"{recipe.name} {cell}"
        self.network = Classifier(recipe, cell, vocabulary, seed)
        table = list(self.network.embedding.parameters())
        others = [value for value in self.network.parameters() if value is not table[0]]
        self.optimizers: list[torch.optim.Optimizer] = [
            torch.optim.Adam(others if recipe.sparse else table + others, lr=1e-3, fused=recipe.fused or None)
        ]
        if recipe.sparse:
            self.optimizers.append(torch.optim.SparseAdam(table, lr=1e-3))
        self.epochs: list[float] = []
        self.phases: list[dict[str, float]] = []

    def epoch(self, encoded: Encoded, plan: Sequence[NDArray[np.int64]]) -> None:
        """Train over the batches of `plan`."""
        phases: dict[str, float] = defaultdict(float)
        self.network.train()
        started = now = time.perf_counter()

        def mark(phase: str) -> None:
            nonlocal now
            before, now = now, time.perf_counter()
            phases[phase] += now - before

        for batch in iterate_batches(encoded, plan):
            inputs, lengths, targets = parts(batch)
            mark("batches")
            for optimizer in self.optimizers:
                optimizer.zero_grad()
            mark("optimiser")
            vectors = self.network.look_up(inputs, lengths)
            _on_gradient(vectors, lambda: mark("recurrent backward"))
            mark("lookup")
            state = self.network.last_state(vectors, lengths)
            _on_gradient(state, lambda: mark("head"))
            mark("recurrent")
            cross_entropy(self.network.head(state), targets).backward()
            mark("lookup backward")
            for optimizer in self.optimizers:
                optimizer.step()
            mark("optimiser")
        self.epochs.append(time.perf_counter() - started)
        self.phases.append(phases)

    def accuracy(self, encoded: Encoded) -> float:
        """Share of reviews whose class is right."""
        return accuracy(self.network, encoded)


class CompiledTrainer:
    """The same network trained by the compiled step of a comparison. Of its phases forward, backward and update are known."""

    def __init__(self, cell: str, vocabulary: int, seed: int = 0) -> None:
        self.name = f"compiled {cell}"
        self.network = as_compared(Classifier(STOCK_RECIPE, cell, vocabulary, seed), cell, vocabulary)
        self.step = CompiledStep(self.network, Classes(), AS_ADAM, seed=seed)
        self.epochs: list[float] = []
        self.phases: list[dict[str, float]] = []

    def epoch(self, encoded: Encoded, plan: Sequence[NDArray[np.int64]]) -> None:
        """Train over the batches of `plan`."""
        self.step.phases.clear()
        started = time.perf_counter()
        for batch in iterate_batches(encoded, plan):
            self.step(to_tensors(batch))
        self.step.settle()
        self.epochs.append(time.perf_counter() - started)
        took = self.step.phases
        phases = {"recurrent": took["forward"], "recurrent backward": took["backward"], "optimiser": took["optimiser"]}
        rest = self.epochs[-1] - sum(phases.values())
        self.phases.append(dict.fromkeys(PHASES, 0.0) | phases | {"batches": rest})

    def accuracy(self, encoded: Encoded) -> float:
        """Share of reviews whose class is right, by the weights as they are and not their average."""
        return accuracy(self.network, encoded)


def as_compared(classifier: Classifier, cell: str, vocabulary: int) -> SequenceNetwork:
    """The network of a comparison with the weights of a classifier."""
    network = build_network(
        Architecture(
            cell,
            input_size=vocabulary,
            tokens=True,
            outputs=CLASSES,
            pooling="last",
            embedding_size=EMBEDDING,
            hidden_size=HIDDEN,
            layers=1,
            bidirectional=False,
            dropout=0.0,
            input_dropout=0.0,
            skip=None,
            seed=0,
            cell_seed=0,
        )
    )
    network.load_state_dict(classifier.state_dict())
    return network


def _on_gradient(value: Tensor | PackedSequence, act: Callable[[], None]) -> None:
    (value.data if isinstance(value, PackedSequence) else value).register_hook(lambda _: act())

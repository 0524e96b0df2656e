"""Seconds of a training epoch on Rotten Tomatoes' sentences, from tokens to the optimiser's step, and where they go.

    python -m benchmarks.mr_epoch [--threads 2] [--epochs 3] [--batches bucketed] [--data FILE] [--output FOLDER]
    python -m benchmarks.mr_epoch --render docs/performance.md    write the last figures into the document

8,530 reviews, a vocabulary of about 10,000, embedding 100, hidden 128, batch 32; lengths are honoured everywhere. `bucketed`
batches hold reviews of nearly equal length, as gatewise trains; `shuffled` ones are plain random batches. All recipes start from
the same weights, see the same batches and take turns, an epoch each; none is timed whose gradients differ from a float64
reference.

The recipes differ in one thing at a time:

    stock        torch's layer on packed vectors, Adam as it comes
    layer        gatewise's layer with `lengths=`, Adam as it comes
    fused        and Adam(fused=True): the same update in one pass over memory
    tokens       and only real tokens are looked up, packed before the embedding instead of after it: the same results
    sparse       and the embedding's gradient is sparse, its update SparseAdam's: rows that a batch lacks keep their moments and
                 their values, where Adam lets the moments decay and goes on moving them ("lazy Adam"): another algorithm
    Keras        where it is installed, on what KERAS_BACKEND says: masked and compiled as a whole, steps padded to a multiple of
                 16, for every number of them takes a program of its own
    compiled     the step of a comparison, whole: what `fused` computes, and clipping and averaged weights besides
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Protocol

import numpy as np
import pyarrow.parquet
import torch
from benchmarks.layers.machine import busy, describe
from benchmarks.layers.markdown import markdown_table, replace_between_marks
from benchmarks.layers.rivals import STOCK, Layer
from benchmarks.layers.tables import Table
from benchmarks.layers.terminal import rich_table
from benchmarks.layers.torch_rivals import OURS
from benchmarks.layers.verify import TOLERANCE, error
from numpy.typing import NDArray
from rich.console import Console
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from gatewise.data.dataset.tokens import tokenize_all
from gatewise.data.encoding.text import fit_text_encoder
from gatewise.nn import SequenceNetwork, build_network
from gatewise.records import Architecture, Encoded, Hyperparameters
from gatewise.runtime.batches import Batch, iterate_batches, plan_batches
from gatewise.training.compiled_step import CompiledStep
from gatewise.training.objectives import Classes, to_tensors
from gatewise.training.optimizer import BETAS, CLIP_NORM

EMBEDDING, HIDDEN, BATCH, CLASSES = 100, 128, 32, 2
AS_ADAM = Hyperparameters(learning_rate=1e-3, dropout=0.0, input_dropout=0.0, weight_decay=0.0)
PHASES = ("batches", "lookup", "recurrent", "head", "recurrent backward", "lookup backward", "optimiser")
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "mr" / "mr.parquet"


@dataclass(frozen=True)
class Recipe:
    """One way to train the same network. tokens: whether only real tokens are looked up."""

    name: str
    layers: dict[str, Layer]
    tokens: bool
    fused: bool
    sparse: bool


STOCK_RECIPE = Recipe("stock", STOCK, tokens=False, fused=False, sparse=False)
RECIPES = (
    STOCK_RECIPE,
    (layer := replace(STOCK_RECIPE, name="layer", layers=OURS)),
    (fused := replace(layer, name="fused", fused=True)),
    (tokens := replace(fused, name="tokens", tokens=True)),
    replace(tokens, name="sparse", sparse=True),
)


class Classifier(nn.Module):
    """Embed, recur, classify the last state. Built from `seed` alone, so that all recipes start alike."""

    def __init__(self, recipe: Recipe, cell: str, vocabulary: int, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.embedding = nn.Embedding(vocabulary, EMBEDDING, padding_idx=0, sparse=recipe.sparse)
        self.recurrent = recipe.layers[cell](EMBEDDING, HIDDEN, batch_first=True)
        self.head = nn.Linear(HIDDEN, CLASSES)
        self.recipe = recipe

    def look_up(self, inputs: Tensor, lengths: Tensor) -> Tensor | PackedSequence:
        """Vectors of int64 [batch, steps]: [batch, steps, E], or packed."""
        if self.recipe.tokens:
            packed = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
            return packed._replace(data=self.embedding(packed.data))
        vectors: Tensor = self.embedding(inputs)
        return vectors

    def last_state(self, vectors: Tensor | PackedSequence, lengths: Tensor) -> Tensor:
        """State after each review's last token, [batch, H]."""
        if isinstance(vectors, PackedSequence):
            _, state = self.recurrent(vectors)
        elif self.recipe.layers is STOCK:
            _, state = self.recurrent(pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False))
        else:
            _, state = self.recurrent(vectors, lengths=lengths)
        last: Tensor = (state[0] if isinstance(state, tuple) else state)[0]
        return last

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Class scores [batch, classes]."""
        scores: Tensor = self.head(self.last_state(self.look_up(inputs, lengths), lengths))
        return scores


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
            inputs, lengths, targets = _parts(batch)
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
        self.network = _as_compared(Classifier(STOCK_RECIPE, cell, vocabulary, seed), cell, vocabulary)
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


def _as_compared(classifier: Classifier, cell: str, vocabulary: int) -> SequenceNetwork:
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


def check_compiled(cell: str, vocabulary: int, batch: Batch) -> None:
    """Compare what one step leaves in Adam's first moment with the clipped gradient of stock layers in float64.

    Raises ValueError where they differ.
    """
    reference = Classifier(STOCK_RECIPE, cell, vocabulary, seed=0)
    step = CompiledStep(_as_compared(reference, cell, vocabulary), Classes(), AS_ADAM, seed=0)
    step(to_tensors(batch))
    step.settle()
    expected = _gradients(reference.double(), *_parts(batch))
    norm = math.sqrt(sum(float(np.square(gradient).sum()) for gradient in expected.values()))
    clipped = {name: gradient * min(1.0, CLIP_NORM / norm) for name, gradient in expected.items()}
    names = [name for name, _ in step.network.named_parameters()]
    found = {name: moment.numpy() / (1 - BETAS[0]) for name, moment in zip(names, step.first_moments, strict=True)}
    difference, where = error(found, clipped)
    if not difference <= TOLERANCE:
        raise ValueError(f"compiled {cell} is wrong and is not timed: relative error {difference:.1e} of the gradient of {where}")


def _on_gradient(value: Tensor | PackedSequence, act: Callable[[], None]) -> None:
    (value.data if isinstance(value, PackedSequence) else value).register_hook(lambda _: act())


def check(recipe: Recipe, cell: str, vocabulary: int, inputs: Tensor, lengths: Tensor, targets: Tensor) -> None:
    """Compare all gradients with stock layers in float64. Raises ValueError where they differ."""
    network = Classifier(recipe, cell, vocabulary, seed=0)
    reference = Classifier(STOCK_RECIPE, cell, vocabulary, seed=0)
    reference.load_state_dict(network.state_dict())
    difference, where = error(*(_gradients(one, inputs, lengths, targets) for one in (network, reference.double())))
    if not difference <= TOLERANCE:
        raise ValueError(
            f"{recipe.name} {cell} is wrong and is not timed: relative error {difference:.1e} of the gradient of {where}; "
            f"at most {TOLERANCE:.0e} is accepted"
        )


def _gradients(network: Classifier, inputs: Tensor, lengths: Tensor, targets: Tensor) -> dict[str, NDArray[np.floating]]:
    cross_entropy(network(inputs, lengths), targets).backward()
    named = {name: value.grad for name, value in network.named_parameters()}
    return {name: (grad.to_dense() if grad.is_sparse else grad).numpy() for name, grad in named.items() if grad is not None}


def accuracy(network: nn.Module, encoded: Encoded) -> float:
    """Share of reviews whose class is right."""
    network.eval()
    right = 0
    with torch.inference_mode():
        for batch in iterate_batches(encoded, plan_batches(encoded.lengths, 256, None)):
            inputs, lengths, targets = _parts(batch)
            right += int((network(inputs, lengths).argmax(1) == targets).sum())
    return right / len(encoded)


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


def race(train: Encoded, validation: Encoded, kind: str, epochs: int) -> Iterator[Table]:
    """Train all recipes in turns; the first epoch warms up and is not counted."""
    probe = next(iterate_batches(train, batches_of(train, kind, np.random.default_rng(1))))
    trainers: list[Racer] = []
    for recipe in RECIPES:
        for cell in STOCK:
            check(recipe, cell, train.input_size, *_parts(probe))
            trainers.append(Trainer(recipe, cell, train.input_size))
    for cell in STOCK:
        check_compiled(cell, train.input_size, probe)
        trainers.append(CompiledTrainer(cell, train.input_size))
    trainers += _keras(train, probe)
    generator = np.random.default_rng(0)
    for _ in range(1 + epochs):
        plan = batches_of(train, kind, generator)
        for number in generator.permutation(len(trainers)):
            trainers[number].epoch(train, plan)
    scores = [trainer.accuracy(validation) for trainer in trainers]
    seconds = tuple(
        (trainer.name, f"{median(trainer.epochs[1:]):.2f}", f"{score:.1%}")
        for trainer, score in zip(trainers, scores, strict=True)
    )
    note = f"Medians of {epochs} epochs; batches {kind}, {torch.get_num_threads()} threads; accuracy after {1 + epochs} epochs."
    yield Table("Seconds an epoch on mr", note, ("recipe", "seconds", "accuracy"), seconds)
    parts = tuple(
        (trainer.name, *(f"{median(phases[phase] for phases in trainer.phases[1:]):.2f}" for phase in PHASES))
        for trainer in trainers
        if isinstance(trainer, Trainer | CompiledTrainer)
    )
    header = ("recipe", "batches", "lookup", "recur.", "head", "recur. back", "lookup back", "optim.")
    yield Table("Where an epoch goes", "Seconds of each phase.", header, parts)


def _keras(train: Encoded, probe: Batch) -> Iterator[Racer]:
    """Keras's recipes, where it is installed."""
    try:
        from benchmarks.mr_keras import KerasTrainer
    except ImportError:
        return
    for cell in STOCK:
        start = Classifier(STOCK_RECIPE, cell, train.input_size, seed=0)
        trainer = KerasTrainer(cell, start, BATCH)
        with torch.inference_mode():
            trainer.check(train, probe.rows, start(*_parts(probe)[:2]).numpy())
        yield trainer


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
    from gatewise.nn.accelerate import accelerate

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


def _parts(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """inputs, lengths and classes."""
    tensors = to_tensors(batch)
    return tensors.inputs, tensors.lengths, tensors.targets


def _train(network: nn.Module, optimizer: torch.optim.Optimizer, encoded: Encoded, plan: Sequence[NDArray[np.int64]]) -> None:
    network.train()
    for batch in iterate_batches(encoded, plan):
        inputs, lengths, targets = _parts(batch)
        optimizer.zero_grad()
        cross_entropy(network(inputs, lengths), targets).backward()
        optimizer.step()


def deployed(vocabulary: int, seconds: float) -> Table:
    """Milliseconds of one full batch of 32 x 40 tokens: as it comes, accelerated, then compiled and exported."""
    from gatewise.nn.accelerate import accelerate
    from gatewise.timing.interleaved import interleave

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print, or render what was measured; 2 where the data are absent."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="mr.parquet with the columns text, label and fold")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=3, help="counted epochs of each recipe")
    parser.add_argument("--seeds", type=int, default=3, help="of the accelerated classifier")
    parser.add_argument("--batches", choices=("bucketed", "shuffled"), default="bucketed")
    parser.add_argument("--rows", type=int, help="only the first reviews, to see that everything runs")
    parser.add_argument("--output", type=Path, default=Path("build/benchmarks"), help="folder (default build/benchmarks)")
    parser.add_argument("--render", type=Path, metavar="DOCUMENT", help="write the last figures into it, measure nothing")
    options = parser.parse_args(arguments)
    results = options.output / "mr_epoch.json"
    if options.render:
        saved = [Table(**table) for table in json.loads(results.read_text(encoding="utf-8"))["tables"]]
        replace_between_marks(options.render, "mr_epoch", "\n\n".join(markdown_table(table) for table in saved) + "\n")
        return 0
    if not options.data.exists():
        print(f"{options.data} is absent; give a parquet file with text, label and fold by --data", file=sys.stderr)
        return 2
    print(f"warning: {busy()}\n" if busy() else "", end="")
    torch.set_num_threads(options.threads)
    train, validation = (_first(part, options.rows) for part in load(options.data))
    print(f"{len(train):,} training reviews, vocabulary {train.input_size:,}, {train.lengths.mean():.1f} tokens on average")
    console = Console(width=max(80, Console().width))
    found = []
    for table in _tables(options, train, validation):
        found.append(table)
        console.print(table.title, rich_table(table), table.note, "", sep="\n")
        options.output.mkdir(parents=True, exist_ok=True)
        results.write_text(json.dumps({"machine": describe(), "tables": [vars(one) for one in found]}, indent=1) + "\n")
    return 0


def _tables(options: argparse.Namespace, train: Encoded, validation: Encoded) -> Iterator[Table]:
    yield from race(train, validation, options.batches, options.epochs)
    yield accelerated(train, validation, options.batches, options.epochs, options.seeds)
    yield deployed(train.input_size, seconds=5.0)


def _first(encoded: Encoded, rows: int | None) -> Encoded:
    if rows is None:
        return encoded
    lengths = encoded.lengths[:rows]
    return Encoded(encoded.values[: lengths.sum()], lengths, encoded.targets[:rows], encoded.input_size)


if __name__ == "__main__":
    sys.exit(main())

"""What products of bfloat16 do to a training: Rotten Tomatoes' sentences in float32 and under autocast, from the same seeds.

    python -m benchmarks.autocast --data mr.parquet [--seeds 8] [--epochs 3] [--threads 1] [--output FOLDER]
    python -m benchmarks.autocast --render docs/performance.md    write the last figures into the document

The network, batches and optimiser of `benchmarks.mr_epoch` (embedding 100, hidden 128, batch 32). Both trainings of a seed start
from the same weights, see the same batches and take turns, an epoch each; the whole network is under autocast, in training and
when it is scored on the validation part.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np
import torch
from benchmarks.layers.machine import busy, describe
from benchmarks.layers.markdown import markdown_table, replace_between_marks
from benchmarks.layers.rivals import STOCK
from benchmarks.layers.tables import Table
from benchmarks.mr_epoch.classifier import RECIPES, Classifier
from benchmarks.mr_epoch.reviews import batches_of, file_of, load
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from gatewise.kernels import instruction_set
from gatewise.records import Encoded
from gatewise.runtime.batches import iterate_batches, plan_batches
from gatewise.training.objectives import to_tensors

RECIPE = next(recipe for recipe in RECIPES if recipe.name == "fused")


class Arm:
    """One training. rounded: whether it is under autocast."""

    def __init__(self, cell: str, vocabulary: int, seed: int, *, rounded: bool) -> None:
        self.network = Classifier(RECIPE, cell, vocabulary, seed)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-3, fused=True)
        self.rounded = rounded
        self.epochs: list[float] = []

    def epoch(self, encoded: Encoded, plan: Sequence[NDArray[np.int64]]) -> None:
        """Train over the batches of `plan`."""
        self.network.train()
        started = time.perf_counter()
        for batch in iterate_batches(encoded, plan):
            tensors = to_tensors(batch)
            self.optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=self.rounded):
                loss = cross_entropy(self.network(tensors.inputs, tensors.lengths), tensors.targets)
            loss.backward()
            self.optimizer.step()
        self.epochs.append(time.perf_counter() - started)

    def accuracy(self, encoded: Encoded) -> float:
        """Share of reviews whose class is right."""
        self.network.eval()
        right = 0
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=self.rounded):
            for batch in iterate_batches(encoded, plan_batches(encoded.lengths, 256, None)):
                tensors = to_tensors(batch)
                right += int((self.network(tensors.inputs, tensors.lengths).argmax(1) == tensors.targets).sum())
        return right / len(encoded)


def compare(train: Encoded, validation: Encoded, epochs: int, seeds: int) -> Table:
    """Accuracy of both arms over seeds, and the difference with its standard error."""
    cells = []
    for cell in STOCK:
        scores = np.zeros((seeds, 2))
        times: tuple[list[float], list[float]] = ([], [])
        for seed in range(seeds):
            arms = [Arm(cell, train.input_size, seed, rounded=rounded) for rounded in (False, True)]
            generator = np.random.default_rng(seed)
            for epoch in range(epochs):
                plan = batches_of(train, "bucketed", generator)
                for arm in arms if epoch % 2 else arms[::-1]:
                    arm.epoch(train, plan)
            for place, arm in enumerate(arms):
                scores[seed, place] = arm.accuracy(validation)
                times[place].extend(arm.epochs)
        seconds = np.array([median(one) for one in times])
        difference = scores[:, 1] - scores[:, 0]
        error = difference.std(ddof=1) / np.sqrt(seeds)
        spread = f"{difference.mean():+.2%} ± {error:.2%}"
        cells.append(
            (cell.upper(), *(f"{value:.1%}" for value in scores.mean(0)), spread, *(f"{value:.2f}" for value in seconds))
        )
    header = ("cell", "float32", "bfloat16", "difference", "s float32", "s bfloat16")
    note = (
        f"Validation accuracy after {epochs} epochs, means over {seeds} seeds, their difference with its standard error; seconds "
        f"an epoch. Kernels for {instruction_set()}, {torch.get_num_threads()} thread(s)."
    )
    return Table("A training on mr under autocast", note, header, tuple(cells))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print, or render what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="mr.parquet, with the columns text, label and fold")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=8, help="two at least")
    parser.add_argument("--output", type=Path, default=Path("build/benchmarks"), help="folder (default build/benchmarks)")
    parser.add_argument("--render", type=Path, metavar="DOCUMENT", help="write the last figures into it, measure nothing")
    options = parser.parse_args(arguments)
    results = options.output / "autocast.json"
    if options.render:
        table = Table(**json.loads(results.read_text(encoding="utf-8"))["table"])
        replace_between_marks(options.render, "autocast", markdown_table(table) + "\n")
        return 0
    data = file_of(parser, options.data)
    print(f"warning: {busy()}\n" if busy() else "", end="")
    torch.set_num_threads(options.threads)
    table = compare(*load(data), options.epochs, options.seeds)
    print(markdown_table(table))
    options.output.mkdir(parents=True, exist_ok=True)
    results.write_text(json.dumps({"machine": describe(), "table": vars(table)}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

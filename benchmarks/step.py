"""A training step of the comparison's network: compiled, by autograd with gatewise's layers, and by autograd with PyTorch's.

    python -m benchmarks.step [--rounds 200] [--threads 1] [--output FOLDER]
    python -m benchmarks.step --render docs/performance.md    write the last figures into the document

Forward, loss, backward, clipping, AdamW and the average of the weights, with dropout; the three ways take turns, a step each, on
the same batches. Milliseconds are medians.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch
from benchmarks.layers.machine import describe
from benchmarks.layers.markdown import markdown_table, replace_between_marks
from benchmarks.layers.tables import Table
from benchmarks.layers.terminal import rich_table
from benchmarks.verdict.stock import Stock
from rich.console import Console

from gatewise.nn import build_network
from gatewise.records import Architecture, Hyperparameters
from gatewise.training.autograd_step import AutogradStep
from gatewise.training.compiled_step import CompiledStep
from gatewise.training.objectives import Classes, NextStep, Numbers, Objective, Tensors

HYPERPARAMETERS = Hyperparameters(learning_rate=3e-3, dropout=0.3, input_dropout=0.1, weight_decay=0.01)
BATCHES = 20


@dataclass(frozen=True)
class Case:
    """Batches of `rows` sequences of up to `steps` steps; channels None: tokens of a vocabulary of 10,000."""

    name: str
    rows: int
    steps: int
    channels: int | None
    outputs: int
    pooling: str = "summary"
    horizon: int | None = None

    def architecture(self, cell: str) -> Architecture:
        skip = None if self.horizon is None else {"window": self.steps, "horizon": self.horizon, "channels": [0]}
        return Architecture(
            cell,
            input_size=self.channels or 10_000,
            tokens=self.channels is None,
            outputs=self.outputs,
            pooling=self.pooling,
            embedding_size=64,
            hidden_size=64,
            layers=1,
            bidirectional=False,
            dropout=HYPERPARAMETERS.dropout,
            input_dropout=HYPERPARAMETERS.input_dropout,
            skip=skip,
            seed=1,
            cell_seed=2,
        )

    @property
    def objective(self) -> Objective:
        if self.horizon is not None:
            return Numbers(absolute=True)
        return NextStep() if self.pooling == "steps" else Classes()

    def batch(self, seed: int) -> Tensors:
        generator = torch.Generator().manual_seed(seed)
        shortest = self.steps if self.horizon is not None else max(1, self.steps - 3)
        lengths = torch.randint(shortest, self.steps + 1, (self.rows,), generator=generator)
        lengths[0] = self.steps
        if self.channels is None:  # few words are frequent, and most are rare
            inputs = (torch.rand(self.rows, self.steps, generator=generator) ** 3 * 9_998).long() + 2
            inputs[torch.arange(self.steps) >= lengths[:, None]] = 0
        else:
            inputs = torch.randn(self.rows, self.steps, self.channels, generator=generator)
        if self.pooling == "steps":
            inputs = (inputs > 1.5).float()
        if self.horizon is not None:
            targets = torch.randn(self.rows, self.outputs, generator=generator)
        else:
            targets = torch.randint(0, self.outputs, (self.rows,), generator=generator)
        return Tensors(inputs, lengths, targets, None)


CASES = (
    Case("reviews: 64 rows, 25 steps, vocabulary 10,000", 64, 25, None, 2),
    Case("short series: 8 rows, 206 steps, 3 channels", 8, 206, 3, 5),
    Case("series: 64 rows, 140 steps, 1 channel", 64, 140, 1, 5),
    Case("forecast: 64 windows of 96 steps, 24 ahead", 64, 96, 1, 24, horizon=24),
    Case("music: 8 rows, 60 steps, 88 keys", 8, 60, 88, 88, pooling="steps"),
)


def measure(case: Case, cell: str, rounds: int) -> dict[str, float]:
    """Median milliseconds of a step, by the way it is taken."""
    batches = [case.batch(seed) for seed in range(BATCHES)]
    stock = build_network(case.architecture(cell))
    stock.recurrent = Stock.like(stock.recurrent)
    steps: dict[str, Callable[[Tensors], float]] = {
        "compiled": CompiledStep(build_network(case.architecture(cell)).train(), case.objective, HYPERPARAMETERS, seed=0),
        "autograd": AutogradStep(build_network(case.architecture(cell)).train(), case.objective, HYPERPARAMETERS),
        "stock": AutogradStep(stock.train(), case.objective, HYPERPARAMETERS),
    }
    times: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + 5):
        for name, step in steps.items():
            started = time.perf_counter()
            step(batches[number % BATCHES])
            if number >= 5:
                times[name].append(time.perf_counter() - started)
    return {name: 1000 * median(values) for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("build/benchmarks"))
    parser.add_argument("--render", type=Path, metavar="DOCUMENT", help="write the last figures into it, measure nothing")
    asked = parser.parse_args()
    results = asked.output / "step.json"
    if asked.render:
        replace_between_marks(asked.render, "step", _markdown(json.loads(results.read_text(encoding="utf-8"))))
        return
    torch.set_num_threads(asked.threads)
    rows = []
    for case in CASES:
        for cell in ("gru", "lstm"):
            found = measure(case, cell, asked.rounds)
            ratios = (found["compiled"] / found["autograd"], found["compiled"] / found["stock"])
            rows.append((case.name, cell.upper(), *(f"{value:.2f}" for value in (*found.values(), *ratios))))
    header = ("network", "cell", "compiled, ms", "autograd", "PyTorch alone", "of autograd's", "of PyTorch's")
    table = Table("A training step", f"Hidden size 64, {asked.threads} thread.", header, tuple(rows))
    Console(width=max(120, Console().width)).print(rich_table(table))
    asked.output.mkdir(parents=True, exist_ok=True)
    results.write_text(json.dumps({"machine": describe(), "table": asdict(table)}), encoding="utf-8")


def _markdown(document: dict[str, Any]) -> str:
    machine, table = document["machine"], document["table"]
    rows = tuple(map(tuple, table["rows"]))
    made = Table(table["title"], table["note"], tuple(table["header"]), rows)
    intro = f"Measured on {machine['processor']}, torch {machine['versions']['torch']}."
    return f"{intro}\n\n{markdown_table(made)}\n"


if __name__ == "__main__":
    main()

"""Rounding errors of gatewise's layers beside PyTorch's, both in float32 and against float64.

    python -m benchmarks.accuracy [--quick] [--instruction-set NAME] [--output FOLDER]
    python -m benchmarks.accuracy --render docs/accuracy.md    write the last figures into the document

Functions: the largest relative error over random arguments of an interval. Layers: the root mean square of an array's error over
that of its values, outputs and gradients of everything (the loss is a random sum of the outputs), over several draws.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from benchmarks.layers.machine import describe
from benchmarks.layers.markdown import markdown_table, replace_between_marks
from benchmarks.layers.tables import Table
from benchmarks.layers.terminal import rich_table
from rich.console import Console
from torch import Tensor, nn

import gatewise.nn
from gatewise import kernels

SAMPLES = 1 << 18
TANH = (
    *((-88.0, -9.0), (-9.0, -4.0), (-4.0, -1.0), (-1.0, -0.1)),
    *((2.0**-60, 2.0**-20), (2.0**-20, 0.1), (0.1, 0.3), (0.3, 0.6), (0.6, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 4.0), (4.0, 6.0)),
    *((6.0, 9.0), (9.0, 88.0)),
)
SIGMOID = (
    *((-87.0, -40.0), (-40.0, -20.0), (-20.0, -10.0), (-10.0, -4.0), (-4.0, -1.0), (-1.0, 1.0), (1.0, 4.0), (4.0, 8.0)),
    *((8.0, 16.0), (16.0, 87.0)),
)
CELLS: dict[str, tuple[Callable[..., nn.RNNBase], Callable[..., nn.RNNBase]]] = {
    "GRU": (gatewise.nn.GRU, nn.GRU),
    "LSTM": (gatewise.nn.LSTM, nn.LSTM),
    "RNN": (gatewise.nn.RNN, nn.RNN),
}
BOUND = 3.0
"""How many times PyTorch's error ours may be."""


@dataclass(frozen=True)
class Pair:
    """The error of the same thing, computed by either."""

    ours: float
    torch: float

    @property
    def ratio(self) -> float:
        """How many times PyTorch's error ours is; 1 where neither has any."""
        if self.torch:
            return self.ours / self.torch
        return math.inf if self.ours else 1.0


@dataclass(frozen=True)
class Case:
    """One layer: sizes, and the factor on the weights beside those that keep sums near one."""

    cell: str
    steps: int
    rows: int
    input_size: int
    hidden_size: int
    scale: float = 1.0


def function_errors(name: str, low: float, high: float, samples: int = SAMPLES) -> tuple[Pair, Pair]:
    """Value and derivative of `tanh` or `sigmoid` over an interval, whose ends have one sign or are small."""
    random = torch.Generator().manual_seed(1)
    share = torch.rand(samples, generator=random, dtype=torch.float64)
    x = (torch.tensor(low).double().log() * (1 - share) + math.log(high) * share).exp() if low > 0 else low + (high - low) * share
    x = x.float()
    exact = x.double()
    value = exact.tanh() if name == "tanh" else exact.sigmoid()
    slope = 1 / exact.cosh() ** 2 if name == "tanh" else value * (-exact).sigmoid()

    def worst(function: Callable[[Tensor], Tensor]) -> tuple[float, float]:
        here = x.clone().requires_grad_()
        came = function(here)
        came.sum().backward()
        assert here.grad is not None
        return _largest(came.detach(), value), _largest(here.grad, slope)

    layer = _one_unit(name)
    ours = worst(lambda x: layer(x[None, :, None])[0].flatten())
    theirs = worst(torch.tanh if name == "tanh" else torch.sigmoid)
    return Pair(ours[0], theirs[0]), Pair(ours[1], theirs[1])


def _largest(came: Tensor, expected: Tensor) -> float:
    return float(((came.double() - expected) / expected).abs().max())


def _one_unit(name: str) -> nn.Module:
    """A layer of one unit whose one step is just the function of its input: h = tanh(x), or h = 0 + sigmoid(x) (1 - 0)."""
    layer: nn.Module = gatewise.nn.RNN(1, 1, bias=False) if name == "tanh" else gatewise.nn.MinGRU(1, 1)
    parameters = dict(layer.named_parameters())
    with torch.no_grad():
        for parameter in parameters.values():
            parameter.zero_()
        parameters["weight_ih_l0"][0] = 1.0
        if name == "sigmoid":
            parameters["bias_ih_l0"][1] = 0.5
    return layer


def layer_errors(case: Case, draws: int) -> tuple[Pair, Pair]:
    """Outputs, and the worst of the gradients; root mean square over draws."""
    squares: dict[str, list[Pair]] = {}
    for seed in range(draws):
        torch.manual_seed(seed)
        layers = [kind(case.input_size, case.hidden_size) for kind in CELLS[case.cell]]
        for parameter in layers[0].parameters():
            nn.init.normal_(parameter, std=case.scale / math.sqrt(parameter.shape[-1] if parameter.dim() > 1 else 1))
        weights = layers[0].state_dict()
        input = torch.randn(case.steps, case.rows, case.input_size)
        weighting = torch.randn(case.steps, case.rows, case.hidden_size)
        exact = CELLS[case.cell][1](case.input_size, case.hidden_size, dtype=torch.float64)
        exact.load_state_dict(weights)
        reference = _arrays(exact, input.double(), weighting.double())
        answers = []
        for layer in layers:
            layer.load_state_dict(weights)
            answers.append(_arrays(layer, input, weighting))
        for name, value in reference.items():
            ours, theirs = (float((answer[name] - value).norm() / value.norm()) ** 2 for answer in answers)
            squares.setdefault(name, []).append(Pair(ours, theirs))
    pairs = {
        name: Pair(math.sqrt(sum(pair.ours for pair in each) / draws), math.sqrt(sum(pair.torch for pair in each) / draws))
        for name, each in squares.items()
    }
    output = pairs.pop("output")
    return output, max(pairs.values(), key=lambda pair: pair.ratio)


def _arrays(layer: nn.RNNBase, input: Tensor, weighting: Tensor) -> dict[str, Tensor]:
    input = input.clone().requires_grad_()
    output = layer(input)[0]
    (output * weighting).sum().backward()
    found = {name: parameter.grad for name, parameter in layer.named_parameters()}
    return {"output": output.detach().double()} | {
        name: gradient.double() for name, gradient in {**found, "input": input.grad}.items() if gradient is not None
    }


def cases(quick: bool) -> Iterator[tuple[str, list[Case]]]:
    """Sweeps of one size each."""
    if quick:
        yield "Quick", [Case(cell, 3, 2, 40, 20) for cell in CELLS]
        return
    yield "Steps", [Case(cell, steps, 2, 16, 64) for steps in (100, 1000, 10000) for cell in CELLS]
    yield "Batch", [Case(cell, 50, rows, 16, 64) for rows in (1, 64, 4096) for cell in CELLS]
    yield "Factor on the weights", [Case(cell, 3, 16, 64, 64, scale) for scale in (0.01, 10.0, 100.0) for cell in CELLS]
    yield "Input size", [Case(cell, 4, 4, size, 32) for size in (64, 1024, 8192, 65536) for cell in CELLS]
    hidden = (64, 256, 1024, 4096)
    largest = [Case(cell, 3, 4, 16, 8192) for cell in CELLS] + [Case("RNN", 3, 4, 16, 16384)]
    yield "Hidden size", [Case(cell, 4, 4, 16, size) for size in hidden for cell in CELLS] + largest


def tables(quick: bool, draws: int, show: Callable[[Table], None]) -> Iterator[Table]:
    """Measure; every table is shown as soon as it is there."""
    for name, intervals in (("tanh", TANH), ("sigmoid", SIGMOID)):
        rows = []
        for low, high in intervals:
            value, slope = function_errors(name, low, high, 1000 if quick else SAMPLES)
            rows.append((f"{low:.3g} to {high:.3g}", *_cells(value), *_cells(slope)))
        header = (f"argument of {name}", "gatewise", "PyTorch", "ratio", "derivative: gatewise", "PyTorch", "ratio")
        yield _shown(Table(f"{name} and its derivative", "Largest relative error.", header, tuple(rows)), show)
    header = ("layer (T, B, I, H)", "output: gatewise", "PyTorch", "ratio", "worst gradient: gatewise", "PyTorch", "ratio")
    for title, sweep in cases(quick):
        rows = []
        for case in sweep:
            output, gradient = layer_errors(case, 1 if quick or case.hidden_size > 1024 else draws)
            factor = "" if case.scale == 1.0 else f", weights x {case.scale:g}"
            sizes = f"{case.cell} ({case.steps}, {case.rows}, {case.input_size}, {case.hidden_size}){factor}"
            rows.append((sizes, *_cells(output), *_cells(gradient)))
        yield _shown(Table(title, "Relative error, root mean square.", header, tuple(rows)), show)


def _cells(pair: Pair) -> tuple[str, str, str]:
    mark = "!" if pair.ratio > BOUND else ""
    return f"{pair.ours:.1e}", f"{pair.torch:.1e}", f"{pair.ratio:.2f}{mark}"


def _shown(table: Table, show: Callable[[Table], None]) -> Table:
    show(table)
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, or render what was measured. Returns 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that everything runs")
    parser.add_argument("--draws", type=int, default=5, help="of weights and inputs (default 5)")
    parser.add_argument("--instruction-set", choices=kernels.instruction_sets(), help="of gatewise (default: the fastest)")
    parser.add_argument("--output", type=Path, default=Path("build/benchmarks"), help="folder (default build/benchmarks)")
    parser.add_argument("--render", type=Path, metavar="DOCUMENT", help="write the last figures into it, measure nothing")
    options = parser.parse_args(arguments)
    results = options.output / "accuracy.json"
    if options.render:
        replace_between_marks(options.render, "accuracy", _markdown(json.loads(results.read_text(encoding="utf-8"))))
        return 0
    if options.instruction_set:
        kernels.select_instruction_set(options.instruction_set)
    console = Console(width=max(120, Console().width), soft_wrap=False)
    machine = describe()
    options.output.mkdir(parents=True, exist_ok=True)
    found = []
    for table in tables(options.quick, options.draws, lambda table: console.print(rich_table(table))):
        found.append(asdict(table))
        results.write_text(json.dumps({"machine": machine, "set": kernels.instruction_set(), "tables": found}), encoding="utf-8")
    console.print(f"\nWritten: {results}")
    return 0


def _markdown(document: dict[str, Any]) -> str:
    machine = document["machine"]
    intro = f"Measured on {machine['processor']}, kernels for {document['set']}, torch {machine['versions']['torch']}."
    found = [
        Table(table["title"], table["note"], tuple(table["header"]), tuple(map(tuple, table["rows"])))
        for table in document["tables"]
    ]
    return "\n\n".join([intro, *map(markdown_table, found)]) + "\n"


if __name__ == "__main__":
    sys.exit(main())

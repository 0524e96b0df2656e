"""Layers of eight bits: how fast beside float and beside other libraries', and what they cost in accuracy.

    python -m benchmarks.int8 [--seconds 4] [--threads 1] [--only gru] [--sizes 64,256] [--output FOLDER]
    python -m benchmarks.int8 --accuracy all --data FOLDER [--seeds 3]    trains on mr and JapaneseVowels
    python -m benchmarks.int8 --render docs/performance.md            write the last figures into the document

A call is one step with the state carried on, or a whole sequence. gatewise in float and in eight bits, PyTorch's quantize_dynamic
(LSTM and GRU) and ONNX Runtime's quantised LSTM (its quantiser passes the GRU by) take turns in an order drawn anew each round;
the fastest tenth of the turns counts. Before it is timed, each one's output is held against a float64 reference: who is further
off than TOLERANCE is refused and named.
"""

from __future__ import annotations

import argparse
import json
import math
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmarks.layers.libraries import OTHERS
from benchmarks.layers.machine import busy, describe
from benchmarks.layers.markdown import markdown_table, replace_between_marks
from benchmarks.layers.tables import Table
from benchmarks.layers.terminal import rich_table
from numpy.typing import NDArray
from rich.console import Console
from torch import nn

import gatewise.nn as gnn
from gatewise.timing import interleave

Values = NDArray[np.float32]
Run = Callable[[], Values]
"""One call; gives the output [steps, batch, H], of a step that of the steps since the states were zero."""

TOLERANCE = {"float": 1e-5, "int8": 0.05, "torch int8": 0.1, "onnxruntime int8": 0.1}
SIZES = (64, 128, 256, 512, 1024)
BATCHES = (1, 32)
CHECKED_STEPS = 8
TURN = 5e-4
"""Seconds."""
FASTEST = 10
"""Per cent of the turns are faster than what counts: on a busy machine most are interrupted, and their median says how busy."""


@dataclass(frozen=True)
class Case:
    """One layer, inputs as wide as the state."""

    cell: str
    hidden_size: int
    batch: int

    @property
    def steps(self) -> int:
        """Of a whole sequence."""
        return max(8, min(50, 12_800 // self.hidden_size))


@dataclass(frozen=True)
class Rival:
    """step(x [batch, I]) carries its state from zero on; whole(x [steps, batch, I])."""

    step: Callable[[Values], Values]
    whole: Callable[[Values], Values]


def rivals(case: Case, stock: nn.Module) -> Iterator[tuple[str, Callable[[], Rival]]]:
    """Who takes part, by name, each made anew with states of zero."""
    kinds: dict[str, Any] = {"gru": gnn.GRU, "lstm": gnn.LSTM}
    layer = kinds[case.cell](case.hidden_size, case.hidden_size).eval()
    layer.load_state_dict(stock.state_dict())
    small = gnn.quantize(layer)
    yield "float", lambda: of_module(layer, gnn.Stream(layer, case.batch).step)
    yield "int8", lambda: of_module(small, gnn.Stream(small, case.batch).step)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it will move to another package
        dynamic = torch.ao.quantization.quantize_dynamic(nn.Sequential(stock), {type(stock)}, torch.qint8)[0]
    yield "torch int8", lambda: of_module(dynamic, torch_step(dynamic))
    if case.cell == "lstm" and not OTHERS["onnxruntime"].missing():
        from benchmarks.int8_onnx import QuantizedLSTM

        session = QuantizedLSTM(stock)
        yield "onnxruntime int8", lambda: Rival(session.stepper(case.batch), session.whole)


def of_module(module: nn.Module, step: Callable[[Values], Values]) -> Rival:
    def whole(inputs: Values) -> Values:
        output: Values = module(torch.from_numpy(inputs))[0].numpy()
        return output

    return Rival(step, whole)


def torch_step(module: nn.Module) -> Callable[[Values], Values]:
    state = None

    def step(inputs: Values) -> Values:
        nonlocal state
        output, state = module(torch.from_numpy(inputs)[None], state)
        result: Values = output[0].numpy()
        return result

    return step


def measure(case: Case, seconds: float) -> list[dict[str, Any]]:
    """A row for steps and one for whole sequences: microseconds a step, and times of the others over ours in eight bits."""
    torch.manual_seed(case.hidden_size)
    stock = {"gru": nn.GRU, "lstm": nn.LSTM}[case.cell](case.hidden_size, case.hidden_size).eval()
    inputs = np.random.default_rng(1).normal(size=(case.steps, case.batch, case.hidden_size)).astype(np.float32)
    expected = type(stock)(case.hidden_size, case.hidden_size, dtype=torch.float64)
    expected.load_state_dict(stock.state_dict())
    reference = expected(torch.from_numpy(inputs).double())[0].numpy()
    actions: dict[str, dict[str, Callable[[int], object]]] = {"step": {}, "whole": {}}
    steps: dict[str, dict[str, int]] = {"step": {}, "whole": {}}
    refused, errors = {}, {}
    for name, make in rivals(case, stock):
        rival = make()
        stepped = np.stack([rival.step(inputs[step]).copy() for step in range(CHECKED_STEPS)])
        off = max(
            float(np.abs(found - reference[: len(found)]).max() / np.abs(reference).max())
            for found in (stepped, rival.whole(inputs))
        )
        errors[name] = off
        if not off <= TOLERANCE[name]:
            refused[name] = f"off by {off:.2g}"
            continue
        for mode, call, values, steps_of_a_call in (
            ("step", rival.step, inputs[0], 1),
            ("whole", rival.whole, inputs, case.steps),
        ):
            actions[mode][name], turns = _repeated(call, values)
            steps[mode][name] = turns * steps_of_a_call
    rows = []
    for mode, rivals_of_mode in actions.items():
        times = interleave(rivals_of_mode, rounds=400, warm_up=2, seconds=seconds, least=9)
        each = {name: values * 1e3 / steps[mode][name] for name, values in times.items()}
        undisturbed = {name: float(np.percentile(values, FASTEST)) for name, values in each.items()}
        rows.append(
            {
                "case": asdict(case),
                "mode": mode,
                "microseconds": undisturbed,
                "ratios": {name: value / undisturbed["int8"] for name, value in undisturbed.items() if "int8" in undisturbed},
                "rounds": len(next(iter(times.values()))),
                "errors": errors,
                "refused": refused,
            }
        )
    return rows


def _repeated(call: Callable[[Values], object], inputs: Values) -> tuple[Callable[[int], object], int]:
    """The call as many times as fill TURN, and how many: a short turn is often over before the machine turns to other work."""
    shortest = math.inf
    for _ in range(5):
        began = time.perf_counter()
        call(inputs)
        shortest = min(shortest, time.perf_counter() - began)
    turns = max(1, min(1000, round(TURN / shortest)))

    def action(_: int) -> None:
        for _turn in range(turns):
            call(inputs)

    return action, turns


def speed_tables(rows: list[dict[str, Any]]) -> Iterator[Table]:
    """A table a mode and cell."""
    for mode, title in (("step", "One step with its state carried"), ("whole", "Whole sequences")):
        for cell in ("gru", "lstm"):
            chosen = [row for row in rows if row["mode"] == mode and row["case"]["cell"] == cell]
            if not chosen:
                continue
            names = [name for name in TOLERANCE if any(name in row["microseconds"] for row in chosen)]
            others = [name for name in names if name != "int8"]
            cells = tuple(
                (
                    f"{row['case']['batch']} x H {row['case']['hidden_size']}",
                    *(_number(row["microseconds"].get(name)) for name in names),
                    *(_number(row["ratios"].get(name)) for name in others),
                    *(f"{100 * row['errors'][name]:.1f}%" if name in row["errors"] else "-" for name in names[1:]),
                )
                for row in chosen
            )
            header = ("batch", *names, *(f"{name} / int8" for name in others), *(f"{name} error" for name in names[1:]))
            note = "Microseconds a step; times over ours in eight bits; the largest error over the largest output."
            yield Table(f"{title}, {cell.upper()}", note, header, cells)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0, help="for each row of a table")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", choices=["gru", "lstm"])
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="hidden sizes (default: %(default)s)")
    parser.add_argument(
        "--accuracy", choices=["all", "mr", "JapaneseVowels"], help="train and score on it; no times are measured"
    )
    parser.add_argument("--data", type=Path, help="folder with mr and tsc, for --accuracy")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=Path("build/benchmarks"))
    parser.add_argument("--render", type=Path, metavar="DOCUMENT", help="write the last figures into it, measure nothing")
    asked = parser.parse_args()
    if asked.render:
        replace_between_marks(asked.render, "int8", _markdown(asked.output))
        return
    torch.set_num_threads(asked.threads)
    asked.output.mkdir(parents=True, exist_ok=True)
    console = Console(width=max(120, Console().width))
    if asked.accuracy:
        if asked.data is None or not asked.data.is_dir():
            parser.error(f"--data is {asked.data}; give the folder that holds mr and tsc")
        from benchmarks.int8_accuracy import SETS, accuracy_row

        for name in SETS if asked.accuracy == "all" else [asked.accuracy]:
            for cell in ("gru", "lstm"):
                if asked.only in (None, cell):
                    scored = accuracy_row(name, cell, asked.data, asked.seeds)
                    console.print("  ".join(scored))
                    _write(asked.output / f"int8_accuracy_{name}_{cell}.json", {"row": scored})
        return
    # At the end this program itself would be part of the load.
    before = busy()
    measured: list[dict[str, Any]] = []
    with torch.inference_mode():
        for cell in ("gru", "lstm"):
            rows: list[dict[str, Any]] = []
            if asked.only in (None, cell):
                for size in map(int, asked.sizes.split(",")):
                    for batch in BATCHES:
                        rows += measure(Case(cell, size, batch), asked.seconds)
                        _write(asked.output / f"int8_{cell}.json", _document(rows, asked.threads, before))
            measured += rows
    for table in speed_tables(measured):
        console.print(rich_table(table))
    for row in measured:
        for name, reason in row["refused"].items():
            console.print(f"refused: {name} at {row['case']}: {reason}")


def _document(rows: list[dict[str, Any]], threads: int, before: str) -> dict[str, Any]:
    from gatewise.kernels import _compiled

    products = _compiled.int8_sets()[0]
    return {"machine": describe(), "busy": before, "threads": threads, "products": products, "rows": rows}


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document), encoding="utf-8")


def _markdown(folder: Path) -> str:
    found = [folder / f"int8_{cell}.json" for cell in ("gru", "lstm")]
    documents = [json.loads(file.read_text(encoding="utf-8")) for file in found if file.exists()]
    document, rows = documents[0], [row for each in documents for row in each["rows"]]
    machine, threads = document["machine"], document["threads"]
    intro = (
        f"Measured on {machine['processor']}, {document['products']}, torch {machine['versions']['torch']}, {threads} thread(s)."
    )
    parts = [intro, *([f"At the beginning {document['busy']}."] if document["busy"] else [])]
    refused = {f"{name} at {row['case']} ({reason})" for row in rows for name, reason in row["refused"].items()}
    parts += [f"Refused: {'; '.join(sorted(refused))}."] if refused else []
    parts += [markdown_table(table) for table in speed_tables(rows)]
    scored = [tuple(json.loads(file.read_text(encoding="utf-8"))["row"]) for file in sorted(folder.glob("int8_accuracy_*.json"))]
    if scored:
        from benchmarks.int8_accuracy import accuracy_table

        parts.append(markdown_table(accuracy_table(scored)))
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()

"""GRU and LSTM in C, floats and 8 bits: flash, RAM, time of a step on this machine, and instructions of a step on a Cortex-M4F.

    python -m benchmarks.edge [--output FOLDER] [--cmsis-nn FOLDER]
    python -m benchmarks.edge --render docs/export.md    write the last figures into the document

12 channels, 9 classes, the last state read; weights are drawn at random, for nothing here depends on their values. Every
program's answer is held against the model's before it is counted. Instructions are counted in QEMU (`board.c`) and are no cycles:
how many of these a load or a division takes is the processor's own. With a checkout of ARM's CMSIS-NN, the LSTM of that stands
beside ours (`cmsis_nn.py`).
"""

from __future__ import annotations

import argparse
import ctypes
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from benchmarks.edge.board import missing, on_board
from benchmarks.edge.cmsis_nn import PEER_FLAGS, sources, write_peer
from benchmarks.layers.machine import describe
from benchmarks.layers.markdown import markdown_table, replace_between_marks
from benchmarks.layers.tables import Table
from numpy.typing import NDArray

from gatewise.cells import CELLS
from gatewise.data.encoding.series import SeriesEncoder
from gatewise.export.c import CModel, load_c, write_c
from gatewise.export.c.design import design_of
from gatewise.records import Architecture
from gatewise.runtime.model import Model
from gatewise.runtime.network import ArrayNetwork
from gatewise.runtime.shapes import weight_shapes

CHANNELS, CLASSES, STEPS = 12, 9, 200
DEFAULT = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Row:
    """One program. error: greatest difference of its probabilities from the model's; board_error: of the board's from this
    machine's. nanoseconds: of a step here, of the quickest round. instructions, with_prediction: of a step on the board; None
    without one. library: whose program it is, if not ours; None stands for what it does not have or is not asked here.
    """

    cell: str
    hidden_size: int
    weights: str
    flash: int
    ram: int
    code: int | None
    nanoseconds: float | None
    instructions: float | None
    with_prediction: float | None
    error: float
    board_error: float | None
    library: str | None = None


def model_of(cell: str, hidden_size: int) -> Model:
    """Weights as PyTorch draws them: even within 1 / sqrt(hidden size)."""
    sizes = {
        "outputs": CLASSES,
        "embedding_size": 1,
        "hidden_size": hidden_size,
        "layers": 1,
        "dropout": 0.0,
        "input_dropout": 0.0,
    }
    rest = {"tokens": False, "pooling": "last", "bidirectional": False, "seed": 0, "cell_seed": 0}
    built = Architecture(cell, input_size=CHANNELS, **sizes, **rest)  # type: ignore[arg-type]
    generator, bound = np.random.default_rng(0), hidden_size**-0.5
    weights = {name: generator.uniform(-bound, bound, shape).astype(np.float32) for name, shape in weight_shapes(built).items()}
    classes, channels = (tuple(map(str, range(count))) for count in (CLASSES, CHANNELS))
    encoder = SeriesEncoder((0.0,) * CHANNELS, (1.0,) * CHANNELS, None)
    return Model(cell, "series", "classification", "accuracy", classes, channels, (), encoder, ArrayNetwork(built, weights))


def measure(cell: str, hidden_size: int, *, int8: bool, rounds: int) -> Row:
    """Write, check and measure one program. Raises RuntimeError where it says something else than the model."""
    model = model_of(cell, hidden_size)
    inputs = _inputs()
    expected = model.predict_proba([inputs])[0]
    with tempfile.TemporaryDirectory() as place:
        write_c(model, Path(place), "tested", int8=int8)
        here = load_c(Path(place))
        said = here.predict_proba([inputs])[0]
        error = float(np.abs(said - expected).max())
        if not error <= (0.05 if int8 else 1e-5):
            raise RuntimeError(f"the C of a {cell} of {hidden_size} units is wrong by {error}")
        answers = None if missing() else on_board(Path(place), inputs)
    nanoseconds = _step_time(here, inputs, rounds)
    program = here.program
    return Row(
        cell,
        hidden_size,
        "int8" if int8 else "float32",
        program.flash_bytes,
        program.state_bytes,
        None if answers is None else answers.code_bytes,
        nanoseconds,
        None if answers is None else answers.step,
        None if answers is None else answers.step_and_said,
        error,
        None if answers is None else float(np.abs(answers.said - said).max()),
    )


def measure_peer(hidden_size: int, checkout: Path) -> Row:
    """The same LSTM by CMSIS-NN. It has no head: probabilities are those of the model's own on the board's last state.

    Raises RuntimeError where the state is no such LSTM's.
    """
    model = model_of("lstm", hidden_size)
    inputs, weights = _inputs(), design_of(model, "tested", int8=True).weights
    with tempfile.TemporaryDirectory() as place:
        peer = write_peer(weights, inputs, Path(place))
        answers = on_board(Path(place), peer.inputs, (f"-I{checkout / 'Include'}", *PEER_FLAGS), sources(checkout))
    farthest = float(np.abs(answers.said - peer.state).max())
    if not farthest <= 0.02:
        raise RuntimeError(f"the state of CMSIS-NN's LSTM of {hidden_size} units is wrong by {farthest}")
    scores = weights["head.weight"] @ answers.said + weights["head.bias"]
    said = np.exp(scores) / np.exp(scores).sum()
    error = float(np.abs(said - model.predict_proba([inputs])[0]).max())
    sizes = (answers.constant_bytes, peer.ram, answers.code_bytes)
    return Row("lstm", hidden_size, "int8", *sizes, None, answers.step, None, error, None, "CMSIS-NN")


def _inputs() -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(size=(STEPS, CHANNELS)).astype(np.float32)


def _step_time(model: CModel, inputs: NDArray[np.float32], rounds: int) -> float:
    """Nanoseconds of a step, from whole sequences: of the quickest round, for whatever else the machine does only adds to it."""
    program = model.program
    state = np.zeros(program.state_bytes // 4, dtype=np.uint32)
    said = np.zeros(CLASSES, dtype=np.float32)
    run = program.library["tested_run"]
    arguments = [ctypes.c_void_p(array.ctypes.data) for array in (state, inputs, said)]
    times = []
    for _ in range(rounds):
        begin = time.perf_counter_ns()
        run(arguments[0], arguments[1], ctypes.c_size_t(len(inputs)), arguments[2])
        times.append(time.perf_counter_ns() - begin)
    return min(times) / len(inputs)


def table(rows: list[Row]) -> Table:
    """For people."""
    headings = (
        "cell",
        "units",
        "weights",
        "flash",
        "RAM",
        "code",
        "ns a step",
        "instructions a step",
        "with a prediction",
        "error",
    )
    lines = tuple(
        (
            CELLS[row.cell].title + (f", {row.library}" if row.library else ""),
            str(row.hidden_size),
            row.weights,
            f"{row.flash:,}",
            f"{row.ram:,}",
            _shown(row.code),
            _shown(row.nanoseconds),
            _shown(row.instructions),
            _shown(row.with_prediction),
            f"{row.error:.1e}",
        )
        for row in rows
    )
    return Table("GRU and LSTM in C", "Bytes; instructions are those of a Cortex-M4F.", headings, lines)


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def main(arguments: list[str] | None = None) -> None:
    """Measure, print and keep, or write what was kept into a document."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.edge", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, default=DEFAULT)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--sizes", type=int, nargs="+", default=[32, 64])
    parser.add_argument("--cmsis-nn", type=Path, help="a checkout of CMSIS-NN")
    parser.add_argument("--render", type=Path)
    asked = parser.parse_args(arguments)
    file = asked.output / "edge.json"
    if asked.render:
        rows = [Row(**row) for row in json.loads(file.read_text())["rows"]]
        replace_between_marks(asked.render, "edge", markdown_table(table(rows)) + "\n")
        return
    rows = [
        measure(cell, size, int8=int8, rounds=asked.rounds)
        for cell in ("gru", "lstm")
        for size in asked.sizes
        for int8 in (False, True)
    ]
    if asked.cmsis_nn:
        rows += [measure_peer(size, asked.cmsis_nn) for size in asked.sizes]
    print(markdown_table(table(rows)))
    asked.output.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"machine": describe(), "rows": [asdict(row) for row in rows]}, indent=1) + "\n")


if __name__ == "__main__":
    main()

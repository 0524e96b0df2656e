"""Latency of one step of a stream from Python, beside onnxruntime and PyTorch, and the round trip of its state.

    python -m benchmarks.streaming [--rounds 2000] [--output FILE.json]

Every way does the same: it reads one step of 8 numbers, moves the state of one GRU or LSTM layer on, and says the probabilities
of 4 classes. `stream` is `model.stream().step`, which also checks and scales what it reads; `layer` the same layer alone, without
the head, by `gatewise.nn.Stream`; `torch cell` nn.GRUCell or LSTMCell and `torch layer` nn.GRU or LSTM of one step, without
gradients; `onnxruntime` a graph of one step, state in and out. One thread each. The ways take turns; microseconds are medians.
Before anything is timed, all are run over 50 steps and must say the same.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from benchmarks.layers.machine import describe
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from rich.console import Console
from rich.table import Table
from torch import nn

from gatewise.data.encoding.series import SeriesEncoder
from gatewise.nn import Stream
from gatewise.records import Architecture
from gatewise.runtime.model import Model
from gatewise.runtime.network import ArrayNetwork
from gatewise.runtime.shapes import weight_shapes
from gatewise.timing.interleaved import interleave

CHANNELS, CLASSES = 8, 4
SIZES = (16, 32, 64, 128, 256)
CHECKED = 50
TOLERANCE = 1e-5

Values = NDArray[np.float32]
Step = Callable[[Values], Any]


def model_of(cell: str, size: int) -> Model:
    """A model of random weights that reads numbers as they are."""
    sizes = {"input_size": CHANNELS, "tokens": False, "outputs": CLASSES, "embedding_size": 1, "hidden_size": size, "layers": 1}
    rest = {"pooling": "last", "bidirectional": False, "dropout": 0.0, "input_dropout": 0.0, "seed": 0, "cell_seed": 0}
    architecture = Architecture(cell, **{**sizes, **rest})  # type: ignore[arg-type]
    generator = np.random.default_rng(size)
    shapes = weight_shapes(architecture)
    weights = {name: generator.normal(0, size**-0.5, shape).astype(np.float32) for name, shape in shapes.items()}
    return Model(
        name=cell,
        kind="series",
        task="classification",
        metric="accuracy",
        classes=tuple("abcd"),
        channels=tuple(f"c{number}" for number in range(CHANNELS)),
        outputs=(),
        encoder=SeriesEncoder((0.0,) * CHANNELS, (1.0,) * CHANNELS, None),
        predictor=ArrayNetwork(architecture, weights),
    )


def weights_of(model: Model) -> dict[str, Values]:
    assert isinstance(model.predictor, ArrayNetwork)
    return dict(model.predictor.weights)


def torch_steps(cell: str, size: int, weights: dict[str, Values]) -> tuple[Step, Step, nn.Module]:
    """A cell, and a layer of one step, each with the head; and the layer."""
    one: Any = {"gru": nn.GRUCell, "lstm": nn.LSTMCell}[cell](CHANNELS, size)
    layer: Any = {"gru": nn.GRU, "lstm": nn.LSTM}[cell](CHANNELS, size, batch_first=True)
    head = nn.Linear(size, CLASSES)
    named = {name.removeprefix("recurrent."): torch.from_numpy(array) for name, array in weights.items()}
    layer.load_state_dict({name: named[name] for name in layer.state_dict()})
    one.load_state_dict({name: named[f"{name}_l0"] for name in one.state_dict()})
    head.load_state_dict({"weight": named["head.weight"], "bias": named["head.bias"]})
    state: Any = torch.zeros(1, size) if cell == "gru" else (torch.zeros(1, size), torch.zeros(1, size))
    carried: Any = None

    @torch.no_grad()
    def by_cell(x: Values) -> Any:
        nonlocal state
        state = one(torch.from_numpy(x)[None], state)
        return head(state if cell == "gru" else state[0]).softmax(1).numpy()[0]

    @torch.no_grad()
    def by_layer(x: Values) -> Any:
        nonlocal carried
        output, carried = layer(torch.from_numpy(x)[None, None], carried)
        return head(output[:, -1]).softmax(1).numpy()[0]

    return by_cell, by_layer, layer


def onnx_step(cell: str, size: int, weights: dict[str, Values]) -> Step:
    """One step of ONNX's own operator, whose gates are z, r, h and i, o, f, c."""
    order = (1, 0, 2) if cell == "gru" else (0, 3, 1, 2)

    def sorted_gates(name: str) -> Values:
        return np.concatenate([np.split(weights[f"recurrent.{name}_l0"], len(order))[gate] for gate in order])

    states = ["h"] if cell == "gru" else ["h", "c"]
    constants = {
        "W": sorted_gates("weight_ih")[None],
        "R": sorted_gates("weight_hh")[None],
        "B": np.concatenate([sorted_gates("bias_ih"), sorted_gates("bias_hh")])[None],
        "head": np.ascontiguousarray(weights["head.weight"].T),
        "bias": weights["head.bias"],
        "first": np.array([0], dtype=np.int64),
    }
    more = {"linear_before_reset": 1} if cell == "gru" else {}
    nodes = [
        helper.make_node(
            cell.upper(), ["x", "W", "R", "B", "", *states], ["", *(f"{name}_next" for name in states)], hidden_size=size, **more
        ),
        helper.make_node("Squeeze", ["h_next", "first"], ["last"]),
        helper.make_node("Gemm", ["last", "head", "bias"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["y"], axis=1),
    ]
    shape = [1, 1, size]
    graph = helper.make_graph(
        nodes,
        "step",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, CHANNELS]),
            *(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in states),
        ],
        [
            helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, CLASSES]),
            *(helper.make_tensor_value_info(f"{name}_next", TensorProto.FLOAT, shape) for name in states),
        ],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    carried = {name: np.zeros(shape, dtype=np.float32) for name in states}

    def step(x: Values) -> Any:
        y, *following = session.run(None, {"x": x[None, None], **carried})
        carried.update(zip(states, following, strict=True))
        return y[0]

    return step


def measured(cell: str, size: int, rounds: int) -> dict[str, Any]:
    """Median microseconds a step of every way. Raises ValueError where they do not say the same."""
    model = model_of(cell, size)
    weights = weights_of(model)
    by_cell, by_layer, layer = torch_steps(cell, size, weights)
    stream, alone = model.stream(), Stream(layer.eval(), threads=1)
    ways: dict[str, Step] = {
        "stream": stream.step,
        "layer": alone.step,
        "onnxruntime": onnx_step(cell, size, weights),
        "torch cell": by_cell,
        "torch layer": by_layer,
    }
    steps = np.random.default_rng(1).normal(size=(CHECKED, CHANNELS)).astype(np.float32)
    expected = model.predict_proba([steps[: end + 1] for end in range(CHECKED)])
    for name in ("stream", "onnxruntime", "torch cell", "torch layer"):
        found = np.array([ways[name](x) for x in steps])
        if not np.allclose(found, expected, atol=TOLERANCE):
            raise ValueError(f"{name} of {cell} {size} differs by {np.abs(found - expected).max():.2g}")

    def timed(step: Step) -> Callable[[int], object]:
        return lambda number: step(steps[number % CHECKED])

    times = interleave({name: timed(step) for name, step in ways.items()}, rounds=rounds, warm_up=200, seconds=60)
    row: dict[str, Any] = {"cell": cell, "hidden": size, **{name: 1000 * float(np.median(one)) for name, one in times.items()}}
    begun = time.perf_counter()
    for _ in range(100):
        content = stream.save()
        stream.restore(content)
    row |= {"save and restore": (time.perf_counter() - begun) * 1e4, "bytes": len(content)}
    other = model.stream().restore(content)
    if not np.array_equal(other.step(steps[0]), stream.step(steps[0])):
        raise ValueError(f"a restored stream of {cell} {size} says something else")
    return row


def main() -> None:
    """Measure, print a table, and write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--output", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    rows = [measured(cell, size, asked.rounds) for cell in ("gru", "lstm") for size in SIZES]
    table = Table(*rows[0], title="microseconds a step")
    for row in rows:
        table.add_row(*(f"{value:.1f}" if isinstance(value, float) else str(value) for value in row.values()))
    Console().print(table)
    if asked.output is not None:
        asked.output.write_text(json.dumps({"machine": describe(), "rows": rows}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

"""One time step a call, through Python, as a program that serves streams makes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import torch
from benchmarks.layers.measure import WARM_UP, summarise
from benchmarks.layers.results import Plan, Row, Timing
from benchmarks.layers.rivals import STOCK, Task, task
from benchmarks.layers.shapes import GATES, STEP_SIZES, Shape
from benchmarks.layers.torch_rivals import OURS, build, reference
from benchmarks.layers.verify import TOLERANCE, error
from numpy.typing import NDArray
from torch import nn

import gatewise.nn
from gatewise.timing.interleaved import interleave

__all__ = ["measure_steps"]

INPUTS = 8
STREAMS = 1000
CHECKED = 20

Step: TypeAlias = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From input [streams, I] to state [streams, H]; keeps its state between calls."""


def measure_steps(plan: Plan, libraries: Mapping[str, str]) -> Iterator[Row]:
    """Milliseconds of one step of one stream, and of one call that steps 1,000 streams, at I = 8.

    Every rival is checked over 20 steps, then all take turns; a turn is a burst of steps, because one is too short for a clock.
    """
    for streams in (1, STREAMS):
        for hidden in STEP_SIZES[:2] if plan.quick else STEP_SIZES:
            shape = Shape(streams, CHECKED, INPUTS, hidden)
            ready: dict[str, Step] = {}
            errors: dict[str, float] = {}
            refused: dict[str, str] = {}
            for cell in GATES:
                checked = task(cell, "inference", shape)
                expected = reference(checked)
                for name, make in _rivals(cell, libraries).items():
                    try:
                        step = make(checked)
                        answer = np.stack([np.array(step(values)).reshape(streams, hidden) for values in checked.inputs])
                    except Exception as failure:  # one library that fails must not end the benchmark of the rest
                        refused[name] = f"failed: {type(failure).__name__}: {failure}"
                        continue
                    difference, _ = error({"output": answer}, expected)
                    if difference <= TOLERANCE:
                        ready[name], errors[name] = step, difference
                    else:
                        refused[name] = f"wrong: relative error {difference:.1e}, at most {TOLERANCE:.0e} is timed"
            burst = 10 if plan.quick else 1000 if streams == 1 else 10
            yield Row("step", "inference", shape_of_a_step(shape), _time(ready, errors, shape, burst, plan.seconds), refused)


def shape_of_a_step(shape: Shape) -> Shape:
    """The same sizes with a single step."""
    return Shape(shape.batch, 1, shape.input_size, shape.hidden_size)


def _time(ready: Mapping[str, Step], errors: Mapping[str, float], shape: Shape, burst: int, seconds: float) -> dict[str, Timing]:
    inputs = np.random.default_rng(2).standard_normal((shape.batch, shape.input_size), dtype=np.float32)

    def steps(step: Step) -> Callable[[int], None]:
        def turn(_: int) -> None:
            for _ in range(burst):
                step(inputs)

        return turn

    with torch.inference_mode():
        times = interleave({name: steps(step) for name, step in ready.items()}, rounds=401, warm_up=WARM_UP, seconds=seconds)
    return {name: summarise(values / burst, errors[name], 0) for name, values in times.items()}


def _rivals(cell: str, libraries: Mapping[str, str]) -> dict[str, Callable[[Task], Step]]:
    rivals: dict[str, Callable[[Task], Step]] = {
        f"gatewise {cell} stream": _stream,
        f"gatewise {cell} cell": lambda checked: _cell(getattr(gatewise.nn, f"{cell.upper()}Cell"), checked),
        f"torch {cell} layer": _layer,
        f"torch {cell} cell": lambda checked: _cell(getattr(nn, f"{cell.upper()}Cell"), checked),
    }
    if libraries.get("onnxruntime", "not").startswith(("not", "cannot")):
        return rivals
    from benchmarks.layers.onnx_rival import onnx_step

    return rivals | {f"onnxruntime {cell}": onnx_step}


def _stream(checked: Task) -> Step:
    """`gatewise.nn.Stream` over a layer, on a prepared array."""
    stream = getattr(gatewise.nn, "Stream")(build(OURS[checked.cell], checked), streams=checked.shape.batch)  # noqa: B009
    step: Step = stream.step
    return step


def _layer(checked: Task) -> Step:
    """PyTorch's layer on a sequence of one step; tensors share the arrays' memory."""
    layer = build(STOCK[checked.cell], checked)
    state: Any = None

    def step(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        nonlocal state
        with torch.inference_mode():
            output, state = layer(torch.from_numpy(inputs)[None], state)
        result: NDArray[np.float32] = output[0].numpy()
        return result

    return step


def _cell(kind: Any, checked: Task) -> Step:
    """A cell with PyTorch's interface."""
    cell = kind(checked.shape.input_size, checked.shape.hidden_size)
    cell.load_state_dict({name.removesuffix("_l0"): torch.from_numpy(value) for name, value in checked.weights.items()})
    state: Any = None

    def step(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        nonlocal state
        with torch.inference_mode():
            state = cell(torch.from_numpy(inputs), state)
        hidden = state[0] if isinstance(state, tuple) else state
        result: NDArray[np.float32] = hidden.numpy()
        return result

    return step

"""Layers as they answer: one step that carries its state on, or a whole sequence; in float and in 8-bit integers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gatewise.claims.libraries import Layer, Pass, is_installed
from gatewise.claims.libraries.torch_layers import GATEWISE, TORCH, build, check_agree, inputs_of, stock
from gatewise.errors import OptionError
from gatewise.nn import Stream

__all__ = ["INT8", "ONNX", "missing_libraries", "sequence_calls", "step_calls"]

INT8, ONNX = "PyTorch int8", "ONNX Runtime"
# Weights of 8 bits leave an error of about a hundredth in states between -1 and 1.
_INT8_TOLERANCE = 0.1

Forward = Callable[[Tensor], Tensor]


def missing_libraries() -> tuple[str, ...]:
    """Those that are not here."""
    onnx = is_installed("onnx", "onnxruntime")
    return (*(() if _has_int8() else (INT8,)), *(() if onnx else (ONNX,)))


def sequence_calls(layer: Layer) -> dict[str, Pass]:
    """The states of a whole batch of sequences, by library. Raises ValueError where two do not agree: nothing wrong is timed."""
    ours = build(layer).eval()
    values = inputs_of(layer)
    forwards: dict[str, Forward] = {GATEWISE: _states(ours), TORCH: _states(stock(ours).eval())}
    if INT8 not in missing_libraries():
        forwards[INT8] = _states(_quantised(stock(ours).eval()))
    expected = forwards[TORCH](values)
    for name, forward in forwards.items():
        check_agree(forward(values), expected, _INT8_TOLERANCE if name == INT8 else None)
    calls = {name: _call(forward, values) for name, forward in forwards.items()}
    if ONNX not in missing_libraries():
        from gatewise.claims.libraries.onnx_layers import onnx_sequence

        run = onnx_sequence(ours, layer)
        check_agree(torch.from_numpy(run(values.numpy())), expected)
        array = values.numpy()
        calls[ONNX] = lambda _: run(array)
    return calls


def step_calls(layer: Layer) -> dict[str, Pass]:
    """One step of every row of the batch, whose states go on from call to call, by library. Raises ValueError as above."""
    ours = build(layer).eval()
    values = inputs_of(layer)
    expected = _states(stock(ours).eval())(values)[:, -1]
    made: dict[str, Callable[[Tensor], Tensor]] = {TORCH: _carried(stock(ours).eval())}
    if INT8 not in missing_libraries():
        made[INT8] = _carried(_quantised(stock(ours).eval()))
    try:
        stream = Stream(ours, streams=layer.batch)
        made[GATEWISE] = lambda step: torch.from_numpy(stream.step(step.numpy()))
    except OptionError:
        # Without compiled kernels nothing steps a layer but the layer itself.
        made[GATEWISE] = _carried(ours)
    if ONNX not in missing_libraries():
        from gatewise.claims.libraries.onnx_layers import onnx_step

        forward = onnx_step(ours, layer)
        made[ONNX] = lambda step: torch.from_numpy(forward(step.numpy()))
    steps = [values[:, place].contiguous() for place in range(layer.steps)]
    for name, step in made.items():
        check_agree([step(one) for one in steps][-1], expected, _INT8_TOLERANCE if name == INT8 else None)
    order = (GATEWISE, TORCH, INT8, ONNX)
    return {name: _stepping(made[name], steps) for name in order if name in made}


def _states(layer: nn.Module) -> Forward:
    def forward(values: Tensor) -> Tensor:
        with torch.inference_mode():
            output: Tensor = layer(values)[0]
        return output

    return forward


def _call(forward: Forward, values: Tensor) -> Pass:
    return lambda _: forward(values)


def _carried(layer: nn.Module) -> Callable[[Tensor], Tensor]:
    state: Any = None

    def step(values: Tensor) -> Tensor:
        nonlocal state
        with torch.inference_mode():
            output, state = layer(values.unsqueeze(1), state)
        last: Tensor = output[:, 0]
        return last

    return step


def _stepping(step: Callable[[Tensor], Tensor], steps: list[Tensor]) -> Pass:
    return lambda number: step(steps[number % len(steps)])


def _has_int8() -> bool:
    ao = getattr(torch, "ao", None)
    engines = torch.backends.quantized.supported_engines
    return is_installed("torch.ao.quantization") and ao is not None and any(engine != "none" for engine in engines)


def _quantised(layer: nn.Module) -> nn.Module:
    """The same with weights of 8 bits, and inputs and states that are made so as they come."""
    with warnings.catch_warnings():
        # PyTorch announces that its quantisation moves to another package.
        warnings.simplefilter("ignore")
        holder = torch.ao.quantization.quantize_dynamic(nn.Sequential(layer), {type(layer)}, dtype=torch.qint8)
    made: nn.Module = holder[0]
    return made

"""The temporal convolutional network of `gatewise.nn.tcn` as Conv nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gatewise.export.onnx.graph import Graph

__all__ = ["Past", "convolved", "pasts"]

Values = NDArray[np.float32]
Weights = Mapping[str, Values]


class Past(NamedTuple):
    """What a convolution reads of the steps before: its name in the network, channels, and how many steps."""

    name: str
    channels: int
    steps: int


def pasts(weights: Weights, blocks: int) -> Iterator[Past]:
    """Of every convolution, in the order in which they are computed."""
    for number in range(blocks):
        for convolution in ("first", "second"):
            name = f"recurrent.blocks.{number}.{convolution}"
            _, channels, taps = weights[f"{name}.weight"].shape
            yield Past(name, channels, (taps - 1) * 2**number)


def convolved(graph: Graph, inputs: str, weights: Weights, blocks: int, before: Callable[[Past, str], str] | None = None) -> str:
    """The states [batch, H, steps] of inputs [batch, I, steps].

    before: from a convolution and its input to the same with the steps before it; without it, there are only zeros.
    """
    reaches = pasts(weights, blocks)
    for number in range(blocks):
        inner = inputs
        for _ in ("first", "second"):
            past = next(reaches)
            pads = [past.steps, 0]
            if before is not None:
                inner, pads = before(past, inner), [0, 0]
            inner = graph.node("Relu", _conv(graph, past.name, inner, weights, dilations=[2**number], pads=pads))
        around = f"recurrent.blocks.{number}.around"
        if f"{around}.weight" in weights:
            inputs = _conv(graph, around, inputs, weights)
        inputs = graph.node("Relu", graph.node("Add", inner, inputs))
    return inputs


def _conv(graph: Graph, name: str, inputs: str, weights: Weights, **attributes: list[int]) -> str:
    kernel = weights[f"{name}.weight"]
    bias = graph.keep(f"{name}.bias", weights[f"{name}.bias"])
    return graph.node(
        "Conv", inputs, graph.matrix(f"{name}.weight", kernel, (1, 2)), bias, kernel_shape=[kernel.shape[2]], **attributes
    )

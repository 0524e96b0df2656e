"""The temporal convolutional network of `gatewise.nn.tcn` on arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["convolved"]

Values = NDArray[np.float32]


def convolved(inputs: Values, weights: Mapping[str, Values], blocks: int) -> Values:
    """The states float32 [batch, steps, size] of inputs [batch, steps, input_size]; weights by their names in the network."""
    states = inputs
    for number in range(blocks):
        of = f"recurrent.blocks.{number}."
        inner = states
        for convolution in ("first", "second"):
            kernel, bias = weights[f"{of}{convolution}.weight"], weights[f"{of}{convolution}.bias"]
            inner = np.maximum(_causal(inner, kernel, 2**number) + bias, np.float32(0))
        if f"{of}around.weight" in weights:
            states = states @ weights[f"{of}around.weight"][:, :, 0].T + weights[f"{of}around.bias"]
        states = np.maximum(inner + states, np.float32(0))
    return states


def _causal(inputs: Values, kernel: Values, dilation: int) -> Values:
    """kernel: [outputs, inputs, taps]; the last tap reads the step itself."""
    taps = kernel.shape[2]
    result = inputs @ kernel[:, :, -1].T
    for back in range(1, taps):
        steps = back * dilation
        result[:, steps:] += inputs[:, :-steps] @ kernel[:, :, taps - 1 - back].T
    return result

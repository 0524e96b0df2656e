"""The network of every arm on arrays: embed -> recurrent -> pool -> head, without torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gatewise import cells
from gatewise.records import Architecture, Encoded
from gatewise.runtime.batches import in_batches
from gatewise.runtime.convolutions import convolved
from gatewise.runtime.layers import Direction, recurrent
from gatewise.runtime.pooling import POOLINGS

__all__ = ["ArrayNetwork"]

Values = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class ArrayNetwork:
    """A trained network as its architecture and its weights.

    weights: float32, C-contiguous, by the names that `gatewise.nn.SequenceNetwork` has for them in `state_dict`. threads: of the
    compiled kernels. Dropout is off: nothing is learned here.
    """

    architecture: Architecture
    weights: Mapping[str, Values]
    threads: int = 1

    def run(self, encoded: Encoded) -> Values:
        """What the network says of encoded rows, before it is made a prediction: float32 [rows, outputs] in their order.

        With the pooling `steps`, of all steps but the last of every row, end to end [steps, outputs].
        """
        # What overflows is seen in the outputs.
        with np.errstate(over="ignore", invalid="ignore"):
            return in_batches(self, encoded, self.architecture.outputs, stepwise=self.architecture.pooling == "steps")

    def __call__(self, inputs: NDArray[np.generic], lengths: NDArray[np.int64]) -> Values:
        """What `SequenceNetwork.forward` says, on arrays of the same shapes."""
        vectors = self.weights["embedding.weight"][inputs] if self.architecture.tokens else inputs.astype(np.float32, copy=False)
        states = self._states(vectors, lengths)
        hidden_size, pooling = self.architecture.hidden_size, self.architecture.pooling
        read = POOLINGS[pooling](states, lengths, hidden_size, self.weights)
        scores: Values = read @ self.weights["head.weight"].T + self.weights["head.bias"]
        return scores if self.architecture.skip is None else scores + self._skip(inputs)

    def _states(self, vectors: Values, lengths: NDArray[np.int64]) -> Values:
        if self.architecture.cell not in cells.CELLS:
            return convolved(vectors, self.weights, self.architecture.layers)
        # A comparison has the first form of its cells' equations.
        equation = cells.CELLS[self.architecture.cell].equations[0]
        for directions in self.directions:
            vectors = recurrent(equation, vectors, directions, lengths, threads=self.threads)
        return vectors

    @cached_property
    def directions(self) -> list[list[Direction]]:
        """The recurrent layers, each with its one or two directions."""
        ends = ("", "_reverse") if self.architecture.bidirectional else ("",)
        return [
            [
                Direction(
                    self.weights[f"recurrent.weight_ih_l{layer}{end}"],
                    *(self.weights.get(f"recurrent.{name}_l{layer}{end}") for name in ("weight_hh", "bias_ih", "bias_hh")),
                )
                for end in ends
            ]
            for layer in range(self.architecture.layers)
        ]

    def _skip(self, inputs: NDArray[np.generic]) -> Values:
        assert self.architecture.skip is not None
        read = inputs[:, :, list(self.architecture.skip["channels"])].astype(np.float32, copy=False).transpose(0, 2, 1)
        ahead: Values = read @ self.weights["skip.linear.weight"].T + self.weights["skip.linear.bias"]
        return ahead.transpose(0, 2, 1).reshape(len(inputs), -1)

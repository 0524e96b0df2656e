"""A network in ONNX Runtime: what `ArrayNetwork` says, of whole sequences or from step to step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.errors import RunError
from gatewise.records import Architecture, Encoded
from gatewise.runtime.batches import in_batches
from gatewise.wording import first_line

__all__ = ["Carried", "OnnxNetwork"]

Carried = Mapping[str, NDArray[Any]]
"""What a stream carries on, by name: float32 or int64 [batch, ...]."""


@dataclass(frozen=True, eq=False)
class OnnxNetwork:
    """A graph that `write_onnx` wrote, with its session.

    built: what the network is built of. states: of a streaming graph, shape of a row and type of all that it carries on; None of
    one that reads whole sequences. int8: whether its matrices are in 8 bits.
    """

    session: Any
    built: Architecture
    states: Mapping[str, tuple[tuple[int, ...], np.dtype[Any]]] | None
    int8: bool

    @property
    def streaming(self) -> bool:
        """Whether it reads one step a call."""
        return self.states is not None

    def run(self, encoded: Encoded) -> NDArray[np.float32]:
        """As `ArrayNetwork.run`."""
        return in_batches(self, encoded, self.built.outputs, stepwise=self.built.pooling == "steps")

    def __call__(self, inputs: NDArray[Any], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
        """As `ArrayNetwork.__call__`. Raises RunError where ONNX Runtime fails."""
        if self.streaming:
            return self._by_steps(inputs, lengths)
        return self._call(["outputs"], {"inputs": inputs, "lengths": lengths})[0]

    def zeros(self, rows: int) -> dict[str, NDArray[Any]]:
        """What is carried before the first step of `rows` streams. Raises ValueError where the graph reads whole sequences."""
        return {name: np.zeros((rows, *shape), dtype) for name, (shape, dtype) in self._streamed().items()}

    def step(self, inputs: NDArray[Any], carried: Carried) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]]]:
        """What the network says if this step is the last, float32 [batch, outputs], and what is to be carried on.

        inputs: int64 [batch] or float32 [batch, channels]. Raises ValueError where the graph reads whole sequences, and RunError
        where ONNX Runtime fails.
        """
        names = list(self._streamed())
        said, *after = self._call(["outputs", *(f"next_{name}" for name in names)], {"inputs": inputs, **carried})
        return said, dict(zip(names, after, strict=True))

    def _by_steps(self, inputs: NDArray[Any], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
        carried, said = self.zeros(len(inputs)), []
        for place in range(inputs.shape[1]):
            now, carried = self.step(inputs[:, place], carried)
            said.append(now)
        each = np.stack(said, axis=1)
        return each if self.built.pooling == "steps" else each[np.arange(len(each)), lengths - 1]

    def _streamed(self) -> Mapping[str, tuple[tuple[int, ...], np.dtype[Any]]]:
        if self.states is None:
            raise ValueError("the graph reads whole sequences; export one with streaming=True")
        return self.states

    def _call(self, names: list[str], given: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        try:
            found: list[NDArray[Any]] = self.session.run(names, dict(given))
        except Exception as error:  # its errors have no class in common
            raise RunError(f"ONNX Runtime cannot run the model ({first_line(error)[:200]})") from error
        rows, outputs = len(given["inputs"]), self.built.outputs
        if (len(found[0]), found[0].shape[-1]) != (rows, outputs):
            raise RunError(f"the model says {found[0].shape} of {rows} rows; expected {outputs} numbers of each. Export it anew")
        return found

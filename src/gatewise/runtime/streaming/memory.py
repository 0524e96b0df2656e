"""What a stream carries of the steps so far, and what the model says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from gatewise.cells import CELLS
from gatewise.data.encoding.encoders import encode_raw
from gatewise.errors import DataError, OptionError
from gatewise.records import Forecast
from gatewise.runtime.network import ArrayNetwork
from gatewise.runtime.outputs import predictions_of
from gatewise.runtime.streaming.layers import Carried, Convolutions, Rows, carried_layers
from gatewise.runtime.streaming.pooling import RunningPool
from gatewise.tasks import traits_of

if TYPE_CHECKING:
    from gatewise.runtime.model import Model

__all__ = ["Memory", "memory_of"]

Values = NDArray[np.float32]


class Memory(Protocol):
    """outputs: numbers predicted of a stream."""

    outputs: int

    def step(self, inputs: NDArray[Any], rows: Rows, /) -> None:
        """One step of some streams: int64 [k] or float32 [k, channels]."""

    def say(self, rows: Rows, /) -> Values:
        """Predictions float32 [k, outputs] of streams that have had a step: NaN where there is none yet, infinite where one is
        not finite."""

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """All that is carried, to be read and written in place."""

    def reset(self, rows: NDArray[np.int64], /) -> None:
        """These streams have had no step."""


def memory_of(model: Model, streams: int) -> Memory:
    """Raises OptionError for a model that cannot be carried from step to step."""
    network = model.predictor
    built = model.architecture
    if model.forecast is not None and hasattr(network, "run"):
        return _Window(model, model.forecast, streams)
    if not isinstance(network, ArrayNetwork) or built is None:
        reason = "an artefact that runs whole sequences" if hasattr(network, "run") else "a baseline, which reads whole sequences"
        raise OptionError(f"the {model.name} is {reason}, and cannot stream; use predict, or stream a model of a recurrent cell")
    if built.bidirectional:
        raise OptionError(
            f"the {model.name} reads its sequences in both directions, and backward it begins at a sequence's end, which a "
            "stream does not know; use predict, or train without --bidirectional"
        )
    return _Network(model, network, streams)


class _Network:
    def __init__(self, model: Model, network: ArrayNetwork, streams: int) -> None:
        built = network.architecture
        self._network, self._weights = network, network.weights
        self._predicts = traits_of(model.task).predicts
        # Base and scale of what is predicted, the same for every row.
        self._units = encode_raw(model.encoder, [""] if built.tokens else [np.zeros((1, built.input_size), dtype=np.float32)])
        self._layers: Carried
        if built.cell in CELLS:
            directions = [layer[0] for layer in network.directions]
            self._layers = carried_layers(CELLS[built.cell].equations[0], directions, streams, network.threads)
        else:
            self._layers = Convolutions(network.weights, built.layers, streams)
        self._pool = RunningPool(built.pooling, streams, built.hidden_size, network.weights)
        self.outputs = built.outputs

    def step(self, inputs: NDArray[Any], rows: Rows) -> None:
        vectors = self._weights["embedding.weight"][inputs] if self._network.architecture.tokens else inputs
        self._pool.add(self._layers.step(vectors, rows), rows)

    def say(self, rows: Rows) -> Values:
        scores = self._pool.read(rows) @ self._weights["head.weight"].T + self._weights["head.bias"]
        said = predictions_of(self._predicts, scores, self._units)
        return said if np.isfinite(said).all() else np.where(np.isfinite(said), said, np.float32(np.inf))

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        parts = {"layers": self._layers.arrays(), "pool": self._pool.arrays()}
        return {f"{part}.{name}": array for part, arrays in parts.items() for name, array in arrays.items()}

    def reset(self, rows: NDArray[np.int64]) -> None:
        self._layers.reset(rows)
        self._pool.reset(rows)


class _Window:
    """The last steps of every stream, raw, in a ring: a forecast is made from the window as a whole."""

    def __init__(self, model: Model, forecast: Forecast, streams: int) -> None:
        self._model = model
        self._ring = np.zeros((streams, forecast.window, model.encoder.input_size), dtype=np.float32)
        self._steps = np.zeros(streams, dtype=np.int64)
        self.outputs = forecast.horizon * len(forecast.targets)

    def step(self, inputs: NDArray[Any], rows: Rows) -> None:
        rows = np.arange(len(self._ring)) if rows is None else rows
        self._ring[rows, self._steps[rows] % self._ring.shape[1]] = inputs
        self._steps[rows] += 1

    def say(self, rows: Rows) -> Values:
        rows = np.arange(len(self._ring)) if rows is None else rows
        window = self._ring.shape[1]
        said = np.full((len(rows), self.outputs), np.nan, dtype=np.float32)
        full = np.flatnonzero(self._steps[rows] >= window)
        if len(full):
            windows = [np.roll(self._ring[row], -(self._steps[row] % window), axis=0) for row in rows[full]]
            said[full] = self._predicted(windows)
        return said

    def _predicted(self, windows: list[Values]) -> Values:
        try:
            return np.asarray(self._model.predict(windows), dtype=np.float32).reshape(len(windows), -1)
        except DataError:
            # The values were checked: it is a prediction that is not finite, of one of them.
            if len(windows) == 1:
                return np.full((1, self.outputs), np.inf, dtype=np.float32)
            return np.concatenate([self._predicted([window]) for window in windows])

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        return {"ring": self._ring, "steps": self._steps}

    def reset(self, rows: NDArray[np.int64]) -> None:
        for kept in self.arrays().values():
            kept[rows] = 0

"""What a model computes with, as arrays: of a network its weights, of a baseline its state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.export.earlier import todays_name
from gatewise.export.metadata import architecture_of
from gatewise.records import Architecture
from gatewise.runtime.model import Model, Network, Predictor
from gatewise.runtime.network import ArrayNetwork
from gatewise.runtime.shapes import weight_shapes

__all__ = ["arrays_of", "predictor_from"]

Arrays = dict[str, NDArray[Any]]


def arrays_of(model: Model) -> tuple[dict[str, Any], Arrays]:
    """What a baseline needs beside the metadata, empty for a network, and the arrays.

    Raises ValueError for a model that an artefact computes, whose weights are elsewhere.
    """
    if isinstance(model.predictor, ArrayNetwork):
        return {}, dict(model.predictor.weights)
    if isinstance(model.predictor, Network):
        raise ValueError(f"an artefact of the {model.name} is no model to be saved")
    values, arrays = model.predictor.state()
    return {"baseline": values}, arrays


def predictor_from(metadata: Mapping[str, Any], arrays: Arrays) -> Predictor:
    """The network or baseline. Raises ValueError where a weight is not finite or of another shape, and what its parts raise of a
    damaged record."""
    if not all(np.isfinite(array).all() for array in arrays.values() if array.dtype.kind == "f"):
        raise ValueError("weights that are not finite")
    architecture = architecture_of(metadata)
    if architecture is None:
        # Only a baseline needs what baselines are made of.
        from gatewise.training.baselines import BASELINES

        return BASELINES[metadata["name"]].from_state(metadata["baseline"], arrays)
    return _network(architecture, {todays_name(name): array for name, array in arrays.items()})


def _network(architecture: Architecture, arrays: Arrays) -> ArrayNetwork:
    if not isinstance(architecture.layers, int) or architecture.layers > len(arrays):
        # Before shapes are written out for whatever number a file says.
        raise ValueError(f"layers is {architecture.layers!r}, of which there are no weights")
    expected, came = weight_shapes(architecture), {name: array.shape for name, array in arrays.items()}
    wrong = next((name for name in {**expected, **came} if expected.get(name) != came.get(name)), None)
    if wrong is not None:
        raise ValueError(f"{wrong} is of shape {came.get(wrong)}; the architecture has {expected.get(wrong)}")
    return ArrayNetwork(architecture, {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in arrays.items()})

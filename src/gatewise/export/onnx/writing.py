"""A model to an ONNX file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from gatewise import cells
from gatewise.durable import write_file
from gatewise.errors import OptionError, RunError
from gatewise.export.metadata import metadata_of
from gatewise.export.onnx.reading import KEY
from gatewise.export.onnx.seal import sealed
from gatewise.export.onnx.version import VERSION
from gatewise.extras import require_package
from gatewise.runtime.model import Model, Network
from gatewise.runtime.network import ArrayNetwork
from gatewise.wording import joined

__all__ = ["onnx_bytes", "write_onnx"]


def write_onnx(model: Model, path: Path, *, int8: bool = False, streaming: bool = False) -> None:
    """Write a model as one ONNX file, which takes the place of what is there once all of it is on disk.

    int8: matrices as 8-bit integers, a quarter of the size. streaming: a graph that reads one step a call, and carries states.
    Raises OptionError for a model that has no such form, MissingPackageError where onnx is not installed, and RunError where the
    file cannot be written.
    """
    content = onnx_bytes(model, int8=int8, streaming=streaming)
    try:
        write_file(path, content)
    except OSError as error:
        raise RunError(
            f"{path} cannot be written: {error.strerror or error}; choose a place you may write to, with room left"
        ) from error


def onnx_bytes(model: Model, *, int8: bool = False, streaming: bool = False) -> bytes:
    """The content of the file that `write_onnx` writes. Raises as that does."""
    network = _network_of(model)
    if streaming:
        _require_steps(model, network)
    require_package("onnx")
    # They import onnx.
    from gatewise.export.onnx.network import states_of, step_graph, whole_graph

    graph = (step_graph if streaming else whole_graph)(network, int8=int8)
    about: dict[str, Any] = {"version": VERSION, "int8": int8, "streaming": streaming}
    if streaming:
        about["states"] = [[one.name, list(one.shape), np.dtype(one.dtype).name] for one in states_of(network)]
    made = graph.model(f"gatewise_{network.architecture.cell}")
    # Escaped: a name that is no UTF-8 comes from the operating system with lone surrogates, which no protocol buffer may hold.
    made.metadata_props.add(key=KEY, value=json.dumps({**metadata_of(model), "onnx": about}))
    return sealed(made.SerializeToString())


def _network_of(model: Model) -> ArrayNetwork:
    if isinstance(model.predictor, ArrayNetwork):
        broken = next((name for name, array in model.predictor.weights.items() if not np.isfinite(array).all()), None)
        if broken is not None:
            raise OptionError(
                f"the {model.name} has weights that are not finite ({broken}); train it again before it is exported"
            )
        return model.predictor
    networks = joined([*cells.CELLS, "tcn"], "or")
    if isinstance(model.predictor, Network):
        raise OptionError(f"the {model.name} comes from an artefact; export the model that it was made of, a {networks} of a run")
    raise OptionError(
        f"the {model.name} is a baseline without a network, which ONNX has no form for; export a {networks}, or ship the "
        "baseline as the folder that a run keeps it in"
    )


def _require_steps(model: Model, network: ArrayNetwork) -> None:
    if network.architecture.bidirectional:
        raise OptionError(
            "a bidirectional network cannot stream: its backward direction begins at the last step, which is not there yet. "
            "Export it whole, or train one that reads in one direction."
        )
    if model.forecast is not None or network.architecture.skip is not None:
        raise OptionError(
            "a forecast cannot stream: its network reads every step of a window less the window's last value, so that each new "
            "step changes all before it. Export it whole, and call it with the latest window."
        )

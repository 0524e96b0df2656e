"""An ONNX file that gatewise wrote, as a model: with numpy and onnxruntime, without torch and onnx."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gatewise.errors import DataError, RunError
from gatewise.export.metadata import architecture_of, checked_metadata, model_from
from gatewise.export.onnx.reading import metadata_in
from gatewise.export.onnx.running import OnnxNetwork
from gatewise.export.onnx.seal import unsealed
from gatewise.export.onnx.version import VERSION
from gatewise.extras import require_package
from gatewise.records import Architecture
from gatewise.runtime.model import Model
from gatewise.runtime.shapes import weight_shapes
from gatewise.wording import first_line

__all__ = ["load_onnx", "model_of_bytes"]

# Protocol buffers end there.
_MOST_BYTES = 2**31 - 1

_MOST_LAYERS = 1_000

_ELEMENTS = {"float32": "tensor(float)", "int64": "tensor(int64)"}

States = dict[str, tuple[tuple[int, ...], np.dtype[Any]]]


def load_onnx(path: Path, *, threads: int = 1) -> Model:
    """Read a model that `write_onnx` wrote. threads: that ONNX Runtime computes with.

    Raises RunError for a file that is missing, damaged, cut short, not of gatewise or of a newer version, and MissingPackageError
    where onnxruntime is not installed.
    """
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= _MOST_BYTES else b""
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or error}; give an ONNX file that gatewise wrote") from error
    if size > _MOST_BYTES:
        raise RunError(f"{path} has {size:,} bytes, and an ONNX file at most {_MOST_BYTES:,}; export the model anew")
    return model_of_bytes(content, str(path), threads=threads)


def model_of_bytes(content: bytes, place: str, *, threads: int = 1) -> Model:
    """The model of a file's content. place: for messages. Raises as `load_onnx` does."""
    require_package("onnxruntime")
    try:
        metadata = json.loads(metadata_in(unsealed(content)))
        about = metadata["onnx"]
        if about["version"] != VERSION:
            raise RunError(
                f"{place} is of version {about['version']!r} of gatewise's ONNX files, this one reads {VERSION}; install the "
                "gatewise that wrote it, or export the model anew"
            )
        metadata = checked_metadata(metadata, place)
        built = architecture_of(metadata)
        if built is None:
            raise ValueError("it is of a baseline, which has no network")
        _check_architecture(built)
        states = _states_of(about)
        # Before ONNX Runtime sees any of it.
        network = OnnxNetwork(None, built, states, bool(about["int8"]))
        model = model_from(metadata, network)
        session = _session(content, threads)
        _check_ends(session, built, states)
        return replace(model, predictor=replace(network, session=session))
    except (AttributeError, DataError, IndexError, KeyError, OverflowError, RecursionError, TypeError, ValueError) as error:
        reason = first_line(error)[:300]
        raise RunError(f"{place} is no ONNX file of gatewise, or damaged ({reason}); export the model anew") from error


def _check_architecture(built: Architecture) -> None:
    """Raises ValueError for what no network is built of, KeyError for a pooling that is not known."""
    if not isinstance(built.tokens, bool) or not isinstance(built.bidirectional, bool):
        raise ValueError(f"tokens are {built.tokens!r} and bidirectional is {built.bidirectional!r}; expected true or false")
    # The names of so many layers alone would fill the memory.
    if isinstance(built.layers, int) and built.layers > _MOST_LAYERS:
        raise ValueError(f"layers is {built.layers}; expected at most {_MOST_LAYERS:,}")
    weight_shapes(built)


def _states_of(about: Mapping[str, Any]) -> States | None:
    """What a streaming graph carries on. Raises ValueError where it cannot be."""
    if not about["streaming"]:
        return None
    found: States = {}
    for name, shape, dtype in about["states"]:
        if dtype not in _ELEMENTS or not isinstance(name, str) or not all(isinstance(size, int) and size > 0 for size in shape):
            raise ValueError(f"its state {str(name)[:40]!r} has the type {str(dtype)[:40]!r} and the shape {str(shape)[:40]}")
        found[name] = (tuple(shape), np.dtype(dtype))
    return found


def _session(content: bytes, threads: int) -> Any:
    """Raises ValueError where ONNX Runtime does not take the graph."""
    runtime = require_package("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # What is wrong comes as an error; warnings on standard error would only repeat it.
    options.log_severity_level = 4
    try:
        return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no class in common
        raise ValueError(f"ONNX Runtime does not take it: {first_line(error)}") from error


def _check_ends(session: Any, built: Architecture, states: States | None) -> None:
    """Whether inputs and outputs are those that the metadata say. Raises ValueError."""
    whole = states is None
    rows: list[Any] = ["batch", "steps"] if whole else ["batch"]
    inputs = {"inputs": ("int64", rows) if built.tokens else ("float32", [*rows, built.input_size])}
    said = [*rows, built.outputs] if whole and built.pooling == "steps" else ["batch", built.outputs]
    outputs = {"outputs": ("float32", said)}
    if states is None:
        inputs["lengths"] = ("int64", ["batch"])
    else:
        for name, (shape, dtype) in states.items():
            inputs[name] = outputs[f"next_{name}"] = (dtype.name, ["batch", *shape])
    for ends, expected in ((session.get_inputs(), inputs), (session.get_outputs(), outputs)):
        came = {end.name: (end.type, end.shape) for end in ends}
        asked = {name: (_ELEMENTS[dtype], shape) for name, (dtype, shape) in expected.items()}
        if came != asked:
            raise ValueError(f"its graph has the ends {came}, and its metadata say {asked}")

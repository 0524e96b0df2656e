"""A graph says what the network on arrays and the one in torch say, in ONNX Runtime and in other runtimes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from gatewise.cells import CELLS
from gatewise.export.onnx.quantisation import quantised
from gatewise.export.onnx.writing import onnx_bytes
from gatewise.nn import RIVALS
from gatewise.records import Encoded
from gatewise.runtime.batches import pad
from gatewise.runtime.model import Model
from gatewise.runtime.network import ArrayNetwork
from tests.export.onnx.graphs import Values, farthest, inside, models, network_of, reloaded, said_by_torch, written
from tests.inspection.models import CLASSES, TEXTS, make_model

SHAPES = [(cell, layers, both) for cell in CELLS for layers in (1, 2, 3) for both in (False, True)]
SHAPES += [(cell, layers, False) for cell in RIVALS for layers in (1, 2, 3)]

# ONNX's reference implementation reads no `activations`, which the minimal cells have.
REFERENCE = [shape for shape in SHAPES if not shape[0].startswith("min")]


@pytest.mark.parametrize(("cell", "layers", "both"), SHAPES)
def test_onnx_runtime_says_the_same(cell: str, layers: int, both: bool) -> None:
    for model, encoded in models(cell, layers, both=both):
        found = said_by(model, encoded, runtime_session(onnx_bytes(model)))
        batch = pad(encoded, np.arange(len(encoded)))
        assert farthest(found, inside(model, network_of(model)(batch.inputs, batch.lengths), batch.lengths)) <= 1e-5
        assert farthest(found, said_by_torch(model, encoded)) <= 1e-5


@pytest.mark.parametrize(("cell", "layers", "both"), SHAPES)
@pytest.mark.parametrize("int8", [False, True], ids=["float", "int8"])
def test_the_checker_passes(cell: str, layers: int, both: bool, int8: bool) -> None:
    for model, _ in models(cell, layers, both=both):
        for streaming in (False, True) if not both and model.forecast is None else (False,):
            proto = onnx.load_from_string(onnx_bytes(model, int8=int8, streaming=streaming))
            onnx.checker.check_model(proto, full_check=True)
            assert {node.domain for node in proto.graph.node} == {""}


@pytest.mark.parametrize(("cell", "layers", "both"), REFERENCE)
def test_the_reference_implementation_says_the_same(cell: str, layers: int, both: bool) -> None:
    for model, encoded in models(cell, layers, both=both):
        found = said_by(model, encoded, ReferenceEvaluator(onnx.load_from_string(onnx_bytes(model))))
        assert farthest(found, said_by_torch(model, encoded)) <= 1e-5


@pytest.mark.parametrize(("cell", "layers", "both"), SHAPES)
def test_openvino_says_the_same(cell: str, layers: int, both: bool, tmp_path: Path) -> None:
    openvino = pytest.importorskip("openvino")
    core = openvino.Core()
    for model, encoded in models(cell, layers, both=both):
        read = core.read_model(written(model, tmp_path))
        compiled = core.compile_model(read, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        batch = pad(encoded, np.arange(len(encoded)))
        (found,) = compiled({"inputs": batch.inputs, "lengths": batch.lengths}).values()
        assert farthest(inside(model, found, batch.lengths), said_by_torch(model, encoded)) <= 1e-5


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("size", [31, 64, 130])
def test_larger_layers_and_long_sequences(cell: str, size: int) -> None:
    model = make_model(cell, CLASSES, hidden_size=size, layers=2, bidirectional=True, pooling="summary")
    generator = np.random.default_rng(size)
    rows = [generator.normal(size=(length, 3)).astype(np.float32) for length in (1, 2, 3, 50, 199, 200)]
    encoded = model.encode(rows)
    assert farthest(said_by(model, encoded, runtime_session(onnx_bytes(model))), said_by_torch(model, encoded)) <= 1e-5


@pytest.mark.parametrize(("cell", "layers", "both"), SHAPES)
def test_int8_is_the_network_with_rounded_weights(cell: str, layers: int, both: bool) -> None:
    """So that nothing but the weights is rounded, and each within half a step of its row."""
    for model, encoded in models(cell, layers, both=both):
        rounded = replace(model, predictor=with_rounded_weights(network_of(model)))
        assert farthest(reloaded(model, int8=True).run(encoded), network_of(rounded).run(encoded)) <= 1e-5


def test_a_graph_reads_whatever_the_padding_holds() -> None:
    model = make_model("gru", CLASSES, bidirectional=True, layers=2, pooling="attention")
    inputs = np.random.default_rng(0).normal(size=(5, 9, 3)).astype(np.float32)
    lengths = np.array([9, 1, 4, 8, 2])
    session = runtime_session(onnx_bytes(model))
    (clean,) = session.run(None, {"inputs": inputs, "lengths": lengths})
    inputs[np.arange(9) >= lengths[:, np.newaxis]] = 1e4
    np.testing.assert_array_equal(session.run(None, {"inputs": inputs, "lengths": lengths})[0], clean)


def test_int8_takes_a_quarter_of_the_size() -> None:
    for cell in ("gru", "lstm"):
        model = make_model(cell, TEXTS, hidden_size=128, embedding_size=64)
        sizes = [len(onnx_bytes(model, int8=int8)) for int8 in (False, True)]
        assert sizes[1] < 0.3 * sizes[0]


def test_a_row_of_zeros_and_the_least_and_greatest_numbers_are_kept() -> None:
    tiny = np.finfo(np.float32).smallest_subnormal
    values = np.array([[0, 0], [tiny, -tiny], [3e38, -1e38], [1, -1]], dtype=np.float32)
    integers, scales = quantised(values, 1)
    assert np.isfinite(scales).all() and (scales > 0).all() and np.abs(integers).max() == 127
    again = integers * scales
    assert np.isfinite(again).all()
    assert (np.abs(again - values) <= scales / 2 * (1 + 1e-6)).all()
    np.testing.assert_array_equal(again[[0, 3]], values[[0, 3]])


def with_rounded_weights(network: ArrayNetwork) -> ArrayNetwork:
    """Its matrices as they come back from 8 bits: a row is what makes one output, and of an embedding one token."""
    weights = dict(network.weights)
    for name, values in weights.items():
        if values.ndim > 1:
            integers, scales = quantised(values, tuple(range(1, values.ndim)))
            weights[name] = integers * scales
    return ArrayNetwork(network.architecture, weights)


def runtime_session(content: bytes) -> Any:
    onnxruntime = pytest.importorskip("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def said_by(model: Model, encoded: Encoded, session: Any) -> Values:
    """What a session says of all rows in one batch, where every length stands beside the others."""
    batch = pad(encoded, np.arange(len(encoded)))
    (found,) = session.run(None, {"inputs": batch.inputs, "lengths": batch.lengths})
    return inside(model, found, batch.lengths)

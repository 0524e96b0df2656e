"""A graph of one step a call, carried through a sequence, says what the whole sequence gives."""

import json

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from gatewise.cells import CELLS
from gatewise.errors import OptionError
from gatewise.export.onnx import OnnxNetwork
from gatewise.export.onnx.writing import onnx_bytes
from gatewise.nn import RIVALS
from gatewise.runtime.batches import pad
from tests.export.onnx.graphs import farthest, inside, models, network_of, reloaded
from tests.inspection.models import CLASSES, FORECAST, TEXTS, make_model


def network(cell: str = "gru", pooling: str = "summary", **changes: int) -> OnnxNetwork:
    found = reloaded(make_model(cell, CLASSES, pooling=pooling, **changes), streaming=True)
    assert found.streaming
    return found


@pytest.mark.parametrize("cell", [*CELLS, *RIVALS])
@pytest.mark.parametrize("layers", [1, 2, 3])
def test_steps_say_what_the_whole_sequence_gives(cell: str, layers: int) -> None:
    for model, encoded in models(cell, layers, both=False):
        if model.forecast is None:
            expected = network_of(model).run(encoded)
            assert farthest(reloaded(model, streaming=True).run(encoded), expected) <= 2e-6
            assert farthest(reloaded(model).run(encoded), expected) <= 1e-5


@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn", "tcn"])
def test_steps_in_the_reference_implementation(cell: str) -> None:
    for model, encoded in models(cell, 2, both=False):
        if model.forecast is not None:
            continue
        content, batch = onnx_bytes(model, streaming=True), pad(encoded, np.arange(len(encoded)))
        evaluator, step = ReferenceEvaluator(onnx.load_from_string(content)), reloaded(model, streaming=True)
        carried, said = step.zeros(len(encoded)), []
        for place in range(batch.inputs.shape[1]):
            # What is not contiguous ends Gather in its version 1.17.
            found, *after = evaluator.run(None, {"inputs": np.ascontiguousarray(batch.inputs[:, place]), **carried})
            carried = dict(zip(carried, after, strict=True))
            said.append(found)
        each = np.stack(said, axis=1)
        if network_of(model).architecture.pooling == "steps":
            each = inside(model, each, batch.lengths)
        else:
            each = each[np.arange(len(each)), batch.lengths - 1]
        expected = inside(model, network_of(model)(batch.inputs, batch.lengths), batch.lengths)
        assert farthest(each, expected) <= 1e-5


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "summary", "attention"])
@pytest.mark.parametrize("cell", ["lstm", "tcn"])
def test_what_is_carried_goes_through_bytes(cell: str, pooling: str) -> None:
    """Half a stream, its states as bytes, and the rest of it: bit for bit what the whole stream gives."""
    step = network(cell, pooling)
    steps = np.random.default_rng(1).normal(size=(20, 4, 3)).astype(np.float32)
    whole = half = step.zeros(4)
    for now in steps:
        said, whole = step.step(now, whole)
    for now in steps[:11]:
        _, half = step.step(now, half)
    kept = {name: (values.tobytes(), values.shape, values.dtype) for name, values in half.items()}
    half = {name: np.frombuffer(content, dtype).reshape(shape) for name, (content, shape, dtype) in kept.items()}
    for now in steps[11:]:
        again, half = step.step(now, half)
    np.testing.assert_array_equal(again, said)
    for name, values in whole.items():
        np.testing.assert_array_equal(half[name], values)


def test_streams_side_by_side_begin_whenever_they_like() -> None:
    step = network("gru", "attention", layers=2)
    steps = np.random.default_rng(2).normal(size=(9, 2, 3)).astype(np.float32)
    alone = step.zeros(1)
    both = step.zeros(2)
    for place, now in enumerate(steps):
        if place == 4:
            both = {name: np.concatenate([values[:1], np.zeros_like(values[1:])]) for name, values in both.items()}
        found, both = step.step(now, both)
        if place >= 4:
            expected, alone = step.step(now[1:], alone)
    np.testing.assert_allclose(found[1:], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("cell", "pooling", "expected"),
    [
        ("gru", "last", {"h_l0": 7, "h_l1": 7}),
        ("lstm", "mean", {"h_l0": 7, "c_l0": 7, "h_l1": 7, "c_l1": 7, "step": 1, "mean": 7}),
        ("min_gru", "attention", {"h_l0": 7, "h_l1": 7, "step": 1, "top": 1, "total": 1, "weighted": 7}),
    ],
)
def test_the_metadata_say_what_is_carried(cell: str, pooling: str, expected: dict[str, int]) -> None:
    proto = onnx.load_from_string(onnx_bytes(make_model(cell, TEXTS, layers=2, pooling=pooling), streaming=True))
    about = json.loads(next(entry.value for entry in proto.metadata_props if entry.key == "gatewise"))["onnx"]
    assert {name: shape for name, (shape,) in ((name, shape) for name, shape, _ in about["states"])} == expected
    assert [one.name for one in proto.graph.input] == ["inputs", *expected]
    assert [one.name for one in proto.graph.output] == ["outputs", *(f"next_{name}" for name in expected)]


def test_a_long_stream_keeps_its_digits() -> None:
    """The mean over 20,000 steps, and a softmax over as many scores."""
    steps = np.random.default_rng(3).normal(size=(1, 20_000, 3)).astype(np.float32)
    for pooling in ("mean", "attention"):
        model = make_model("gru", CLASSES, pooling=pooling)
        step = network("gru", pooling)
        expected = network_of(model)(steps, np.array([20_000]))
        assert farthest(step(steps, np.array([20_000])), expected) <= 1e-5


def test_what_cannot_stream_says_why() -> None:
    with pytest.raises(OptionError, match=r"bidirectional network cannot stream: its backward direction begins at the last step"):
        onnx_bytes(make_model("gru", CLASSES, bidirectional=True), streaming=True)
    for changes in ({}, {"skip": None}):
        with pytest.raises(OptionError, match=r"a forecast cannot stream: .* less the window's last value"):
            onnx_bytes(make_model("lstm", FORECAST, **changes), streaming=True)


def test_a_graph_of_whole_sequences_has_no_steps() -> None:
    whole = reloaded(make_model("gru", CLASSES))
    assert not whole.streaming
    with pytest.raises(ValueError, match="streaming=True"):
        whole.zeros(1)

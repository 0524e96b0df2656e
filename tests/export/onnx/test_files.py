"""A file is the model again without torch and onnx, and what is damaged, foreign or hostile is refused in one sentence."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from gatewise.errors import GatewiseError, MissingPackageError, OptionError, RunError
from gatewise.export.onnx import OnnxNetwork, load_onnx, write_onnx
from gatewise.export.onnx.loading import model_of_bytes
from gatewise.export.onnx.seal import sealed, unsealed
from gatewise.export.onnx.writing import onnx_bytes
from gatewise.runtime.model import Model
from tests.export.onnx.graphs import network_of, proto_of, resealed, sequences_of, with_metadata
from tests.export.test_bundle import model_of, texts
from tests.inspection.models import CLASSES, FORECAST, NUMBERS, STEPS, TEXTS, make_model

SOURCES = [TEXTS, CLASSES, NUMBERS, FORECAST, STEPS]

BLOCKED = """
import json, sys
sys.modules["torch"] = sys.modules["onnx"] = None
from pathlib import Path
import numpy as np
from gatewise.export.onnx import load_onnx
print(json.dumps(np.asarray(load_onnx(Path(sys.argv[1])).predict_proba(["a fine film", "dull"])).tolist()))
"""


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("how", [{}, {"int8": True}, {"streaming": True}], ids=["float", "int8", "streaming"])
def test_a_file_predicts_from_raw_inputs(source: str, how: dict[str, bool], tmp_path: Path) -> None:
    if source == FORECAST and "streaming" in how:
        pytest.skip("a forecast cannot stream")
    model, rows = make_model("gru", source), sequences_of(source)
    path = tmp_path / "model.onnx"
    write_onnx(model, path, **how)
    again = load_onnx(path)
    for name in ("name", "kind", "task", "metric", "classes", "names", "channels", "outputs", "encoder", "forecast", "details"):
        assert getattr(again, name) == getattr(model, name)
    assert isinstance(again.predictor, OnnxNetwork)
    assert (again.predictor.int8, again.predictor.streaming) == ("int8" in how, "streaming" in how)
    expected, found = (one.predict_encoded(one.encode(rows)) for one in (model, again))
    np.testing.assert_allclose(found, expected, atol=0.05 if "int8" in how else 1e-5, rtol=1e-5)
    assert [item.name for item in tmp_path.iterdir()] == ["model.onnx"]


def test_a_file_needs_neither_torch_nor_onnx(tmp_path: Path) -> None:
    model = make_model("lstm", TEXTS)
    write_onnx(model, tmp_path / "model.onnx")
    command = [sys.executable, "-c", BLOCKED, str(tmp_path / "model.onnx")]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(json.loads(done.stdout), model.predict_proba(["a fine film", "dull"]), atol=1e-6)


@pytest.mark.parametrize("name", ["majority", "tfidf_logistic"])
def test_a_baseline_is_refused_with_what_can_be_exported(name: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=rf"the {name} is a baseline .* export a gru, lstm, rnn, min_gru, min_lstm or tcn"):
        write_onnx(model_of(name, texts()), tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_an_artefact_is_refused() -> None:
    with pytest.raises(OptionError, match="comes from an artefact"):
        onnx_bytes(model_of_bytes(onnx_bytes(make_model("gru", CLASSES)), "a file"))


def test_weights_that_are_not_finite_are_refused() -> None:
    model = make_model("gru", CLASSES)
    network_of(model).weights["head.weight"][0, 0] = np.nan
    with pytest.raises(OptionError, match=r"weights that are not finite \(head.weight\)"):
        onnx_bytes(model)


@pytest.mark.parametrize(("package", "act"), [("onnx", onnx_bytes), ("onnxruntime", lambda _: model_of_bytes(b"", "a file"))])
def test_a_package_that_is_missing_is_named(package: str, act: Callable[[Model], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match=rf"the package {package}, .*pip install 'gatewise\[onnx\]'"):
        act(make_model("gru", CLASSES))


def test_a_place_that_cannot_be_written_or_read_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"model.onnx cannot be written: No such file"):
        write_onnx(make_model("gru", CLASSES), tmp_path / "missing" / "model.onnx")
    for path in (tmp_path / "model.onnx", tmp_path):
        with pytest.raises(RunError, match=r"cannot be read: (No such file|Is a directory)"):
            load_onnx(path)


def test_names_that_are_no_text_come_back() -> None:
    model = replace(make_model("gru", CLASSES), classes=("\udcff", "a\0b", "\u2028", "é"))
    assert model_of_bytes(onnx_bytes(model), "a file").classes == model.classes


def test_other_programs_keep_a_file_whole(tmp_path: Path) -> None:
    """What reads it with onnx and writes it again changes no byte."""
    path = tmp_path / "model.onnx"
    write_onnx(make_model("gru", CLASSES), path)
    before = path.read_bytes()
    onnx.save(onnx.load(path), path)
    assert path.read_bytes() == before


# ---------------------------------------------------------------- damage


CONTENT = onnx_bytes(make_model("gru", CLASSES, pooling="attention", bidirectional=True))
STREAM = onnx_bytes(make_model("lstm", TEXTS), streaming=True)


def refused(content: bytes) -> str:
    """The one line in which a file is refused."""
    with pytest.raises(GatewiseError) as caught:
        model_of_bytes(content, "model.onnx")
    message = str(caught.value)
    assert message.startswith("model.onnx ") and "\n" not in message and len(message) < 500
    return message


@pytest.mark.parametrize("size", [0, 1, 100, 113, -1, -100, -113])
def test_a_file_that_was_cut_is_refused(size: int) -> None:
    assert "cut short" in refused(CONTENT[:size])


@pytest.mark.parametrize("content", [b"\0" * 1000, b"PK\3\4", b"not ONNX" * 99, CONTENT + b"\0", CONTENT[1:]])
def test_other_files_are_refused(content: bytes) -> None:
    assert "is no ONNX file of gatewise, or damaged" in refused(content)


def test_one_bit_anywhere_is_noticed() -> None:
    for place in [*np.random.default_rng(0).integers(len(CONTENT), size=300).tolist(), 0, len(CONTENT) - 1]:
        changed = bytearray(CONTENT)
        changed[place] ^= 1 << place % 8
        refused(bytes(changed))


def foreign(change: Callable[[Any], None]) -> bytes:
    proto = proto_of(CONTENT)
    change(proto)
    return resealed(proto)


def with_external_data(proto: Any) -> None:
    tensor = proto.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.ClearField("raw_data")
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/passwd"


def with_an_attribute_tensor(proto: Any) -> None:
    value = numpy_helper.from_array(np.zeros(2, np.float32))
    proto.graph.node.append(helper.make_node("Constant", [], ["more"], value=value))


def with_a_subgraph(proto: Any) -> None:
    body = helper.make_graph([], "body", [], [])
    proto.graph.node[0].attribute.append(helper.make_attribute("body", body))


def with_a_function(proto: Any) -> None:
    proto.functions.append(helper.make_function("mine", "f", [], [], [], [helper.make_opsetid("", 17)]))


def with_a_large_expand(proto: Any) -> None:
    proto.graph.initializer.append(numpy_helper.from_array(np.array([2**20, 2**20]), "large"))
    proto.graph.node.append(helper.make_node("Expand", ["number_0.0", "large"], ["more"]))


def with_a_strange_attribute(proto: Any) -> None:
    proto.graph.node.append(helper.make_node("GatherND", ["inputs", "is_0"], ["more"], batch_dims=-(2**31)))


FOREIGN: dict[str, tuple[Callable[[Any], None], str]] = {
    "external data": (with_external_data, "field 13|field 14|has 0 bytes"),
    "an attribute with data": (with_an_attribute_tensor, "an attribute has a field 5"),
    "a subgraph": (with_a_subgraph, "an attribute has a field 6"),
    "a function": (with_a_function, "the model has a field 25"),
    "an operator of others": (lambda proto: setattr(proto.graph.node[0], "domain", "com.microsoft"), "a node has a field 7"),
    "an operator that is not known": (lambda proto: setattr(proto.graph.node[0], "op_type", "Loop"), "a node 'Loop'"),
    "operators of others": (lambda proto: setattr(proto.opset_import[0], "domain", "evil"), "operators of 'evil'"),
    "a constant of another size": (lambda proto: proto.graph.initializer[0].dims.append(9), "bytes for the shape"),
    "a constant of another type": (lambda proto: setattr(proto.graph.initializer[0], "data_type", 8), "of type 8"),
    "a large Expand": (with_a_large_expand, "an Expand"),
    "two constants of one name": (lambda proto: proto.graph.initializer.append(proto.graph.initializer[0]), "of one name"),
    "a strange attribute": (with_a_strange_attribute, "it has an attribute 'batch_dims' of [-2147483648]"),
    "no graph": (lambda proto: proto.ClearField("graph"), "0 graphs"),
    "no metadata": (lambda proto: proto.ClearField("metadata_props"), "metadata of nothing"),
    "a missing node": (lambda proto: proto.graph.node.pop(3), "ONNX Runtime does not take it"),
    "another input": (lambda proto: setattr(proto.graph.input[0], "name", "x"), "ONNX Runtime does not take it"),
    "other channels": (
        lambda proto: setattr(proto.graph.input[0].type.tensor_type.shape.dim[2], "dim_value", 9),
        "ONNX Runtime does not take it|its graph has the ends",
    ),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_gatewise_does_not_write_is_refused(name: str) -> None:
    """Also under a seal that is right."""
    change, reason = FOREIGN[name]
    message = refused(foreign(change))
    assert any(part in message for part in reason.split("|")), message


def changed(**changes: Any) -> Callable[[dict[str, Any]], None]:
    """Parts of the metadata in the place of others, by their path."""

    def change(metadata: dict[str, Any]) -> None:
        for path, value in changes.items():
            *above, key = path.split("__")
            part = metadata
            for name in above:
                part = part[name]
            part[key] = value

    return change


METADATA: dict[str, tuple[Any, str]] = {
    "newer version": (changed(onnx__version=2), "version 2 of gatewise's ONNX files, this one reads 1"),
    "newer format": (changed(format=99), "format 99"),
    "older format": (changed(format=1), "format 1"),
    "no object": (lambda _: [1, 2], "damaged"),
    "a text": (lambda _: "x", "damaged"),
    "nothing of ours": (lambda _: {}, "damaged"),
    "no architecture": (changed(architecture={}), "it is of a baseline"),
    "other keys": (changed(architecture__more=1), "damaged"),
    "hidden size": (changed(architecture__hidden_size=True), "hidden_size is True"),
    "layers": (changed(architecture__layers=10**9), "layers is 1000000000; expected at most 1,000"),
    "outputs": (changed(architecture__outputs=7), "says 7"),
    "cell": (changed(architecture__cell="os"), "cell is 'os'"),
    "pooling": (changed(architecture__pooling="steps"), "its pooling does not fit its task"),
    "both directions": (changed(architecture__bidirectional=1), "expected true or false"),
    "tokens": (changed(architecture__tokens=True, architecture__embedding_size=4), "its network reads another kind of data"),
    "kind": (changed(kind="image"), "its kind is 'image'"),
    "task": (changed(task="forecast"), "its classes do not fit its task"),
    "metric": (changed(metric="luck"), "its metric is 'luck'"),
    "classes": (changed(classes=["a", "b", {}, "d"]), "a class is neither text nor number"),
    "encoder": (changed(encoder={"kind": "pickle"}), "of kind 'pickle'"),
    "scale": (changed(encoder__scale=[0, 1, 1]), "the scaling of its channels does not fit together"),
    "mean": (changed(encoder__mean=[float("nan"), 1, 1]), "the scaling of its channels is no list of numbers"),
    "channels": (changed(encoder__mean=[0.0], encoder__scale=[1.0]), "its network reads 3"),
    "no number": (changed(encoder__mean=["1", 1, 1]), "the scaling of its channels is no list of numbers"),
    "max_length": (changed(encoder__max_length="all"), "its max_length is 'all'"),
    "audio": (changed(audio={"sample_rate": 16_000, "mels": 3}), "its audio features do not fit"),
    "kind of sound": (changed(kind="audio"), "its audio features do not fit its kind"),
    "mels": (changed(kind="audio", audio={"sample_rate": 16_000, "mels": 4}), "its audio features do not fit its preprocessing"),
    "frames": (
        changed(kind="audio", audio={"sample_rate": 16_000, "mels": 3, "hop": 0.0}),
        "its audio features do not fit together",
    ),
    "states": (changed(onnx__streaming=True, onnx__states=[["h_l0", [7], "float32"]]), "its graph has the ends"),
    "strange states": (changed(onnx__streaming=True, onnx__states=[["h_l0", [-7], "float64"]]), "its state 'h_l0'"),
}


@pytest.mark.parametrize("name", METADATA)
def test_metadata_that_no_model_has_are_refused(name: str) -> None:
    change, reason = METADATA[name]
    assert reason in refused(with_metadata(CONTENT, change))


def test_sizes_of_a_forecast_are_whole_numbers() -> None:
    content = onnx_bytes(make_model("gru", FORECAST))
    assert "is no whole number" in refused(with_metadata(content, changed(forecast__window=12.0)))
    for size in ({"encoder__window": 12.0}, {"encoder__horizon": 3.0}):
        assert "its forecast does not fit its preprocessing" in refused(with_metadata(content, changed(**size)))


def test_a_name_that_is_no_text_is_refused() -> None:
    content = bytearray(unsealed(CONTENT))
    place = content.index(b"inputs")
    content[place] = 0xFF
    assert "utf-8" in refused(sealed(bytes(content)))


def test_metadata_of_any_depth_are_refused() -> None:
    proto = proto_of(STREAM)
    proto.metadata_props[0].value = "[" * 100_000
    assert "damaged" in refused(resealed(proto))
    proto.metadata_props[0].value = '{"onnx": {"version": ' + "9" * 10_000 + "}}"
    assert "damaged" in refused(resealed(proto))

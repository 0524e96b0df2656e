"""A saved model predicts bit for bit what it predicted before, and a damaged one is refused in one sentence."""

import json
import pickletools
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatewise.data.dataset.inputs import Inputs
from gatewise.data.encoding.encoders import fit_encoder
from gatewise.data.encoding.prepared import Prepared, prepare
from gatewise.errors import DataError, GatewiseError, RunError
from gatewise.export.bundle import _digest, load_model, save_model
from gatewise.nn import build_network
from gatewise.records import Architecture, Dataset
from gatewise.runtime.model import Model
from gatewise.runtime.model import model_of as bundled
from gatewise.runtime.network import ArrayNetwork
from gatewise.runtime.scoring import Truth
from gatewise.study.predictions import prediction_rows
from gatewise.training.baselines import BASELINES
from gatewise.training.examples import Examples
from gatewise.training.networks import array_network

CLASSES = ("mauvais", "gut", "良い")


def texts() -> Dataset:
    generator = np.random.default_rng(0)
    targets = generator.integers(3, size=45)
    rows = tuple(f"film {['schlecht', 'gut', '良い'][target]} {generator.choice(['a', 'b'])}" for target in targets)
    return Dataset("texts", "text", rows, targets, CLASSES, np.arange(45))


def series() -> Dataset:
    generator = np.random.default_rng(0)
    targets = generator.integers(3, size=45)
    rows = tuple(generator.normal(target, 1, (generator.integers(2, 9), 2)).astype(np.float32) for target in targets)
    return Dataset("series", "series", rows, targets, CLASSES, np.arange(45), channels=("x", "y"))


def inputs(prepared: Prepared) -> Any:
    return prepared.tokens if prepared.dataset.kind == "text" else prepared.series


def model_of(name: str, dataset: Dataset, **changes: Any) -> Model:
    """A model of one arm or baseline; networks are as good untrained here."""
    prepared = prepare(dataset)
    encoder = fit_encoder(prepared, np.arange(45))
    if name in BASELINES:
        examples = Examples(inputs(prepared), dataset.targets, 3)
        predictor: Any = BASELINES[name].fit(examples, examples)
    else:
        sizes = {"tokens": dataset.kind == "text", "outputs": 3, "pooling": "summary", "embedding_size": 4, "hidden_size": 5}
        rest = {"layers": 1, "bidirectional": False, "dropout": 0.5, "input_dropout": 0.1, "seed": 1, "cell_seed": 2}
        architecture = Architecture(**{"cell": name, "input_size": encoder.input_size, **sizes, **rest, **changes})
        network = build_network(architecture)
        for weight in network.parameters():
            weight.data += 0.1  # what the seeds alone rebuild would not show that weights are loaded
        predictor = array_network(architecture, network)
    details = {"trained_on_rows": 45}
    return bundled(dataset, Truth(dataset.targets), "accuracy", name, encoder, predictor, details)


CASES = [
    ("gru", texts, {}),
    ("lstm", series, {"layers": 2, "bidirectional": True}),
    ("rnn", series, {}),
    ("gru", series, {"pooling": "last", "bidirectional": True}),
    ("lstm", texts, {"pooling": "attention"}),
    ("majority", series, {}),
    ("majority", texts, {}),
    ("tfidf_logistic", texts, {}),
    ("linear_features", series, {}),
]


@pytest.mark.parametrize(("name", "make", "changes"), CASES)
def test_round_trip(tmp_path: Path, name: str, make: Callable[[], Dataset], changes: dict[str, Any]) -> None:
    dataset = make()
    model = model_of(name, dataset, **changes)
    save_model(model, tmp_path / "model")
    again = load_model(tmp_path / "model")
    np.testing.assert_array_equal(again.predict_proba(dataset.sequences), model.predict_proba(dataset.sequences))
    for field in ("name", "kind", "task", "metric", "classes", "channels", "outputs", "encoder", "architecture", "details"):
        assert getattr(again, field) == getattr(model, field)
    assert again.predict(dataset.sequences[:2]) == model.predict(dataset.sequences[:2])


@pytest.mark.parametrize(
    ("labels", "names"),
    [((3, 1, 2), ("3", "1", "2")), ((0.0, 1.0, 2.0), ("0", "1", "2")), ((False, True, "?"), ("no", "yes", "?"))],
)
def test_labels_keep_their_type(tmp_path: Path, labels: tuple[Any, ...], names: tuple[str, ...]) -> None:
    dataset = replace(texts(), classes=names, labels=labels)
    model = model_of("gru", dataset)
    save_model(model, tmp_path / "model")
    again = load_model(tmp_path / "model")
    assert again.class_names == model.class_names == names
    for one in (model, again):
        assert [(type(label), label) for label in one.classes] == [(type(label), label) for label in labels]
        truth = [labels[target] for target in dataset.targets]
        predicted = one.predict(dataset.sequences)
        assert {type(label) for label in predicted} <= {type(label) for label in labels}
        right = sum(label == target for label, target in zip(predicted, truth, strict=True)) / len(truth)
        assert one.score(dataset.sequences, truth) == right
        # As a file of text has them.
        assert one.score(dataset.sequences, [names[target] for target in dataset.targets]) == right
    header, first, *_ = prediction_rows(again, Inputs(dataset.sequences, {}))
    assert header == ["prediction", *(f"p_{name}" for name in names)]
    assert first[0] in names


@pytest.mark.parametrize("name", ["gru", "tfidf_logistic"])
def test_the_folder_holds_json_and_weights_and_no_pickle(tmp_path: Path, name: str) -> None:
    save_model(model_of(name, texts()), tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == FILES
    metadata = json.loads((tmp_path / "model" / "model.json").read_text(encoding="utf-8"))
    assert metadata["classes"] == list(CLASSES)
    weights = (tmp_path / "model" / "model.safetensors").read_bytes()
    header = int.from_bytes(weights[:8], "little")
    assert json.loads(weights[8 : 8 + header])
    for path in (tmp_path / "model").iterdir():
        with pytest.raises(ValueError):  # what is wrong with it as a pickle depends on its first bytes
            list(pickletools.genops(path.read_bytes()))


def test_replacing_a_model_leaves_nothing_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "model"
    save_model(model_of("gru", texts()), path)
    (path / "notes.txt").write_text("old")
    save_model(model_of("majority", texts()), path)
    assert sorted(item.name for item in path.iterdir()) == FILES
    assert load_model(path).name == "majority"
    assert [item.name for item in tmp_path.iterdir()] == ["model"]


def test_a_save_that_fails_keeps_the_old_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, model = tmp_path / "model", model_of("gru", texts())
    save_model(model_of("majority", texts()), path)

    def fail(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", fail)
        with pytest.raises(KeyboardInterrupt):
            save_model(model, path)
    assert load_model(path).name == "majority"
    save_model(model, path)
    assert load_model(path).name == "gru"


FILES = ["README.md", "model.json", "model.safetensors"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "model"
    save_model(model_of("gru", texts()), path)
    return path


def broken(change: dict[str, Any]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        # With the hash that belongs to it: what each part itself makes of the damage.
        content = {**json.loads((path / "model.json").read_text(encoding="utf-8")), **change}
        (path / "model.json").write_text(json.dumps({**content, "metadata_sha256": _digest(content)}), encoding="utf-8")

    return write


def cut(name: str, size: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        (path / name).write_bytes((path / name).read_bytes()[:size])

    return write


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (shutil.rmtree, "holds no model"),
        (lambda path: (path / "model.json").unlink(), "holds no model"),
        (lambda path: (path / "model.safetensors").unlink(), "damaged"),
        (cut("model.json", 100), "damaged"),
        (cut("model.safetensors", 500), "damaged"),
        (cut("model.safetensors", 0), "damaged"),
        (lambda path: (path / "model.json").write_bytes(b"\xff\xfe{}"), "damaged"),
        (lambda path: (path / "model.json").write_text("[]"), "damaged"),
        (lambda path: (path / "model.json").write_text("{}"), "damaged"),
        (broken({"encoder": 3}), "damaged"),
        (broken({"encoder": {"kind": "text"}}), "incomplete"),
        (broken({"architecture": [1]}), "damaged"),
        (broken({"architecture": {"cell": "gru"}}), "damaged"),
        (broken({"architecture": {}, "name": "gru"}), "damaged"),
        (broken({"format": 6}), "format 6, this version reads 3 to 5"),
        (broken({"format": 2}), "format 2, this version reads 3 to 5; install an older"),
    ],
)
def test_what_is_damaged_is_refused(saved: Path, tmp_path: Path, damage: Callable[[Path], None], message: str) -> None:
    path = tmp_path / "model"
    shutil.copytree(saved, path)
    damage(path)
    with pytest.raises(GatewiseError, match=message) as caught:
        load_model(path)
    assert str(path) in str(caught.value) or message == "incomplete"


def test_weights_that_changed_are_refused(saved: Path, tmp_path: Path) -> None:
    """Every bit of the weights counts, also those that leave the file readable and the numbers finite."""
    path = tmp_path / "model"
    shutil.copytree(saved, path)
    weights = path / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(RunError, match=r"model\.safetensors is not what was written\); run `gatewise resume`"):
        load_model(path)


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    """Also where the model was saved with them, or before checksums were."""
    model = model_of("gru", texts())
    assert isinstance(model.predictor, ArrayNetwork)
    model.predictor.weights["head.weight"][0, 0] = float("nan")
    save_model(model, tmp_path / "model")
    with pytest.raises(RunError, match="weights that are not finite"):
        load_model(tmp_path / "model")


def test_a_model_saved_without_a_checksum_is_read(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "model"
    shutil.copytree(saved, path)
    content = json.loads((path / "model.json").read_text(encoding="utf-8"))
    del content["weights_sha256"], content["metadata_sha256"]
    content["format"] = 4
    (path / "model.json").write_text(json.dumps(content), encoding="utf-8")
    assert load_model(path).name == "gru"


def test_a_prediction_that_is_not_finite_is_refused() -> None:
    model = model_of("gru", series())
    assert isinstance(model.predictor, ArrayNetwork)
    model.predictor.weights["head.weight"][:] = 3e38
    with pytest.raises(DataError, match="the gru predicts numbers that are not finite"):
        model.predict([np.ones((3, 2), dtype=np.float32)])


def test_a_place_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"model cannot be written: No such file"):
        save_model(model_of("majority", texts()), tmp_path / "missing" / "model")


def test_weights_of_another_shape_are_refused(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "model"
    shutil.copytree(saved, path)
    content = json.loads((path / "model.json").read_text(encoding="utf-8"))
    content["architecture"]["hidden_size"] = 6
    (path / "model.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(RunError, match="damaged"):
        load_model(path)


@pytest.mark.parametrize("change", [{"classes": ["b", "a", "c"]}, {"metadata_sha256": None}], ids=["renamed", "no hash"])
def test_metadata_that_changed_is_refused(saved: Path, tmp_path: Path, change: dict[str, Any]) -> None:
    """With all else in order."""
    path = tmp_path / "model"
    shutil.copytree(saved, path)
    content = {**json.loads((path / "model.json").read_text(encoding="utf-8")), **change}
    (path / "model.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(RunError, match=r"model\.json is not what was written"):
        load_model(path)


@pytest.mark.parametrize(("name", "make", "changes"), CASES[:6])
def test_one_file_holds_all_of_a_model(tmp_path: Path, name: str, make: Callable[[], Dataset], changes: dict[str, Any]) -> None:
    model, dataset = model_of(name, make(), **changes), make()
    path = tmp_path / "model.safetensors"
    save_model(model, path)
    assert [item.name for item in tmp_path.iterdir()] == ["model.safetensors"]
    read = load_model(path)
    rows = list(dataset.sequences)[:5]
    np.testing.assert_array_equal(read.predict_proba(rows), model.predict_proba(rows))
    for damaged in (path.read_bytes()[:-1], path.read_bytes().replace(b"accuracy", b"macro_f1"), b"", b"{}"):
        path.write_bytes(damaged)
        with pytest.raises(RunError, match="damaged"):
            load_model(path)


def test_a_safetensors_file_of_another_kind_is_no_model(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"weight": np.zeros(3, np.float32)}, tmp_path / "other.safetensors")
    with pytest.raises(RunError, match="without the description of a model"):
        load_model(tmp_path / "other.safetensors")


def test_the_card_says_what_is_known() -> None:
    from gatewise.export.card import card_text

    details = {
        "source": "reviews.csv",
        "trained_on_rows": 900,
        "margin": 0.01,
        "verdict": "The GRU is better.",
        "scores": {"gru": {"mean": 0.8, "sd": 0.01, "n": 5}, "majority": {"mean": 0.5, "sd": 0.0, "n": 5}},
        "costs": {"parameters": 1234, "bytes": None, "latency_ms": {"batch1": {"p50": 0.1, "p90": 0.2, "p99": 0.3}}},
        "profile": {"length_min": 1, "length_median": 4.0, "length_max": 9, "classes": {"a": 300}},
        "versions": {"gatewise": "0.1.0"},
    }
    text = card_text(replace(model_of("gru", texts()), details=details))
    for part in (
        "GRU (this model) | 80.0%",
        "| 1,234 |",
        "0.3 ms in 99",
        "1 to 9, median 4",
        "reviews.csv",
        "The GRU is better.",
    ):
        assert part in text
    assert "Scores" not in card_text(model_of("gru", texts()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "video"}, "its kind is 'video'"),
        ({"task": "translation"}, "its task is 'translation'"),
        ({"metric": 3}, "its metric is 3"),
        ({"classes": []}, "its classes do not fit its task"),
        ({"classes": ["a", "b"]}, "where the data have"),
        ({"names": ["a"]}, "the names of its classes"),
        ({"details": []}, "its details are no object"),
        ({"encoder": {"kind": "text", "vocabulary": ["a", "a"], "max_length": 5}}, "its vocabulary"),
        ({"encoder": {"kind": "text", "vocabulary": ["a"], "max_length": "5"}}, "its max_length is '5'"),
        ({"encoder": {"kind": "series", "mean": [0], "scale": [1], "max_length": None}}, "another kind of data"),
        ({"audio": {"sample_rate": 8000}}, "its audio features"),
    ],
)
def test_what_does_not_fit_together_is_refused(saved: Path, tmp_path: Path, change: dict[str, Any], message: str) -> None:
    """Forged, with hashes that fit."""
    path = tmp_path / "model"
    shutil.copytree(saved, path)
    broken(change)(path)
    with pytest.raises(RunError, match=message):
        load_model(path)


def test_a_number_of_layers_is_not_believed(saved: Path, tmp_path: Path) -> None:
    """Names of two thousand million weights would fill the memory."""
    path = tmp_path / "model"
    shutil.copytree(saved, path)
    metadata = json.loads((path / "model.json").read_text(encoding="utf-8"))
    broken({"architecture": {**metadata["architecture"], "layers": 2**31}})(path)
    with pytest.raises(RunError, match="of which there are no weights"):
        load_model(path)

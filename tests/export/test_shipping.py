"""Every form is the model, or is not handed over."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import gatewise
from gatewise.cli import app
from gatewise.errors import OptionError, RunError
from gatewise.export.bundle import save_model
from gatewise.export.formats import FORMATS, Format, format_named, identifier
from gatewise.export.opening import open_model
from gatewise.export.parity import parity_of
from gatewise.export.samples import sample_inputs
from gatewise.export.shipping import ship
from gatewise.records import AudioFeatures
from gatewise.runtime.model import Model
from gatewise.runtime.network import ArrayNetwork
from tests.inspection.models import CLASSES, FORECAST, NUMBERS, STEPS, TEXTS, make_model

SHAPES: dict[str, dict[str, Any]] = {
    "plain": {},
    "stacked": {"layers": 3},
    "both": {"layers": 2, "bidirectional": True, "pooling": "last"},
    "attention": {"pooling": "attention", "bidirectional": True},
    "mean": {"pooling": "mean"},
    "max": {"pooling": "max"},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn"])
def test_plain_torch_says_what_the_model_says(tmp_path: Path, cell: str, shape: str) -> None:
    model = make_model(cell, CLASSES, **SHAPES[shape])
    found = ship(model, FORMATS["torch"], tmp_path / "shipped")
    assert found.parity.greatest < 1e-5 and found.parity.same == 1.0
    assert found.size == sum(file.stat().st_size for file in found.path.iterdir())
    # The folder is a bundle too.
    assert open_model(found.path).name == cell


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("source", [TEXTS, NUMBERS, FORECAST, STEPS])
def test_every_task_is_shipped(tmp_path: Path, source: str, form: str) -> None:
    model, path = make_model("lstm", source), tmp_path / f"shipped{FORMATS[form].suffix}"
    if form == "wasm" and not (shutil.which("clang") and shutil.which("wasm-ld")):
        pytest.skip("there is no clang and lld here")
    if form == "onnx-stream" and source == FORECAST:
        with pytest.raises(OptionError, match="a forecast cannot stream"):
            ship(model, FORMATS[form], path)
        return
    found = ship(model, FORMATS[form], path)
    assert found.parity.rows == 32 and (found.parity.greatest < 1e-5 or not FORMATS[form].exact)
    assert [item.name for item in tmp_path.iterdir()] == [found.path.name]


def test_what_differs_is_not_handed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = make_model("gru", CLASSES)
    assert isinstance(model.predictor, ArrayNetwork)
    weights = {name: array * np.float32(1.01) for name, array in model.predictor.weights.items()}
    other = replace(model, predictor=ArrayNetwork(model.predictor.architecture, weights))
    form = replace(FORMATS["bundle"], writer="tests.export.test_shipping:write_other")
    monkeypatch.setattr(f"{__name__}.OTHER", [other])
    with pytest.raises(RunError, match=r"differs from the model: by .* It was not handed over"):
        ship(model, form, tmp_path / "model.safetensors")
    assert list(tmp_path.iterdir()) == []
    # Rounded weights may differ by more.
    assert ship(model, replace(form, exact=False), tmp_path / "model.safetensors").parity.greatest > 1e-4


OTHER: list[Model] = []


def write_other(model: Model, path: Path) -> None:
    save_model(OTHER[0], path)


def test_predictions_that_are_no_numbers_are_no_parity() -> None:
    model = make_model("gru", NUMBERS)
    assert parity_of(model, model, sample_inputs(model, 4)).greatest == 0.0
    with pytest.raises(RunError):
        from gatewise.export.parity import checked_parity

        checked_parity(Nothing(model), model, sample_inputs(model, 4), FORMATS["bundle"])  # type: ignore[arg-type]


class Nothing:
    """A model that predicts NaN."""

    def __init__(self, model: Model) -> None:
        self.task, self.forecast, self.encoder = model.task, model.forecast, model.encoder

    def predict(self, inputs: list[Any]) -> np.ndarray[Any, Any]:
        return np.full(len(inputs), np.nan, np.float32)


@pytest.mark.parametrize("cell", ["min_gru", "min_lstm"])
def test_a_cell_that_torch_does_not_have_is_refused(tmp_path: Path, cell: str) -> None:
    with pytest.raises(OptionError, match=r"which PyTorch has no layer of; expected one of GRU, LSTM, RNN"):
        ship(make_model(cell, CLASSES), FORMATS["torch"], tmp_path / "shipped")
    assert list(tmp_path.iterdir()) == []


def test_places_that_hold_something_else_are_left_alone(tmp_path: Path) -> None:
    model = make_model("gru", CLASSES)
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "dear.txt").write_text("dear")
    (tmp_path / "folder.safetensors").mkdir()
    refused = [
        ("bundle", "model.bin", "ends with .safetensors"),
        ("bundle", "folder.safetensors", "which is a folder"),
        ("torch", "letters", "holds something else"),
        ("torch", "letters/dear.txt", "holds something else"),
    ]
    for form, place, message in refused:
        with pytest.raises(OptionError, match=message):
            ship(model, FORMATS[form], tmp_path / place)
    assert (tmp_path / "letters" / "dear.txt").read_text() == "dear"
    with pytest.raises(RunError, match="cannot be written"):
        ship(model, FORMATS["bundle"], tmp_path / "letters" / "dear.txt" / "model.safetensors")


def test_a_model_is_found_wherever_it_is(tmp_path: Path) -> None:
    model = make_model("gru", TEXTS)
    (tmp_path / "run").mkdir()
    save_model(model, tmp_path / "run" / "model")
    save_model(model, tmp_path / "model.safetensors")
    rows = sample_inputs(model, 3)
    for place in (tmp_path / "run", str(tmp_path / "run" / "model"), tmp_path / "model.safetensors"):
        np.testing.assert_array_equal(gatewise.load_model(place).predict_proba(rows), model.predict_proba(rows))
    for place, message in (
        (tmp_path / "gone", "there is no"),
        (tmp_path, "holds no model"),
        (Path(__file__), "ends with none of"),
    ):
        with pytest.raises(RunError, match=message):
            open_model(place)


def test_samples_are_of_every_kind_and_the_same_for_a_seed() -> None:
    texts = make_model("gru", TEXTS)
    assert sample_inputs(texts, 5) == sample_inputs(texts, 5) != sample_inputs(texts, 5, seed=1)
    sound = replace(make_model("gru", CLASSES), audio=AudioFeatures(8000))
    for waveform, rate in sample_inputs(sound, 5):
        assert rate == 8000 and 400 <= len(waveform) <= 8000


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "run").mkdir()
    save_model(make_model("gru", TEXTS), tmp_path / "run" / "model")
    yield tmp_path / "run"


def test_the_command_ships_and_says_so(run: Path) -> None:
    found = CliRunner().invoke(app, ["export", str(run), "--to", "bundle,torch"])
    assert found.exit_code == 0, found.output
    assert "gru-bundle.safetensors" in found.output and "the same class for 100% of them" in found.output
    assert sorted(item.name for item in run.iterdir()) == ["gru-bundle.safetensors", "gru-torch", "model"]
    found = CliRunner().invoke(app, ["export", str(run), "--to", "torch", "--out", str(run.parent / "here"), "--json"])
    assert json.loads(found.output)["form"] == "torch"


def test_a_form_that_there_is_not_is_one_message(run: Path) -> None:
    found = CliRunner().invoke(app, ["export", str(run), "--to", "coreml"])
    assert isinstance(found.exception, OptionError) and f"expected one of {', '.join(FORMATS)}" in str(found.exception)


def test_of_several_forms_those_that_can_be_are_written(tmp_path: Path) -> None:
    save_model(make_model("gru", CLASSES, bidirectional=True, pooling="last"), tmp_path / "model")
    found = CliRunner().invoke(app, ["export", str(tmp_path), "--to", "c,torch,onnx-stream"])
    assert isinstance(found.exception, OptionError)
    assert str(found.exception).startswith("not as c: a bidirectional network")
    assert "not as onnx-stream: a bidirectional network cannot stream" in found.stderr
    assert sorted(item.name for item in tmp_path.iterdir()) == ["gru-torch", "model"]


def test_the_size_of_c_is_what_a_device_keeps(tmp_path: Path) -> None:
    found = ship(make_model("gru", CLASSES), FORMATS["c"], tmp_path / "shipped")
    (header,) = (tmp_path / "shipped").glob("*.h")
    assert f"{found.size:,} bytes of flash" in header.read_text()


def test_names_become_identifiers() -> None:
    assert [identifier(name) for name in ("gru_h74", "3 layers", "größe", "")] == ["gru_h74", "_3_layers", "gr__e", "model"]


def test_every_form_is_found() -> None:
    for name, form in FORMATS.items():
        assert isinstance(format_named(name), Format) and form.name == name

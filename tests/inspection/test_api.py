"""`gatewise.inspect`, from whatever holds a model to a record."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import gatewise
from gatewise.errors import DataError, GatewiseError, OptionError, RunError
from gatewise.export.bundle import save_model
from gatewise.inspection import data, effort
from gatewise.inspection.api import inspect
from gatewise.inspection.inspection import Inspection
from gatewise.inspection.reading import ONE_TEXT, is_one_text
from gatewise.records import Config
from gatewise.study.folder import RunFolder
from gatewise.training.networks import torch_network
from tests.inspection.models import CLASSES, FORECAST, NUMBERS, STEPS, TEXTS, dataset_of, make_model


def inspected(cell: str, source: str, row: int = 1, **changes: Any) -> Inspection:
    return inspect(make_model(cell, source, **changes), list(dataset_of(source).sequences), row=row)


@pytest.mark.parametrize("source", [CLASSES, NUMBERS, FORECAST, STEPS])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_every_task_is_answered(cell: str, source: str) -> None:
    sequences = list(dataset_of(source).sequences)
    found = inspected(cell, source, row=3, layers=2, bidirectional=source != STEPS)
    steps = len(np.asarray(sequences[2]))
    assert len(found.sequence) == steps and found.sequence.rows == len(sequences)
    np.testing.assert_allclose(found.sequence.values, np.asarray(sequences[2]), atol=1e-4)
    assert [(one.layer, one.backward) for one in found.layers] == [(one.layer, one.backward) for one in found.data.layers]
    assert len(found.layers) == (2 if source == STEPS else 4)
    for one in found.layers:
        assert {*one.blocks} == {block.symbol for block in found.subject.traits.blocks}
        assert all(values.shape == (steps, 7) for values in one.blocks.values())
        assert one.norms.shape == (steps,) and (one.cells is None) == (not found.subject.traits.cell_state)
    assert found.importance.effects.shape == found.importance.parts.shape == (steps,)
    assert found.importance.gradients.is_complete
    assert found.data.rows == min(len(sequences), 500)
    json.dumps(found.to_json(), allow_nan=False)


def test_a_text_is_read_word_by_word() -> None:
    model = make_model("gru", TEXTS)
    known = str(dataset_of(TEXTS).sequences[0])
    found = inspect(model, f"{known} Zyzzyva!")
    assert found.sequence.source == ONE_TEXT and found.sequence.words[-2:] == ("zyzzyva", "!")
    assert found.sequence.unknown[-2] and not all(found.sequence.unknown)
    assert found.prediction.classes[next(iter(found.prediction.classes))] == pytest.approx(
        float(model.predict_proba([f"{known} Zyzzyva!"]).max())
    )
    assert found.data.rows == 1 and "One sequence says little" in found.data.note
    assert inspect(model, "\u00a0 ").sequence.words == ("(nothing)",)


def test_the_states_shown_are_those_that_the_head_reads() -> None:
    model = make_model("lstm", CLASSES, pooling="last", layers=2)
    found = inspect(model, list(dataset_of(CLASSES).sequences))
    network = torch_network(model)
    assert network is not None
    with torch.no_grad():
        scores = network.head(torch.from_numpy(found.layers[-1].states[-1]).float())
    np.testing.assert_allclose(
        torch.softmax(scores, 0).numpy(), [found.prediction.classes[name] for name in model.class_names], atol=1e-6
    )


def test_the_most_important_step_comes_first() -> None:
    found = inspected("gru", CLASSES)
    effects = np.abs(found.importance.effects)
    assert effects[found.importance.order[0]] == effects.max()
    assert [*effects[found.importance.order]] == sorted(effects, reverse=True)


def test_a_sample_is_evenly_spread_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "MOST_ROWS", 5)
    found = inspected("gru", CLASSES)
    assert (found.data.rows, found.data.of_rows) == (5, 40)
    monkeypatch.setattr(data, "FEWEST_ROWS", 3)
    monkeypatch.setattr(effort, "MULTIPLICATIONS", 1)
    assert inspected("gru", CLASSES).data.rows == 3
    assert data._evenly(11, 3).tolist() == [0, 5, 10] and data._evenly(2, 500).tolist() == [0, 1]


def test_of_a_forecast_every_window_of_every_series_may_be_read() -> None:
    model = make_model("gru", FORECAST)
    series = np.arange(80, dtype=np.float32).reshape(-1, 1) % 7
    found = inspect(model, [series[:30], series], row=2)
    assert found.data.of_rows == (30 - 12 + 1) + (80 - 12 + 1)
    np.testing.assert_allclose(found.sequence.values, series[-12:], atol=1e-4)


def test_a_folder_of_a_model_and_of_a_run(tmp_path: Path) -> None:
    model = make_model("gru", TEXTS)
    save_model(model, tmp_path / "model")
    text = str(dataset_of(TEXTS).sequences[0])
    by_model = inspect(tmp_path / "model", text)
    assert by_model.folder is None and by_model.data.name == ONE_TEXT
    run = tmp_path / "run"
    RunFolder(run).create(Config(source=TEXTS), {})
    save_model(model, run / "model")
    by_run = inspect(run, text)
    assert by_run.folder == run
    # Of one text the units are measured on what the run compared on.
    assert (by_run.data.name, by_run.data.rows) == (TEXTS, 40) and "the data of the run" in by_run.data.note
    np.testing.assert_array_equal(by_run.layers[0].states, by_model.layers[0].states)
    moved = RunFolder(tmp_path / "moved")
    moved.create(Config(source=str(tmp_path / "gone.csv")), {})
    save_model(model, moved.model)
    found = inspect(moved.path, text)
    assert found.data.rows == 1 and "is not to be had" in found.data.note and "gone.csv" in found.data.note


def test_an_estimator_is_taken() -> None:
    dataset = dataset_of(TEXTS)
    fitted = gatewise.SequenceClassifier("gru", hidden_size=4, max_epochs=1).fit(list(dataset.sequences), dataset.targets)
    assert gatewise.inspect(fitted, "a film").subject.hidden_size == 4


def test_builtin_data_is_read_as_the_run_did() -> None:
    found = inspect(make_model("gru", FORECAST), FORECAST, row=2)
    np.testing.assert_allclose(found.sequence.values, np.asarray(dataset_of(FORECAST).sequences[1]), atol=1e-4)
    with pytest.raises(DataError, match="holds text, and the model reads series"):
        inspect(make_model("gru", CLASSES), TEXTS)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a fine film", True),
        ("good", True),
        ("fine.csv", False),
        ("reviews of film.csv", True),
        ("builtin:reviews", False),
        ("https://example.org/reviews.csv", False),
        ("hf:imdb", False),
        ("-", False),
        ("book.xlsx?sheet=two", False),
        ("reviews.jsonl.gz", False),
        ("x" * 5000, True),
        ("a\0b", True),
        ("", True),
    ],
)
def test_what_a_text_is_and_what_a_file(source: str, expected: bool) -> None:
    assert is_one_text(source) == expected


def test_a_file_that_is_there_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "two words").write_text("x")
    monkeypatch.chdir(tmp_path)
    assert not is_one_text("two words") and is_one_text("three words")


def test_what_cannot_work_is_refused_in_a_sentence(tmp_path: Path) -> None:
    model = make_model("gru", CLASSES)
    sequences = list(dataset_of(CLASSES).sequences)
    refused: list[tuple[Any, Any, dict[str, Any], type[GatewiseError], str]] = [
        (model, sequences, {"row": 41}, OptionError, "row is 41, and the input has 40"),
        (model, sequences, {"row": 0}, OptionError, "row is 0"),
        (model, sequences, {"memory": 0}, OptionError, "memory is 0"),
        (model, [], {}, DataError, "no sequence"),
        (model, "no such.npz", {}, DataError, "there is no file"),
        (3, sequences, {}, OptionError, "a int is no model"),
        (tmp_path, sequences, {}, RunError, "holds neither a run"),
        (make_model("tcn", CLASSES), sequences, {}, OptionError, "no recurrent cell"),
        (make_model("gru", TEXTS), "missing.csv", {}, DataError, "there is no file missing.csv"),
    ]
    for run, source, options, error, message in refused:
        with pytest.raises(error, match=message):
            inspect(run, source, **options)


def test_a_baseline_has_no_gates() -> None:
    from gatewise.training.baselines import BASELINES
    from gatewise.training.examples import Examples

    dataset = dataset_of(TEXTS)
    examples = Examples([str(text).split() for text in dataset.sequences], dataset.targets, 2)
    baseline = BASELINES["tfidf_logistic"].fit(examples, examples)
    model = replace(make_model("gru", TEXTS), name="tfidf_logistic", predictor=baseline)
    with pytest.raises(OptionError, match=r"TF-IDF \+ logistic regression, which has no recurrent cell.*--rivals none"):
        inspect(model, "a film")


def test_the_same_call_gives_the_same_numbers() -> None:
    assert inspected("lstm", TEXTS).to_json() == inspected("lstm", TEXTS).to_json()

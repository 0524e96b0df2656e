"""C says what the model says, from the raw inputs on: every cell, pooling and kind of data, in floats; nearly so in 8 bits."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatewise.errors import DataError
from gatewise.runtime.model import Model
from tests.export.c.models import audio_model, compiled, make_model, sequences, sounds, text_model
from tests.inspection.models import CLASSES, FORECAST, NUMBERS, STEPS, TEXTS

CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("gru", CLASSES, {}),
    ("lstm", CLASSES, {"layers": 3, "pooling": "attention", "hidden_size": 17}),
    ("rnn", CLASSES, {"pooling": "max"}),
    ("min_gru", CLASSES, {"layers": 2, "pooling": "mean"}),
    ("min_lstm", CLASSES, {"pooling": "attention"}),
    ("gru", TEXTS, {"layers": 2}),
    ("lstm", TEXTS, {"pooling": "last"}),
    ("lstm", NUMBERS, {"hidden_size": 1}),
    ("gru", NUMBERS, {"hidden_size": 8, "pooling": "mean"}),
    ("gru", FORECAST, {}),
    ("lstm", FORECAST, {"layers": 2, "skip": None}),
    ("gru", STEPS, {}),
    ("rnn", STEPS, {"layers": 2}),
]


def said(model: Model, inputs: list[Any]) -> Any:
    return model.predict_proba(inputs) if model.task == "classification" else model.predict(inputs)


def assert_close(found: Any, expected: Any, tolerance: float) -> None:
    if isinstance(expected, list):
        found, expected = np.concatenate(found), np.concatenate(expected)
    np.testing.assert_allclose(found, expected, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize(("cell", "source", "changes"), CASES)
def test_floats(tmp_path: Path, cell: str, source: str, changes: dict[str, Any]) -> None:
    model = make_model(cell, source, **changes)
    inputs = sequences(source)
    assert_close(said(compiled(model, tmp_path), inputs), said(model, inputs), 1e-5)


@pytest.mark.parametrize(
    ("cell", "source", "changes"),
    [
        ("gru", CLASSES, {"layers": 2, "pooling": "attention"}),
        ("lstm", TEXTS, {}),
        ("min_gru", NUMBERS, {}),
        ("lstm", FORECAST, {}),
        ("rnn", STEPS, {}),
    ],
)
def test_eight_bits(tmp_path: Path, cell: str, source: str, changes: dict[str, Any]) -> None:
    model = make_model(cell, source, **changes)
    inputs = sequences(source)
    program = compiled(model, tmp_path, int8=True)
    spread = float(np.std(np.concatenate([np.ravel(one) for one in said(model, inputs)])))
    assert_close(said(program, inputs), said(model, inputs), 0.1 * max(1.0, spread))


def test_eight_bits_take_about_a_quarter_of_the_flash(tmp_path: Path) -> None:
    model = make_model("gru", CLASSES, hidden_size=64)
    sizes = [compiled(model, tmp_path, int8=int8).program.flash_bytes for int8 in (False, True)]
    assert sizes[1] < 0.32 * sizes[0]


@pytest.mark.parametrize(("int8", "tolerance"), [(False, 1e-5), (True, 0.05)])
def test_sounds(tmp_path: Path, int8: bool, tolerance: float) -> None:
    """From the samples on: window, transform and filters are the C's own."""
    model = audio_model("lstm")
    np.testing.assert_allclose(
        compiled(model, tmp_path, int8=int8).predict_proba(sounds()), model.predict_proba(sounds()), atol=tolerance
    )


def test_a_channel_far_from_zero_keeps_its_variation(tmp_path: Path) -> None:
    from dataclasses import replace

    from gatewise.data.encoding.series import SeriesEncoder

    model = make_model("gru", NUMBERS)
    assert isinstance(model.encoder, SeriesEncoder)
    far = replace(model, encoder=replace(model.encoder, mean=(123456.7,), scale=(0.01,)))
    inputs = [np.float32(123456.7) + np.arange(9, dtype=np.float32)[:, np.newaxis] / 128]
    np.testing.assert_allclose(compiled(far, tmp_path).predict(inputs), far.predict(inputs), rtol=1e-5)


def test_only_the_first_steps_are_read_where_the_encoder_says_so(tmp_path: Path) -> None:
    model = text_model(("good", "bad", "film"), max_length=2)
    texts = ["good bad film", "good bad good", "film"]
    program = compiled(model, tmp_path)
    np.testing.assert_allclose(program.predict_proba(texts), model.predict_proba(texts), atol=1e-6)
    assert (program.predict_proba(texts)[0] == program.predict_proba(texts)[1]).all()


def test_scores_and_classes_are_the_models(tmp_path: Path) -> None:
    model = make_model("gru", CLASSES)
    inputs, program = sequences(CLASSES), compiled(model, tmp_path)
    truth = model.predict(inputs)
    assert program.predict(inputs) == truth
    assert program.score(inputs, truth) == 1.0
    assert program.predict_proba([]).shape == (0, len(model.classes))
    steps = make_model("gru", STEPS)
    assert compiled(steps, tmp_path / "steps").score(sequences(STEPS)) == pytest.approx(steps.score(sequences(STEPS)), abs=1e-5)


def test_bad_inputs_are_refused_as_the_model_refuses_them(tmp_path: Path) -> None:
    program = compiled(make_model("gru", CLASSES), tmp_path)
    with pytest.raises(DataError, match="the model reads"):
        program.predict([np.zeros((3, 99))])
    with pytest.raises(DataError, match="list of str"):
        compiled(text_model(("good",)), tmp_path / "text").predict([3])

"""A model takes raw inputs and refuses what it did not learn."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gatewise.data.encoding.encoders import fit_encoder
from gatewise.data.encoding.prepared import prepare
from gatewise.errors import DataError
from gatewise.nn import build_network
from gatewise.records import Architecture, Dataset
from gatewise.runtime.model import Model, model_of
from gatewise.runtime.scoring import Truth
from gatewise.training.baselines.constant import Majority
from gatewise.training.networks import array_network


def series_model() -> Model:
    rows = tuple(np.random.default_rng(row).normal(size=(5, 2)).astype(np.float32) for row in range(10))
    dataset = Dataset("series", "series", rows, np.arange(10) % 2, ("a", "b"), np.arange(10), channels=("x", "y"))
    architecture = Architecture(
        "gru",
        input_size=2,
        tokens=False,
        outputs=2,
        pooling="summary",
        embedding_size=1,
        hidden_size=4,
        layers=1,
        bidirectional=False,
        dropout=0.5,
        input_dropout=0.5,
        seed=0,
        cell_seed=1,
    )
    network = array_network(architecture, build_network(architecture))
    encoder = fit_encoder(prepare(dataset), np.arange(10))
    return model_of(dataset, Truth(dataset.targets), "accuracy", "gru", encoder, network, {})


def text_model() -> Model:
    rows = tuple(f"film number {row}" for row in range(10))
    dataset = Dataset("texts", "text", rows, np.arange(10) % 2, ("a", "b"), np.arange(10))
    encoder = fit_encoder(prepare(dataset), np.arange(10))
    predictor = Majority(np.array([0.25, 0.75], dtype=np.float32))
    return model_of(dataset, Truth(dataset.targets), "accuracy", "majority", encoder, predictor, {})


def test_rows_alone_and_together_agree_whatever_their_length() -> None:
    model = series_model()
    rows = [np.random.default_rng(9).normal(size=(steps, 2)) for steps in (3, 30, 1)]
    together = model.predict_proba(rows)
    for row, expected in zip(rows, together, strict=True):
        np.testing.assert_allclose(model.predict_proba([row])[0], expected, rtol=1e-5)
    assert model.predict(rows) == [("a", "b")[index] for index in together.argmax(1)]


@pytest.mark.parametrize("make", [series_model, text_model])
def test_no_row_gives_no_prediction(make: Callable[[], Model]) -> None:
    assert make().predict_proba([]).shape == (0, 2)
    assert make().predict([]) == []


def test_score_compares_names() -> None:
    model = text_model()
    assert model.score(["x", "y", "z", "w"], ["b", "b", "a", "b"]) == 0.75
    with pytest.raises(DataError, match="2 sequences came with 1 targets"):
        model.score(["x", "y"], ["b"])
    with pytest.raises(DataError, match="give at least one"):
        model.score([], [])


def test_score_reads_labels_as_the_data_was_read() -> None:
    model = replace(text_model(), classes=("0", "1"))
    assert model.score(["x", "y", "z", "w"], [1, 1.0, np.int64(1), " 1"]) == 1.0
    with pytest.raises(DataError, match="none of the model's classes: 0, 1"):
        model.score(["x", "y"], [1, "new"])


@pytest.mark.parametrize(
    "rows",
    [
        ["a text"],
        [np.zeros((4, 3))],
        [np.zeros(4)],
        [np.zeros((0, 2))],
        [np.full((4, 2), np.nan)],
        [np.full((4, 2), 1e300)],
    ],
)
def test_series_of_another_kind_are_refused(rows: list[object]) -> None:
    with pytest.raises(DataError, match="input 1"):
        series_model().predict_proba(rows)


@pytest.mark.parametrize(("rows", "message"), [("one text", "in a list"), ([3], "reads texts"), ([None], "reads texts")])
def test_texts_of_another_kind_are_refused(rows: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        text_model().predict(rows)

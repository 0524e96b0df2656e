"""A crossed design: what is done to the data, and what is said of the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gatewise.claims import preprocessing
from gatewise.claims.bench import Bench
from gatewise.claims.preprocessing import PREPROCESSING, REGULARISATION, train_combination
from gatewise.claims.studies import what_else_matters
from gatewise.claims.studies.what_else_matters import FACTORS, STUDY, Source
from gatewise.records import Config
from gatewise.report.blocks import Figure, Table

JUDGE = STUDY.judge
SHAPE = (2, 3, 2, 3)


def one_set(name: str, sizes: dict[str, float], seeds: int = 5, chance: float = 0.002) -> dict[str, Any]:
    """Made up: so much is between the outer levels of each factor."""
    scores = 0.8 + np.random.default_rng(0).normal(scale=chance, size=(seeds, *SHAPE))
    for axis, factor in enumerate(FACTORS):
        places = np.linspace(-0.5, 0.5, SHAPE[axis]).reshape([-1 if axis == other else 1 for other in range(4)])
        scores = scores + sizes.get(factor, 0.0) * places
    levels = {factor: [f"{factor} {number}" for number in range(count)] for factor, count in zip(FACTORS, SHAPE, strict=True)}
    return {"name": name, "levels": levels, "scores": scores.tolist()}


OTHERS = {"preprocessing": 0.1, "regularisation": 0.08, "tuning": 0.2}
BIG, SMALL = one_set("a", OTHERS), one_set("b", {"cell": 0.1})


@pytest.mark.parametrize(
    ("sets", "verdict"),
    [
        ([BIG], "holds"),
        ([SMALL], "does not hold"),
        ([BIG, SMALL], "depends"),
        ([one_set("d", {"tuning": 0.1})], "holds"),
        ([one_set("c", {"cell": 0.01, "tuning": 0.01}, seeds=2, chance=0.1)], "not told"),
    ],
)
def test_the_verdict_follows_the_numbers(sets: list[dict[str, Any]], verdict: str) -> None:
    assert JUDGE({"asked": 5, "sets": sets}).verdict == verdict


def test_the_sentence_names_what_matters() -> None:
    said = JUDGE({"asked": 5, "sets": [one_set("a", {"tuning": 0.2, "cell": 0.05})]}).sentence
    assert "On a tuning matters more than the cell; preprocessing and regularisation matter less than the cell." in said
    assert "The cell makes 2.5" in said


def test_what_matters_as_little_is_said_so() -> None:
    said = JUDGE({"asked": 5, "sets": [one_set("d", {"tuning": 0.1})]}).sentence
    assert "tuning matters more than the cell; preprocessing and regularisation matter as little as the cell." in said


def test_everything_is_shown() -> None:
    figure, levels, analysis = STUDY.show({"asked": 5, "sets": [BIG, SMALL]})
    assert isinstance(figure, Figure) and figure.svg.count("regularisation") >= 2
    assert isinstance(levels, Table) and len(levels.rows) == 8
    assert isinstance(analysis, Table) and len(analysis.rows) == 12


def test_texts_become_words_characters_and_pieces() -> None:
    made = {name: change("It's bad.") for name, change in preprocessing.TEXTS.items()}
    assert made == {"words": "It's bad.", "characters": "i t ' s _ b a d _ .", "subwords": "xit' s xbad x."}


def test_each_series_is_standardised_by_itself() -> None:
    series = np.array([[1.0, 5.0], [3.0, 5.0]], dtype=np.float32)
    assert preprocessing.SERIES["each series standardised"](series).tolist() == [[-1.0, 0.0], [1.0, 0.0]]


@pytest.mark.parametrize(
    ("source", "kind"), [("builtin:reviews?rows=60", "text"), ("builtin:temporal-order?length=10&rows=60", "series")]
)
def test_every_combination_trains_and_gives_the_same_again(source: str, kind: str) -> None:
    config = Config(source, hidden_size=4, embedding_size=4)
    for change in PREPROCESSING[kind]:
        for regularisation in REGULARISATION:
            first, again = (train_combination(config, "gru", change, regularisation, 1.0, 1, 3) for _ in range(2))
            assert 0.0 <= first["score"] == again["score"] <= 1.0


def test_a_small_measurement_is_judged(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(what_else_matters, "SOURCES", (Source("temporal-order?length=10&rows=60", "small", 1),))
    monkeypatch.setattr(what_else_matters, "QUICK_SEEDS", 2)
    monkeypatch.setattr(what_else_matters, "HIDDEN", 4)
    found = STUDY.measure(bench)
    assert np.array(found["sets"][0]["scores"]).shape == (2, *SHAPE)
    assert JUDGE(found).verdict in ("holds", "does not hold", "depends", "not told")

"""Baselines against naive versions and scikit-learn's own pipeline; what they must never predict."""

import math
import warnings
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.pipeline import make_pipeline

from gatewise.records import Dataset, Forecast
from gatewise.runtime.scoring import Truth, score
from gatewise.training.baselines import BASELINES
from gatewise.training.baselines.choice import simple_baselines
from gatewise.training.baselines.constant import Majority
from gatewise.training.baselines.features import series_features
from gatewise.training.baselines.tfidf import TfidfLogistic
from gatewise.training.examples import Examples


def accuracy(probabilities: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
    return score("accuracy", probabilities, Truth(targets))


Make = Callable[..., tuple[Sequence[Any], NDArray[np.int64]]]
WORDS = ["plot", "film", "actor", "scene", "the", "a", "not"]


def reviews(rows: int, seed: int, classes: int = 2) -> tuple[list[list[str]], NDArray[np.int64]]:
    """Token lists; one word in each tells its class, in one row of five wrongly."""
    generator = np.random.default_rng(seed)
    targets = generator.integers(classes, size=rows)
    told = np.where(generator.random(rows) < 0.2, generator.integers(classes, size=rows), targets)
    marks = ["good", "bad", "odd", "long"]
    texts = [
        [marks[mark] if place == 2 else WORDS[word] for place, word in enumerate(generator.integers(len(WORDS), size=length))]
        for mark, length in zip(told, generator.integers(3, 12, rows), strict=True)
    ]
    return texts, targets


def waves(rows: int, seed: int, classes: int = 2) -> tuple[list[NDArray[np.float32]], NDArray[np.int64]]:
    generator = np.random.default_rng(seed)
    targets = generator.integers(classes, size=rows)
    series = [generator.normal([target, -target], 1.0, (generator.integers(3, 30), 2)).astype(np.float32) for target in targets]
    return series, targets


@pytest.mark.parametrize(("name", "make"), [("tfidf_logistic", reviews), ("linear_features", waves)])
@pytest.mark.parametrize("classes", [2, 3])
def test_learns_what_is_learnable(name: str, make: Make, classes: int) -> None:
    (train, targets), (validation, held), (test, truth) = (make(rows, rows, classes) for rows in (200, 60, 80))
    model = BASELINES[name].fit(Examples(train, targets, classes), Examples(validation, held, classes))
    probabilities = model.predict(test)
    assert probabilities.shape == (80, classes)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    assert accuracy(probabilities, truth) > 1 / classes + 0.2


def test_majority_predicts_the_most_frequent_class_of_the_training_part() -> None:
    targets = np.array([2, 2, 2, 0, 1])
    model = Majority.fit(Examples(["-"] * 5, targets, 4), Examples(["-"], np.array([0]), 4))
    probabilities = model.predict(["-"] * 3)
    np.testing.assert_allclose(probabilities, np.tile([0.2, 0.2, 0.6, 0.0], (3, 1)), rtol=1e-6)


@pytest.mark.parametrize(("name", "make"), [("majority", reviews), ("tfidf_logistic", reviews), ("linear_features", waves)])
@pytest.mark.parametrize("present", [2, 3])
def test_a_class_missing_in_the_training_part_is_never_predicted(name: str, make: Make, present: int) -> None:
    inputs, targets = make(120, 0, present)
    shifted = targets + 1  # classes 0 and the last have no row
    model = BASELINES[name].fit(Examples(inputs, shifted, present + 2), Examples(inputs[:40], shifted[:40], present + 2))
    probabilities = model.predict(inputs)
    assert not probabilities[:, [0, present + 1]].any()
    assert accuracy(probabilities, shifted) >= np.bincount(targets).max() / 120


def words_and_pairs(tokens: Sequence[str]) -> list[str]:
    return list(tokens) + [f"{tokens[place]} {tokens[place + 1]}" for place in range(len(tokens) - 1)]


def test_tfidf_equals_scikit_learns_own_pipeline() -> None:
    (train, targets), (validation, held), (test, _) = (reviews(rows, rows, 3) for rows in (150, 60, 50))
    model = TfidfLogistic.fit(Examples(train, targets, 3), Examples(validation, held, 3))
    pipelines = [
        make_pipeline(
            TfidfVectorizer(analyzer=words_and_pairs, sublinear_tf=True, min_df=2),
            LogisticRegression(C=strength, max_iter=5000, tol=1e-5),
        ).fit(train, targets)
        for strength in (0.3, 1.0, 3.0, 10.0)
    ]
    best = max(pipelines, key=lambda pipeline: accuracy_score(held, pipeline.predict(validation)))
    np.testing.assert_allclose(model.predict(test), best.predict_proba(test), rtol=1e-4, atol=1e-6)


def test_tfidf_of_unseen_words_falls_back_on_the_class_frequencies() -> None:
    train, targets = reviews(100, 0)
    model = TfidfLogistic.fit(Examples(train, targets, 2), Examples(train, targets, 2))
    probabilities = model.predict([["never", "met"], []])
    np.testing.assert_array_equal(probabilities[0], probabilities[1])


def test_tfidf_keeps_words_met_once_where_none_repeats() -> None:
    train = [[f"word{row}", f"thing{row}"] for row in range(30)]
    targets = np.arange(30) % 2
    model = TfidfLogistic.fit(Examples(train, targets, 2), Examples(train, targets, 2))
    assert accuracy(model.predict(train), targets) == 1.0


@pytest.mark.parametrize(("name", "make"), [("majority", waves), ("tfidf_logistic", reviews), ("linear_features", waves)])
def test_state_rebuilds_the_model_exactly(name: str, make: Make) -> None:
    inputs, targets = make(80, 0)
    model = BASELINES[name].fit(Examples(inputs, targets, 2), Examples(inputs, targets, 2))
    again = BASELINES[name].from_state(*model.state())
    np.testing.assert_array_equal(again.predict(inputs), model.predict(inputs))


def test_which_baselines_fit_which_kind() -> None:
    rows, none = np.arange(4), np.zeros((4, 1), dtype=np.float32)
    texts, series = ("a", "b", "c", "d"), [none] * 4
    daily, weekless = Forecast(24, 3, 24, (0,)), Forecast(24, 3, 1, (0,))

    def names(kind: str, task: str, forecast: Forecast | None = None) -> tuple[str, ...]:
        inputs = texts if kind == "text" else series
        return simple_baselines(Dataset("d", kind, inputs, none, (), rows, task=task, forecast=forecast))  # type: ignore[arg-type]

    assert names("text", "classification") == ("majority", "tfidf_logistic")
    assert names("series", "classification") == names("audio", "classification") == ("majority", "linear_features")
    assert names("text", "regression") == ("mean_value", "tfidf_ridge")
    assert names("series", "regression") == ("mean_value", "ridge_features")
    assert names("series", "next_step") == ("step_frequency", "repeat_step", "linear_step")
    assert names("series", "forecast", daily) == ("last_value", "last_season", "linear_window")
    assert names("series", "forecast", weekless) == ("last_value", "linear_window")


@pytest.mark.parametrize(("name", "make"), [("mean_value", waves), ("tfidf_ridge", reviews), ("ridge_features", waves)])
def test_numbers_are_predicted_and_the_state_rebuilds_the_model(name: str, make: Make) -> None:
    (train, classes), (validation, held), (test, truth) = (make(rows, rows, 2) for rows in (200, 60, 80))
    wanted = [np.stack([values * 3.0 + 1], axis=1).astype(np.float32) for values in (classes, held, truth)]
    model = BASELINES[name].fit(Examples(train, wanted[0]), Examples(validation, wanted[1]))
    predictions = model.predict(test)
    assert predictions.shape == (80, 1)
    assert predictions.dtype == np.float32
    explained = score("r2", predictions, Truth(wanted[2]))
    assert explained == pytest.approx(0, abs=0.1) if name == "mean_value" else explained > 0.2
    again = BASELINES[name].from_state(*model.state())
    np.testing.assert_array_equal(again.predict(test), predictions)


def test_weights_count_as_repeated_rows() -> None:
    inputs, targets = waves(60, 0)
    weights = np.random.default_rng(0).integers(1, 3, 60)
    repeated = np.repeat(np.arange(60), weights)
    for name, wanted in (("majority", targets), ("mean_value", targets[:, np.newaxis].astype(np.float32))):
        classes = 2 if name == "majority" else 0
        weighted = BASELINES[name].fit(Examples(inputs, wanted, classes, weights=weights), Examples(inputs, wanted, classes))
        plain = BASELINES[name].fit(
            Examples([inputs[row] for row in repeated], wanted[repeated], classes), Examples(inputs, wanted)
        )
        np.testing.assert_allclose(weighted.predict(inputs), plain.predict(inputs), rtol=1e-6)


def naive_features(values: NDArray[np.float32]) -> list[float]:
    """Step by step; segment k of ten covers every step that [k/10, (k+1)/10) of the length touches."""
    steps, channels = values.shape
    columns = [[float(value) for value in values[:, channel]] for channel in range(channels)]

    def of_every_channel(statistic: Callable[[list[float]], float]) -> list[float]:
        return [statistic(column) for column in columns]

    def mean(column: list[float]) -> float:
        return sum(column) / len(column)

    def deviation(column: list[float]) -> float:
        return math.sqrt(sum((value - mean(column)) ** 2 for value in column) / len(column))

    def change(column: list[float]) -> float:
        return mean([abs(after - before) for before, after in pairwise(column)] or [0.0])

    features: list[float] = []
    for statistic in (mean, deviation, min, max, lambda column: column[0], lambda column: column[-1], change):
        features += of_every_channel(statistic)
    for segment in range(10):
        inside = [step for step in range(steps) if step < (segment + 1) * steps / 10 and step + 1 > segment * steps / 10]
        features += [mean([column[step] for step in inside]) for column in columns]
    return [*features, steps]


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 10, 20, 23])
def test_series_features_equal_a_naive_version(steps: int) -> None:
    values = np.random.default_rng(steps).normal(size=(steps, 2)).astype(np.float32)
    features = series_features([values, values[::-1]])
    assert features.shape == (2, 17 * 2 + 1)
    np.testing.assert_allclose(features[0], naive_features(values), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(features[1], naive_features(values[::-1]), rtol=1e-9, atol=1e-12)


def test_constant_channels_do_no_harm() -> None:
    series, targets = waves(60, 0)
    series = [np.column_stack([values, np.full(len(values), 3.0)]).astype(np.float32) for values in series]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = BASELINES["linear_features"].fit(Examples(series, targets, 2), Examples(series, targets, 2))
    assert np.isfinite(model.predict(series)).all()

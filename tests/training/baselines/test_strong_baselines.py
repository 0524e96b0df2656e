"""NBSVM and boosted trees against scikit-learn, what every strong baseline must keep, and which of them a run has."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from gatewise.data.dataset.splits import make_split
from gatewise.data.sources import open_source
from gatewise.errors import OptionError
from gatewise.names import plain_title
from gatewise.nn import RIVALS
from gatewise.options.table import OPTION
from gatewise.records import Dataset
from gatewise.training.baselines import BASELINES
from gatewise.training.baselines.boosting import BoostedClasses, BoostedNumbers
from gatewise.training.baselines.choice import baselines_for, choose_rivals, foreseen_seconds, simple_baselines
from gatewise.training.baselines.closed_form import fit_ridge_classes
from gatewise.training.baselines.features import series_features
from gatewise.training.baselines.nbsvm import Nbsvm
from gatewise.training.examples import Examples

Made = tuple[list[Any], NDArray[np.int64]]


def reviews(rows: int, seed: int, classes: int = 2) -> Made:
    generator = np.random.default_rng(seed)
    targets = generator.integers(classes, size=rows)
    told = np.where(generator.random(rows) < 0.15, generator.integers(classes, size=rows), targets)
    filler = ["plot", "film", "actor", "scene", "the"]
    marks = ["goodly", "badly", "oddly"]
    texts = [
        [*(filler[place] for place in generator.integers(5, size=generator.integers(2, 9))), marks[mark], "end"] for mark in told
    ]
    return texts, targets


def bumps(rows: int, seed: int, classes: int = 2) -> Made:
    generator = np.random.default_rng(seed)
    targets = generator.integers(classes, size=rows)
    return [generator.normal([target, 0], 0.7, (12, 2)).astype(np.float32) for target in targets], targets


CLASSES: tuple[tuple[str, Callable[..., Made]], ...] = (
    ("nbsvm", reviews),
    ("character_logistic", reviews),
    ("minirocket", bumps),
    ("nearest_dtw", bumps),
    ("boosted_features", bumps),
)


@pytest.mark.parametrize(("name", "make"), CLASSES)
@pytest.mark.parametrize("classes", [2, 3])
def test_learns_keeps_its_state_and_never_predicts_a_class_it_has_not_seen(
    name: str, make: Callable[..., Made], classes: int
) -> None:
    (train, targets), (held, truth), (test, wanted) = (make(rows, rows, classes) for rows in (150, 60, 80))
    # The classes 0 and the last have no rows.
    model = BASELINES[name].fit(Examples(train, targets + 1, classes + 2), Examples(held, truth + 1, classes + 2))
    said = model.predict(test)
    assert said.dtype == np.float32
    np.testing.assert_allclose(said.sum(1), 1, rtol=1e-5)
    assert not said[:, [0, classes + 1]].any()
    assert (said.argmax(1) == wanted + 1).mean() > 1 / classes + 0.25
    again = BASELINES[name].from_state(*model.state())
    np.testing.assert_array_equal(again.predict(test), said)
    np.testing.assert_allclose(np.concatenate([model.predict([one]) for one in test[:5]]), said[:5], atol=1e-5)


@pytest.mark.parametrize(("name", "make"), [("nbsvm", reviews), ("minirocket", bumps), ("nearest_dtw", bumps)])
def test_a_training_part_of_one_class_predicts_it(name: str, make: Callable[..., Made]) -> None:
    train, _ = make(30, 0)
    targets = np.ones(30, dtype=np.int64)
    model = BASELINES[name].fit(Examples(train, targets, 2), Examples(train, targets, 2))
    assert (model.predict(train).argmax(1) == 1).all()


@pytest.mark.parametrize(("name", "make"), [("nbsvm", reviews), ("character_logistic", reviews), ("boosted_features", bumps)])
def test_weights_move_the_line(name: str, make: Callable[..., Made]) -> None:
    train, targets = make(150, 3)
    flipped = np.where(np.random.default_rng(0).random(150) < 0.3, 1 - targets, targets)
    heavy = np.where(flipped == 1, 20.0, 1.0)
    said = []
    for weights in (None, heavy):
        examples = Examples(train, flipped, 2, weights=weights)
        said.append(BASELINES[name].fit(examples, examples).predict(make(100, 4)[0])[:, 1].mean())
    assert said[1] > said[0] + 0.1


def naive_ratio(texts: list[list[str]], inside: NDArray[np.bool_], term: str) -> float:
    """By the words of the paper: one count more of each term on either side."""
    terms = {word for text in texts for word in [*text, *map(" ".join, pairwise(text))]}

    def share(rows: NDArray[np.bool_]) -> float:
        counts = dict.fromkeys(terms, 1)
        for text, here in zip(texts, rows, strict=True):
            for one in {*text, *map(" ".join, pairwise(text))} if here else ():
                counts[one] += 1
        return counts[term] / sum(counts.values())

    return float(np.log(share(inside) / share(~inside)))


def test_nbsvm_scales_terms_by_their_log_count_ratio() -> None:
    train, targets = reviews(60, 0)
    model = Nbsvm.fit(Examples(train, targets, 2), Examples(train, targets, 2))
    place = {term: number for number, term in enumerate(model.terms)}
    # A term that is as frequent on both sides has no weight, and the one that tells the classes has the largest.
    ratios = {term: naive_ratio(train, targets == 1, term) for term in ("badly", "goodly", "film")}
    assert ratios["badly"] > 1 > -1 > ratios["goodly"]
    weights = model.weights[1] - model.weights[0]
    assert weights[place["badly"]] > abs(weights[place["film"]])
    assert weights[place["goodly"]] < -abs(weights[place["film"]])


@pytest.mark.parametrize("classes", [2, 3])
def test_boosted_classes_are_those_of_scikit_learn(classes: int) -> None:
    train, targets = bumps(120, 0, classes)
    examples = Examples(train, targets, classes)
    machine = BoostedClasses._machine(examples, 12)
    assert isinstance(machine, HistGradientBoostingClassifier)
    features = series_features(train)
    machine.fit(features, targets)
    read = BoostedClasses._read(machine, np.ones(classes, dtype=bool))
    np.testing.assert_allclose(read._said(features), machine.predict_proba(features), atol=1e-6)
    fewer = HistGradientBoostingClassifier(**machine.get_params() | {"max_iter": 5}).fit(features, targets)
    sums = 1 if classes == 2 else classes
    np.testing.assert_allclose(read._first(5 * sums)._said(features), fewer.predict_proba(features), atol=1e-6)


@pytest.mark.parametrize("metric", ["mae", "mse"])
def test_boosted_numbers_are_those_of_scikit_learn_and_stop_where_the_validation_part_is_best(metric: str) -> None:
    train, values = bumps(120, 0)
    targets = (values + np.random.default_rng(1).normal(0, 0.5, 120)).astype(np.float32)[:, np.newaxis]
    examples = Examples(train, targets, metric=metric)
    machine = BoostedNumbers._machine(examples, 20)
    assert isinstance(machine, HistGradientBoostingRegressor)
    features = series_features(train)
    machine.fit(features, targets.ravel())
    read = BoostedNumbers._read(machine, np.ones(1, dtype=bool))
    np.testing.assert_allclose(read._said(features)[:, 0], machine.predict(features), rtol=1e-5)
    held = Examples(bumps(60, 2)[0], bumps(60, 2)[1].astype(np.float32)[:, np.newaxis], metric=metric)
    model = BoostedNumbers.fit(examples, held)
    assert 5 <= len(model.roots) < 100
    again = BoostedNumbers.from_state(*model.state())
    np.testing.assert_array_equal(again.predict(held.inputs), model.predict(held.inputs))


# ---------------------------------------------------------------- which of them a run has


def rows_of(rows: int, steps: int, channels: int = 1) -> Dataset:
    generator = np.random.default_rng(0)
    return open_source((generator.normal(size=(rows, steps, channels)), np.arange(rows) % 2))


def chosen(dataset: Dataset, *asked: str, budget: float | None = 600.0) -> tuple[str, ...]:
    return choose_rivals(dataset, make_split(dataset, 0, 0), asked, budget).names


def test_groups_and_names() -> None:
    small = rows_of(100, 20)
    assert chosen(small, "none") == ()
    assert chosen(small, "simple") == simple_baselines(small) == ("majority", "linear_features")
    assert chosen(small, "strong") == ("majority", "linear_features", "minirocket", "nearest_dtw")
    assert chosen(small, "all") == baselines_for(small)
    assert chosen(small, "minirocket", "majority") == ("majority", "minirocket")
    assert (*chosen(small, "strong", "boosted_features"), "tcn") == baselines_for(small)
    assert chosen(small, "majority", "tcn") == ("majority", "tcn")
    with pytest.raises(OptionError, match="nbsvm, which does not fit this data; those that do: majority, linear_features"):
        chosen(small, "nbsvm")


def test_what_takes_too_long_for_the_budget_is_left_out_and_said() -> None:
    large = rows_of(2000, 150)
    assert "nearest_dtw" not in chosen(large, "strong")
    assert "nearest_dtw" in chosen(large, "strong", "nearest_dtw")
    assert chosen(rows_of(400, 100), "strong", budget=10.0) == ("majority", "linear_features")
    found = choose_rivals(large, make_split(large, 0, 0), ("strong",), 600.0)
    assert "Left out for their time: nearest neighbour by time warping (about" in found.notes[0]
    assert "--rivals all" in found.notes[0]
    assert choose_rivals(large, make_split(large, 0, 0), ("simple",), 600.0).notes == ()


@pytest.mark.parametrize("asked", ["simple", "strong"])
@pytest.mark.parametrize(
    ("source", "kept", "slow"),
    [
        ("builtin:chords", ("step_frequency", "repeat_step"), "linear model of the last two steps"),
        ("builtin:digits", ("majority",), "linear model on simple features"),
        ("builtin:reviews?rows=4000", ("majority",), "TF-IDF + logistic regression"),
    ],
)
def test_simple_ones_are_left_out_too_and_said_but_for_the_simplest(
    asked: str, source: str, kept: tuple[str, ...], slow: str
) -> None:
    dataset = open_source(source)
    split = make_split(dataset, 0, 0)
    seconds = foreseen_seconds(dataset, split, simple_baselines(dataset))
    budget = min(seconds[name] for name in simple_baselines(dataset) if name not in kept) / 0.06
    found = choose_rivals(dataset, split, (asked,), budget)
    assert found.names == kept
    assert f"{slow} (about" in found.notes[0]
    assert choose_rivals(dataset, split, (asked,), 2 * budget).names[: len(kept) + 1] == simple_baselines(dataset)
    assert choose_rivals(dataset, split, simple_baselines(dataset), budget).names == simple_baselines(dataset)


@pytest.mark.parametrize(
    "source", ["builtin:reviews?rows=60", "builtin:waves?rows=60", "builtin:seasonal", "builtin:chords", "builtin:digits"]
)
def test_every_baseline_that_fits_is_known_by_name(source: str) -> None:
    dataset = open_source(source)
    assert set(baselines_for(dataset)) <= {*BASELINES, *RIVALS}


def test_the_option_names_every_baseline() -> None:
    assert set(OPTION["rivals"].choices) == {"none", "simple", "strong", "all", *BASELINES, *RIVALS}
    assert all(plain_title(name) != name for name in (*BASELINES, *RIVALS))


def test_features_that_follow_from_each_other_have_an_answer_at_some_penalty() -> None:
    """Their products are rounded to 32 bits, and the least penalties leave them without an inverse."""
    generator = np.random.default_rng(0)
    few = generator.normal(size=(300, 4)).astype(np.float32)
    targets = (few[:, 0] > 0).astype(np.int64)
    repeated = (few @ generator.normal(size=(4, 200))).astype(np.float32)
    examples = Examples(list(few), targets, 2)
    scores = fit_ridge_classes(repeated, examples, repeated, examples, penalties=(1e-12, 1e-9, 1.0))
    assert (scores(repeated).argmax(1) == targets).mean() > 0.9

"""Metrics against scikit-learn, and row scores against the bootstrap they stand for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as oracle

from gatewise.errors import DataError
from gatewise.metrics import METRICS
from gatewise.runtime.scoring import Truth, log_loss, pack_rows, score, score_rows, sums_by_bin, unpack_rows

ROWS = 400
CLASS_METRICS = ("accuracy", "balanced_accuracy", "macro_f1", "auroc", "log_loss")
NUMBER_METRICS = ("mae", "mse", "rmse", "rse", "r2", "mase")


def class_case(classes: int, seed: int = 0) -> tuple[NDArray[np.float32], Truth]:
    generator = np.random.default_rng(seed)
    targets = generator.choice(classes, ROWS, p=np.arange(1, classes + 1) / sum(range(1, classes + 1)))
    scores = generator.normal(size=(ROWS, classes)) + 1.5 * np.eye(classes)[targets]
    probabilities = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    return probabilities.astype(np.float32), Truth(targets.astype(np.int64))


def number_case(outputs: int = 3, seed: int = 0) -> tuple[NDArray[np.float32], Truth]:
    generator = np.random.default_rng(seed)
    targets = generator.normal(5, 2, (ROWS, outputs)).astype(np.float32)
    predictions = (targets + generator.gamma(1.5, 0.5, targets.shape) * generator.choice([-1, 1], targets.shape)).astype(
        np.float32
    )
    return predictions, Truth(targets, None, np.full(outputs, 0.7), np.full(outputs, 2.0))


@pytest.mark.parametrize("classes", [2, 5])
def test_class_metrics_are_those_of_scikit_learn(classes: int) -> None:
    probabilities, truth = class_case(classes)
    targets, guessed = truth.targets, probabilities.argmax(1)
    # scikit-learn wants probabilities that add up to 1 in double precision.
    exact = probabilities / probabilities.sum(1, keepdims=True, dtype=np.float64)
    one_or_all = exact[:, 1] if classes == 2 else exact
    expected = {
        "accuracy": oracle.accuracy_score(targets, guessed),
        "balanced_accuracy": oracle.balanced_accuracy_score(targets, guessed),
        "macro_f1": oracle.f1_score(targets, guessed, average="macro"),
        "auroc": oracle.roc_auc_score(targets, one_or_all, multi_class="ovr"),
        "log_loss": oracle.log_loss(targets, exact),
    }
    found = {name: score(name, probabilities, truth) for name in CLASS_METRICS}
    assert found == pytest.approx(expected, abs=1e-5)


def test_number_metrics_are_those_of_scikit_learn() -> None:
    predictions, truth = number_case(1)
    targets = truth.targets
    squared = oracle.mean_squared_error(targets, predictions)
    expected = {
        "mae": oracle.mean_absolute_error(targets, predictions),
        "mse": squared / 4,  # in units of the deviation, 2
        "rmse": squared**0.5,
        "rse": (squared / targets.var()) ** 0.5,
        "r2": oracle.r2_score(targets, predictions),
        "mase": oracle.mean_absolute_error(targets, predictions) / 0.7,
    }
    assert {name: score(name, predictions, truth) for name in NUMBER_METRICS} == pytest.approx(expected, rel=1e-5)
    assert score("mse", predictions, Truth(targets)) == pytest.approx(squared, rel=1e-5)


def test_likelihood_of_steps_counts_every_step_alike() -> None:
    values = np.array([[1, 0], [0, 0], [1, 1]], dtype=np.float32)
    probabilities = np.array([[0.5, 0.5], [0.1, 0.2], [0.9, 0.5]], dtype=np.float32)
    nll = [-np.log(0.25), -np.log(0.9 * 0.8), -np.log(0.45)]
    value, rows = score_rows("nll", probabilities, Truth(values, np.array([2, 1])))
    assert value == pytest.approx(sum(nll) / 3, rel=1e-6)
    assert rows == pytest.approx([2 / 3 * (nll[0] + nll[1]), 2 / 3 * nll[2]], rel=1e-6)


@pytest.mark.parametrize("name", [*CLASS_METRICS, *NUMBER_METRICS])
def test_row_scores_average_to_the_score_and_spread_as_the_bootstrap_does(name: str) -> None:
    predictions, truth = class_case(3) if name in CLASS_METRICS else number_case()
    value, rows = score_rows(name, predictions, truth)
    assert rows.shape == (ROWS,)
    assert rows.mean() == pytest.approx(value, abs=1e-9)
    generator = np.random.default_rng(1)
    draws = (generator.integers(ROWS, size=ROWS) for _ in range(600))
    resampled = [
        score(name, predictions[draw], Truth(truth.targets[draw], None, truth.seasonal, truth.deviation)) for draw in draws
    ]
    assert rows.std(ddof=1) / ROWS**0.5 == pytest.approx(np.std(resampled), rel=0.15)


def weighted(truth: Truth, seed: int = 3) -> Truth:
    return replace(truth, weights=np.random.default_rng(seed).gamma(1.0, 1.0, ROWS))


@pytest.mark.parametrize("classes", [2, 4])
def test_weighted_class_metrics_are_those_of_scikit_learn(classes: int) -> None:
    probabilities, plain = class_case(classes)
    truth = weighted(plain)
    targets, guessed, weights = truth.targets, probabilities.argmax(1), truth.weights
    exact = probabilities / probabilities.sum(1, keepdims=True, dtype=np.float64)
    areas = [oracle.roc_auc_score(targets == one, exact[:, one], sample_weight=weights) for one in range(classes)]
    expected = {
        "accuracy": oracle.accuracy_score(targets, guessed, sample_weight=weights),
        "balanced_accuracy": oracle.balanced_accuracy_score(targets, guessed, sample_weight=weights),
        "macro_f1": oracle.f1_score(targets, guessed, average="macro", sample_weight=weights),
        "auroc": areas[1] if classes == 2 else np.mean(areas),
        "log_loss": oracle.log_loss(targets, exact, sample_weight=weights),
    }
    found = {name: score(name, probabilities, truth) for name in CLASS_METRICS}
    assert found == pytest.approx(expected, abs=1e-5)


def test_weighted_number_metrics_are_those_of_scikit_learn() -> None:
    predictions, plain = number_case(1)
    truth = weighted(plain)
    targets, weights = truth.targets, truth.weights
    squared = oracle.mean_squared_error(targets, predictions, sample_weight=weights)
    absolute = oracle.mean_absolute_error(targets, predictions, sample_weight=weights)
    own = targets[:, 0].astype(np.float64)
    variance = np.average(np.square(own - np.average(own, weights=weights)), weights=weights)
    expected = {
        "mae": absolute,
        "mse": squared / 4,
        "rmse": squared**0.5,
        "rse": (squared / variance) ** 0.5,
        "r2": oracle.r2_score(targets, predictions, sample_weight=weights),
        "mase": absolute / 0.7,
    }
    assert {name: score(name, predictions, truth) for name in NUMBER_METRICS} == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", [*CLASS_METRICS, *NUMBER_METRICS])
def test_whole_weights_score_as_repeated_rows_and_equal_ones_as_none(name: str) -> None:
    predictions, truth = class_case(3) if name in CLASS_METRICS else number_case()
    weights = np.random.default_rng(5).integers(0, 4, ROWS)
    repeated = np.repeat(np.arange(ROWS), weights)
    again = replace(truth, targets=truth.targets[repeated])
    weighed = score(name, predictions, replace(truth, weights=weights.astype(np.float64)))
    assert weighed == pytest.approx(score(name, predictions[repeated], again), rel=1e-9)
    value, rows = score_rows(name, predictions, replace(truth, weights=np.full(ROWS, 2.5)))
    plain, plain_rows = score_rows(name, predictions, truth)
    assert value == pytest.approx(plain, rel=1e-12)
    np.testing.assert_allclose(rows, plain_rows, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", [*CLASS_METRICS, *NUMBER_METRICS])
def test_weighted_row_scores_average_to_the_score_and_spread_as_the_bootstrap_does(name: str) -> None:
    predictions, plain = class_case(3) if name in CLASS_METRICS else number_case()
    truth = weighted(plain)
    weights = truth.weights
    assert weights is not None
    value, rows = score_rows(name, predictions, truth)
    assert rows.mean() == pytest.approx(value, abs=1e-9)
    generator = np.random.default_rng(1)
    draws = (generator.integers(ROWS, size=ROWS) for _ in range(600))
    resampled = [
        score(name, predictions[draw], replace(truth, targets=truth.targets[draw], weights=weights[draw])) for draw in draws
    ]
    assert rows.std(ddof=1) / ROWS**0.5 == pytest.approx(np.std(resampled), rel=0.15)


def test_bins_have_the_weighted_score_of_their_own_rows() -> None:
    predictions, plain = class_case(3)
    bins = np.arange(ROWS) % 3
    counts = np.bincount(bins)
    for truth in (plain, weighted(plain)):
        found = sums_by_bin(*score_rows("accuracy", predictions, truth), truth, bins, counts) / counts
        for number in range(3):
            inside = bins == number
            weights = None if truth.weights is None else truth.weights[inside]
            own = score("accuracy", predictions[inside], replace(truth, targets=truth.targets[inside], weights=weights))
            assert found[number] == pytest.approx(own, rel=1e-9)


def test_rows_without_any_weight_cannot_be_scored() -> None:
    with pytest.raises(DataError, match="all 4 rows to be scored have the weight 0"):
        score("accuracy", np.full((4, 2), 0.5, dtype=np.float32), Truth(np.zeros(4, dtype=np.int64), weights=np.zeros(4)))


def test_every_metric_with_a_name_can_be_computed() -> None:
    assert set(METRICS) == {*CLASS_METRICS, *NUMBER_METRICS, "nll"}


def test_log_loss_of_a_certain_mistake_is_finite() -> None:
    assert log_loss(np.array([[1.0, 0.0]], dtype=np.float32), np.array([1])) == pytest.approx(-np.log(np.finfo(np.float32).tiny))


@pytest.mark.parametrize(
    ("name", "message"), [("auroc", "at least two classes"), ("rse", "all of the test part are equal"), ("r2", "R²")]
)
def test_undefined_scores_say_so(name: str, message: str) -> None:
    truth = Truth(np.zeros(4, dtype=np.int64)) if name == "auroc" else Truth(np.ones((4, 1), dtype=np.float32))
    predictions = np.full((4, 2 if name == "auroc" else 1), 0.5, dtype=np.float32)
    with pytest.raises(DataError, match=message):
        score(name, predictions, truth)


@pytest.mark.parametrize("rows", [np.array([1.0, 0, 0, 1, 1, 0, 1, 0, 1]), np.array([0.25, -1.5, 3.75])])
def test_row_scores_survive_packing(rows: NDArray[np.float64]) -> None:
    packed = pack_rows(rows)
    assert unpack_rows(packed, len(rows)).tolist() == rows.tolist()
    with pytest.raises(ValueError, match="do not hold"):
        unpack_rows(packed, len(rows) + 8)

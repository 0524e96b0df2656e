"""Scores of predictions, and what each row adds to them.

A metric's row scores have the score itself as their mean. For metrics that are no mean over rows (macro F1, AUROC, RMSE, RSE)
they are the score plus each row's influence on it (the delta method; for AUROC the structural components of DeLong et al.
1988), so that their variance over rows says how much a sample of rows makes the score vary. Where rows have weights, every
score is the weighted one and no longer a plain mean over rows; the row scores say what the weighted score varies by.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatewise.data.dataset.windows import Windows, take
from gatewise.data.forecast.dataset import seasonal_scale, training_deviation
from gatewise.errors import DataError
from gatewise.records import Dataset
from gatewise.runtime.next_step import step_nll
from gatewise.tasks import traits_of

__all__ = ["Truth", "log_loss", "pack_rows", "score", "score_rows", "sums_by_bin", "truth_of", "unpack_rows"]

Rows = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Truth:
    """What predictions are scored against.

    targets: as in `Dataset`; for next-step prediction the values of every step but the first, end to end [steps, outputs].
    steps: int64 [rows], scored steps of each row in next-step prediction. seasonal: float64 [rows, outputs], what MASE divides
    by, [1, outputs] where there is one series. deviation: float64 [outputs], standard deviation of each predicted channel in the
    training part. weights: float64 [rows], None for 1 each.
    """

    targets: NDArray[np.generic]
    steps: NDArray[np.int64] | None = None
    seasonal: Rows | None = None
    deviation: Rows | None = None
    weights: Rows | None = None

    @property
    def relative_weights(self) -> Rows:
        """The rows' weights with a mean of 1, float64 [rows]. Raises DataError where all of them are 0."""
        if self.weights is None:
            return np.ones(len(self.targets))
        if not self.weights.any():
            raise DataError(f"all {len(self.weights):,} rows to be scored have the weight 0. Give some of them a weight above 0.")
        return np.asarray(self.weights / self.weights.mean(), dtype=np.float64)


def truth_of(dataset: Dataset, rows: NDArray[np.int64], train: NDArray[np.int64]) -> Truth:
    """What some rows hold; scales come from the training rows `train` alone."""
    if traits_of(dataset.task).predicts == "steps":
        sequences = [np.asarray(dataset.sequences[row], dtype=np.float32) for row in rows]
        steps = np.array([len(sequence) - 1 for sequence in sequences], dtype=np.int64)
        return Truth(np.concatenate([sequence[1:] for sequence in sequences]), steps)
    targets = dataset.targets[rows]
    weights = None if dataset.weights is None else take(dataset.weights, rows).astype(np.float64)
    if dataset.forecast is None or not isinstance(dataset.sequences, Windows):
        return Truth(targets, weights=weights)
    seasonal = seasonal_scale(dataset, train)
    if len(seasonal) > 1:
        seasonal = seasonal[dataset.sequences.series_of(dataset.sequences.starts[rows])]
    return Truth(targets, None, seasonal, training_deviation(dataset, train), weights)


def score(metric: str, predictions: NDArray[np.float32], truth: Truth) -> float:
    """The metric's value. predictions: as `Baseline.predict` gives them. Raises DataError where the rows do not define it."""
    return score_rows(metric, predictions, truth)[0]


def score_rows(metric: str, predictions: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    """The metric's value, and what each row adds to it, float64 [rows], whose mean is the value."""
    return _METRICS[metric](predictions, truth)


def sums_by_bin(value: float, rows: Rows, truth: Truth, bins: NDArray[np.int64], counts: NDArray[np.int64]) -> Rows:
    """Rows times mean score of each bin, float64 [bins], of a metric that is a mean over rows.

    value, rows: what `score_rows` gives. bins: int64 [rows]. counts: int64 [bins], rows of each.
    """
    weights = np.ones(len(rows)) if truth.weights is None else truth.relative_weights
    totals = np.bincount(bins, weights=rows - value * (1 - weights), minlength=len(counts))
    mass = np.bincount(bins, weights=weights, minlength=len(counts))
    return np.asarray(totals * counts / np.where(mass > 0, mass, 1.0))


def log_loss(probabilities: NDArray[np.float32], targets: NDArray[np.int64], weights: Rows | None = None) -> float:
    """Mean of -ln p(target), with p kept above the smallest float32 so that one certain mistake stays finite."""
    return float(np.average(_log_losses(probabilities, targets), weights=weights))


def _average(rows: Rows, truth: Truth) -> tuple[float, Rows]:
    """The mean of what each row has by itself, and what each adds to it."""
    if truth.weights is None:
        return float(rows.mean()), rows
    weights = truth.relative_weights
    value = float((weights * rows).mean())
    return value, value + weights * (rows - value)


# ---------------------------------------------------------------- classes


def _log_losses(probabilities: NDArray[np.float32], targets: NDArray[np.int64]) -> Rows:
    chosen = probabilities[np.arange(len(targets)), targets]
    return np.asarray(-np.log(np.maximum(chosen, np.finfo(np.float32).tiny)), dtype=np.float64)


def _accuracy(probabilities: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    return _average((probabilities.argmax(1) == truth.targets).astype(np.float64), truth)


def _balanced_accuracy(probabilities: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    targets, weights = truth.targets.astype(np.int64), truth.relative_weights
    totals = np.bincount(targets, weights=weights, minlength=probabilities.shape[1])
    correct = (probabilities.argmax(1) == targets).astype(np.float64)
    some = np.where(totals > 0, totals, 1.0)
    recalls = np.bincount(targets, weights=weights * correct, minlength=len(totals)) / some
    present = np.count_nonzero(totals)
    value = float(recalls.sum() / present)
    return value, value + weights * (correct - recalls[targets]) * len(targets) / (present * some[targets])


def _macro_f1(probabilities: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    """Mean of the classes' F1; a class counts where it is predicted or present (scikit-learn's `average="macro"`)."""
    targets, guessed, weights = truth.targets.astype(np.int64), probabilities.argmax(1), truth.relative_weights
    counts = weights > 0
    classes = np.union1d(targets[counts], guessed[counts])[:, np.newaxis]
    is_true, is_guessed = classes == targets, classes == guessed
    true_positive = weights * (is_true & is_guessed)
    doubled = weights * (is_true.astype(np.float64) + is_guessed)  # 2 tp + fp + fn of each row
    total = doubled.sum(1, keepdims=True)
    f1 = 2 * true_positive.sum(1, keepdims=True) / total
    influence = (2 * true_positive - f1 * doubled) / total
    value = float(f1.mean())
    return value, value + len(targets) * influence.mean(0)


def _auroc(probabilities: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    """Area under the receiver operating characteristic; with more than two classes the mean of each against the rest."""
    targets, weights = truth.targets.astype(np.int64), truth.relative_weights
    classes = [1] if probabilities.shape[1] == 2 else range(probabilities.shape[1])
    sides = ((one, targets == one) for one in classes)
    found = [_area(probabilities[:, one], side, weights) for one, side in sides if weights[side].any() and weights[~side].any()]
    if not found:
        raise DataError("AUROC needs rows of at least two classes in the test part. Choose another --metric, or add rows.")
    return float(np.mean([value for value, _ in found])), np.mean([rows for _, rows in found], axis=0)


def _area(scores: NDArray[np.float32], positive: NDArray[np.bool_], weights: Rows) -> tuple[float, Rows]:
    # The part of the other side that a row is on the right side of, ties counting half.
    above = np.empty(len(scores))
    above[positive] = _weight_below(scores[positive], scores[~positive], weights[~positive])
    above[~positive] = 1 - _weight_below(scores[~positive], scores[positive], weights[positive])
    value = float(np.average(above[positive], weights=weights[positive]))
    side = np.where(positive, weights[positive].sum(), weights[~positive].sum()) / len(scores)
    # Half of each side's influence would do for the mean; in full, the variances of both sides add up as DeLong's do.
    return value, value + weights * (above - value) / side


def _weight_below(scores: NDArray[np.float32], others: NDArray[np.float32], weights: Rows) -> Rows:
    order = np.argsort(others)
    below = np.concatenate([[0.0], np.cumsum(weights[order])])
    places = (np.searchsorted(others[order], scores, side) for side in ("left", "right"))
    return np.asarray(sum(below[place] for place in places) / (2 * below[-1]))


def _log_loss(probabilities: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    return _average(_log_losses(probabilities, truth.targets.astype(np.int64)), truth)


# ---------------------------------------------------------------- numbers


def _errors(predictions: NDArray[np.float32], truth: Truth) -> Rows:
    return predictions.astype(np.float64) - truth.targets.astype(np.float64)


def _mae(predictions: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    return _average(np.abs(_errors(predictions, truth)).mean(1), truth)


def _squares(predictions: NDArray[np.float32], truth: Truth, *, scaled: bool) -> Rows:
    errors = _errors(predictions, truth)
    return np.asarray(np.square(errors / truth.deviation if scaled and truth.deviation is not None else errors).mean(1))


def _mse(predictions: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    """In a forecast of channels in units of their standard deviation, as its benchmarks have it (Zhou et al. 2021)."""
    return _average(_squares(predictions, truth, scaled=True), truth)


def _rmse(predictions: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    mean, rows = _average(_squares(predictions, truth, scaled=False), truth)
    value = float(np.sqrt(mean))
    return value, value + (rows - mean) / (2 * value) if value else np.zeros_like(rows)


def _rse(predictions: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    """Root relative squared error (Lai et al. 2018): the error of predicting the mean of all that is to be predicted is 1."""
    (squared, squares), (variance, spread) = _relative(predictions, truth, "RSE", axis=None)
    value = float(np.sqrt(squared / variance))
    return value, value * (1 + (squares / max(squared, np.finfo(float).tiny) - spread / variance) / 2)


def _r2(predictions: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    (squared, squares), (variance, spread) = _relative(predictions, truth, "R²", axis=0)
    rest = squared / variance
    return 1 - rest, 1 - rest - (squares - rest * spread) / variance


def _relative(
    predictions: NDArray[np.float32], truth: Truth, name: str, axis: int | None
) -> tuple[tuple[float, Rows], tuple[float, Rows]]:
    """Squared errors, and squared distances of targets from their mean over all (axis None) or for each output (axis 0)."""
    targets = truth.targets.astype(np.float64)
    weights = np.broadcast_to(truth.relative_weights[:, np.newaxis], targets.shape)
    spread = _average(np.square(targets - np.average(targets, axis, weights)).mean(1), truth)
    if not spread[0] > 0:
        raise DataError(f"{name} needs targets that differ, and all of the test part are equal. Choose another --metric.")
    return _average(_squares(predictions, truth, scaled=False), truth), spread


def _mase(predictions: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    """Mean absolute scaled error (Hyndman & Koehler 2006): over that of repeating the last season in the training part, of each
    series and channel its own."""
    if truth.seasonal is None:
        raise ValueError("MASE needs the seasonal scale of a forecast")
    return _average((np.abs(_errors(predictions, truth)) / truth.seasonal).mean(1), truth)


def _nll(predictions: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    if truth.steps is None:
        raise ValueError("the likelihood of steps needs their number in each row")
    value, sums, steps = step_nll(predictions, truth.targets.astype(np.float32), truth.steps)
    return value, sums * len(sums) / steps.sum()


_METRICS: dict[str, Callable[[NDArray[np.float32], Truth], tuple[float, Rows]]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "macro_f1": _macro_f1,
    "auroc": _auroc,
    "log_loss": _log_loss,
    "mae": _mae,
    "mse": _mse,
    "rmse": _rmse,
    "r2": _r2,
    "rse": _rse,
    "mase": _mase,
    "nll": _nll,
}


# ---------------------------------------------------------------- row scores as text


def pack_rows(rows: Rows) -> str:
    """Row scores as text: one bit a row where all are 0 or 1 (`b:`), else 32-bit floats (`f:`), in base64."""
    if np.isin(rows, (0.0, 1.0)).all():
        return "b:" + base64.b64encode(np.packbits(rows.astype(bool)).tobytes()).decode("ascii")
    return "f:" + base64.b64encode(rows.astype("<f4").tobytes()).decode("ascii")


def unpack_rows(packed: str, rows: int) -> Rows:
    """Undo `pack_rows`, to 32 bits' precision. Raises ValueError where the text does not hold `rows` rows."""
    kind, _, content = packed.partition(":")
    data = base64.b64decode(content, validate=True)
    if kind == "b" and len(data) == -(-rows // 8):
        return np.unpackbits(np.frombuffer(data, dtype=np.uint8), count=rows).astype(np.float64)
    if kind == "f" and len(data) == 4 * rows:
        return np.frombuffer(data, dtype="<f4").astype(np.float64)
    raise ValueError(f"{len(data)} bytes of kind {kind!r} do not hold {rows} rows")

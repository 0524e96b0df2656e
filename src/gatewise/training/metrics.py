"""Scores of predictions, and what each row adds to them.

A metric's row scores have the score itself as their mean. For metrics that are no mean over rows (macro F1, AUROC, RMSE, RSE)
they are the score plus each row's influence on it (the delta method; for AUROC the structural components of DeLong et al.
1988), so that their variance over rows says how much a sample of rows makes the score vary.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gatewise.data.forecast import seasonal_scale, training_deviation
from gatewise.data.windows import Windows
from gatewise.errors import DataError
from gatewise.records import Dataset
from gatewise.training.next_step import step_nll

__all__ = ["Truth", "log_loss", "pack_rows", "score", "score_rows", "truth_of", "unpack_rows"]

Rows = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Truth:
    """What predictions are scored against.

    targets: as in `Dataset`; for next-step prediction the values of every step but the first, end to end [steps, outputs].
    steps: int64 [rows], scored steps of each row in next-step prediction. seasonal: float64 [rows, outputs], what MASE divides
    by, [1, outputs] where there is one series. deviation: float64 [outputs], standard deviation of each predicted channel in the
    training part.
    """

    targets: NDArray[np.generic]
    steps: NDArray[np.int64] | None = None
    seasonal: Rows | None = None
    deviation: Rows | None = None


def truth_of(dataset: Dataset, rows: NDArray[np.int64], train: NDArray[np.int64]) -> Truth:
    """What some rows hold; scales come from the training rows `train` alone."""
    if dataset.task == "next_step":
        sequences = [np.asarray(dataset.sequences[row], dtype=np.float32) for row in rows]
        steps = np.array([len(sequence) - 1 for sequence in sequences], dtype=np.int64)
        return Truth(np.concatenate([sequence[1:] for sequence in sequences]), steps)
    targets = dataset.targets[rows]
    if dataset.forecast is None or not isinstance(dataset.sequences, Windows):
        return Truth(targets)
    seasonal = seasonal_scale(dataset, train)
    if len(seasonal) > 1:
        seasonal = seasonal[dataset.sequences.series_of(dataset.sequences.starts[rows])]
    return Truth(targets, seasonal=seasonal, deviation=training_deviation(dataset, train))


def score(metric: str, predictions: NDArray[np.float32], truth: Truth) -> float:
    """The metric's value. predictions: as `Baseline.predict` gives them. Raises DataError where the rows do not define it."""
    return score_rows(metric, predictions, truth)[0]


def score_rows(metric: str, predictions: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    """The metric's value, and what each row adds to it, float64 [rows], whose mean is the value."""
    return _METRICS[metric](predictions, truth)


def log_loss(probabilities: NDArray[np.float32], targets: NDArray[np.int64]) -> float:
    """Mean of -ln p(target), with p kept above the smallest float32 so that one certain mistake stays finite."""
    return float(_log_losses(probabilities, targets).mean())


# ---------------------------------------------------------------- classes


def _log_losses(probabilities: NDArray[np.float32], targets: NDArray[np.int64]) -> Rows:
    chosen = probabilities[np.arange(len(targets)), targets]
    return np.asarray(-np.log(np.maximum(chosen, np.finfo(np.float32).tiny)), dtype=np.float64)


def _accuracy(probabilities: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    rows = (probabilities.argmax(1) == truth.targets).astype(np.float64)
    return float(rows.mean()), rows


def _balanced_accuracy(probabilities: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    targets = truth.targets.astype(np.int64)
    counts = np.bincount(targets, minlength=probabilities.shape[1])
    correct = (probabilities.argmax(1) == targets).astype(np.float64)
    recalls = np.bincount(targets, weights=correct, minlength=len(counts)) / np.maximum(counts, 1)
    present = np.count_nonzero(counts)
    value = float(recalls.sum() / present)
    return value, value + (correct - recalls[targets]) * len(targets) / (present * counts[targets])


def _macro_f1(probabilities: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    """Mean of the classes' F1; a class counts where it is predicted or present (scikit-learn's `average="macro"`)."""
    targets, guessed = truth.targets.astype(np.int64), probabilities.argmax(1)
    classes = np.union1d(targets, guessed)[:, np.newaxis]
    is_true, is_guessed = classes == targets, classes == guessed
    true_positive = (is_true & is_guessed).astype(np.float64)
    doubled = is_true.astype(np.float64) + is_guessed  # 2 tp + fp + fn of each row
    total = doubled.sum(1, keepdims=True)
    f1 = 2 * true_positive.sum(1, keepdims=True) / total
    influence = (2 * true_positive - f1 * doubled) / total
    value = float(f1.mean())
    return value, value + len(targets) * influence.mean(0)


def _auroc(probabilities: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    """Area under the receiver operating characteristic; with more than two classes the mean of each against the rest."""
    targets = truth.targets.astype(np.int64)
    classes = [1] if probabilities.shape[1] == 2 else range(probabilities.shape[1])
    found = [
        _area(probabilities[:, one], targets == one) for one in classes if 0 < np.count_nonzero(targets == one) < len(targets)
    ]
    if not found:
        raise DataError("AUROC needs rows of at least two classes in the test part. Choose another --metric, or add rows.")
    return float(np.mean([value for value, _ in found])), np.mean([rows for _, rows in found], axis=0)


def _area(scores: NDArray[np.float32], positive: NDArray[np.bool_]) -> tuple[float, Rows]:
    from scipy.stats import rankdata

    ranks = rankdata(scores)
    above = np.empty(len(scores))
    # The share of the other side that a row is on the right side of, ties counting half.
    above[positive] = (ranks[positive] - rankdata(scores[positive])) / np.count_nonzero(~positive)
    above[~positive] = 1 - (ranks[~positive] - rankdata(scores[~positive])) / np.count_nonzero(positive)
    value = float(above[positive].mean())
    share = np.where(positive, positive.mean(), 1 - positive.mean())
    # Half of each side's influence would do for the mean; in full, the variances of both sides add up as DeLong's do.
    return value, value + (above - value) / share


def _log_loss(probabilities: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    rows = _log_losses(probabilities, truth.targets.astype(np.int64))
    return float(rows.mean()), rows


# ---------------------------------------------------------------- numbers


def _errors(predictions: NDArray[np.float32], truth: Truth) -> Rows:
    return predictions.astype(np.float64) - truth.targets.astype(np.float64)


def _mae(predictions: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    rows = np.abs(_errors(predictions, truth)).mean(1)
    return float(rows.mean()), rows


def _squares(predictions: NDArray[np.float32], truth: Truth, *, scaled: bool) -> Rows:
    errors = _errors(predictions, truth)
    return np.asarray(np.square(errors / truth.deviation if scaled and truth.deviation is not None else errors).mean(1))


def _mse(predictions: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    """In a forecast of channels in units of their standard deviation, as its benchmarks have it (Zhou et al. 2021)."""
    rows = _squares(predictions, truth, scaled=True)
    return float(rows.mean()), rows


def _rmse(predictions: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    return _root(_squares(predictions, truth, scaled=False))


def _rse(predictions: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    """Root relative squared error (Lai et al. 2018): the error of predicting the mean of all that is to be predicted is 1."""
    squares, spread = _squares(predictions, truth, scaled=False), _spread(truth, "RSE", axis=None)
    value = float(np.sqrt(squares.mean() / spread.mean()))
    return value, value * (1 + (squares / max(squares.mean(), np.finfo(float).tiny) - spread / spread.mean()) / 2)


def _root(squares: Rows) -> tuple[float, Rows]:
    value = float(np.sqrt(squares.mean()))
    return value, value + (squares - squares.mean()) / (2 * value) if value else np.zeros_like(squares)


def _r2(predictions: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    squares, spread = _squares(predictions, truth, scaled=False), _spread(truth, "R²", axis=0)
    rest = float(squares.mean() / spread.mean())
    return 1 - rest, 1 - rest - (squares - rest * spread) / spread.mean()


def _spread(truth: Truth, name: str, axis: int | None) -> Rows:
    """Mean squared distance of each row's targets from their mean, over all (axis None) or for each output (axis 0)."""
    targets = truth.targets.astype(np.float64)
    rows = np.asarray(np.square(targets - targets.mean(axis)).mean(1))
    if not rows.any():
        raise DataError(f"{name} needs targets that differ, and all of the test part are equal. Choose another --metric.")
    return rows


def _mase(predictions: NDArray[np.float32], truth: Truth) -> tuple[float, Rows]:
    """Mean absolute scaled error (Hyndman & Koehler 2006): over that of repeating the last season in the training part, of each
    series and channel its own."""
    if truth.seasonal is None:
        raise ValueError("MASE needs the seasonal scale of a forecast")
    rows = (np.abs(_errors(predictions, truth)) / truth.seasonal).mean(1)
    return float(rows.mean()), rows


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

"""Ridge regression in closed form on many features, for numbers and for classes; the penalty is chosen on the validation part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from gatewise.training.examples import Examples

__all__ = ["RidgeScores", "fit_ridge_classes", "fit_ridge_numbers", "probabilities", "sharpest"]

PENALTIES = tuple(10.0**power for power in np.linspace(-2, 4, 9))
# How far the scores of a regression on classes, which lie about -1 and 1, are spread before they are probabilities.
SHARPNESS = tuple(2.0**power for power in np.linspace(-2, 6, 17))
NEVER = -1e9

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class RidgeScores:
    """x W^T + b. weights: float32 [outputs, features]; bias: float32 [outputs]."""

    weights: Floats
    bias: Floats

    def __call__(self, features: Floats) -> Floats:
        return np.asarray(features @ self.weights.T + self.bias, dtype=np.float32)


def fit_ridge_classes(
    features: Floats, train: Examples, validation_features: Floats, validation: Examples, penalties: Sequence[float] = PENALTIES
) -> RidgeScores:
    """Regression on 1 for the own class and -1 for the others, whose scores a softmax turns into probabilities."""
    aims = np.where(train.targets[:, np.newaxis] == np.arange(train.classes), 1.0, -1.0)
    absent = np.bincount(train.targets, minlength=train.classes) == 0
    candidates = []
    for scores in _ridge_path(features, aims, train.weights, penalties):
        scores.bias[absent] = NEVER
        said = scores(validation_features)
        sharpness = sharpest(said, validation)
        sharper = RidgeScores(scores.weights * sharpness, scores.bias * sharpness)
        candidates.append((validation.merit(probabilities(said * sharpness)), sharper))
    return max(candidates, key=lambda candidate: candidate[0])[1]


def fit_ridge_numbers(
    features: Floats, train: Examples, validation_features: Floats, validation: Examples, penalties: Sequence[float] = PENALTIES
) -> RidgeScores:
    """Regression on the numbers themselves."""
    path = _ridge_path(features, train.targets.astype(np.float64), train.weights, penalties)
    return max(path, key=lambda scores: validation.merit(scores(validation_features)))


def probabilities(scores: Floats) -> Floats:
    """Softmax, float32 [rows, classes]."""
    return np.asarray(softmax(scores.astype(np.float64), axis=1), dtype=np.float32)


def sharpest(scores: Floats, validation: Examples) -> float:
    """What to multiply scores by, so that their softmax has the least log loss on the validation part."""
    rows, targets = np.arange(len(scores)), validation.targets
    weights = validation.weights
    losses = []
    for sharpness in SHARPNESS:
        chosen = np.log(np.maximum(probabilities(scores * np.float32(sharpness))[rows, targets], np.finfo(np.float32).tiny))
        losses.append(float(-np.average(chosen, weights=weights)))
    return float(SHARPNESS[int(np.argmin(losses))])


def _ridge_path(
    features: Floats, aims: NDArray[np.float64], weights: NDArray[Any] | None, penalties: Sequence[float]
) -> Iterator[RidgeScores]:
    """Minimise the weighted squared errors plus penalty times the squared weights of standardised features, for each penalty.

    Solved for the rows where there are more features than rows, else for the features.
    """
    from scipy.linalg import LinAlgError, cho_factor, cho_solve

    own = np.ones(len(aims)) if weights is None else weights * (len(aims) / weights.sum())
    mean = np.average(features, axis=0, weights=own).astype(np.float32)
    centred = features - mean
    scale = np.sqrt(np.average(np.square(centred), axis=0, weights=own)).astype(np.float32)
    scale[scale < 1e-6] = 1.0
    root = np.sqrt(own)[:, np.newaxis]
    inputs = centred / scale * root.astype(np.float32)
    middle = np.average(aims, axis=0, weights=own)
    outputs = root * (aims - middle)
    by_rows = len(inputs) < inputs.shape[1]
    products = (inputs @ inputs.T if by_rows else inputs.T @ inputs).astype(np.float64)
    shared = outputs if by_rows else inputs.T @ outputs
    diagonal = products.diagonal().copy()
    for penalty in penalties:
        np.fill_diagonal(products, diagonal + penalty)
        try:
            factor = cho_factor(products, check_finite=False)
        except LinAlgError:
            # Features that repeat each other, and a penalty below the rounding of their products: a greater one has an answer.
            continue
        solved = cho_solve(factor, shared, check_finite=False)
        slope = (inputs.T @ solved if by_rows else solved).T / scale
        yield RidgeScores(slope.astype(np.float32), (middle - slope @ mean).astype(np.float32))

"""Linear models on features, in plain arrays: logistic regression for classes, ridge regression for numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from scipy.special import softmax

from gatewise.training.examples import Examples

__all__ = ["Logistic", "Ridge"]

REGULARISATION = (0.3, 1.0, 3.0, 10.0)
RIDGE = (0.1, 1.0, 10.0, 100.0, 1000.0)


@dataclass(frozen=True, eq=False)
class Logistic:
    """Multinomial logistic regression: softmax(x W^T + b). weights: float64 [classes, features]; bias: [classes]."""

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    @classmethod
    def fit(cls, features: Any, train: Examples, validation_features: Any, validation: Examples) -> Logistic:
        """The inverse regularisation strength that is best on the validation part, out of 0.3, 1, 3 and 10; ties by log loss."""
        best: tuple[tuple[float, float], Logistic] | None = None
        for strength in REGULARISATION:
            fitted = _logistic_regression(features, train, strength)
            weights = np.zeros((train.classes, features.shape[1]))
            # A class that the training part lacks must never be predicted.
            bias = np.full(train.classes, -1e9)
            if len(fitted.classes_) == 2:
                weights[fitted.classes_[1]] = fitted.coef_[0]
                bias[fitted.classes_] = [0.0, fitted.intercept_[0]]
            else:
                weights[fitted.classes_] = fitted.coef_
                bias[fitted.classes_] = fitted.intercept_
            model = cls(weights, bias)
            reached = validation.merit(model.predict(validation_features))
            if best is None or reached > best[0]:
                best = reached, model
        return cast("tuple[tuple[float, float], Logistic]", best)[1]

    def predict(self, features: Any) -> NDArray[np.float32]:
        scores = np.asarray(features @ self.weights.T) + self.bias
        return np.asarray(softmax(scores, axis=1), dtype=np.float32)


def _logistic_regression(features: Any, train: Examples, strength: float) -> Any:
    """Solved in the dual for two classes of sparse features, which is many times as fast.

    Other solvers measure how near they are to the optimum by the mean gradient, which is next to nothing from the start where
    features are rare: they need a tolerance to match.
    """
    from sklearn.linear_model import LogisticRegression

    if issparse(features) and len(np.unique(train.targets)) == 2:
        model = LogisticRegression(C=strength, solver="liblinear", dual=True, max_iter=5000, random_state=0)
    else:
        model = LogisticRegression(C=strength, max_iter=5000, tol=1e-5 if issparse(features) else 1e-3)
    return model.fit(features, train.targets, sample_weight=train.weights)


@dataclass(frozen=True, eq=False)
class Ridge:
    """Ridge regression: x W^T + b. weights: float64 [outputs, features]; bias: [outputs]."""

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    @classmethod
    def fit(cls, features: Any, train: Examples, validation_features: Any, validation: Examples) -> Ridge:
        """The penalty that is best on the validation part, out of 0.1, 1, 10, 100 and 1,000; ties by squared error."""
        from sklearn.linear_model import Ridge as Regression

        best: tuple[tuple[float, float], Ridge] | None = None
        for penalty in RIDGE:
            fitted = Regression(alpha=penalty).fit(features, train.targets.astype(np.float64), sample_weight=train.weights)
            model = cls(np.atleast_2d(fitted.coef_), np.atleast_1d(fitted.intercept_))
            reached = validation.merit(model.predict(validation_features))
            if best is None or reached > best[0]:
                best = reached, model
        return cast("tuple[tuple[float, float], Ridge]", best)[1]

    def predict(self, features: Any) -> NDArray[np.float32]:
        return np.asarray(features @ self.weights.T + self.bias, dtype=np.float32)

"""Gradient boosted trees on simple statistics of every channel: scikit-learn's histograms (Ke et al. 2017), kept as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from gatewise.training.baselines.closed_form import NEVER, probabilities
from gatewise.training.baselines.features import feature_count, series_features
from gatewise.training.examples import Examples
from gatewise.training.size import Size

__all__ = ["BoostedClasses", "BoostedNumbers", "work"]

RATE = 0.1
MOST_ROUNDS = 100
FEWEST_ROUNDS = 10
MOST_ROWS = 10_000
# Rows times features times trees of the training part.
MOST_WORK = 1e8
CHECKED_EVERY = 5

Series = Sequence[NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Boosted:
    """Sums of trees.

    start: float64 [outputs]. outputs: int32 [trees], which sum each tree adds to. roots: int32 [trees], their first nodes.
    feature, left, right: int32 [nodes], left is -1 in a leaf. threshold: float64 [nodes]: a value of at most it goes left. value:
    float64 [nodes]. present: bool [classes], those of the training part; the others are never predicted.
    """

    name: ClassVar[str]
    classes: ClassVar[bool]
    start: NDArray[np.float64]
    outputs: NDArray[np.int32]
    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float64]
    present: NDArray[np.bool_]

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> Self:
        """The number of rounds is the best on the validation part, of at most 100, fewer where there is much to be gone through.

        Of more than 10,000 rows as many drawn at random are learned from.
        """
        train = train.drawn(MOST_ROWS, np.random.default_rng(0))
        features, held = series_features(train.inputs), series_features(validation.inputs)
        present = np.bincount(train.targets, minlength=train.classes) > 0 if cls.classes else np.ones(1, dtype=bool)
        sums = int(present.sum()) if cls.classes and present.sum() > 2 else 1
        rounds = _rounds(features.size * sums)
        fitted = cls._machine(train, rounds).fit(features, train.targets.ravel(), sample_weight=train.weights)
        whole = cls._read(fitted, present)
        numbers = dict.fromkeys([*range(CHECKED_EVERY, rounds, CHECKED_EVERY), rounds])
        return max(
            (whole._first(number * sums) for number in numbers),
            key=lambda model: validation.merit(model._said(held)),
        )

    @classmethod
    def _machine(cls, train: Examples, rounds: int) -> Any:
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        options: dict[str, Any] = {
            "learning_rate": RATE,
            "max_iter": rounds,
            "max_leaf_nodes": 15,
            "min_samples_leaf": int(np.clip(len(train) // 40, 2, 20)),
            "early_stopping": False,
            "random_state": 0,
        }
        if cls.classes:
            return HistGradientBoostingClassifier(**options)
        return HistGradientBoostingRegressor(loss="absolute_error" if train.absolute else "squared_error", **options)

    @classmethod
    def _read(cls, machine: Any, present: NDArray[np.bool_]) -> Self:
        """The nodes of all trees, end to end."""
        trees = [(output, tree.nodes) for turn in machine._predictors for output, tree in enumerate(turn)]
        sizes = np.array([len(nodes) for _, nodes in trees])
        roots = np.append(0, np.cumsum(sizes)[:-1])
        nodes = np.concatenate([nodes for _, nodes in trees])
        base = np.repeat(roots, sizes)
        leaf = nodes["is_leaf"].astype(bool)
        return cls(
            start=np.asarray(machine._baseline_prediction, dtype=np.float64).ravel(),
            outputs=np.array([output for output, _ in trees], dtype=np.int32),
            roots=roots.astype(np.int32),
            feature=np.where(leaf, 0, nodes["feature_idx"]).astype(np.int32),
            threshold=np.where(leaf, 0.0, nodes["num_threshold"]).astype(np.float64),
            left=np.where(leaf, -1, nodes["left"] + base).astype(np.int32),
            right=np.where(leaf, -1, nodes["right"] + base).astype(np.int32),
            value=nodes["value"].astype(np.float64),
            present=present,
        )

    def _first(self, trees: int) -> Self:
        """The same model with its first trees alone."""
        nodes = int(self.roots[trees]) if trees < len(self.roots) else len(self.value)
        parts = {name: getattr(self, name)[:nodes] for name in ("feature", "threshold", "left", "right", "value")}
        return type(self)(self.start, self.outputs[:trees], self.roots[:trees], present=self.present, **parts)

    def predict(self, inputs: Series) -> NDArray[np.float32]:
        """Probabilities [rows, classes], or numbers [rows, 1]."""
        if not len(inputs):
            return np.empty((0, len(self.present)), dtype=np.float32)
        return self._said(series_features(inputs))

    def _said(self, features: NDArray[np.float64]) -> NDArray[np.float32]:
        sums = self._sums(features)
        if not self.classes:
            return sums.astype(np.float32)
        scores = np.full((len(features), len(self.present)), NEVER)
        # Of two classes there is one sum, for the second.
        scores[:, self.present] = sums if sums.shape[1] > 1 else np.concatenate([np.zeros_like(sums), sums], axis=1)
        return probabilities(scores)

    def _sums(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        rows = np.arange(len(features))[:, np.newaxis]
        nodes = np.tile(self.roots, (len(features), 1))
        while (inside := self.left[nodes] >= 0).any():
            goes_left = features[rows, self.feature[nodes]] <= self.threshold[nodes]
            nodes = np.where(inside, np.where(goes_left, self.left[nodes], self.right[nodes]), nodes)
        result = np.tile(self.start, (len(features), 1))
        for output in range(len(self.start)):
            result[:, output] += self.value[nodes[:, self.outputs == output]].sum(1)
        return result

    @staticmethod
    def foreseen(size: Size) -> float:
        """Seconds in a replicate, scores included."""
        return 0.2 + work(size.train, feature_count(size.channels), size.questions) * 1e-7

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        names = ("start", "outputs", "roots", "feature", "threshold", "left", "right", "value", "present")
        return {}, {name: getattr(self, name) for name in names}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        return cls(**arrays)


def _rounds(numbers: int) -> int:
    return int(np.clip(MOST_WORK / numbers, FEWEST_ROUNDS, MOST_ROUNDS))


def work(rows: int, features: int, sums: int) -> float:
    """What a fit goes through: rows times features times trees."""
    numbers = min(rows, MOST_ROWS) * features * sums
    return float(numbers * _rounds(numbers))


class BoostedClasses(Boosted):
    """Classes."""

    name: ClassVar[str] = "boosted_features"
    classes = True


class BoostedNumbers(Boosted):
    """Numbers."""

    name: ClassVar[str] = "boosted_numbers"
    classes = False

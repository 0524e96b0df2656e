"""Simple models of the next step of multi-label sequences.

`step_frequency` says how often each key sounds; `repeat_step` how often it sounds given whether it did one step before;
`linear_step` is logistic regression of every key on the two steps before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize

from gatewise.runtime.equations import sigmoid
from gatewise.runtime.next_step import step_nll
from gatewise.training.examples import Examples
from gatewise.training.size import Size

__all__ = ["LinearStep", "RepeatStep", "StepFrequency"]

Arrays = Mapping[str, NDArray[Any]]

# Pseudo-counts: half a step of either kind for a key's share (Krichevsky & Trofimov 1981), ten steps of an average key for
# what a key does after it sounded, which few keys do often enough.
SHARE_COUNT = 0.5
AVERAGE_KEY_COUNT = 10.0
RIDGES = (30.0, 10.0, 3.0, 1.0)
# A relative change of the loss below which a fit ends: nearer to the optimum, the validation score moves by 0.01 nats.
TOLERANCE = 1e-4
ITERATIONS = 200


@dataclass(frozen=True, eq=False)
class StepFrequency:
    """Each key's share of the training part's steps. shares: float64 [keys], strictly between 0 and 1."""

    name: ClassVar[str] = "step_frequency"
    shares: NDArray[np.float64]

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> StepFrequency:
        """Count every step but the first of each row, which nothing predicts, plus half a step of either kind."""
        return cls(_shares(_later(train.inputs), _step_weights(train)))

    def predict(self, inputs: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """The same probabilities for every step: float32 [sum of (steps - 1), keys]."""
        return np.tile(self.shares.astype(np.float32), (sum(len(sequence) - 1 for sequence in inputs), 1))

    @staticmethod
    def foreseen(size: Size) -> float:
        """Seconds in a replicate, scores included."""
        return 0.1 + size.values * 3e-8

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {}, {"shares": self.shares}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Arrays) -> StepFrequency:
        return cls(arrays["shares"])


@dataclass(frozen=True, eq=False)
class RepeatStep:
    """Whether a key sounds again, or begins to: its share of the training part's steps after it was silent, and after it sounded.

    shares: float64 [2, keys], after silence and after sound, strictly between 0 and 1.
    """

    name: ClassVar[str] = "repeat_step"
    shares: NDArray[np.float64]

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> RepeatStep:
        """Count each key on its own, plus ten steps of what all keys do together."""
        before, after = _earlier(train.inputs), _later(train.inputs)
        weights = _step_weights(train)
        shares = []
        for state in (1 - before, before):
            times = weights @ state
            sounded = weights @ (state * after)
            together = (sounded.sum() + SHARE_COUNT) / (times.sum() + 2 * SHARE_COUNT)
            shares.append((sounded + AVERAGE_KEY_COUNT * together) / (times + AVERAGE_KEY_COUNT))
        return cls(np.stack(shares))

    def predict(self, inputs: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Probabilities of every step but the first of every row, float32 [sum of (steps - 1), keys]."""
        silent, sounding = self.shares.astype(np.float32)
        return np.asarray(np.where(_earlier(inputs) != 0, sounding, silent), dtype=np.float32)

    @staticmethod
    def foreseen(size: Size) -> float:
        """Seconds in a replicate, scores included."""
        return 0.1 + size.values * 4e-8

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {}, {"shares": self.shares}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Arrays) -> RepeatStep:
        return cls(arrays["shares"])


@dataclass(frozen=True, eq=False)
class LinearStep:
    """Logistic regression of every key on the present step and the one before it, which is silent at the first.

    weights: float64 [1 + 2 keys, keys], of a constant, the present step and the one before. offset: float64 [keys], what the
    scores are pulled to: the log-odds of each key's share, so that a key that never or always sounds keeps finite weights.
    """

    name: ClassVar[str] = "linear_step"
    weights: NDArray[np.float64]
    offset: NDArray[np.float64]

    @classmethod
    def fit(cls, train: Examples, validation: Examples) -> LinearStep:
        """Minimise the summed negative log-likelihood plus ridge / 2 times the squared weights.

        The ridge is the best of 30, 10, 3 and 1 on the validation part; each starts where the one before ended, and the
        search ends where a weaker one is worse.
        """
        step_weights = _step_weights(train)
        shares = _shares(_later(train.inputs), step_weights)
        offset = np.log(shares) - np.log1p(-shares)
        contexts, counts, sounded = _grouped(_contexts(train.inputs), _later(train.inputs), step_weights)
        # A key that never sounds keeps its offset alone.
        sounding = sounded.any(0)
        weights = np.zeros((contexts.shape[1], len(offset)))
        best, best_loss = cls(weights, offset), np.inf
        truth, steps = _later(validation.inputs), _steps(validation.inputs)
        row_weights = np.ones(len(steps)) if validation.weights is None else validation.weights
        for ridge in RIDGES:
            weights = weights.copy()
            weights[:, sounding] = _fit_weights(
                contexts, counts, sounded[:, sounding], offset[sounding], ridge, weights[:, sounding]
            )
            model = cls(weights, offset)
            _, sums, _ = step_nll(model.predict(validation.inputs), truth, steps)
            loss = float(row_weights @ sums)
            if loss >= best_loss:
                break
            best, best_loss = model, loss
        return best

    def predict(self, inputs: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Probabilities of every step but the first of every row, float32 [sum of (steps - 1), keys]."""
        scores = _contexts(inputs) @ self.weights.astype(np.float32) + self.offset.astype(np.float32)
        return sigmoid(scores)

    @staticmethod
    def foreseen(size: Size) -> float:
        """Seconds in a replicate, scores included."""
        return 0.5 + size.values * 1.1e-7

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {}, {"weights": self.weights, "offset": self.offset}

    @classmethod
    def from_state(cls, values: Mapping[str, Any], arrays: Arrays) -> LinearStep:
        return cls(arrays["weights"], arrays["offset"])


def _earlier(inputs: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Every step but the last of each row, end to end [steps, keys]."""
    return np.concatenate([sequence[:-1] for sequence in inputs])


def _later(inputs: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Every step but the first of each row, end to end [steps, keys]."""
    return np.concatenate([sequence[1:] for sequence in inputs])


def _steps(inputs: Sequence[NDArray[np.float32]]) -> NDArray[np.int64]:
    return np.array([len(sequence) - 1 for sequence in inputs], dtype=np.int64)


def _step_weights(examples: Examples) -> NDArray[np.float64]:
    """The weight of every predicted step: that of its row."""
    steps = _steps(examples.inputs)
    return np.ones(int(steps.sum())) if examples.weights is None else np.repeat(examples.weights.astype(np.float64), steps)


def _shares(values: NDArray[np.float32], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((weights @ values + SHARE_COUNT) / (weights.sum() + 2 * SHARE_COUNT))


def _contexts(inputs: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """What `LinearStep` reads for each step but the first, [steps, 1 + 2 keys]: 1, the step before it and the one before that."""
    keys = inputs[0].shape[1] if len(inputs) else 0
    contexts = np.zeros((int(_steps(inputs).sum()), 1 + 2 * keys), dtype=np.float32)
    contexts[:, 0] = 1
    start = 0
    for sequence in inputs:
        end = start + len(sequence) - 1
        contexts[start:end, 1 : 1 + keys] = sequence[:-1]
        contexts[start + 1 : end, 1 + keys :] = sequence[:-2]
        start = end
    return contexts


def _grouped(
    contexts: NDArray[np.float32], after: NDArray[np.float32], weights: NDArray[np.float64]
) -> tuple[sparse.csr_array, NDArray[np.float64], NDArray[np.float64]]:
    """Each different context once, the weight of its steps [contexts], and each key's share of what follows [contexts, keys].

    The likelihood depends on nothing else, and music repeats itself.
    """
    packed = np.packbits(contexts != 0, axis=1)
    # Sorted as whole numbers of eight bytes, which is many times as fast as a comparison of bytes.
    words = np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8))).view(np.uint64)
    order = np.lexsort(words.T)
    ordered = words[order]
    starts = np.flatnonzero(np.append(True, (ordered[1:] != ordered[:-1]).any(1)))
    first = order[starts]
    counts = np.add.reduceat(weights[order], starts)
    sounded = np.add.reduceat(weights[order, np.newaxis] * after[order], starts)
    shares = sounded / np.where(counts > 0, counts, 1.0)[:, np.newaxis]
    return sparse.csr_array(contexts[first].astype(np.float64)), counts, shares


def _fit_weights(
    contexts: sparse.csr_array,
    counts: NDArray[np.float64],
    shares: NDArray[np.float64],
    offset: NDArray[np.float64],
    ridge: float,
    start: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Minimise with L-BFGS from `start`; the loss is convex. Scores are in single precision: twice as fast, and exact enough."""
    import torch

    narrow = contexts.astype(np.float32)
    transposed = narrow.T.tocsr()
    times, targets, shift = (torch.from_numpy(one.astype(np.float32)) for one in (counts[:, np.newaxis], shares, offset))
    variances = np.exp(offset) / np.square(1 + np.exp(offset))
    # The curvature along each weight, about, where the weights are 0: in these units L-BFGS takes half the steps.
    scale = np.sqrt(np.outer(transposed @ counts, variances) + ridge)

    def loss_and_gradient(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights = flat.reshape(start.shape) / scale
        scores = torch.from_numpy(narrow @ weights.astype(np.float32)) + shift
        # log(1 + exp(score)) without overflow, and several times faster than torch's own.
        normalisers = scores.clamp(min=0) - torch.sigmoid(scores.abs()).log()
        loss = float((times * (normalisers - targets * scores)).sum(dtype=torch.float64)) + ridge / 2 * float(
            np.square(weights).sum()
        )
        errors = times * (torch.sigmoid(scores) - targets)
        return loss, ((transposed @ errors.numpy() + ridge * weights) / scale).ravel()

    found = minimize(
        loss_and_gradient,
        (start * scale).ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": ITERATIONS, "ftol": TOLERANCE},
    )
    return np.asarray(found.x).reshape(start.shape) / scale

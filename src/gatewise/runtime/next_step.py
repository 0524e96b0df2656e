"""Negative log-likelihood of the next step of multi-label sequences: the score of predictions.

Every key of a step is its own yes or no, predicted from all steps before it; a step's negative log-likelihood is the sum over its
keys, in nats. The first step of a sequence is given, not predicted. A score is the mean over all predicted steps of all
sequences, so that long sequences weigh more. That is how Bai et al. (2018) score: the evaluation in their code
(github.com/locuslab/TCN, TCN/poly_music/music_test.py) adds up the steps of all sequences before it divides. Chung et al. (2014)
also give the first step and sum over the keys (github.com/jych/librnn, pylearn2/datasets/music.py and expr/nnet.py); that code
leaves open whether their tables average over steps or over the means of sequences, so `step_nll` returns what both need.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["step_nll"]

# The smallest distance from 1 that a float32 probability can have: nothing closer to certainty can be told apart.
CERTAINTY = 2.0**-24


def step_nll(
    probabilities: NDArray[np.float32], values: NDArray[np.float32], lengths: NDArray[np.int64]
) -> tuple[float, NDArray[np.float64], NDArray[np.int64]]:
    """Negative log-likelihood a step, the sum of it over each row, and the number of steps of each row.

    probabilities: float [steps, keys] that a key sounds, of the predicted steps of all rows, end to end; they are kept 2^-24 away
    from 0 and 1, so that one certain mistake costs 16.6 nats and not infinity. values: what came, [steps, keys] of 0 and 1.
    lengths: int64 [rows], predicted steps of each row: one less than it has.
    Returns the mean over all steps (NaN where there is none), sums float64 [rows], steps int64 [rows]. The mean over sequences
    of their own means is `(sums / steps).mean()`.
    Raises ValueError where the shapes or lengths do not fit each other.
    """
    if probabilities.shape != values.shape or int(lengths.sum()) != len(values):
        raise ValueError(
            f"expected probabilities and values of one shape [steps, keys] and lengths that add up to its steps, got "
            f"{probabilities.shape}, {values.shape} and lengths that add up to {int(lengths.sum())}"
        )
    bounded = np.clip(probabilities, np.float32(CERTAINTY), np.float32(1 - CERTAINTY))
    likelihoods = np.where(values != 0, bounded, 1 - bounded)
    steps = -np.log(likelihoods).sum(axis=1, dtype=np.float64)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    sums = np.asarray(np.bincount(rows, weights=steps, minlength=len(lengths)), dtype=np.float64)
    score = float(steps.mean()) if len(steps) else float("nan")
    return score, sums, np.asarray(lengths, dtype=np.int64)

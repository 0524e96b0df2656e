"""What a network says, as predictions in the units of the data: stated once, for training and for every way to run a model."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gatewise.records import Encoded
from gatewise.runtime.equations import sigmoid

__all__ = ["predictions_of"]


def predictions_of(
    predicts: Literal["classes", "numbers", "steps"], said: NDArray[np.float32], encoded: Encoded
) -> NDArray[np.float32]:
    """Class probabilities [rows, classes] from their scores, numbers [rows, outputs] in the units of the data, or the
    probability of every key of a next step [steps, keys].

    predicts: as in `tasks.traits.TaskTraits`. said: float32, as `ArrayNetwork.run` returns it. encoded: the rows that were read.
    """
    match predicts:
        case "classes":
            # Scores that are not finite become shares that are none either, for the model to refuse.
            with np.errstate(invalid="ignore"):
                shares = np.exp(said - said.max(axis=1, keepdims=True, initial=-np.inf))
                return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float32)
        case "steps":
            return sigmoid(said)
        case "numbers":
            if encoded.base is None or encoded.scale is None:
                raise ValueError("rows whose numbers are predicted need a base and a scale")
            return np.asarray(encoded.base + said * encoded.scale, dtype=np.float32)

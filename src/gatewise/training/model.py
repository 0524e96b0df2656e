"""A trained model with its preprocessing inside: raw texts or arrays in, classes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gatewise.data.encoders import Encoder, encode_raw, raw_inputs
from gatewise.data.targets import class_name
from gatewise.errors import DataError
from gatewise.nn import SequenceClassifier
from gatewise.records import Kind
from gatewise.training.baselines import Baseline
from gatewise.training.fit import predict_probabilities

__all__ = ["Model"]


@dataclass(frozen=True, eq=False)
class Model:
    """A classifier of raw sequences.

    name: the arm or baseline it came from. classes: in the order of the probability columns. architecture: what rebuilds the
    network (empty for a baseline). details: where it came from, shown to people, never read by code.
    """

    name: str
    kind: Kind
    classes: tuple[str, ...]
    channels: tuple[str, ...]
    encoder: Encoder
    predictor: SequenceClassifier | Baseline
    architecture: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)

    def predict_proba(self, sequences: Sequence[Any]) -> NDArray[np.float32]:
        """Class probabilities float32 [rows, classes]. sequences: texts, or arrays [steps, channels] ([steps] for one channel).

        Raises DataError where an input has another type or number of channels than the model learned, or values not finite.
        """
        if not len(sequences):
            return np.empty((0, len(self.classes)), dtype=np.float32)
        if isinstance(self.predictor, SequenceClassifier):
            return predict_probabilities(self.predictor, encode_raw(self.encoder, sequences))
        return self.predictor.predict_probabilities(raw_inputs(self.encoder, sequences))

    def predict(self, sequences: Sequence[Any]) -> list[str]:
        """The most probable class of every sequence."""
        return [self.classes[index] for index in self.predict_proba(sequences).argmax(1)]

    def score(self, sequences: Sequence[Any], targets: Sequence[Any]) -> float:
        """Accuracy against the true classes, given by name.

        Raises DataError where the two have different lengths, or there are none.
        """
        if len(sequences) != len(targets):
            raise DataError(f"{len(sequences)} sequences came with {len(targets)} targets; give one target for each sequence")
        if not len(sequences):
            raise DataError("no sequences came to be scored; give at least one with its target")
        predicted = self.predict(sequences)
        return sum(guess == class_name(target) for guess, target in zip(predicted, targets, strict=True)) / len(predicted)

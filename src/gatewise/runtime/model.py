"""A trained model with its preprocessing inside: raw texts, arrays or sounds in, predictions out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from gatewise.data.audio.energies import audio_inputs
from gatewise.data.dataset.targets import class_name
from gatewise.data.encoding.encoders import Encoder, encode_raw, raw_inputs
from gatewise.errors import DataError
from gatewise.records import Architecture, AudioFeatures, Dataset, Encoded, Forecast, Kind, Label, Task
from gatewise.runtime.network import ArrayNetwork
from gatewise.runtime.outputs import predictions_of
from gatewise.runtime.scoring import Truth, score
from gatewise.tasks import traits_of

if TYPE_CHECKING:
    from gatewise.runtime.streaming.stream import ModelStream

__all__ = ["Fitted", "Model", "Network", "Predictor", "model_of"]


@runtime_checkable
class Network(Protocol):
    """Whatever computes a network: `ArrayNetwork`, or an artefact of it."""

    def run(self, encoded: Encoded, /) -> NDArray[np.float32]:
        """As `ArrayNetwork.run`."""


class Fitted(Protocol):
    """A baseline: it makes predictions of checked inputs itself."""

    def predict(self, inputs: Sequence[Any], /) -> NDArray[Any]:
        """As `Baseline.predict`."""

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """As `Baseline.state`."""


Predictor: TypeAlias = Network | Fitted


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """Predicts from raw sequences.

    name: the arm or baseline it came from. classes: in the order of the probability columns, each of the type that its source
    had. names: how the source spells them, empty where they are texts. outputs: names of the numbers predicted. metric: what
    `score` measures. seasonal, deviation: scales of a forecast's errors (`metrics.Truth`), of several series their mean, because
    a window does not say which it is of. predictor: what computes. details: where it came from, for people, never read by
    code.
    """

    name: str
    kind: Kind
    task: Task
    metric: str
    classes: tuple[Label, ...]
    channels: tuple[str, ...]
    outputs: tuple[str, ...]
    encoder: Encoder
    predictor: Predictor
    audio: AudioFeatures | None = None
    forecast: Forecast | None = None
    seasonal: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    @property
    def architecture(self) -> Architecture | None:
        """What the network is built of; None of a baseline."""
        return self.predictor.architecture if isinstance(self.predictor, ArrayNetwork) else None

    @property
    def class_names(self) -> tuple[str, ...]:
        """The classes as the source spells them."""
        return self.names or tuple(map(str, self.classes))

    def predict_proba(self, sequences: Sequence[Any]) -> NDArray[np.float32]:
        """Class probabilities float32 [rows, classes]. sequences: as in `predict`.

        Raises DataError where the model predicts no classes, or an input is not what it learned from.
        """
        if self._predicts != "classes":
            raise DataError(f"the model predicts {', '.join(self.outputs[:3]) or 'numbers'}, no classes. Use predict.")
        if not len(sequences):
            return np.empty((0, len(self.classes)), dtype=np.float32)
        return self._predict(sequences)

    def predict(self, sequences: Sequence[Any]) -> Any:
        """Predictions for raw sequences.

        sequences: texts, arrays [steps, channels] ([steps] for one channel), or for sound paths or (waveform, sample rate).
        Returns the most probable class of each as a list, of the type that the labels had; numbers float32 [rows] (regression) or
        [rows, horizon, channels]
        (forecast; the windows' last steps are what is read), or a list of arrays [steps, keys]: the probabilities of the step
        after each one given (next-step prediction). Raises DataError where an input has another type or number of channels than
        the model learned, too few steps, or values not finite.
        """
        if self._predicts == "classes":
            return [self.classes[index] for index in self.predict_proba(sequences).argmax(1)]
        if self._predicts == "steps":
            return self._next_steps(sequences)
        if not len(sequences):
            return np.empty((0, *self._shape), dtype=np.float32)
        return self._predict(self._windows(sequences)).reshape(len(sequences), *self._shape)

    def score(self, sequences: Sequence[Any], targets: Any = None) -> float:
        """The metric against the truth: classes as the source has them or by name, or numbers shaped as `predict` returns them.

        Next-step prediction needs no targets. Raises DataError where sequences and targets differ in number, or there are none.
        """
        if not len(sequences):
            raise DataError("no sequences came to be scored; give at least one with its target")
        if self._predicts == "steps":
            values = [np.asarray(one, dtype=np.float32) for one in sequences]
            predictions = np.concatenate([found[:-1] for found in self._next_steps(values)])
            steps = np.array([len(one) - 1 for one in values], dtype=np.int64)
            return score(self.metric, predictions, Truth(np.concatenate([one[1:] for one in values]), steps))
        if targets is None or len(sequences) != len(targets):
            came = 0 if targets is None else len(targets)
            raise DataError(f"{len(sequences)} sequences came with {came} targets; give one target for each sequence")
        if self._predicts == "classes":
            return score(self.metric, self.predict_proba(sequences), Truth(self._indices(targets)))
        truth = np.asarray(targets, dtype=np.float32).reshape(len(sequences), -1)
        predictions = self._predict(self._windows(sequences))
        scales = [np.array(values) if values else None for values in (self.seasonal, self.deviation)]
        return score(self.metric, predictions, Truth(truth, None, *scales))

    def encode(self, sequences: Sequence[Any]) -> Encoded:
        """What a network reads of raw sequences, as they come to `predict`. Raises DataError as that does."""
        return encode_raw(self.encoder, self._inputs(self._windows(sequences)))

    def predict_encoded(self, encoded: Encoded) -> NDArray[np.float32]:
        """Predictions of what `encode` made, [rows, outputs], or end to end [steps, outputs]; of a network alone."""
        if not isinstance(self.predictor, Network):
            raise ValueError(f"the {self.name} reads no encoded rows")
        return self._checked(predictions_of(self._predicts, self.predictor.run(encoded), encoded))

    def stream(self, streams: int = 1) -> ModelStream:
        """What the model says after each step of sequences that arrive bit by bit, `streams` of them side by side.

        Raises OptionError for a baseline and for a network of two directions, which need whole sequences.
        """
        from gatewise.runtime.streaming.stream import ModelStream

        return ModelStream(self, streams)

    def __repr__(self) -> str:
        predicts = f"{len(self.classes)} classes" if self._predicts == "classes" else ", ".join(self.outputs[:3])
        more = f" and {len(self.outputs) - 3} more" if len(self.outputs) > 3 else ""
        return f"<gatewise.Model {self.name!r}: {self.kind} to {predicts}{more} ({self.task})>"

    @property
    def _predicts(self) -> Literal["classes", "numbers", "steps"]:
        return traits_of(self.task).predicts

    @property
    def _shape(self) -> tuple[int, ...]:
        return (self.forecast.horizon, len(self.forecast.targets)) if self.forecast else ()

    def _inputs(self, sequences: Sequence[Any]) -> Sequence[Any]:
        return audio_inputs(sequences, self.audio) if self.audio is not None else sequences

    def _predict(self, sequences: Sequence[Any]) -> NDArray[np.float32]:
        inputs = self._inputs(sequences)
        if isinstance(self.predictor, Network):
            return self.predict_encoded(encode_raw(self.encoder, inputs))
        return self._checked(np.asarray(self.predictor.predict(raw_inputs(self.encoder, inputs)), dtype=np.float32))

    def _checked(self, found: NDArray[np.float32]) -> NDArray[np.float32]:
        if not np.isfinite(found).all():
            raise DataError(
                f"the {self.name} predicts numbers that are not finite for these inputs, which are too far from what it learned "
                "from. Check their units."
            )
        return found

    def _windows(self, sequences: Sequence[Any]) -> Sequence[Any]:
        if self.forecast is None:
            return sequences
        window = self.forecast.window
        short = next((row for row, one in enumerate(sequences, 1) if len(one) < window), None)
        if short is not None:
            raise DataError(f"input {short} has {len(sequences[short - 1])} steps; the model reads the last {window}. Give more.")
        return [one[-window:] for one in sequences]

    def _next_steps(self, sequences: Sequence[Any]) -> list[NDArray[np.float32]]:
        # One silent step behind each sequence makes the step after the last one a step like the others.
        checked = raw_inputs(self.encoder, sequences)
        longer = [np.concatenate([one, np.zeros_like(one[:1])]) for one in checked]
        if not longer:
            return []
        ends = np.cumsum([len(one) for one in checked])
        return np.split(self._predict(longer), ends[:-1])

    def _indices(self, targets: Sequence[Any]) -> NDArray[np.int64]:
        index = {class_name(label): number for number, label in enumerate(self.classes)}
        index |= {name: number for number, name in enumerate(self.class_names)}
        names = [class_name(target) for target in targets]
        unknown = next((name for name in names if name not in index), None)
        if unknown is not None or None in names:
            raise DataError(f"the target {unknown!r} is none of the model's classes: {', '.join(self.class_names[:10])}.")
        return np.array([index[name] for name in names], dtype=np.int64)


def model_of(
    dataset: Dataset,
    truth: Truth,
    metric: str,
    name: str,
    encoder: Encoder,
    predictor: Predictor,
    details: Mapping[str, Any],
) -> Model:
    """A model of what was learned from a data set. truth: of any rows, for the scales of a forecast's errors."""
    return Model(
        name=name,
        kind=dataset.kind,
        task=dataset.task,
        metric=metric,
        classes=dataset.labels or dataset.classes,
        channels=dataset.channels,
        outputs=dataset.outputs,
        encoder=encoder,
        predictor=predictor,
        audio=dataset.audio,
        forecast=dataset.forecast,
        seasonal=() if truth.seasonal is None else tuple(truth.seasonal.mean(0).tolist()),
        deviation=() if truth.deviation is None else tuple(truth.deviation.tolist()),
        details=details,
        names=dataset.classes if dataset.labels else (),
    )

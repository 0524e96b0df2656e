"""What a network is trained for: its loss on a batch, and its outputs as predictions in the units of the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, l1_loss, mse_loss

from gatewise.nn import SequenceNetwork
from gatewise.nn.pooling import Steps
from gatewise.records import Encoded, Task
from gatewise.runtime.batches import Batch, in_batches
from gatewise.runtime.next_step import step_nll
from gatewise.runtime.outputs import predictions_of
from gatewise.tasks import traits_of
from gatewise.training.devices import Device, device_of
from gatewise.training.next_step import step_log_loss

__all__ = ["Objective", "Tensors", "objective_of", "to_tensors"]


@dataclass(frozen=True, eq=False)
class Tensors:
    """A batch as tensors: inputs, int64 lengths, targets, and float32 weights or None. Lengths are always the processor's."""

    inputs: Tensor
    lengths: Tensor
    targets: Tensor
    weights: Tensor | None

    def on(self, device: Device) -> Tensors:
        """The batch, sent to a device."""
        weights = None if self.weights is None else device.send(self.weights)
        return Tensors(device.send(self.inputs), self.lengths, device.send(self.targets), weights)


def to_tensors(batch: Batch) -> Tensors:
    """A batch as tensors that share its memory."""
    return Tensors(
        torch.from_numpy(batch.inputs),
        torch.from_numpy(batch.lengths),
        torch.from_numpy(batch.targets),
        None if batch.weights is None else torch.from_numpy(batch.weights),
    )


LossName = Literal["cross_entropy", "absolute", "squared", "binary_cross_entropy"]


class Objective(Protocol):
    """A task as a network sees it."""

    @property
    def loss_name(self) -> LossName:
        """What `loss` is the mean of."""

    def loss(self, outputs: Tensor, batch: Tensors) -> Tensor:
        """Mean loss of the network's outputs on a batch, weighted where the rows have weights; a scalar."""

    def predict(self, network: SequenceNetwork, encoded: Encoded) -> NDArray[np.float32]:
        """Predictions in the order of `encoded`, as `Baseline.predict` gives them; batches are bucketed by length."""

    def validation_loss(self, predictions: NDArray[np.float32], encoded: Encoded) -> float:
        """The loss of predictions on rows whose targets are known, unweighted by batch."""


def objective_of(task: Task, metric: str) -> Objective:
    """The objective of a task; numbers are trained on absolute errors where the metric counts them, else on squared ones."""
    match traits_of(task).predicts:
        case "classes":
            return Classes()
        case "steps":
            return NextStep()
        case "numbers":
            return Numbers(absolute=metric in ("mae", "mase"))


@dataclass(frozen=True)
class Classes:
    """Cross-entropy of class scores; predictions are probabilities [rows, classes]."""

    loss_name: ClassVar[LossName] = "cross_entropy"

    def loss(self, outputs: Tensor, batch: Tensors) -> Tensor:
        if batch.weights is None:
            return cross_entropy(outputs, batch.targets)
        return _weighted_mean(cross_entropy(outputs, batch.targets, reduction="none"), batch.weights)

    def predict(self, network: SequenceNetwork, encoded: Encoded) -> NDArray[np.float32]:
        return predictions_of("classes", outputs_of(network, encoded), encoded)

    def validation_loss(self, predictions: NDArray[np.float32], encoded: Encoded) -> float:
        chosen = predictions[np.arange(len(encoded)), encoded.targets]
        return _average(-np.log(np.maximum(chosen, np.finfo(np.float32).tiny)), encoded)


@dataclass(frozen=True)
class Numbers:
    """Absolute or squared errors in units of `Encoded.scale`; predictions are in those of the data, [rows, outputs]."""

    absolute: bool

    @property
    def loss_name(self) -> LossName:
        return "absolute" if self.absolute else "squared"

    def loss(self, outputs: Tensor, batch: Tensors) -> Tensor:
        if outputs.shape != batch.targets.shape:
            raise ValueError(f"the network says {tuple(outputs.shape)} where the targets are {tuple(batch.targets.shape)}")
        measure = l1_loss if self.absolute else mse_loss
        if batch.weights is None:
            return measure(outputs, batch.targets)
        return _weighted_mean(measure(outputs, batch.targets, reduction="none").mean(1), batch.weights)

    def predict(self, network: SequenceNetwork, encoded: Encoded) -> NDArray[np.float32]:
        return predictions_of("numbers", outputs_of(network, encoded), encoded)

    def validation_loss(self, predictions: NDArray[np.float32], encoded: Encoded) -> float:
        errors = (predictions - encoded.targets) / encoded.scale
        return _average((np.abs(errors) if self.absolute else np.square(errors)).mean(1), encoded)


@dataclass(frozen=True)
class NextStep:
    """Cross-entropy of every key at every next step; predictions are probabilities, end to end [steps, keys]."""

    loss_name: ClassVar[LossName] = "binary_cross_entropy"

    def loss(self, outputs: Tensor, batch: Tensors) -> Tensor:
        return step_log_loss(outputs, batch.inputs, batch.lengths)

    def predict(self, network: SequenceNetwork, encoded: Encoded) -> NDArray[np.float32]:
        return predictions_of("steps", outputs_of(network, encoded), encoded)

    def validation_loss(self, predictions: NDArray[np.float32], encoded: Encoded) -> float:
        inside = np.ones(len(encoded.values), dtype=bool)
        inside[encoded.offsets] = False
        return step_nll(predictions, encoded.values[inside], encoded.lengths - 1)[0]


def _weighted_mean(losses: Tensor, weights: Tensor) -> Tensor:
    # A batch may hold rows of weight 0 alone: it then teaches nothing.
    return (losses * weights).sum() / weights.sum().clamp_min(torch.finfo(weights.dtype).tiny)


def _average(losses: NDArray[np.floating], encoded: Encoded) -> float:
    if encoded.weights is None or not encoded.weights.any():
        return float(losses.mean(dtype=np.float64))
    return float(np.average(losses.astype(np.float64), weights=encoded.weights))


def outputs_of(network: SequenceNetwork, encoded: Encoded) -> NDArray[np.float32]:
    """What the network says of encoded rows in evaluation, as `runtime.network.ArrayNetwork.run` returns it."""
    network.eval()
    device = device_of(network)

    def said(inputs: NDArray[Any], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
        with torch.inference_mode():
            outputs = network(device.send(torch.from_numpy(inputs)), torch.from_numpy(lengths))
            found: NDArray[np.float32] = device.fetch(outputs).numpy()
            return found

    return in_batches(said, encoded, network.outputs, stepwise=isinstance(network.pool, Steps))

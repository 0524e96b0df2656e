"""One optimisation step of one network: what is common to the compiled one and to the one by PyTorch's autograd."""

from __future__ import annotations

from typing import Protocol

from gatewise.nn import SequenceNetwork
from gatewise.records import Hyperparameters
from gatewise.training.autograd_step import AutogradStep
from gatewise.training.compiled_step import CompiledStep, reason
from gatewise.training.devices import device_of
from gatewise.training.objectives import Objective, Tensors

__all__ = ["Step", "training_step"]


class Step(Protocol):
    """Takes steps, and knows their wall time by phase.

    averaged: a copy of the network as it started, with the moving average of the weights since; up to date after `settle`.
    phases: seconds of forward, backward and optimiser; of whole `steps` where a device works beside the process that asks it.
    """

    averaged: SequenceNetwork
    phases: dict[str, float]

    def __call__(self, batch: Tensors, rate: float = 1.0) -> float:
        """Take the step, at a part of the learning rate, and return the batch's mean loss."""

    def settle(self) -> None:
        """Bring the weights and their average up to date, which a step may leave for later where it met none of them."""


def training_step(network: SequenceNetwork, objective: Objective, hyperparameters: Hyperparameters, *, seed: int) -> Step:
    """The compiled step where it can take this network, else PyTorch's; they differ in speed, in rounding, and in the random
    numbers of dropout. seed: of the compiled step's dropout; PyTorch's is drawn from its own random state."""
    if not device_of(network).compiled or reason(network):
        return AutogradStep(network, objective, hyperparameters)
    return CompiledStep(network, objective, hyperparameters, seed=seed)

"""A training step by PyTorch's autograd: for every network, and what the compiled step is compared with."""

from __future__ import annotations

import copy
from collections import defaultdict
from contextlib import AbstractContextManager

import torch

from gatewise.nn import SequenceNetwork
from gatewise.records import Hyperparameters
from gatewise.training.clock import clock
from gatewise.training.devices import device_of
from gatewise.training.objectives import Objective, Tensors
from gatewise.training.optimizer import AVERAGING, CLIP_NORM, AdamW

__all__ = ["AutogradStep"]

STEPS = "steps"


class AutogradStep:
    """One optimisation step of one network, with its wall time by phase.

    Gradients are clipped to `CLIP_NORM`. `averaged`, a copy of the network as it starts, holds an exponential moving average of
    the weights (decay `AVERAGING`, less while young), which is what gets evaluated and shipped: it lets a few epochs on little
    data stop at a better and steadier point. Batches come from the processor, wherever the network is.
    """

    def __init__(self, network: SequenceNetwork, objective: Objective, hyperparameters: Hyperparameters) -> None:
        self.network = network
        self.averaged = copy.deepcopy(network)
        self.objective = objective
        self.parameters: list[torch.Tensor] = list(network.parameters())
        self.averages: list[torch.Tensor] = list(self.averaged.parameters())
        self.optimizer = AdamW(
            self.parameters, learning_rate=hyperparameters.learning_rate, weight_decay=hyperparameters.weight_decay
        )
        self.steps = 0
        self.phases: dict[str, float] = defaultdict(float)
        self._device = device_of(network)

    def __call__(self, batch: Tensors, rate: float = 1.0) -> float:
        """Take the step, at a part of the learning rate, and return the batch's mean loss."""
        self.optimizer.zero_grad()
        with self._clock("forward"):
            batch = batch.on(self._device)
            loss = self.objective.loss(self.network(batch.inputs, batch.lengths), batch)
        with self._clock("backward"):
            loss.backward()
        with self._clock("optimiser"), torch.no_grad():
            torch.nn.utils.clip_grad_norm_(self.parameters, CLIP_NORM)
            self.optimizer.step(rate)
            self.steps += 1
            decay = min(AVERAGING, (1 + self.steps) / (10 + self.steps))
            torch._foreach_lerp_(self.averages, self.parameters, 1 - decay)
            # Where the device works by itself, this waits for the whole step.
            return loss.item()

    def _clock(self, phase: str) -> AbstractContextManager[None]:
        # What a call takes there says nothing of the work that it begins.
        return clock(self.phases, phase if self._device.waits else STEPS)

    def settle(self) -> None:
        """Nothing is left for later."""

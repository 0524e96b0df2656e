"""A training step by PyTorch's autograd: for every network, and what the compiled step is compared with."""

from __future__ import annotations

import copy
from collections import defaultdict

import torch

from gatewise.nn import SequenceNetwork
from gatewise.records import Hyperparameters
from gatewise.training.clock import clock
from gatewise.training.objectives import Objective, Tensors
from gatewise.training.optimizer import AVERAGING, CLIP_NORM, AdamW

__all__ = ["AutogradStep"]


class AutogradStep:
    """One optimisation step of one network, with its wall time by phase.

    Gradients are clipped to `CLIP_NORM`. `averaged`, a copy of the network as it starts, holds an exponential moving average of
    the weights (decay `AVERAGING`, less while young), which is what gets evaluated and shipped: it lets a few epochs on little
    data stop at a better and steadier point.
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

    def __call__(self, batch: Tensors, rate: float = 1.0) -> float:
        """Take the step, at a part of the learning rate, and return the batch's mean loss."""
        self.optimizer.zero_grad()
        with clock(self.phases, "forward"):
            loss = self.objective.loss(self.network(batch.inputs, batch.lengths), batch)
        with clock(self.phases, "backward"):
            loss.backward()
        with clock(self.phases, "optimiser"), torch.no_grad():
            torch.nn.utils.clip_grad_norm_(self.parameters, CLIP_NORM)
            self.optimizer.step(rate)
            self.steps += 1
            decay = min(AVERAGING, (1 + self.steps) / (10 + self.steps))
            torch._foreach_lerp_(self.averages, self.parameters, 1 - decay)
        return loss.item()

    def settle(self) -> None:
        """Nothing is left for later."""

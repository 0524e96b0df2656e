"""AdamW without the start-up of `torch.optim`, whose first optimizer imports the compiler of torch: seconds in every process."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.optim.adamw import adamw

__all__ = ["AVERAGING", "BETAS", "CLIP_NORM", "EPSILON", "AdamW"]

BETAS = (0.9, 0.999)
EPSILON = 1e-8

CLIP_NORM = 1.0
"""Gradients are scaled down to this norm."""

AVERAGING = 0.99
"""Decay of the weights' moving average; after t steps it is (1 + t) / (10 + t) where that is less."""


class AdamW:
    """Decoupled weight decay (Loshchilov & Hutter 2019), by torch's own fused kernel, to the last bit as `torch.optim.AdamW`.

    Averages decay by `BETAS`. All parameters share one learning rate and one weight decay.
    """

    def __init__(self, parameters: Sequence[torch.Tensor], *, learning_rate: float, weight_decay: float) -> None:
        self.parameters = list(parameters)
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.averages = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.squares = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.steps = [torch.zeros((), dtype=torch.float32, device=parameter.device) for parameter in self.parameters]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, rate: float = 1.0) -> None:
        """Update every parameter that has a gradient, at a part of the learning rate."""
        found = [
            (parameter, parameter.grad, average, square, step)
            for parameter, average, square, step in zip(self.parameters, self.averages, self.squares, self.steps, strict=True)
            if parameter.grad is not None
        ]
        parameters, gradients, averages, squares, steps = (list(column) for column in zip(*found, strict=True))
        adamw(
            parameters,
            gradients,
            averages,
            squares,
            [],
            steps,
            fused=True,
            amsgrad=False,
            beta1=BETAS[0],
            beta2=BETAS[1],
            lr=rate * self.learning_rate,
            weight_decay=self.weight_decay,
            eps=EPSILON,
            maximize=False,
        )

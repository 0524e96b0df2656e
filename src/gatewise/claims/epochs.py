"""An epoch of training in parts, so that rivals take turns within it: on gatewise's layers, and on PyTorch's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gatewise.claims.libraries.torch_layers import check_agree, stock
from gatewise.nn import SequenceNetwork
from gatewise.records import Arm, Encoded
from gatewise.runtime.batches import pad, plan_batches
from gatewise.study.work import Workload
from gatewise.training.autograd_step import AutogradStep
from gatewise.training.devices import device_of
from gatewise.training.objectives import Tensors, to_tensors
from gatewise.training.step import Step, training_step

__all__ = ["Epoch", "StockLayer"]


class StockLayer(nn.Module):
    """PyTorch's layer in the place of gatewise's, as a plain loop has it: padded batches, whose padding the pooling ignores."""

    def __init__(self, layer: nn.RNNBase) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, input: Tensor, lengths: Tensor) -> Any:
        """input: [batch, steps, size]. lengths: int64 [batch], not read."""
        return self.layer(input)


@dataclass(eq=False)
class Epoch:
    """The batches of one epoch in parts: each has batches of all lengths alike.

    share: of the epoch's batches that are in the parts. rows: that the epoch learns from.
    """

    workload: Workload
    encoded: Encoded
    parts: list[list[Tensors]]
    share: float
    rows: int

    @classmethod
    def of(cls, workload: Workload, parts: int, share: float = 1.0) -> Epoch:
        """Of the first split's training part. share: at least one batch a part is taken."""
        encoded = workload.encode(0).train
        plan = plan_batches(encoded.lengths, workload.schedule.batch_size, np.random.default_rng([workload.config.seed, 2]))
        # A last batch that is not full would make its part another one.
        plan = sorted(plan, key=lambda rows: (len(rows), int(encoded.lengths[rows].max())))
        each = max(1, int(share * len(plan) / parts))
        chosen = [plan[round(place)] for place in np.linspace(0, len(plan) - 1, each * parts)]
        drawn = np.random.default_rng([workload.config.seed, 5]).permuted(np.arange(each * parts).reshape(each, parts), axis=1)
        batches = [[to_tensors(pad(encoded, chosen[place])) for place in drawn[:, part]] for part in range(parts)]
        return cls(workload, encoded, batches, len(chosen) / len(plan), len(encoded))

    def on_gatewise(self, arm: Arm) -> Callable[[int], object]:
        """Train a part as a comparison does."""
        return self._part(self._step(self._network(arm)))

    def on_torch(self, arm: Arm) -> Callable[[int], object]:
        """Train a part of the same network on PyTorch's layer, by autograd.

        Raises ValueError where the two networks do not agree on a batch: nothing wrong is timed.
        """
        network = self._network(arm)
        device = device_of(network)
        batch = self.parts[0][0].on(device)
        network.eval()
        with torch.no_grad():
            before = network(batch.inputs, batch.lengths)
            network.recurrent = device.take(StockLayer(stock(network.recurrent)))
            check_agree(network(batch.inputs, batch.lengths), before)
        network.train()
        values = self.workload.trainer.default_hyperparameters
        return self._part(AutogradStep(network, self.workload.trainer.objective, values))

    def seconds(self, milliseconds: NDArray[np.float64]) -> float:
        """What the whole epoch takes, from what its parts took."""
        return float(np.sum(milliseconds)) * len(self.parts) / len(milliseconds) / self.share / 1e3

    def _network(self, arm: Arm) -> SequenceNetwork:
        values = self.workload.trainer.default_hyperparameters
        return self.workload.network(arm, 0, values, self.encoded.input_size).train()

    def _step(self, network: SequenceNetwork) -> Step:
        workload = self.workload
        return training_step(network, workload.trainer.objective, workload.trainer.default_hyperparameters, seed=0)

    def _part(self, step: Step) -> Callable[[int], object]:
        def train(number: int) -> None:
            for batch in self.parts[number % len(self.parts)]:
                step(batch)
            step.settle()

        return train

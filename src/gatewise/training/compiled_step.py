"""A training step by the compiled kernels, whole: no autograd, no memory that is written twice.

It is AdamW, clipping and averaging as `AutogradStep` has them, and gradients that agree with PyTorch's to rounding. Dropout is
drawn by Philox4x32-10 (Salmon et al. 2011) from the seed, the number of the step and the place of each value, so nothing depends
on threads, and the backward pass draws again what the forward pass drew. Rows of an embedding whose token is not met get their
updates when it is met again, or at `settle`: the same updates, many at a time.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import Any

import torch
from torch import Tensor

from gatewise.kernels import missing
from gatewise.kernels.signature import kernel_of
from gatewise.nn import SequenceNetwork
from gatewise.nn.pooling import Last, Maximum, Mean, Pool, Steps, Summary
from gatewise.nn.stack import Stack
from gatewise.records import Hyperparameters
from gatewise.training.clock import clock
from gatewise.training.objectives import Objective, Tensors
from gatewise.training.optimizer import AVERAGING, BETAS, CLIP_NORM, EPSILON

if not missing():
    from gatewise.kernels import _compiled

__all__ = ["LOSSES", "CompiledStep", "reason"]

LOSSES = ("cross_entropy", "absolute", "squared", "binary_cross_entropy")
"""In the order of the compiled enumeration."""

POOLINGS: dict[type[Pool], tuple[bool, bool, bool]] = {
    Last: (True, False, False),
    Mean: (False, True, False),
    Maximum: (False, False, True),
    Summary: (True, True, True),
    Steps: (False, False, False),
}
"""Whether the head reads the last state, the mean and the maximum; what has other ways is pooled by PyTorch."""


def reason(network: SequenceNetwork) -> str:
    """Why the compiled step cannot take this network, or an empty string."""
    if missing():
        return "there are no compiled kernels"
    layer = network.recurrent
    if not isinstance(layer, Stack):
        return f"{type(layer).__name__} is no recurrent layer of gatewise.nn"
    if layer.layer_norm or layer.recurrent_dropout or layer.zoneout or layer.proj_size or not layer.batch_first:
        return "an option of the recurrent layer is not among those of the networks that are compared"
    for name, parameter in network.named_parameters():
        if parameter.dtype != torch.float32 or parameter.device.type != "cpu" or not parameter.is_contiguous():
            return f"{name} is no contiguous float32 tensor on the CPU"
    return ""


class CompiledStep:
    """One optimisation step of one network, for which `reason` must have been empty; attributes as in `AutogradStep`.

    first_moments: of every parameter. seed: of dropout, from 0 to 2^64 - 1. The network's parameters must stay where they are in
    memory.
    """

    def __init__(self, network: SequenceNetwork, objective: Objective, hyperparameters: Hyperparameters, *, seed: int) -> None:
        self.network = network
        self.averaged = copy.deepcopy(network)
        self.objective = objective
        self.phases: dict[str, float] = defaultdict(float)
        self._by_hand = type(network.pool) not in POOLINGS
        self._learning_rate = hyperparameters.learning_rate
        self._kind = LOSSES.index(objective.loss_name)
        self.first_moments: list[Tensor] = []
        self._memory: list[Tensor] = []
        self._outer: list[Tensor] = []
        self._compiled = _compiled.TrainingStep(
            self._describe(seed),
            {
                "weight_decay": hyperparameters.weight_decay,
                "beta_1": BETAS[0],
                "beta_2": BETAS[1],
                "epsilon": EPSILON,
                "clip_norm": CLIP_NORM,
                "averaging": AVERAGING,
            },
        )

    def __call__(self, batch: Tensors, rate: float = 1.0) -> float:
        """Take the step, at a part of the learning rate, and return the batch's mean loss.

        Raises ValueError for a token, a length or a class out of range, and for a tensor of another dtype or shape.
        """
        self._check(batch)
        inputs, lengths = batch.inputs.contiguous(), batch.lengths.contiguous()
        rows, steps = inputs.shape[:2]
        states = torch.empty((rows, steps, self._width), dtype=torch.float32) if self._by_hand else None
        with clock(self.phases, "forward"):
            self._compiled.forward(_address(inputs), _address(lengths), rows, steps, _address(states), torch.get_num_threads())
        loss, gradient = self._loss(batch) if states is None else self._loss_by_hand(states, batch)
        with clock(self.phases, "backward"):
            self._compiled.backward(_address(gradient))
        with clock(self.phases, "optimiser"):
            self._compiled.update(rate * self._learning_rate)
        return loss

    def _check(self, batch: Tensors) -> None:
        """The kernels read as many numbers, and of the kind, as a batch of the encoding has."""
        rows, steps = batch.inputs.shape[:2]
        tokens = self.network.embedding is not None
        wanted = {
            "inputs": (batch.inputs, torch.int64, (rows, steps))
            if tokens
            else (batch.inputs, torch.float32, (rows, steps, self._channels)),
            "lengths": (batch.lengths, torch.int64, (rows,)),
        }
        if batch.weights is not None:
            wanted["weights"] = (batch.weights, torch.float32, (rows,))
        for name, (tensor, dtype, shape) in wanted.items():
            if tensor.dtype != dtype or tensor.shape != shape:
                raise ValueError(f"{name} are {tensor.dtype} {list(tensor.shape)}, expected {dtype} {list(shape)}")

    def _targets(self, batch: Tensors) -> Tensor | None:
        """As the compiled loss reads them; those of the next step stand in the inputs."""
        name = self.objective.loss_name
        if name == "binary_cross_entropy":
            return None
        rows = len(batch.lengths)
        shape = (rows,) if name == "cross_entropy" else (rows, self.network.outputs)
        if batch.targets.shape != shape:
            raise ValueError(f"targets are {list(batch.targets.shape)}, expected {list(shape)}")
        return batch.targets.to(torch.int64 if name == "cross_entropy" else torch.float32).contiguous()

    def _loss(self, batch: Tensors) -> tuple[float, None]:
        """By the kernels, which keep the gradient to themselves."""
        with clock(self.phases, "forward"):
            targets, weights = self._targets(batch), None if batch.weights is None else batch.weights.contiguous()
            return self._compiled.loss(self._kind, _address(targets), _address(weights)), None

    def _loss_by_hand(self, states: Tensor, batch: Tensors) -> tuple[float, Tensor]:
        """Pooling, head and loss by autograd, and the gradient of the states."""
        torch._foreach_zero_([parameter.grad for parameter in self._outer if parameter.grad is not None])
        states.requires_grad_()
        with clock(self.phases, "forward"), torch.enable_grad():
            loss = self.objective.loss(self.network.answer(batch.inputs, states, batch.lengths), batch)
        with clock(self.phases, "backward"):
            loss.backward()
        assert states.grad is not None
        return loss.item(), states.grad.contiguous()

    def settle(self) -> None:
        """Every row of the embedding gets the updates that it is owed."""
        self._compiled.settle()

    def _describe(self, seed: int) -> dict[str, Any]:
        """The network as the compiled step knows it."""
        network, layer = self.network, self.network.recurrent
        assert isinstance(layer, Stack)
        averages = dict(self.averaged.named_parameters())
        parameters: list[dict[str, int]] = []
        places: dict[int, int] = {}
        table = None
        for name, parameter in network.named_parameters():
            if parameter is getattr(network.embedding, "weight", None):
                table = self._trained(parameter, averages[name])
                table |= {"vocabulary": parameter.shape[0], "width": parameter.shape[1]}
                continue
            gradient = torch.zeros_like(parameter)
            self._memory.append(gradient)
            places[id(parameter)] = len(parameters)
            parameters.append(self._trained(parameter, averages[name]) | {"gradient": _address(gradient)})
            if not name.startswith("recurrent."):
                self._outer.append(parameter)
                if self._by_hand:
                    parameter.grad = gradient
        directions = len(layer.suffixes())
        names = ("w_ih", "w_hh", "b_ih", "b_hh")
        layers = []
        for number in range(layer.num_layers):
            weights = layer.weights(number)
            layers.append(
                [
                    {
                        name: -1 if weight is None else places[id(weight)]
                        for name, weight in zip(names, weights[4 * direction : 4 * direction + 4], strict=True)
                    }
                    for direction in range(directions)
                ]
            )
        self._width, self._channels = directions * layer.hidden_size, layer.input_size
        last, mean, maximum = POOLINGS.get(type(network.pool), (False, False, False))
        return {
            "cell": kernel_of(layer.options(last=True), normalized=False),
            "input_size": layer.input_size,
            "hidden_size": layer.hidden_size,
            "directions": directions,
            "layers": layers,
            "parameters": parameters,
            "table": table,
            "pooling": {
                "last": last,
                "mean": mean,
                "maximum": maximum,
                "own_ends": type(network.pool) is Last and directions == 2,
            },
            "head_weight": places[id(network.head.weight)],
            "head_bias": places[id(network.head.bias)],
            "outputs": network.outputs,
            "skip_weight": -1 if network.skip is None else places[id(network.skip.linear.weight)],
            "skip_bias": -1 if network.skip is None else places[id(network.skip.linear.bias)],
            "skip_channels": [] if network.skip is None else list(network.skip.channels),
            "input_dropout": network.input_dropout,
            "dropout": network.dropout.p,
            "seed": seed,
        }

    def _trained(self, parameter: Tensor, average: Tensor) -> dict[str, int]:
        """A tensor of parameters, and what the optimiser keeps of it."""
        first_moment, second_moment = torch.zeros_like(parameter), torch.zeros_like(parameter)
        self.first_moments.append(first_moment)
        self._memory += [parameter, average, second_moment]
        return {
            "value": _address(parameter),
            "average": _address(average),
            "first_moment": _address(first_moment),
            "second_moment": _address(second_moment),
            "count": parameter.numel(),
        }


def _address(tensor: Tensor | None) -> int:
    return 0 if tensor is None else tensor.data_ptr()

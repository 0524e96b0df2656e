"""What a recipe computes, against stock layers in float64: none is timed that differs."""

from __future__ import annotations

import math

import numpy as np
from benchmarks.layers.verify import TOLERANCE, error
from benchmarks.mr_epoch.classifier import STOCK_RECIPE, Classifier, Recipe
from benchmarks.mr_epoch.reviews import parts
from benchmarks.mr_epoch.trainers import AS_ADAM, as_compared
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from gatewise.runtime.batches import Batch
from gatewise.training.compiled_step import CompiledStep
from gatewise.training.objectives import Classes, to_tensors
from gatewise.training.optimizer import BETAS, CLIP_NORM

__all__ = ["check", "check_compiled"]


def check_compiled(cell: str, vocabulary: int, batch: Batch) -> None:
    """Compare what one step leaves in Adam's first moment with the clipped gradient of stock layers in float64.

    Raises ValueError where they differ.
    """
    reference = Classifier(STOCK_RECIPE, cell, vocabulary, seed=0)
    step = CompiledStep(as_compared(reference, cell, vocabulary), Classes(), AS_ADAM, seed=0)
    step(to_tensors(batch))
    step.settle()
    expected = _gradients(reference.double(), *parts(batch))
    norm = math.sqrt(sum(float(np.square(gradient).sum()) for gradient in expected.values()))
    clipped = {name: gradient * min(1.0, CLIP_NORM / norm) for name, gradient in expected.items()}
    names = [name for name, _ in step.network.named_parameters()]
    found = {name: moment.numpy() / (1 - BETAS[0]) for name, moment in zip(names, step.first_moments, strict=True)}
    difference, where = error(found, clipped)
    if not difference <= TOLERANCE:
        raise ValueError(f"compiled {cell} is wrong and is not timed: relative error {difference:.1e} of the gradient of {where}")


def check(recipe: Recipe, cell: str, vocabulary: int, inputs: Tensor, lengths: Tensor, targets: Tensor) -> None:
    """Compare all gradients with stock layers in float64. Raises ValueError where they differ."""
    network = Classifier(recipe, cell, vocabulary, seed=0)
    reference = Classifier(STOCK_RECIPE, cell, vocabulary, seed=0)
    reference.load_state_dict(network.state_dict())
    difference, where = error(*(_gradients(one, inputs, lengths, targets) for one in (network, reference.double())))
    if not difference <= TOLERANCE:
        raise ValueError(
            f"{recipe.name} {cell} is wrong and is not timed: relative error {difference:.1e} of the gradient of {where}; "
            f"at most {TOLERANCE:.0e} is accepted"
        )


def _gradients(network: Classifier, inputs: Tensor, lengths: Tensor, targets: Tensor) -> dict[str, NDArray[np.floating]]:
    cross_entropy(network(inputs, lengths), targets).backward()
    named = {name: value.grad for name, value in network.named_parameters()}
    return {name: (grad.to_dense() if grad.is_sparse else grad).numpy() for name, grad in named.items() if grad is not None}

"""Layers of gatewise and of PyTorch, with the same weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gatewise.claims.libraries import Layer, Pass
from gatewise.nn import CELLS

__all__ = ["GATEWISE", "TORCH", "build", "check_agree", "inputs_of", "stock", "training_pass"]

GATEWISE, TORCH = "gatewise", "PyTorch"
_TOLERANCE = 1e-4


def build(layer: Layer, *, seed: int = 0) -> Any:
    """gatewise's layer, batch first."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return CELLS[layer.cell](layer.input_size, layer.hidden_size, batch_first=True)


def stock(made: Any) -> nn.RNNBase:
    """PyTorch's layer of the same name, sizes and weights."""
    kind: Callable[..., nn.RNNBase] = getattr(nn, type(made).__name__)
    layer = kind(
        made.input_size,
        made.hidden_size,
        num_layers=made.num_layers,
        batch_first=made.batch_first,
        bidirectional=made.bidirectional,
    )
    layer.load_state_dict(made.state_dict())
    return layer


def inputs_of(layer: Layer) -> Tensor:
    """What it reads, float32 [batch, steps, input_size]."""
    return torch.randn(layer.batch, layer.steps, layer.input_size, generator=torch.Generator().manual_seed(1))


def training_pass(layer: Layer) -> dict[str, Pass]:
    """Forward and backward, by library. Raises ValueError where the two do not agree on the result: nothing wrong is timed."""
    ours = build(layer)
    theirs = stock(ours)
    values = inputs_of(layer)
    with torch.inference_mode():
        check_agree(ours(values)[0], theirs(values)[0])
    return {GATEWISE: _training(ours, values), TORCH: _training(theirs, values)}


def check_agree(one: Tensor, other: Tensor, tolerance: float | None = None) -> None:
    """Raises ValueError where two outputs differ by more than rounding, or than a tolerance."""
    most = _TOLERANCE if tolerance is None else tolerance
    difference = float((one - other).abs().max())
    if not difference <= most:
        raise ValueError(f"two layers with the same weights differ by {difference:.1e}; at most {most:.0e} is expected")


def _training(layer: nn.Module, values: Tensor) -> Pass:
    def run(_: int) -> None:
        layer.zero_grad()
        layer(values)[0][:, -1].sum().backward()

    return run

"""What training draws at random: masks between layers, on the recurrent state, and zoneout's choices.

Everything is drawn from PyTorch's generator of the tensor's device, so `torch.manual_seed` fixes it.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import dropout

__all__ = ["between_layers", "check_probability", "recurrent_mask", "update_share"]


def check_probability(name: str, value: float) -> float:
    """A probability in [0, 1); raises TypeError or ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} should be a number in range [0, 1), got {type(value).__name__}")
    if not 0 <= value < 1:
        raise ValueError(f"{name} should be a probability in range [0, 1), got {value}")
    return float(value)


def between_layers(states: Tensor, probability: float, *, batch_first: bool) -> Tensor:
    """Dropout on a layer's output, drawn in time-major order as `torch.nn` does: the same seed gives the same mask."""
    if not batch_first or states.dim() == 2:
        return dropout(states, probability)
    # Drawn into memory in that order: on a transposed view the generator would follow the view's strides.
    rows, steps, size = states.shape
    return states * dropout(states.new_ones((steps, rows, size)), probability).transpose(0, 1)


def recurrent_mask(data: Tensor, probability: float, shape: tuple[int, int, int]) -> Tensor:
    """One mask [directions, batch, H] for all steps, 0 or 1 / (1 - p) (Gal & Ghahramani 2016)."""
    return data.new_empty(shape).bernoulli_(1 - probability).div_(1 - probability)


def update_share(data: Tensor, probability: float, size: int) -> Tensor:
    """Share of the new state taken at each step and unit: 0 with the probability p, else 1 (zoneout, Krueger et al. 2017)."""
    return data.new_empty((*data.shape[:-1], size)).bernoulli_(1 - probability)

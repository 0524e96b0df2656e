"""The loss that next-step prediction is trained on; `runtime.next_step` scores the same."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

__all__ = ["step_log_loss"]


def step_log_loss(logits: Tensor, inputs: Tensor, lengths: Tensor) -> Tensor:
    """Mean over the predicted steps of a batch of the negative log-likelihood, summed over keys; a scalar, in nats.

    logits: float [batch, steps, keys], the scores after each step, of which those after the last real one predict nothing.
    inputs: [batch, steps, keys] of 0 and 1, what the network read. lengths: int64 [batch], from 1 to steps.
    Every predicted step weighs the same; padding enters nowhere. 0 where no row has a second step.
    """
    targets = inputs[:, 1:].to(logits.dtype)
    losses = binary_cross_entropy_with_logits(logits[:, :-1], targets, reduction="none").sum(2)
    inside = torch.arange(1, inputs.shape[1], device=losses.device) < lengths.to(losses.device)[:, None]
    # Chosen, not multiplied: what a network makes of padding may be infinite, and 0 times that is no number.
    return losses.masked_fill(~inside, 0.0).sum() / inside.sum().clamp(min=1)

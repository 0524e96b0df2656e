"""Gradients of each sample by PyTorch's expanded weights (torch.nn.utils._per_sample_grad), which Opacus's mode "ew" trains with.

An expanded weight is a parameter whose backward pass leaves the gradients of every row of a batch in `grad_sample` of the
parameter that it stands for. Here a layer runs once over the batch, by the kernel where there is one, and its backward pass is
mapped over the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.utils._expanded_weights.expanded_weights_impl import ExpandedWeight
from torch.nn.utils._expanded_weights.expanded_weights_utils import set_grad_sample_if_exists

from gatewise.kernels import equations, ops
from gatewise.kernels.options import Options

__all__ = ["NotHooked", "is_expanded", "recurrent"]

Results = tuple[Tensor, Tensor, Tensor | None, Tensor | None]


class NotHooked:
    """A module that Opacus's hooks would misread, and which says so when they are put on it."""

    @property
    def ft_compute_sample_grad(self) -> Callable[..., Any]:
        """The function that Opacus gives every module it has hooks for. Setting it raises NotImplementedError."""
        raise AttributeError("ft_compute_sample_grad")

    @ft_compute_sample_grad.setter
    def ft_compute_sample_grad(self, function: Callable[..., Any]) -> None:
        raise NotImplementedError(
            f"gatewise.nn.{type(self).__name__} has no gradients of each sample through Opacus's hooks, which see no gradient of "
            'the final states; pass grad_sample_mode="ew" to make_private and batch_first=True to the layer'
        )


def is_expanded(weights: Iterable[Tensor | None]) -> bool:
    """Whether one of the weights is an expanded one."""
    return any(isinstance(weight, ExpandedWeight) for weight in weights)


@dataclass(frozen=True)
class _Call:
    """What a call has beside what it is differentiated by: [input, h_0, c_0] and the weights."""

    options: Options
    lengths: Tensor | None
    noise: tuple[Tensor | None, Tensor | None, Tensor | None]
    directions: int
    normalized: bool

    @property
    def across(self) -> int:
        """The dimension of the batch in input and output."""
        return 0 if self.options.batch_first else 1

    def __call__(self, states: list[Tensor | None], weights: list[Tensor | None], *mapped: Tensor | None) -> Results:
        """The layer; mapped: lengths and noise, if not those of the call."""
        lengths, *noise = mapped or (self.lengths, *self.noise)
        input, h_0, c_0 = states
        assert input is not None
        count = 4 * self.directions
        gains = [weights[count + 4 * number : count + 4 * number + 4] for number in range(self.directions)]
        norm = gains if self.normalized else None
        run: Any = equations.recurrent if ops.reason(self.options, input, norm) else ops.recurrent
        results: Results = run(self.options, input, weights[:count], h_0, c_0, lengths, None, *noise, norm)
        return results


def recurrent(
    options: Options,
    input: Tensor,
    weights: list[Tensor | None],
    h_0: Tensor | None,
    c_0: Tensor | None,
    lengths: Tensor | None,
    batch_sizes: Tensor | None,
    recurrent_mask: Tensor | None,
    update_h: Tensor | None,
    update_c: Tensor | None,
    norm: list[tuple[Tensor | None, ...]] | None,
) -> Results:
    """What `equations.recurrent` computes, with expanded weights among weights and norm.

    Raises NotImplementedError for a packed batch, RuntimeError where the weights were expanded for another number of rows.
    """
    if batch_sizes is not None:
        raise NotImplementedError(
            "the rows of a PackedSequence have no gradients of their own here; pass the padded batch and its lengths instead: "
            "layer(input, hx, lengths)"
        )
    call = _Call(options, lengths, (recurrent_mask, update_h, update_c), len(weights) // 4, norm is not None)
    rows = input.shape[call.across]
    flat = [*weights, *(gain for direction in norm or () for gain in direction)]
    for weight in flat:
        if isinstance(weight, ExpandedWeight) and weight.batch_size != rows:
            raise RuntimeError(
                f"Expected ExpandedWeights to have batch size matching input but got input batch size of {rows} with "
                f"ExpandedWeight of batch size {weight.batch_size}"
            )
    results: Results = _PerSample.apply(call, input, h_0, c_0, *flat)  # type: ignore[no-untyped-call]
    return results


class _PerSample(torch.autograd.Function):
    """Arguments: a _Call, input, h_0, c_0, and the weights."""

    @staticmethod
    def forward(ctx: Any, call: _Call, *values: Tensor | None) -> Results:
        states, weights = list(values[:3]), list(values[3:])
        ctx.call, ctx.weights = call, weights
        ctx.save_for_backward(*states)
        return call(states, _plain(weights))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *incoming: Tensor | None) -> tuple[Tensor | None, ...]:
        call, states, plain = ctx.call, list(ctx.saved_tensors), _plain(ctx.weights)
        wanted = [place for place, weight in enumerate(ctx.weights) if isinstance(weight, ExpandedWeight)]
        present = [place for place, state in enumerate(states) if state is not None]
        across = call.across
        arriving = [
            (gradient, axis) for gradient, axis in zip(incoming, (across, 1, 1, across), strict=True) if gradient is not None
        ]
        mapped = [
            *zip(states, (across, 1, 1), strict=True),
            *zip((call.lengths, *call.noise), (0, 1, across, across), strict=True),
            *arriving,
        ]
        axes = [axis for _, axis in mapped]

        def of_one_row(*values: Tensor | None) -> tuple[Tensor, ...]:
            row = [None if value is None else value.unsqueeze(axis) for value, axis in zip(values, axes, strict=True)]

            def layer(*given: Tensor) -> tuple[Tensor, ...]:
                read, weights = row[:3], list(plain)
                for place, value in zip(present, given, strict=False):
                    read[place] = value
                for place, value in zip(wanted, given[len(present) :], strict=True):
                    weights[place] = value
                return tuple(result for result in call(read, weights, *row[3:7]) if result is not None)

            _, pull = torch.func.vjp(layer, *(row[place] for place in present), *(plain[place] for place in wanted))  # type: ignore[misc]
            gradients = pull(tuple(row[7:]))
            batched = [gradient.squeeze(axes[place]) for place, gradient in zip(present, gradients, strict=False)]
            return (*batched, *gradients[len(present) :])

        # A mapped None has no dimension to map.
        dimensions = tuple(None if value is None else axis for value, axis in mapped)
        found = torch.vmap(of_one_row, in_dims=dimensions)(*(value for value, _ in mapped))
        back: list[Tensor | None] = [None] * 3
        for place, gradient in zip(present, found, strict=False):
            back[place] = gradient.movedim(0, axes[place])
        for place, sample in zip(wanted, found[len(present) :], strict=True):
            set_grad_sample_if_exists(ctx.weights[place], lambda _, sample=sample: sample)
        return None, *back, *[None] * len(plain)


def _plain(weights: list[Tensor | None]) -> list[Tensor | None]:
    """The weights that expanded ones stand for, as constants."""
    return [
        None if weight is None else (weight.orig_weight if isinstance(weight, ExpandedWeight) else weight).detach()
        for weight in weights
    ]

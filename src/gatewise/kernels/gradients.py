"""The operators' derivatives, whatever asks for them: autograd, torch.func, forward mode, a graph that was captured.

The first derivative is the compiled backward pass. Forward mode and derivatives of derivatives go through the reference
equations, which are differentiable to any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor
from torch._functorch.utils import enable_single_level_autograd_function
from torch.autograd import forward_ad
from torch.autograd.function import _SingleLevelFunction

from gatewise.kernels import equations
from gatewise.kernels.signature import (
    C_0,
    DIFFERENTIABLE,
    H_0,
    INPUT,
    KERNELS,
    PACKED,
    TENSORS,
    Incoming,
    Results,
    Tensors,
    options_of,
)

__all__ = ["in_forward_mode", "recurrent_with_gradient"]

OUTPUT = TENSORS + 4
"""Place of the output among the arguments of the backward operator, and of the gradients that come in."""
INCOMING = OUTPUT + 2
COUNT = len(Incoming._fields)
SAVED = Results._fields.index("saved")

_BELOW = torch._C._after_autograd_keyset
_NO_MEMORY = torch.empty(0)


def in_forward_mode() -> bool:
    """Whether tangents may travel with tensors: torch.func.jvp and what is built on it, torch.autograd.forward_ad."""
    return forward_ad._current_level >= 0


def _has_tangent(value: Tensor | None) -> bool:
    return value is not None and forward_ad.unpack_dual(value, level=0).tangent is not None


def recurrent_with_gradient(*arguments: Any) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """The operator in eager mode, past the dispatcher's way to its gradient, which costs a small call most of its time."""
    results: tuple[Tensor, Tensor, Tensor, Tensor, Tensor] = _Recurrent.apply(*arguments, None)  # type: ignore[attr-defined]
    return results


def _below(operator: Any, keys: Any, inputs: Sequence[Any]) -> tuple[Tensor, ...]:
    """The operator beneath autograd. keys: to dispatch on, or None in eager mode."""
    with torch._C._AutoDispatchBelowAutograd():
        return tuple(operator(*inputs) if keys is None else operator.redispatch(keys & _BELOW, *inputs))


def _inside(operator: Any, keys: Any, inputs: Sequence[Any]) -> tuple[Tensor, ...]:
    """The same inside an autograd function, which switches gradients off: a level of torch.func further down may want some."""
    if keys is None:
        return _below(operator, keys, inputs)
    with torch.enable_grad():
        return _below(operator, keys, inputs)


class _Recurrent(_SingleLevelFunction):
    """The operator with its gradient. Arguments: the operator's, and the keys to dispatch it on below autograd."""

    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> tuple[Tensor, ...]:
        *inputs, keys = arguments
        results = _inside(torch.ops.gatewise.recurrent.default, keys, inputs)
        ctx.set_materialize_grads(False)
        ctx.attributes = inputs[TENSORS:]
        # The caller may change his output in place. Its version counter says so, and it is then computed once more.
        output = results[0]
        ctx.output = output.detach()
        if keys is None and type(output) is Tensor and output.is_cpu:
            # Kept where hooks on saved tensors find it and autograd lets go of it; of the alias the counter stays.
            ctx.save_for_backward(*inputs[:TENSORS], results[SAVED], output.data)
            ctx.output.data = _NO_MEMORY
        else:
            ctx.save_for_backward(*inputs[:TENSORS], results[SAVED])
        ctx.version = ctx.output._version
        return results

    @staticmethod
    def backward(ctx: Any, *incoming: Tensor | None) -> tuple[Tensor | None, ...]:
        kept = ctx.saved_tensors  # each look unpacks them anew
        saved, output = kept[TENSORS], kept[-1] if len(kept) > TENSORS + 1 else ctx.output
        if ctx.output._version != ctx.version:
            output, saved = output.new_empty(0), saved.new_empty(0)
        needed = ctx.needs_input_grad
        wanted = (needed[INPUT], needed[H_0], needed[C_0])
        inputs = (*kept[:TENSORS], *ctx.attributes[:4], output, saved, *incoming[:COUNT], *wanted)
        operator = torch.ops.gatewise.recurrent_backward.default
        watched = torch.is_grad_enabled() or in_forward_mode() or torch._C._are_functorch_transforms_active()
        gradients = operator(*inputs) if watched else _below(operator, None, inputs)
        found = [gradient if want else None for gradient, want in zip(gradients, needed, strict=False)]
        return *found, *[None] * (len(needed) - DIFFERENTIABLE)


class _RecurrentBackward(_SingleLevelFunction):
    """The backward operator with its own gradient. Arguments as in _Recurrent."""

    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> tuple[Tensor, ...]:
        *inputs, keys = arguments
        results = _inside(torch.ops.gatewise.recurrent_backward.default, keys, inputs)
        ctx.set_materialize_grads(False)
        ctx.attributes = inputs[TENSORS:OUTPUT]
        ctx.save_for_backward(*inputs[:TENSORS], *inputs[INCOMING : INCOMING + COUNT])
        return results

    @staticmethod
    def backward(ctx: Any, *above: Tensor | None) -> tuple[Tensor | None, ...]:
        tensors, incoming = list(ctx.saved_tensors[:TENSORS]), list(ctx.saved_tensors[TENSORS:])
        needed = ctx.needs_input_grad
        leaves = [index for index in range(DIFFERENTIABLE) if needed[index]]
        sources = [place for place in range(COUNT) if needed[INCOMING + place]]
        asked = [index for index in range(DIFFERENTIABLE) if above[index] is not None]
        gradients: list[Tensor | None] = [None] * len(needed)
        if not asked:
            return tuple(gradients)

        def first(*values: Tensor) -> tuple[Tensor, ...]:
            inputs, arriving = list(tensors), list(incoming)
            for index, value in zip(leaves, values, strict=False):
                inputs[index] = value
            for place, value in zip(sources, values[len(leaves) :], strict=True):
                arriving[place] = value
            return tuple(_gradients_by_equations(inputs, ctx.attributes, arriving, asked))

        _, pull = torch.func.vjp(  # type: ignore[misc]
            first, *(tensors[index] for index in leaves), *(incoming[place] for place in sources)
        )
        found = iter(pull(tuple(above[index] for index in asked)))
        for index in (*leaves, *(INCOMING + place for place in sources)):
            gradients[index] = next(found)
        return tuple(gradients)


def _equations(values: Sequence[Any], attributes: Any) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
    """The operator's results but the notes, by the reference equations."""
    tensors = Tensors._make(values)
    kernel, order, update_h, update_c = attributes[:4]
    return equations.recurrent(
        options_of(kernel, order, update_h, update_c, cells=True),
        tensors.input,
        [weight for direction in tensors.weights()[: tensors.directions] for weight in direction],
        tensors.h_0,
        tensors.c_0,
        None if order == PACKED else tensors.lengths,
        tensors.lengths if order == PACKED else None,
        tensors.recurrent_mask,
        tensors.update_h,
        tensors.update_c,
        tensors.gains() if KERNELS[kernel].normalized else None,
    )


def _gradients_by_equations(
    tensors: list[Any], attributes: Any, incoming: list[Tensor | None], asked: list[int]
) -> tuple[Tensor, ...]:
    """Of the tensors at the places `asked`."""
    arriving = [place for place in range(COUNT) if incoming[place] is not None]
    if not arriving:
        return tuple(torch.zeros_like(tensors[index]) for index in asked)

    def results(*values: Tensor) -> tuple[Tensor, ...]:
        inputs = list(tensors)
        for index, value in zip(asked, values, strict=True):
            inputs[index] = value
        found = _equations(inputs, attributes)
        return tuple(found[place] for place in arriving)  # type: ignore[misc]

    _, pull = torch.func.vjp(  # type: ignore[misc]
        results, *(tensors[index] for index in asked)
    )
    gradients: tuple[Tensor, ...] = pull(tuple(incoming[place] for place in arriving))
    return gradients


def _single_level() -> Any:
    # torch.func hands its levels down one by one, and each of them asks for one autograd function.
    return enable_single_level_autograd_function() if torch._C._are_functorch_transforms_active() else nullcontext()


def _autograd(keys: Any, *arguments: Any) -> tuple[Tensor, ...]:
    if in_forward_mode():
        output, h_n, c_n, cells = _equations(arguments[:TENSORS], arguments[TENSORS:])
        nothing = output.new_empty(0)
        notes = output.new_empty(0, dtype=torch.uint8)
        return (
            output,
            h_n,
            nothing if c_n is None else c_n,
            cells if cells is not None and arguments[TENSORS + 4] else nothing,
            notes,
        )
    if torch.is_grad_enabled() and torch._C._any_requires_grad(*arguments):
        with _single_level():
            results: tuple[Tensor, ...] = _Recurrent.apply(*arguments[:-1], True, keys)  # type: ignore[attr-defined]
            return results
    return _below(torch.ops.gatewise.recurrent.default, keys, arguments)


def _autograd_of_backward(keys: Any, *arguments: Any) -> tuple[Tensor, ...]:
    if in_forward_mode() and any(_has_tangent(value) for value in arguments[:TENSORS] + arguments[INCOMING : INCOMING + COUNT]):
        raise RuntimeError(
            "gatewise.nn layers have no forward mode through a backward pass whose forward pass ran before; take torch.func.jvp "
            "of the whole derivative, its forward pass included"
        )
    if torch.is_grad_enabled() and torch._C._any_requires_grad(*arguments):
        with _single_level():
            results: tuple[Tensor, ...] = _RecurrentBackward.apply(*arguments, keys)  # type: ignore[attr-defined]
            return results
    return _below(torch.ops.gatewise.recurrent_backward.default, keys, arguments)


_library = torch.library.Library("gatewise", "FRAGMENT")
_library.impl("recurrent", _autograd, "Autograd", with_keyset=True)
_library.impl("recurrent_backward", _autograd_of_backward, "Autograd", with_keyset=True)

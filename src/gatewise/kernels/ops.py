"""What `gatewise.nn` calls: whether a compiled kernel computes a layer, and the layer computed by it.

The kernels are operators of torch.library, one for a layer's forward pass and one for its backward pass, so that autograd,
torch.func, torch.compile and torch.export see one node each: `signature.py` has their arguments, `cpu.py` the calls of the
kernels, `gradients.py` their derivatives, `batching.py` their vmap, `flops.py` what they cost.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from gatewise.cells import EQUATIONS
from gatewise.kernels import batching, cpu, flops, missing  # noqa: F401  registers the operators
from gatewise.kernels.gradients import in_forward_mode, recurrent_with_gradient
from gatewise.kernels.options import Options
from gatewise.kernels.signature import BATCH_FIRST, NUMBERS, PACKED, TIME_MAJOR

_MISSING = missing()
if not _MISSING:
    from gatewise.kernels import _compiled

__all__ = ["instruction_set", "reason", "recurrent"]

NO_GAINS: list[Tensor | None] = [None] * 8


def instruction_set() -> str:
    """Name of the instruction set that the kernels run on, one of `kernels.instruction_sets()`; empty where there are none."""
    return "" if _MISSING else _compiled.instruction_set()


def reason(options: Options, input: Tensor, norm: object) -> str:
    """Why no compiled kernel computes this, or an empty string."""
    if _MISSING:
        return f"there are no compiled kernels ({_MISSING})"
    if input.device.type not in ("cpu", "meta"):
        return f"input is on {input.device.type}"
    if input.dtype not in (torch.float32, torch.float64):
        return f"input is {str(input.dtype).removeprefix('torch.')}"
    if (options.cell, options.reset_after, norm is not None, options.bfloat16) not in NUMBERS:
        what = "" if norm is None else "layer normalisation of "
        return f"{what}{options.cell}{'' if options.reset_after else ' with reset_after=False'} has no kernel"
    return ""


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
    norm: Sequence[Sequence[Tensor | None]] | None,
) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
    """What `equations.recurrent` computes, by the compiled kernel: same arguments, same results. `reason` must have been
    empty."""
    gains = NO_GAINS if norm is None else [gain for direction in norm for gain in direction] + [None] * (8 - 4 * len(norm))
    save = torch.is_grad_enabled() and any(
        tensor is not None and tensor.requires_grad for tensor in (input, *weights, h_0, c_0, *gains)
    )
    order = PACKED if batch_sizes is not None else BATCH_FIRST if options.batch_first else TIME_MAJOR
    run = recurrent_with_gradient if save and not _traced() else torch.ops.gatewise.recurrent.default
    output, h_n, c_n, cells, _ = run(
        input,
        *weights,
        *([None] * (8 - len(weights))),
        h_0,
        c_0,
        *gains,
        batch_sizes if lengths is None else lengths,
        recurrent_mask,
        update_h,
        update_c,
        NUMBERS[options.cell, options.reset_after, norm is not None, options.bfloat16],
        order,
        options.update_h,
        options.update_c,
        options.cells,
        save,
    )
    if not EQUATIONS[options.cell].cell_state:
        return output, h_n, None, None
    return output, h_n, c_n, cells if options.cells else None


def _traced() -> bool:
    """Whether somebody looks at the operators themselves: a compiler, a tracer, torch.func, forward mode."""
    return (
        torch.compiler.is_compiling()
        or torch._C._are_functorch_transforms_active()
        or in_forward_mode()
        or torch._C._is_tracing()
    )

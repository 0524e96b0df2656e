"""The two operators as torch.library knows them: their arguments, and the sizes that follow from these.

`Tensors` is the one list of a call's tensors: the schemas are made from it, and `cpu.py` finds by its names what the compiled
kernels ask for by theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, get_type_hints

import torch
from torch import Tensor

from gatewise.cells import EQUATIONS, CellTraits
from gatewise.kernels import missing
from gatewise.kernels.options import Options

if not missing():
    from gatewise.kernels import _compiled

__all__ = [
    "BATCH_FIRST",
    "C_0",
    "DIFFERENTIABLE",
    "H_0",
    "INPUT",
    "KERNELS",
    "NUMBERS",
    "PACKED",
    "TENSORS",
    "TIME_MAJOR",
    "Incoming",
    "Kernel",
    "Results",
    "Sizes",
    "Tensors",
    "kernel_of",
    "options_of",
    "sizes_of",
]

TIME_MAJOR, BATCH_FIRST, PACKED = range(3)


class Tensors(NamedTuple):
    """The tensors of a call, as both operators take them. Up to `lengths` they have a gradient."""

    input: Tensor
    w_ih: Tensor
    w_hh: Tensor | None
    b_ih: Tensor | None
    b_hh: Tensor | None
    w_ih_reverse: Tensor | None
    w_hh_reverse: Tensor | None
    b_ih_reverse: Tensor | None
    b_hh_reverse: Tensor | None
    h_0: Tensor | None
    c_0: Tensor | None
    gamma_ih: Tensor | None
    gamma_hh: Tensor | None
    gamma_c: Tensor | None
    beta_c: Tensor | None
    gamma_ih_reverse: Tensor | None
    gamma_hh_reverse: Tensor | None
    gamma_c_reverse: Tensor | None
    beta_c_reverse: Tensor | None
    lengths: Tensor | None
    recurrent_mask: Tensor | None
    update_h: Tensor | None
    update_c: Tensor | None

    @property
    def directions(self) -> int:
        """One, or two where the second has weights."""
        return 1 if self.w_ih_reverse is None else 2

    def weights(self) -> list[tuple[Tensor | None, ...]]:
        """Of each direction w_ih, w_hh, b_ih, b_hh."""
        forward = (self.w_ih, self.w_hh, self.b_ih, self.b_hh)
        return [forward, (self.w_ih_reverse, self.w_hh_reverse, self.b_ih_reverse, self.b_hh_reverse)]

    def gains(self) -> list[tuple[Tensor | None, ...]]:
        """Of each direction gamma_ih, gamma_hh, gamma_c, beta_c."""
        forward = (self.gamma_ih, self.gamma_hh, self.gamma_c, self.beta_c)
        return [forward, (self.gamma_ih_reverse, self.gamma_hh_reverse, self.gamma_c_reverse, self.beta_c_reverse)]


class Results(NamedTuple):
    """What the forward operator returns; c_n, cells and saved are of no elements where there are none."""

    output: Tensor
    h_n: Tensor
    c_n: Tensor
    cells: Tensor
    saved: Tensor


class Incoming(NamedTuple):
    """The gradients that the backward operator is given."""

    grad_output: Tensor | None
    grad_h_n: Tensor | None
    grad_c_n: Tensor | None
    grad_cells: Tensor | None


TENSORS = len(Tensors._fields)
DIFFERENTIABLE = Tensors._fields.index("lengths")
"""How many tensors, the first ones, have a gradient."""
INPUT, H_0, C_0 = (Tensors._fields.index(name) for name in ("input", "h_0", "c_0"))

_hints = get_type_hints(Tensors)
_shared = ", ".join(f"{'Tensor' if _hints[name] is Tensor else 'Tensor?'} {name}" for name in Tensors._fields)
_shared += ", int kernel, int order, float constant_update_h, float constant_update_c"


def _returned(names: tuple[str, ...]) -> str:
    return "(" + ", ".join(f"Tensor {name}" for name in names) + ")"


torch.library.define("gatewise::recurrent", f"({_shared}, bool cells, bool save) -> {_returned(Results._fields)}")
torch.library.define(
    "gatewise::recurrent_backward",
    f"({_shared}, Tensor output, Tensor saved, {', '.join(f'Tensor? {name}' for name in Incoming._fields)}, "
    f"bool need_input, bool need_h_0, bool need_c_0) -> {_returned(Tensors._fields[:DIFFERENTIABLE])}",
)


@dataclass(frozen=True, slots=True)
class Kernel:
    """A compiled kernel: a cell, by the name of its equation, plain or with an option inside; bfloat16: of its products, on
    processors that have them."""

    name: str
    cell: str
    reset_after: bool
    normalized: bool
    bfloat16: bool
    traits: CellTraits

    @property
    def gains(self) -> int:
        """How many of gamma_ih, gamma_hh, gamma_c and beta_c it takes."""
        return 0 if not self.normalized else 4 if self.traits.cell_state else 2


def _kernel(name: str) -> Kernel:
    full = name.removeprefix("bfloat16_")
    plain = full.removeprefix("norm_")
    cell = plain.removesuffix("_reset_before")
    return Kernel(name, cell, plain == cell, full != plain, name != full, EQUATIONS[cell])


# Without compiled kernels nothing is called by number.
KERNELS = tuple(map(_kernel, EQUATIONS if missing() else [row["name"] for row in _compiled.cells()]))
"""By the number that the operators take."""

NUMBERS = {
    (kernel.cell, kernel.reset_after, kernel.normalized, bfloat16): number
    for number, kernel in sorted(enumerate(KERNELS), key=lambda item: item[1].bfloat16)
    for bfloat16 in {True, kernel.bfloat16}
}
"""The other way round: by equation, reset_after, whether it normalises, and whether its products may be of bfloat16. What is not
here has no kernel."""


def kernel_of(options: Options, *, normalized: bool) -> int:
    """Number of the kernel that computes this; there must be one."""
    return NUMBERS[options.cell, options.reset_after, normalized, options.bfloat16]


def options_of(kernel: int, order: int, update_h: float, update_c: float, cells: bool) -> Options:
    """What the operator's numbers stand for."""
    return Options(
        KERNELS[kernel].cell,
        batch_first=order == BATCH_FIRST,
        reset_after=KERNELS[kernel].reset_after,
        update_h=update_h,
        update_c=update_c,
        cells=cells,
        bfloat16=KERNELS[kernel].bfloat16,
    )


class Sizes(NamedTuple):
    """positions: rows of features over all steps, padding included."""

    steps: Any
    rows: Any
    positions: Any
    input_size: int
    hidden_size: int
    directions: int


def sizes_of(tensors: Tensors, kernel: int, order: int) -> Sizes:
    """The sizes of a call whose tensors have the right number of dimensions."""
    shape = tensors.input.shape
    if order == PACKED:
        lengths, h_0 = tensors.lengths, tensors.h_0
        assert lengths is not None
        positions, steps = shape[0], lengths.shape[0]
        rows = h_0.shape[1] if h_0 is not None else int(lengths[0]) if steps else 0
    else:
        steps, rows = (shape[1], shape[0]) if order == BATCH_FIRST else (shape[0], shape[1])
        positions = steps * rows
    hidden_size = tensors.w_ih.shape[0] // KERNELS[kernel].traits.gates
    return Sizes(steps, rows, positions, shape[-1], hidden_size, 1 if tensors.w_ih_reverse is None else 2)

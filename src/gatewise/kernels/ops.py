"""Torch operators over the compiled kernels: one for a layer's forward pass, one for its backward pass.

Registered with torch.library, so that autograd, torch.compile and torch.export see one node each. Gradients of gradients go
through the reference equations, which are differentiable to any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from gatewise.kernels import equations, missing
from gatewise.kernels.options import GATES, Options

_MISSING = missing()
if not _MISSING:
    from gatewise.kernels import _compiled

__all__ = ["instruction_set", "reason", "recurrent"]

CELLS = ("gru", "lstm", "rnn_tanh", "rnn_relu", "min_gru", "min_lstm")
"""In the order of the compiled enumeration."""

KERNELS = (*CELLS, "gru", "gru", "lstm", "rnn_tanh", "rnn_relu")
"""The cell that each member of the compiled enumeration computes: plain, then the GRU with reset_after=False, then normalised."""

RESET_BEFORE = len(CELLS)
NORMALIZED = RESET_BEFORE + 1

RECURRENT = ("gru", "lstm", "rnn_tanh", "rnn_relu")
TIME_MAJOR, BATCH_FIRST, PACKED = range(3)
POOLED_BYTES = 1 << 20
"""From this size on what the forward pass leaves for the backward pass comes from a pool: fresh pages cost more than is done in
them."""


def instruction_set() -> str:
    """Name of the instruction set that the kernels run on: avx512, avx2, neon or baseline; empty where there are none."""
    return "" if _MISSING else _compiled.instruction_set()


def reason(options: Options, input: Tensor, norm: object) -> str:
    """Why no compiled kernel computes this, or an empty string."""
    if _MISSING:
        return f"there are no compiled kernels ({_MISSING})"
    if input.device.type != "cpu":
        return f"input is on {input.device.type}"
    if input.dtype not in (torch.float32, torch.float64):
        return f"input is {str(input.dtype).removeprefix('torch.')}"
    if norm is not None and (options.cell not in RECURRENT or not options.reset_after):
        return f"layer normalisation of {options.cell}{'' if options.reset_after else ' with reset_after=False'} has no kernel"
    return ""


def _kernel(options: Options, *, normalized: bool) -> int:
    """Place in KERNELS."""
    cell = CELLS.index(options.cell)
    if normalized:
        return NORMALIZED + cell
    return cell if options.reset_after else RESET_BEFORE


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
    # Graphs and torch.func need the operator, whose registered gradient costs a small eager call more than its arithmetic.
    traced = torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()
    run: Any = _Recurrent.apply if save and not traced else torch.ops.gatewise.recurrent
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
        _kernel(options, normalized=norm is not None),
        order,
        options.update_h,
        options.update_c,
        options.cells,
        save,
    )
    lstm = options.cell == "lstm"
    return output, h_n, c_n if lstm else None, cells if lstm and options.cells else None


SHARED_SCHEMA = (
    "Tensor input, "
    "Tensor w_ih, Tensor? w_hh, Tensor? b_ih, Tensor? b_hh, "
    "Tensor? w_ih_reverse, Tensor? w_hh_reverse, Tensor? b_ih_reverse, Tensor? b_hh_reverse, "
    "Tensor? h_0, Tensor? c_0, "
    "Tensor? gamma_ih, Tensor? gamma_hh, Tensor? gamma_c, Tensor? beta_c, "
    "Tensor? gamma_ih_reverse, Tensor? gamma_hh_reverse, Tensor? gamma_c_reverse, Tensor? beta_c_reverse, "
    "Tensor? lengths, Tensor? recurrent_mask, Tensor? update_h, Tensor? update_c, "
    "int kernel, int order, float constant_update_h, float constant_update_c"
)
NAMES = (
    *("w_ih", "w_hh", "b_ih", "b_hh", "w_ih_reverse", "w_hh_reverse", "b_ih_reverse", "b_hh_reverse"),
    *("h_0", "c_0"),
    *("gamma_ih", "gamma_hh", "gamma_c", "beta_c", "gamma_ih_reverse", "gamma_hh_reverse", "gamma_c_reverse", "beta_c_reverse"),
    *("lengths", "recurrent_mask", "update_h", "update_c"),
)
TENSORS = 1 + len(NAMES)
LENGTHS = 1 + NAMES.index("lengths")
"""How many tensors, the first ones, have a gradient, and the place of the first that has none."""
NO_GAINS: list[Tensor | None] = [None] * 8
torch.library.define(
    "gatewise::recurrent",
    f"({SHARED_SCHEMA}, bool cells, bool save) -> (Tensor output, Tensor h_n, Tensor c_n, Tensor cells, Tensor saved)",
)
torch.library.define(
    "gatewise::recurrent_backward",
    f"({SHARED_SCHEMA}, Tensor output, Tensor saved, "
    "Tensor? grad_output, Tensor? grad_h_n, Tensor? grad_c_n, Tensor? grad_cells, "
    "bool need_input, bool need_h_0, bool need_c_0) -> "
    "(Tensor input, Tensor w_ih, Tensor w_hh, Tensor b_ih, Tensor b_hh, "
    "Tensor w_ih_reverse, Tensor w_hh_reverse, Tensor b_ih_reverse, Tensor b_hh_reverse, Tensor h_0, Tensor c_0, "
    "Tensor gamma_ih, Tensor gamma_hh, Tensor gamma_c, Tensor beta_c, "
    "Tensor gamma_ih_reverse, Tensor gamma_hh_reverse, Tensor gamma_c_reverse, Tensor beta_c_reverse)",
)


def _sizes(tensors: tuple[Tensor | None, ...], kernel: int, order: int) -> tuple[Any, Any, int, int, int]:
    """steps, rows, input_size, hidden_size, directions."""
    input, w_ih, w_ih_reverse, lengths, h_0 = tensors[0], tensors[1], tensors[5], tensors[LENGTHS], tensors[9]
    assert input is not None and w_ih is not None
    hidden_size = w_ih.shape[0] // GATES[KERNELS[kernel]]
    if order == PACKED:
        assert lengths is not None
        steps = lengths.shape[0]
        rows = h_0.shape[1] if h_0 is not None else int(lengths[0]) if steps else 0
    else:
        steps, rows = (input.shape[1], input.shape[0]) if order == BATCH_FIRST else (input.shape[0], input.shape[1])
    return steps, rows, input.shape[-1], hidden_size, 1 if w_ih_reverse is None else 2


def _outputs(
    tensors: tuple[Tensor | None, ...], kernel: int, order: int, cells: bool, save: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor, Any]:
    """The forward pass's results, not yet filled, and the bytes of its notes."""
    input = tensors[0]
    assert input is not None
    _, rows, _, hidden_size, directions = _sizes(tensors, kernel, order)
    output = input.new_empty((*input.shape[:-1], directions * hidden_size))
    h_n = input.new_empty((directions, rows, hidden_size))
    lstm = KERNELS[kernel] == "lstm"
    c_n = input.new_empty((directions, rows, hidden_size) if lstm else (0,))
    all_cells = input.new_empty(output.shape if cells and lstm else (0,))
    bytes_needed: Any = 0
    if save:
        positions = input.shape[0] if order == PACKED else input.shape[0] * input.shape[1]
        wide = input.dtype == torch.float64
        header = _compiled.saved_bytes(wide, kernel, hidden_size, directions, 0)
        bytes_needed = header + positions * (_compiled.saved_bytes(wide, kernel, hidden_size, directions, 1) - header)
    return output, h_n, c_n, all_cells, bytes_needed


def _address(tensor: Tensor | None) -> int:
    return 0 if tensor is None else tensor.data_ptr()  # of no elements: 0


def _check(tensors: list[Tensor | None], rows: Any, hidden_size: int, directions: int, order: int) -> None:
    """Raise ValueError where a tensor is not what the kernel will read at its address."""
    input = tensors[0]
    assert input is not None
    gates = tensors[1].shape[0]  # type: ignore[union-attr]
    state = (directions, rows, hidden_size)
    output = (*input.shape[:-1], directions * hidden_size)
    matrices = ((gates, input.shape[-1]), (gates, hidden_size), (gates,), (gates,))
    gains = ((gates,), (gates,), (hidden_size,), (hidden_size,))
    expected = (*matrices, *matrices, state, state, *gains, *gains, None, state, output, output)
    dtype = input.dtype
    for tensor, shape, name in zip(tensors[1:], expected, NAMES, strict=True):
        if tensor is None or shape is None:
            continue
        if tensor.shape != shape or tensor.dtype != dtype:
            raise ValueError(
                f"{name} is {tensor.dtype} {list(tensor.shape)}, and beside input {dtype} {list(input.shape)} it must be "
                f"{dtype} {list(shape)}"
            )
    lengths = tensors[LENGTHS]
    if lengths is not None and (lengths.dtype != torch.int64 or lengths.dim() != 1 or (order != PACKED and len(lengths) != rows)):
        raise ValueError(f"lengths are {lengths.dtype} {list(lengths.shape)}, expected torch.int64 [{rows}]")


def _contiguous(tensors: tuple[Tensor | None, ...]) -> list[Tensor | None]:
    return [None if tensor is None else tensor.contiguous() for tensor in tensors]


def _arguments(
    tensors: list[Tensor | None],
    kernel: int,
    order: int,
    results: tuple[Tensor | None, ...],
    constants: tuple[float, float],
) -> tuple[Any, ...]:
    """What both compiled passes take: sizes, addresses of the weights, of everything else, and the constants.

    results: output, cells, h_n, c_n, saved.
    """
    steps, rows, input_size, hidden_size, directions = _sizes(tuple(tensors), kernel, order)
    positions = results[0].numel() // (directions * hidden_size)  # type: ignore[union-attr]
    others = (tensors[LENGTHS], tensors[0], tensors[9], tensors[10], *tensors[LENGTHS + 1 :], *results)
    return (
        (kernel, order, steps, rows, positions, input_size, hidden_size, directions, torch.get_num_threads()),
        [_address(tensor) for tensor in (*tensors[1:9], *tensors[11:LENGTHS])],
        [_address(tensor) for tensor in others],
        constants,
    )


@torch.library.impl("gatewise::recurrent", "CPU")
def _forward(*arguments: Any) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    kernel, order, constant_update_h, constant_update_c, cells, save = arguments[TENSORS:]
    tensors = _contiguous(arguments[:TENSORS])
    input = tensors[0]
    assert input is not None
    output, h_n, c_n, all_cells, bytes_needed = _outputs(tuple(tensors), kernel, order, cells, save)
    if bytes_needed >= POOLED_BYTES:
        saved = torch.from_dlpack(_compiled.workspace_tensor(bytes_needed))  # type: ignore[attr-defined]
    else:
        saved = torch.empty(bytes_needed, dtype=torch.uint8)
    run = _compiled.forward_float64 if input.dtype == torch.float64 else _compiled.forward_float32
    _, rows, _, hidden_size, directions = _sizes(tuple(tensors), kernel, order)
    _check(tensors, rows, hidden_size, directions, order)
    run(*_arguments(tensors, kernel, order, (output, all_cells, h_n, c_n, saved), (constant_update_h, constant_update_c)))
    return output, h_n, c_n, all_cells, saved


@torch.library.register_fake("gatewise::recurrent")  # type: ignore[untyped-decorator]
def _forward_shapes(*arguments: Any) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    kernel, order, _, _, cells, save = arguments[TENSORS:]
    *outputs, bytes_needed = _outputs(arguments[:TENSORS], kernel, order, cells, save)
    output, h_n, c_n, all_cells = outputs
    return output, h_n, c_n, all_cells, output.new_empty((bytes_needed,), dtype=torch.uint8)


def _gradients(tensors: tuple[Tensor | None, ...], need: tuple[bool, bool, bool]) -> list[Tensor]:
    """Not yet filled, of input, weights, h_0, c_0; of no elements where none is wanted."""
    input = tensors[0]
    assert input is not None

    nothing = input.new_empty((0,))

    def like(tensor: Tensor | None, wanted: bool = True) -> Tensor:
        if tensor is None or not wanted:
            return nothing
        return torch.empty_like(tensor, memory_format=torch.contiguous_format)

    return [
        like(input, need[0]),
        *(like(tensor) for tensor in tensors[1:9]),
        like(tensors[9], need[1]),
        like(tensors[10], need[2]),
        *(like(tensor) for tensor in tensors[11:LENGTHS]),
    ]


@torch.library.impl("gatewise::recurrent_backward", "CPU")
def _backward(*arguments: Any) -> tuple[Tensor, ...]:
    kernel, order, constant_update_h, constant_update_c, output, saved, *incoming = arguments[TENSORS:]
    grad_output, grad_h_n, grad_c_n, grad_cells = _contiguous(tuple(incoming[:4]))
    tensors = _contiguous(arguments[:TENSORS])
    input = tensors[0]
    assert input is not None
    gradients = _gradients(tuple(tensors), tuple(incoming[4:]))
    run: Any = _compiled.backward_float64 if input.dtype == torch.float64 else _compiled.backward_float32
    run(
        *_arguments(tensors, kernel, order, (output, None, None, None, saved), (constant_update_h, constant_update_c)),
        [
            *map(_address, (grad_output, grad_cells, grad_h_n, grad_c_n)),
            *map(_address, (gradients[0], gradients[9], gradients[10])),
        ],
        [_address(gradient) for gradient in (*gradients[1:9], *gradients[11:])],
    )
    return tuple(gradients)


@torch.library.register_fake("gatewise::recurrent_backward")  # type: ignore[untyped-decorator]
def _backward_shapes(*arguments: Any) -> tuple[Tensor, ...]:
    return tuple(_gradients(arguments[:TENSORS], tuple(arguments[-3:])))


def _remember(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    ctx.set_materialize_grads(False)
    ctx.attributes = inputs[TENSORS:]
    ctx.save_for_backward(*inputs[:TENSORS], output[0], output[4])


def _differentiate(
    ctx: Any,
    grad_output: Tensor | None,
    grad_h_n: Tensor | None,
    grad_c_n: Tensor | None,
    grad_cells: Tensor | None,
    _: Tensor | None,
) -> tuple[Tensor | None, ...]:
    *tensors, output, saved = ctx.saved_tensors
    needed = ctx.needs_input_grad
    attributes = ctx.attributes
    incoming = (grad_output, grad_h_n, grad_c_n, grad_cells)
    nothing = [None] * (TENSORS - LENGTHS + len(attributes))
    if torch.is_grad_enabled():  # a graph of this gradient is wanted
        return (*_gradients_by_equations(tensors, attributes, incoming, needed), *nothing)
    gradients = torch.ops.gatewise.recurrent_backward(
        *tensors, *attributes[:4], output, saved, *incoming, needed[0], needed[9], needed[10]
    )
    return (*(gradient if want else None for gradient, want in zip(gradients, needed, strict=False)), *nothing)


def _gradients_by_equations(
    tensors: list[Any], attributes: tuple[Any, ...], incoming: tuple[Tensor | None, ...], needed: tuple[bool, ...]
) -> list[Tensor | None]:
    kernel, order, constant_update_h, constant_update_c, cells, _ = attributes
    options = Options(
        KERNELS[kernel],
        batch_first=order == BATCH_FIRST,
        reset_after=kernel != RESET_BEFORE,
        update_h=constant_update_h,
        update_c=constant_update_c,
        cells=cells,
    )
    # Aliases, so that a tensor passed twice gets the gradient of each place.
    aliases: list[Any] = [None if tensor is None else tensor.view_as(tensor) for tensor in tensors[:LENGTHS]]
    lengths = tensors[LENGTHS]
    norm = [aliases[11:15], aliases[15:LENGTHS]] if kernel >= NORMALIZED else None
    recurrent_mask, update_h, update_c = tensors[LENGTHS + 1 :]
    results = equations.recurrent(
        options,
        aliases[0],
        aliases[1 : 5 if aliases[5] is None else 9],
        aliases[9],
        aliases[10],
        None if order == PACKED else lengths,
        lengths if order == PACKED else None,
        recurrent_mask,
        update_h,
        update_c,
        norm,
    )
    pairs = [
        (result, gradient)
        for result, gradient in zip((results[0], results[1], results[2], results[3]), incoming, strict=True)
        if result is not None and gradient is not None
    ]
    wanted = [index for index in range(LENGTHS) if needed[index]]
    found = torch.autograd.grad(
        [result for result, _ in pairs],
        [aliases[index] for index in wanted],
        [gradient for _, gradient in pairs],
        create_graph=True,
        allow_unused=True,
        materialize_grads=True,
    )
    gradients: list[Tensor | None] = [None] * LENGTHS
    for index, gradient in zip(wanted, found, strict=True):
        gradients[index] = gradient
    return gradients


torch.library.register_autograd("gatewise::recurrent", _differentiate, setup_context=_remember)


@torch.library.register_vmap("gatewise::recurrent")  # type: ignore[untyped-decorator]
def _refuse_vmap(*_: Any) -> Any:
    raise RuntimeError(
        "gatewise.nn layers have no vmap rule: their batch is a dimension already. Put the mapped dimension into the batch, "
        "or use the torch.nn layer for this call"
    )


class _Recurrent(torch.autograd.Function):
    """The operator with its gradient, without the dispatcher's generic wrapping."""

    backward = staticmethod(_differentiate)

    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        results: tuple[Tensor, Tensor, Tensor, Tensor, Tensor] = torch.ops.gatewise.recurrent(*arguments)
        _remember(ctx, arguments, results)
        return results

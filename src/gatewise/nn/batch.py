"""What a caller hands to a recurrent layer, checked and put into the one form that every path runs on; and back again.

Errors are of the types that `torch.nn` raises, so that code written against it keeps working.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

__all__ = ["Batch", "check_lengths", "read", "restore_output", "restore_state"]

INTEGERS = (torch.int64, torch.int32, torch.int16, torch.uint8, torch.int8)


class Batch(NamedTuple):
    """One call's input: padded [steps, batch, I] or [batch, steps, I], or packed [positions, I] with its PackedSequence."""

    input: Tensor
    size: int
    h_0: Tensor | None
    c_0: Tensor | None
    lengths: Tensor | None
    packed: PackedSequence | None
    unbatched: bool


def read(
    name: str,
    input: Tensor | PackedSequence,
    h_0: Tensor | None,
    c_0: Tensor | None,
    lengths: Tensor | None,
    *,
    weight: Tensor,
    batch_first: bool,
    states: int,
    output_size: int,
    hidden_size: int,
) -> Batch:
    """Check the arguments of a call.

    weight: weight_ih of the first layer [G*H, I]. states: layers times directions. output_size: of h_0, hidden_size: of c_0; they
    differ where the LSTM projects its output.
    Raises ValueError and RuntimeError as `torch.nn` does: a wrong dtype, size or number of dimensions.
    """
    if isinstance(input, PackedSequence):
        if lengths is not None:
            raise ValueError(f"{name}: a PackedSequence already holds its lengths; pass lengths only with a padded batch")
        data, packed, unbatched = input.data, input, False
        if data.dim() != 2:
            raise RuntimeError(f"{name}: input must have 2 dimensions, got {data.dim()}")
        size = rows_of(packed, h_0)
        if packed.sorted_indices is not None:
            h_0 = None if h_0 is None else h_0.index_select(1, packed.sorted_indices)
            c_0 = None if c_0 is None else c_0.index_select(1, packed.sorted_indices)
    else:
        data, packed = input, None
        dimensions = data.dim()
        if dimensions not in (2, 3):
            raise ValueError(f"{name}: Expected input to be 2D or 3D, got {dimensions}D instead")
        unbatched = dimensions == 2
        if unbatched:
            if lengths is not None:
                raise ValueError(
                    f"{name}: lengths need a batch, but input is one sequence of 2 dimensions; cut the sequence itself, "
                    "or add a batch dimension with unsqueeze"
                )
            data = data.unsqueeze(0 if batch_first else 1)
        h_0 = batched_state(name, "hx", h_0, unbatched)
        c_0 = batched_state(name, "hx[1]", c_0, unbatched)
        shape = data.shape
        size, steps = (shape[0], shape[1]) if batch_first else (shape[1], shape[0])
        if steps == 0:
            raise RuntimeError(f"{name}: Expected sequence length to be larger than 0, got input of shape {tuple(input.shape)}")
        if lengths is not None:
            lengths = check_lengths(name, lengths, size, steps)
    if data.shape[-1] != weight.shape[1]:
        raise RuntimeError(
            f"{name}: input.size(-1) must be equal to input_size. Expected {weight.shape[1]}, got {data.shape[-1]}"
        )
    if data.dtype != weight.dtype:
        raise ValueError(
            f"{name}: RNN input dtype ({data.dtype}) does not match weight dtype ({weight.dtype}). "
            f"Convert input: input.to({weight.dtype}), or convert model: model.to({data.dtype})"
        )
    if data.device != weight.device:
        raise RuntimeError(
            f"{name}: Input and parameter tensors are not at the same device, found input tensor at {data.device} and parameter "
            f"tensor at {weight.device}. "
            f"Move input: input.to('{weight.device}'), or move model: model.to('{data.device}')"
        )
    check_state(name, "hx" if c_0 is None else "hx[0]", h_0, (states, size, output_size), data)
    check_state(name, "hx[1]", c_0, (states, size, hidden_size), data)
    return Batch(data, size, h_0, c_0, lengths, packed, unbatched)


def rows_of(packed: PackedSequence, h_0: Tensor | None) -> int:
    """How many sequences were packed."""
    if torch.compiler.is_compiling():
        # What a value is, a capture does not know; it knows shapes. That they agree with the values, the kernel looks.
        if packed.sorted_indices is not None:
            return packed.sorted_indices.shape[0]
        if h_0 is not None:
            return h_0.shape[1]
        rows: Any = packed.batch_sizes[0].item()  # no number in a capture, which int() would ask for
        torch._check(rows >= 0)
        return rows  # type: ignore[no-any-return]
    return int(packed.batch_sizes[0])


def batched_state(name: str, argument: str, state: Tensor | None, unbatched: bool) -> Tensor | None:
    if state is None:
        return None
    expected = 2 if unbatched else 3
    if state.dim() != expected:
        kind = "unbatched 2-D" if unbatched else "batched 3-D"
        raise RuntimeError(f"{name}: For {kind} input, {argument} should also be {expected}-D but got {state.dim()}-D tensor")
    return state.unsqueeze(1) if unbatched else state


def check_state(name: str, argument: str, state: Tensor | None, expected: tuple[int, int, int], data: Tensor) -> None:
    if state is None:
        return
    if state.shape != expected:
        raise RuntimeError(f"{name}: Expected hidden size {expected} for {argument}, got {list(state.shape)}")
    if state.device != data.device:
        raise RuntimeError(
            f"{name}: Input and hidden tensors are not at the same device, found input tensor at {data.device} and hidden tensor "
            f"at {state.device}; use {argument}.to(input)"
        )
    if state.dtype != data.dtype:
        raise RuntimeError(
            f"{name}: {argument} must have input's dtype {data.dtype}, got {state.dtype}; use {argument}.to(input)"
        )


def check_lengths(name: str, lengths: Tensor, size: int, steps: int) -> Tensor:
    """Lengths as int64 [batch] on the CPU, each from 0 to steps.

    Raises TypeError if they are no tensor of integers, ValueError for a wrong shape or value. Values are not looked at where they
    are not known: while the call is compiled or exported, on the meta device, and under torch.vmap; there the kernel looks.
    """
    if not isinstance(lengths, Tensor):
        raise TypeError(f"{name}: lengths must be a tensor of integers, got {type(lengths).__name__}; use torch.tensor(lengths)")
    if lengths.dtype not in INTEGERS:
        raise TypeError(f"{name}: lengths must be integers, got {lengths.dtype}; use lengths.long()")
    if lengths.shape != (size,):
        raise ValueError(f"{name}: lengths must have one entry a row, shape ({size},) here, got {tuple(lengths.shape)}")
    lengths = lengths.to(lengths.device if lengths.is_meta else "cpu", torch.int64)
    if size and not lengths.is_meta and not torch.compiler.is_compiling() and not torch._C._functorch.is_batchedtensor(lengths):
        shortest, longest = torch.aminmax(lengths)
        if shortest.item() < 0 or longest.item() > steps:
            raise ValueError(
                f"{name}: lengths must lie between 0 and the input's {steps} steps, "
                f"got values from {shortest.item()} to {longest.item()}; check lengths and batch_first"
            )
    return lengths


def restore_output(output: Tensor, batch: Batch, batch_first: bool) -> Tensor | PackedSequence:
    """The output in the form in which the input came."""
    if batch.packed is not None:
        return PackedSequence(output, batch.packed.batch_sizes, batch.packed.sorted_indices, batch.packed.unsorted_indices)
    return output.squeeze(0 if batch_first else 1) if batch.unbatched else output


def restore_state(state: Tensor, batch: Batch) -> Tensor:
    """A final state [layers * directions, batch, H] in the caller's order of rows."""
    if batch.packed is not None and batch.packed.unsorted_indices is not None:
        return state.index_select(1, batch.packed.unsorted_indices)
    return state.squeeze(1) if batch.unbatched else state

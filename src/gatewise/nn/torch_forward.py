"""A layer on PyTorch's own implementation, which knows lengths only by packing and no length of zero."""

from __future__ import annotations

from typing import Any, Protocol

from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from gatewise.nn.batch import Batch
from gatewise.nn.tracing import is_traced_by_jit

__all__ = ["call_torch_eagerly"]


class WithTorch(Protocol):
    """What a layer has beside its kernels."""

    batch_first: bool

    def torch_forward(self, input: Tensor | PackedSequence, hx: Any, /) -> tuple[Any, Any]:
        """torch.nn's forward."""

    def check_input(self, input: Tensor, batch_sizes: Tensor | None, /) -> None:
        """Raise where the input does not fit."""

    def read(self, input: Any, h_0: Any, c_0: Any, lengths: Any, /) -> Batch:
        """The input as one batch."""


def call_torch_eagerly(
    layer: WithTorch, input: Tensor | PackedSequence, hx: Any, lengths: Tensor | None
) -> tuple[Tensor | PackedSequence, Any]:
    """torch.nn's forward, on a packed batch where lengths are given: padding is then not computed, nor seen by either
    direction."""
    if lengths is None:
        if isinstance(input, PackedSequence):
            # torch.nn.LSTM checks a packed input only beside an hx, and reads past its end where it is too narrow.
            layer.check_input(input.data, input.batch_sizes)
        return layer.torch_forward(input, hx)
    h_0, c_0 = hx if isinstance(hx, tuple | list) else (hx, None)
    batch = layer.read(input, h_0, c_0, lengths)
    assert batch.lengths is not None
    if batch.size == 0:
        return layer.torch_forward(input, hx)
    padded = batch.input
    empty = (batch.lengths == 0).to(padded.device)
    rows = empty[:, None, None] if layer.batch_first else empty[:, None]
    # A traced call is repeated with other lengths.
    any_empty = is_traced_by_jit() or not bool(batch.lengths.all())
    if any_empty:
        # An empty row goes in as one step of zeros, since packing knows no empty row, and leaves no trace in what comes out.
        padded = padded.masked_fill(rows, 0.0)
    packed = pack_padded_sequence(padded, batch.lengths.clamp_min(1), layer.batch_first, enforce_sorted=False)
    output, states = layer.torch_forward(packed, hx)
    steps = padded.shape[1 if layer.batch_first else 0]
    output, _ = pad_packed_sequence(output, layer.batch_first, total_length=steps)
    if not any_empty:
        return output, states
    output = output.masked_fill(rows, 0.0)

    def carried(final: Tensor, first: Tensor | None) -> Tensor:
        return final.where(~empty[:, None], final.new_zeros(()) if first is None else first)

    if isinstance(states, tuple):
        return output, (carried(states[0], h_0), carried(states[1], c_0))
    return output, carried(states, h_0)

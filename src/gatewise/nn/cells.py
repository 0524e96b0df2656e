"""Drop-ins for torch.nn.GRUCell and torch.nn.LSTMCell: one step."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from gatewise.kernels import ops
from gatewise.kernels.options import Options
from gatewise.nn.overriding import in_autocast, overridden
from gatewise.nn.tracing import NotScriptable, call_in_graph, is_proxy, is_traced_by_jit, is_written_as_onnx

__all__ = ["GRUCell", "LSTMCell"]

GRU = Options("gru")
LSTM = Options("lstm")


def runs_kernel(cell: nn.RNNCellBase, options: Options, input: Tensor, *states: Tensor) -> bool:
    """Whether the compiled kernel takes this call; PyTorch's own cell takes every other, and words the errors."""
    if type(input) is not Tensor and isinstance(input, PackedSequence):
        raise TypeError(
            f"{type(cell).__name__} takes one step, a tensor [batch, input_size]; a PackedSequence is for the layer "
            f"gatewise.nn.{type(cell).__name__.removesuffix('Cell')}"
        )
    if is_traced_by_jit():
        return False
    if (type(input) is not Tensor or torch.compiler.is_exporting()) and (is_proxy(input) or is_written_as_onnx(input)):
        return False
    return (
        not overridden(input, *states, *cell._parameters.values())
        and not cell_reason(cell, options, input)
        and input.shape[1] == cell.input_size
        and all(state.shape == (input.shape[0], cell.hidden_size) and state.dtype == input.dtype for state in states)
    )


def cell_reason(cell: nn.RNNCellBase, options: Options, input: Tensor) -> str:
    """Why no compiled kernel runs on input like this, or nothing."""
    if input.dim() != 2:
        return "input is one vector"
    if input.dtype != cell.weight_ih.dtype or input.device != cell.weight_ih.device:
        return "input and weights differ in dtype or device"
    if in_autocast(input.device.type):
        return "autocast is on"
    return ops.reason(options, input, None)


def one_step(
    cell: nn.RNNCellBase, options: Options, input: Tensor, h_0: Tensor | None, c_0: Tensor | None
) -> tuple[Tensor, Tensor | None]:
    """The kernel over a sequence of one step: states [batch, hidden_size] in and out."""
    _, h_n, c_n, _ = ops.recurrent(
        options,
        input.unsqueeze(0),
        [cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh],
        None if h_0 is None else h_0.unsqueeze(0),
        None if c_0 is None else c_0.unsqueeze(0),
        *[None] * 6,
    )
    return h_n.squeeze(0), None if c_n is None else c_n.squeeze(0)


class GRUCell(NotScriptable, nn.GRUCell):
    """One step of a GRU: torch.nn.GRUCell, on the compiled kernel where there is one; equations as in `gatewise.nn.GRU`."""

    def reason(self, input: Tensor) -> str:
        """Why no compiled kernel runs on input like this, or nothing."""
        return cell_reason(self, GRU, input)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The next state. input: [batch, input_size] or [input_size]. hx: [batch, hidden_size] or [hidden_size], zeros if
        None."""
        if not runs_kernel(self, GRU, input, *(() if hx is None else (hx,))):
            return call_in_graph(self, input, hx) if is_proxy(input) else super().forward(input, hx)
        h_n, _ = one_step(self, GRU, input, hx, None)
        return h_n


class LSTMCell(NotScriptable, nn.LSTMCell):
    """One step of an LSTM: torch.nn.LSTMCell, on the compiled kernel where there is one; equations as in `gatewise.nn.LSTM`."""

    def reason(self, input: Tensor) -> str:
        """Why no compiled kernel runs on input like this, or nothing."""
        return cell_reason(self, LSTM, input)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """The next hidden and cell state. input: [batch, input_size] or [input_size]. hx: two of [batch, hidden_size], zeros if
        None."""
        if not runs_kernel(self, LSTM, input, *(() if hx is None else hx)):
            return call_in_graph(self, input, hx) if is_proxy(input) else super().forward(input, hx)
        h_0, c_0 = (None, None) if hx is None else hx
        h_n, c_n = one_step(self, LSTM, input, h_0, c_0)
        assert c_n is not None
        return h_n, c_n

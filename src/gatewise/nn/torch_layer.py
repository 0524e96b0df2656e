"""The ground of GRU, LSTM and RNN: torch.nn's layer with its parameters and manners, another forward, and options."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from gatewise.nn.stack import Stack
from gatewise.nn.torch_forward import call_torch_eagerly
from gatewise.nn.tracing import call_in_graph, is_proxy

__all__ = ["TorchLayer"]

OPTIONS: dict[str, object] = {
    "recurrent_dropout": 0.0,
    "zoneout": 0.0,
    "layer_norm": False,
    "reset_after": True,
    "forget_bias": None,
    "chrono": None,
    "return_cell_states": False,
}
"""What torch.nn's layers lack, with what stands for "off"."""


class TorchLayer(Stack, nn.RNNBase):
    """A drop-in's construction, initialisation, representation, and the call of PyTorch's own implementation.

    The base is torch.nn.RNNBase, not torch.nn.GRU: torch.compile breaks its graph at every instance of torch.nn.GRU, LSTM and
    RNN, whatever their forward does.
    """

    torch_forward: Callable[..., tuple[Any, Any]]

    @property
    def cell(self) -> str:
        """The name of the cell's equations."""
        return self.mode.lower()

    def _add_layer_norm(self, device: Any, dtype: Any) -> None:
        """Register the gains, and for the LSTM's cell state gain and shift; the biases of the layer are the other shifts."""
        rows = self.traits.gates * self.hidden_size
        sizes = {"weight_ln_ih": rows, "weight_ln_hh": rows}
        if self.traits.cell_state:
            sizes |= {"weight_ln_c": self.hidden_size, "bias_ln_c": self.hidden_size}
        for layer in range(self.num_layers):
            for suffix in self.suffixes():
                for name, size in sizes.items():
                    self.register_parameter(
                        f"{name}_l{layer}{suffix}", nn.Parameter(torch.empty(size, device=device, dtype=dtype))
                    )
        self._reset_layer_norm()

    def _reset_layer_norm(self) -> None:
        for name, value in self.named_parameters(recurse=False):
            if name.startswith("weight_ln"):
                nn.init.ones_(value)
            elif name.startswith("bias_ln"):
                nn.init.zeros_(value)

    def reset_parameters(self) -> None:
        """Draw as torch.nn does, from U(-1 / sqrt(H), 1 / sqrt(H)); layer normalisation starts as the identity."""
        super().reset_parameters()
        self._reset_layer_norm()

    def _gate_biases(self) -> Iterator[tuple[Tensor, Tensor]]:
        """bias_ih and bias_hh of every layer and direction by gate, [gates, H], to be written in place."""
        shape = (self.traits.gates, self.hidden_size)
        for _, _, b_ih, b_hh in self._all_weights:
            yield self.parameter(b_ih).detach().view(shape), self.parameter(b_hh).detach().view(shape)

    def extra_repr(self) -> str:
        """The constructor's arguments that differ from their defaults."""
        given = [f"{name}={getattr(self, name)}" for name, default in OPTIONS.items() if getattr(self, name, default) != default]
        return ", ".join([super().extra_repr(), *given])

    def _call_torch(self, input: Tensor | PackedSequence, hx: Any, lengths: Tensor | None) -> tuple[Tensor | PackedSequence, Any]:
        """PyTorch's own implementation, which knows lengths only by packing and no length of zero; or a node of torch.fx."""
        if is_proxy(input):
            node: tuple[Tensor, Any] = call_in_graph(self, input, hx, lengths)
            return node
        if torch.compiler.is_dynamo_compiling() and not torch.compiler.is_exporting():
            from gatewise.nn.outside_graph import call_torch

            result: tuple[Tensor | PackedSequence, Any] = call_torch(self, input, hx, lengths)
            return result
        return call_torch_eagerly(self, input, hx, lengths)

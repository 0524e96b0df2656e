"""The ground of MinGRU and MinLSTM: parameters named, drawn and represented as torch.nn's recurrent layers do."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from gatewise.nn.chrono import check_first_biases, draw
from gatewise.nn.noise import check_probability
from gatewise.nn.stack import Stack
from gatewise.nn.tracing import call_in_graph

__all__ = ["MinLayer"]


class MinLayer(Stack):
    """A layer whose gates do not see the state: weight_ih_l[k] [gates * H, size] and bias_ih_l[k] [gates * H], `_reverse`
    appended for the second direction, drawn from U(-1 / sqrt(H), 1 / sqrt(H)).

    forget_bias: at first about sigmoid(forget_bias) of the state is kept at a step, as in an LSTM with that forget gate. chrono:
    the longest dependency T in steps; draws that bias from log U(1, T - 1) for every unit (Tallec & Ollivier 2018).
    """

    in_torch = False
    forget_bias: float | None = None
    chrono: int | None = None
    cell_name: ClassVar[str]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        forget_bias: float | None = None,
        chrono: int | None = None,
    ) -> None:
        super().__init__()
        check_first_biases(forget_bias, chrono, bias=bias)
        for name, value in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"{name} should be of type int, got: {type(value).__name__}")
            if value <= 0:
                raise ValueError(f"{name} must be greater than zero, got {value}")
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = check_probability("dropout", dropout)
        self.bidirectional = bidirectional
        self.forget_bias = forget_bias
        self.chrono = chrono
        rows = self.traits.gates * hidden_size
        self._all_weights = []
        for layer in range(num_layers):
            columns = hidden_size * len(self.suffixes()) if layer else input_size
            for suffix in self.suffixes():
                shapes = {f"weight_ih_l{layer}{suffix}": (rows, columns)} | (
                    {f"bias_ih_l{layer}{suffix}": (rows,)} if bias else {}
                )
                for name, shape in shapes.items():
                    self.register_parameter(name, nn.Parameter(torch.empty(shape, device=device, dtype=dtype)))
                self._all_weights.append(list(shapes))
        self.reset_parameters()

    @property
    def cell(self) -> str:
        """The name of the cell's equations."""
        return self.cell_name

    def reset_parameters(self) -> None:
        """Draw all parameters from U(-1 / sqrt(H), 1 / sqrt(H)), as torch.nn's recurrent layers do; then the gates' biases."""
        bound = 1 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)
        if self.chrono is None and self.forget_bias is None:
            return
        for names in self._all_weights:
            gates = self.parameter(names[1]).detach().view(self.traits.gates, self.hidden_size)
            kept = torch.full_like(gates[0], self.forget_bias or 0.0) if self.chrono is None else draw(gates[0], self.chrono)
            self.start_gates(gates, kept)

    def start_gates(self, gates: Tensor, kept: Tensor) -> None:
        """Write the gates' first biases, [gates, H], so that sigmoid(kept), [H], of the state is kept at a step."""
        raise NotImplementedError

    def weights(self, layer: int) -> list[Tensor | None]:
        """Per direction w_ih, None, b_ih, None: there is no recurrent product."""
        directions = len(self.suffixes())
        weights: list[Tensor | None] = []
        for names in self._all_weights[layer * directions : (layer + 1) * directions]:
            weights += [self.parameter(names[0]), None, self.parameter(names[1]) if self.bias else None, None]
        return weights

    def extra_repr(self) -> str:
        """The constructor's arguments that differ from their defaults."""
        defaults: dict[str, Any] = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0, "bidirectional": False}
        defaults |= {"forget_bias": None, "chrono": None}
        given = [f"{name}={getattr(self, name)}" for name, default in defaults.items() if getattr(self, name) != default]
        return ", ".join([str(self.input_size), str(self.hidden_size), *given])

    def forward(
        self, input: Tensor | PackedSequence, h_0: Tensor | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor | PackedSequence, Tensor]:
        """Hidden states of the last layer, and the final state of each; shapes, lengths and errors as in `gatewise.nn.GRU`."""
        result = self.run(input, h_0, None, lengths)
        if result is None:
            node: tuple[Tensor, Tensor] = call_in_graph(self, input, h_0, lengths)
            return node
        return result.output, result.h_n

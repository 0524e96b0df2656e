"""Drop-in for torch.nn.LSTM."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from gatewise.nn.chrono import check_first_biases, draw
from gatewise.nn.noise import check_probability
from gatewise.nn.torch_layer import TorchLayer

__all__ = ["LSTM"]

INPUT_GATE, FORGET_GATE = 0, 1

States = tuple[Tensor, Tensor]


class LSTM(TorchLayer):
    """Long short-term memory (Hochreiter & Schmidhuber 1997); parameters, initialisation, results and errors are torch.nn.LSTM's.

        i, f, o = sigmoid(W_i x + b_i + W_h h + b_h)        g = tanh(W_ig x + b_ig + W_hg h + b_hg)
        c' = f * c + i * g        h' = o * tanh(c')

    recurrent_dropout: as in `gatewise.nn.GRU`. zoneout: one probability, or one for the hidden and one for the cell state; h'
    is computed from the new cell before its own zoneout (Krueger et al. 2017). layer_norm: as in `gatewise.nn.GRU`, and on c'
    before its tanh with weight_ln_c_l[k] and bias_ln_c_l[k]. forget_bias: the forget gate's first bias, whole in bias_ih (1 is
    usual, Jozefowicz et al. 2015). chrono: the longest dependency T in steps; starts the forget gate at log U(1, T - 1) and the
    input gate at its negative (Tallec & Ollivier 2018). return_cell_states: return the last layer's cell state of every step as
    a third result. With proj_size PyTorch's own implementation runs, and options are refused.

    Raises what torch.nn.LSTM raises, ValueError for an option out of range.
    """

    torch_forward = nn.LSTM.forward
    chrono: int | None = None
    forget_bias: float | None = None
    get_expected_cell_size = nn.LSTM.get_expected_cell_size
    check_forward_args = nn.LSTM.check_forward_args  # type: ignore[assignment]
    permute_hidden = nn.LSTM.permute_hidden  # type: ignore[assignment]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
        *,
        recurrent_dropout: float = 0.0,
        zoneout: float | tuple[float, float] = 0.0,
        layer_norm: bool = False,
        forget_bias: float | None = None,
        chrono: int | None = None,
        return_cell_states: bool = False,
    ) -> None:
        check_first_biases(forget_bias, chrono, bias=bias)
        self.recurrent_dropout = check_probability("recurrent_dropout", recurrent_dropout)
        self.layer_norm = layer_norm
        self.zoneout = self._check_zoneout(zoneout)
        self.forget_bias = forget_bias
        self.chrono = chrono
        self.return_cell_states = return_cell_states
        super().__init__(
            "LSTM", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, proj_size, device, dtype
        )
        if proj_size and self.needs_own_equations():
            raise ValueError(
                "proj_size runs PyTorch's own LSTM, which has no recurrent_dropout, zoneout, layer_norm or return_cell_states; "
                "drop these options, or project the output with a Linear layer"
            )
        if layer_norm:
            self._add_layer_norm(device, dtype)

    @staticmethod
    def _check_zoneout(zoneout: float | tuple[float, float]) -> float | tuple[float, float]:
        if not isinstance(zoneout, tuple | list):
            p = check_probability("zoneout", zoneout)
            return (p, p) if p else 0.0
        if len(zoneout) != 2:
            raise ValueError(f"zoneout should be one probability or two, (hidden, cell), got {len(zoneout)} values")
        hidden, cell = (check_probability("zoneout", p) for p in zoneout)
        return (hidden, cell) if hidden or cell else 0.0

    def reset_parameters(self) -> None:
        """Draw as torch.nn does; then the biases of forget_bias or chrono."""
        super().reset_parameters()
        if self.forget_bias is not None:
            for b_ih, b_hh in self._gate_biases():
                b_ih[FORGET_GATE] = self.forget_bias
                b_hh[FORGET_GATE] = 0.0
        if self.chrono is not None:
            for b_ih, b_hh in self._gate_biases():
                b_ih[FORGET_GATE] = draw(b_ih[FORGET_GATE], self.chrono)
                b_ih[INPUT_GATE] = -b_ih[FORGET_GATE]
                b_hh[FORGET_GATE] = b_hh[INPUT_GATE] = 0.0

    def forward(
        self, input: Tensor | PackedSequence, hx: States | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor | PackedSequence, States] | tuple[Tensor | PackedSequence, States, Tensor | PackedSequence]:
        """Hidden states of the last layer, and the final hidden and cell state of each layer.

        hx: (h_0, c_0), each [layers * directions, batch, hidden_size]. Other shapes, lengths and errors are as in
        `gatewise.nn.GRU`. Returns output, (h_n, c_n), and with return_cell_states the cell states, laid out as output.
        """
        h_0, c_0 = (None, None) if hx is None else (hx[0], hx[1])
        result = self.run(input, h_0, c_0, lengths)
        if result is None:
            return self._call_torch(input, hx, lengths)
        assert result.c_n is not None
        states = (result.h_n, result.c_n)
        return (result.output, states) if result.cells is None else (result.output, states, result.cells)

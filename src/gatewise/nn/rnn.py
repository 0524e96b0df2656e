"""Drop-in for torch.nn.RNN."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from gatewise.nn.noise import check_probability
from gatewise.nn.torch_layer import TorchLayer

__all__ = ["RNN"]


class RNN(TorchLayer):
    """Simple recurrent network (Elman 1990); parameters, initialisation, results and errors are those of torch.nn.RNN.

        h' = tanh(W_ih x + b_ih + W_hh h + b_hh)        or relu, by nonlinearity

    recurrent_dropout, zoneout, layer_norm: as in `gatewise.nn.GRU`.

    Raises what torch.nn.RNN raises, ValueError for an option out of range.
    """

    torch_forward = nn.RNN.forward

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
        *,
        recurrent_dropout: float = 0.0,
        zoneout: float = 0.0,
        layer_norm: bool = False,
    ) -> None:
        if proj_size:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        self.nonlinearity = nonlinearity
        self.recurrent_dropout = check_probability("recurrent_dropout", recurrent_dropout)
        self.layer_norm = layer_norm
        self.zoneout = check_probability("zoneout", zoneout)
        mode = f"RNN_{nonlinearity.upper()}"
        super().__init__(mode, input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype)
        if layer_norm:
            self._add_layer_norm(device, dtype)

    def forward(
        self, input: Tensor | PackedSequence, hx: Tensor | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor | PackedSequence, Tensor]:
        """Hidden states of the last layer, and the final state of each; shapes, lengths and errors as in `gatewise.nn.GRU`."""
        result = self.run(input, hx, None, lengths)
        if result is None:
            return self._call_torch(input, hx, lengths)
        return result.output, result.h_n

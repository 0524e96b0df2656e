"""Drop-in for torch.nn.GRU."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from gatewise.nn.chrono import check_first_biases, draw
from gatewise.nn.noise import check_probability
from gatewise.nn.torch_layer import TorchLayer

__all__ = ["GRU"]

UPDATE_GATE = 1


class GRU(TorchLayer):
    """Gated recurrent unit (Cho et al. 2014); parameters, initialisation, results and errors are those of torch.nn.GRU.

        r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)
        z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
        n = tanh(W_in x + b_in + r * (W_hn h + b_hn))        reset_after=True
        n = tanh(W_in x + b_in + W_hn (r * h) + b_hn)        reset_after=False (Cho et al. 2014, Keras' reset_after=False)
        h' = (1 - z) * n + z * h

    recurrent_dropout: probability that a unit of h is hidden from the recurrent products, by one mask per sequence (variational
    dropout, Gal & Ghahramani 2016). zoneout: probability that a unit keeps its state at a step; in evaluation the expected
    state is taken (Krueger et al. 2017). layer_norm: normalise W_ih x and W_hh h over all gates, with gains weight_ln_ih_l[k]
    and weight_ln_hh_l[k] and the biases as shifts (Ba et al. 2016). forget_bias: the update gate's first bias, whole in bias_ih;
    z keeps the state as the LSTM's f does, so a positive one remembers longer. chrono: the longest dependency T in steps; starts
    the update gate at log U(1, T - 1) (Tallec & Ollivier 2018).

    Raises what torch.nn.GRU raises, ValueError for an option out of range.
    """

    torch_forward = nn.GRU.forward
    chrono: int | None = None
    forget_bias: float | None = None

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
        zoneout: float = 0.0,
        layer_norm: bool = False,
        reset_after: bool = True,
        forget_bias: float | None = None,
        chrono: int | None = None,
    ) -> None:
        if proj_size:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        if layer_norm and not reset_after:
            raise ValueError(
                "layer_norm needs reset_after=True: it normalises one recurrent product over all gates, and with "
                "reset_after=False there are two"
            )
        check_first_biases(forget_bias, chrono, bias=bias)
        self.recurrent_dropout = check_probability("recurrent_dropout", recurrent_dropout)
        self.layer_norm = layer_norm
        self.zoneout = check_probability("zoneout", zoneout)
        self.reset_after = reset_after
        self.forget_bias = forget_bias
        self.chrono = chrono
        super().__init__("GRU", input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, 0, device, dtype)
        if layer_norm:
            self._add_layer_norm(device, dtype)

    def reset_parameters(self) -> None:
        """Draw as torch.nn does; then the biases of forget_bias or chrono."""
        super().reset_parameters()
        if self.forget_bias is not None:
            for b_ih, b_hh in self._gate_biases():
                b_ih[UPDATE_GATE] = self.forget_bias
                b_hh[UPDATE_GATE] = 0.0
        if self.chrono is not None:
            for b_ih, b_hh in self._gate_biases():
                b_ih[UPDATE_GATE] = draw(b_ih[UPDATE_GATE], self.chrono)
                b_hh[UPDATE_GATE] = 0.0

    def forward(
        self, input: Tensor | PackedSequence, hx: Tensor | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor | PackedSequence, Tensor]:
        """Hidden states of the last layer, and the final state of each.

        input: [steps, batch, input_size], [batch, steps, input_size] with batch_first, [steps, input_size], or a
        PackedSequence. hx: h_0 [layers * directions, batch, hidden_size] ([layers * directions, hidden_size] for unbatched
        input), zeros if None. lengths: integers [batch], 0 to steps, for a padded batch on any device: a row is read as if it
        stood alone and was that long. Returns output [..., directions * hidden_size] laid out as the input, zero beyond a row's
        length, and h_n shaped as hx: the state after the last real step.

        Raises ValueError, RuntimeError or TypeError for an input, hx or lengths of a wrong shape, dtype or value.
        """
        result = self.run(input, hx, None, lengths)
        if result is None:
            return self._call_torch(input, hx, lengths)
        return result.output, result.h_n

"""minLSTM."""

from __future__ import annotations

from torch import Tensor

from gatewise.nn.min_layer import MinLayer

__all__ = ["MinLSTM"]


class MinLSTM(MinLayer):
    """Minimal long short-term memory (Feng et al. 2024, "Were RNNs all we needed?", appendix B).

        f = sigmoid(W_f x + b_f)        i = sigmoid(W_i x + b_i)
        h' = f / (f + i) * h + i / (f + i) * g(W_h x + b_h)
        g(x) = x + 0.5 where x >= 0, else sigmoid(x)

    Gates see the input alone, so the recurrence is linear in h; there is no cell state. Blocks of weight_ih_l[k] and
    bias_ih_l[k]: f, i, h. forget_bias and chrono set b_f and the negative of b_i: then f + i = 1, and f alone is the share kept.
    The other arguments are those of torch.nn.GRU.

    Raises TypeError or ValueError for an argument out of range.
    """

    cell_name = "min_lstm"

    def start_gates(self, gates: Tensor, kept: Tensor) -> None:
        """f / (f + i) keeps the state, and is sigmoid(kept) where the two biases are opposite."""
        gates[0] = kept
        gates[1] = -kept

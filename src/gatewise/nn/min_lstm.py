"""minLSTM."""

from __future__ import annotations

from gatewise.nn.min_layer import MinLayer

__all__ = ["MinLSTM"]


class MinLSTM(MinLayer):
    """Minimal long short-term memory (Feng et al. 2024, "Were RNNs all we needed?", appendix B).

        f = sigmoid(W_f x + b_f)        i = sigmoid(W_i x + b_i)
        h' = f / (f + i) * h + i / (f + i) * g(W_h x + b_h)
        g(x) = x + 0.5 where x >= 0, else sigmoid(x)

    Gates see the input alone, so the recurrence is linear in h; there is no cell state. Blocks of weight_ih_l[k] and
    bias_ih_l[k]: f, i, h. Arguments are those of torch.nn.GRU.

    Raises TypeError or ValueError for an argument out of range.
    """

    cell_name = "min_lstm"

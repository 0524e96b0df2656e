"""minGRU."""

from __future__ import annotations

from torch import Tensor

from gatewise.nn.min_layer import MinLayer

__all__ = ["MinGRU"]


class MinGRU(MinLayer):
    """Minimal gated recurrent unit (Feng et al. 2024, "Were RNNs all we needed?", appendix B).

        z = sigmoid(W_z x + b_z)        h' = (1 - z) * h + z * g(W_h x + b_h)
        g(x) = x + 0.5 where x >= 0, else sigmoid(x)

    Gates see the input alone, so the recurrence is linear in h; the state is positive from any h_0 >= 0 on. Blocks of
    weight_ih_l[k] and bias_ih_l[k]: z, h. forget_bias and chrono set the negative of b_z: it writes where the GRU's keeps.
    The other arguments are those of torch.nn.GRU.

    Raises TypeError or ValueError for an argument out of range.
    """

    cell_name = "min_gru"

    def start_gates(self, gates: Tensor, kept: Tensor) -> None:
        """1 - z keeps the state."""
        gates[0] = -kept

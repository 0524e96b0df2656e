"""PyTorch's layers in the place of gatewise's, as a plain loop has them."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn


class Stock(nn.Module):
    """PyTorch's layer, reading padded batches; what stands beyond a length is left for the pooling to ignore."""

    def __init__(self, kind: Any, *sizes: int, forget_bias: float | None = None, chrono: int | None = None, **options: Any):
        super().__init__()
        if forget_bias is not None or chrono is not None:
            raise ValueError("PyTorch's layers have no forget_bias and no chrono")
        self.layer = kind(*sizes, **options)

    @classmethod
    def like(cls, layer: Any) -> Stock:
        """PyTorch's layer of the same name, sizes and weights."""
        kind = {"GRU": nn.GRU, "LSTM": nn.LSTM, "RNN": nn.RNN}[type(layer).__name__]
        made = cls(
            kind,
            layer.input_size,
            layer.hidden_size,
            num_layers=layer.num_layers,
            batch_first=True,
            bidirectional=layer.bidirectional,
        )
        made.layer.load_state_dict(layer.state_dict())
        return made

    def forward(self, input: Tensor, lengths: Tensor) -> Any:
        return self.layer(input)

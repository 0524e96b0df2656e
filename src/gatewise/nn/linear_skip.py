"""The linear part of a forecast, beside the recurrent one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from gatewise.records import Forecast

__all__ = ["LinearSkip", "skip_of"]


def skip_of(forecast: Forecast | None) -> dict[str, Any] | None:
    """The arguments of a forecast's `LinearSkip` in plain JSON types; None where nothing is forecast."""
    if forecast is None:
        return None
    return {"window": forecast.window, "horizon": forecast.horizon, "channels": list(forecast.targets)}


class LinearSkip(nn.Module):
    """A linear map from a channel's window to its horizon, shared by all predicted channels.

    Added to what a recurrent part says, it carries the scale of the input and leaves the cell the rest, as the autoregressive
    part of LSTNet does (Lai et al. 2018). It starts at zero, so that at first the recurrent part speaks alone.
    window, horizon: steps. channels: those predicted, as indices.
    """

    def __init__(self, window: int, horizon: int, channels: Sequence[int]) -> None:
        super().__init__()
        self.channels = tuple(channels)
        self.linear = nn.Linear(window, horizon)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, inputs: Tensor) -> Tensor:
        """float [batch, window, channels] -> [batch, horizon * predicted channels], the channels of the first step first."""
        ahead: Tensor = self.linear(inputs[:, :, self.channels].transpose(1, 2))
        return ahead.transpose(1, 2).flatten(1)

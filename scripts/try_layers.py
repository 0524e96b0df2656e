"""Try an installed gatewise where the demo is not claimed to run: its layers agree with PyTorch's and with themselves, and learn.

python scripts/try_layers.py
"""

from __future__ import annotations

import torch

import gatewise
import gatewise.nn as gnn
from gatewise import kernels


def main() -> None:
    """Compare every layer with its twin of PyTorch, then train one for a few steps."""
    torch.manual_seed(0)
    input = torch.randn(4, 7, 3)
    for name in ("GRU", "LSTM", "RNN"):
        twin = getattr(torch.nn, name)(3, 5, num_layers=2, batch_first=True, bidirectional=True)
        layer = getattr(gnn, name)(3, 5, num_layers=2, batch_first=True, bidirectional=True)
        layer.load_state_dict(twin.state_dict())
        torch.testing.assert_close(layer(input)[0], twin(input)[0])
        print(f"{name}: {gnn.backend(layer, input)}")
    for name in ("MinGRU", "MinLSTM"):
        layer = getattr(gnn, name)(3, 5, batch_first=True)
        torch.testing.assert_close(layer(input[:, :4])[0], layer(input)[0][:, :4])
        print(f"{name}: {gnn.backend(layer, input)}")
    layer = gnn.GRU(3, 5, batch_first=True)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.05)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = (layer(input)[0] - input.sum(2, keepdim=True).tanh()).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0], losses
    runs_on = kernels.missing() or kernels.instruction_set()
    print(f"gatewise {gatewise.__version__}: {runs_on}; loss {losses[0]:.3f} to {losses[-1]:.3f}")


if __name__ == "__main__":
    main()

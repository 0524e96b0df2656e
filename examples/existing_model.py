"""Make a PyTorch model that is already trained faster, without changing what it says.

Runs in seconds:  python examples/existing_model.py
"""

import time

import torch
from torch import nn

import gatewise.nn as gnn


class Reader(nn.Module):
    """A model as it may lie in your own code: nothing in it knows of gatewise."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(5000, 64)
        self.recurrent = nn.GRU(64, 128, num_layers=2, batch_first=True)
        self.head = nn.Linear(128, 2)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        states, _ = self.recurrent(self.embedding(tokens))
        return self.head(states[:, -1])


def milliseconds_a_step(model: nn.Module, tokens: torch.Tensor, steps: int = 8) -> float:
    """The fastest of a few training steps: forward and backward."""
    found = []
    for _ in range(steps):
        model.zero_grad()
        started = time.perf_counter()
        model(tokens).square().mean().backward()
        found.append(time.perf_counter() - started)
    return 1000 * min(found)


torch.manual_seed(0)
torch.set_num_threads(1)
model = Reader()
tokens = torch.randint(5000, (32, 100))

with torch.no_grad():
    before = model(tokens)
stock = milliseconds_a_step(model, tokens)

print(gnn.accelerate(model))  # in place: parameters, state_dict and optimiser stay what they were

with torch.no_grad():
    after = model(tokens)
ours = milliseconds_a_step(model, tokens)

difference = (before - after).abs().max().item()
assert difference < 1e-5, difference
print(f"largest difference of the outputs: {difference:.1e}")
print(f"a training step: {stock:.1f} ms before, {ours:.1f} ms after, {stock / ours:.1f} times as fast")

gnn.restore(model)
assert type(model.recurrent) is nn.GRU
print("restored: the model is PyTorch's own again")

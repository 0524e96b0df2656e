"""A sequence network in plain PyTorch, read from the files beside this one: needs torch and safetensors, nothing else.

    from network import load
    network = load()                    # of this folder
    scores = network(inputs, lengths)   # before the softmax, or numbers in units of the training part

inputs: int64 [batch, steps] token ids, or float32 [batch, steps, channels], zero behind each row's length. lengths: int64
[batch]. What turns texts, numbers and sounds into them stands in model.json; gatewise itself, which needs no torch for it, does
so by `gatewise.load_model(folder).encode(rows)`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

LAYERS: dict[str, Any] = {"gru": nn.GRU, "lstm": nn.LSTM, "rnn": nn.RNN}


class Attention(nn.Module):
    """The mean of the states, weighted by softmax of q . tanh(W h + b)."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.key = nn.Linear(size, size)
        self.query = nn.Parameter(torch.empty(size))

    def forward(self, states: Tensor, real: Tensor) -> Tensor:
        scores = (torch.tanh(self.key(states)) @ self.query).masked_fill(~real, float("-inf"))
        return (scores.softmax(1).unsqueeze(2) * states).sum(1)


class Skip(nn.Module):
    """The linear part of a forecast: from a channel's window to its horizon."""

    def __init__(self, window: int, horizon: int, channels: list[int]) -> None:
        super().__init__()
        self.channels = channels
        self.linear = nn.Linear(window, horizon)

    def forward(self, inputs: Tensor) -> Tensor:
        ahead: Tensor = self.linear(inputs[:, :, self.channels].transpose(1, 2))
        return ahead.transpose(1, 2).flatten(1)


class Network(nn.Module):
    """embed -> recurrent -> pool -> head."""

    def __init__(self, built: dict[str, Any]) -> None:
        super().__init__()
        size = built["hidden_size"] * (2 if built["bidirectional"] else 1)
        width = built["embedding_size"] if built["tokens"] else built["input_size"]
        self.pooling = built["pooling"]
        self.hidden_size = built["hidden_size"]
        self.embedding = nn.Embedding(built["input_size"], width, padding_idx=0) if built["tokens"] else None
        self.recurrent = LAYERS[built["cell"]](
            width, built["hidden_size"], built["layers"], batch_first=True, bidirectional=built["bidirectional"]
        )
        self.pool = Attention(size) if self.pooling == "attention" else None
        self.head = nn.Linear(size * (3 if self.pooling == "summary" else 1), built["outputs"])
        self.skip = Skip(**built["skip"]) if built["skip"] else None

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        vectors = inputs if self.embedding is None else self.embedding(inputs)
        packed = pack_padded_sequence(vectors, lengths.cpu(), batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.recurrent(packed)[0], batch_first=True, total_length=inputs.shape[1])
        scores: Tensor = self.head(self.pooled(states, lengths))
        return scores if self.skip is None else scores + self.skip(inputs)

    def pooled(self, states: Tensor, lengths: Tensor) -> Tensor:
        if self.pooling == "steps":
            return states
        real = torch.arange(states.shape[1], device=states.device) < lengths[:, None]
        if self.pool is not None:
            attended: Tensor = self.pool(states, real)
            return attended
        last = states[torch.arange(len(states)), lengths - 1]
        mean = states.sum(1) / lengths.unsqueeze(1)
        maximum = states.masked_fill(~real.unsqueeze(2), float("-inf")).amax(1)
        if self.pooling == "last":
            # Backwards, the last step read is the first one.
            return torch.cat([last[:, : self.hidden_size], states[:, 0, self.hidden_size :]], dim=1)
        return {"mean": mean, "max": maximum}.get(self.pooling, torch.cat([last, mean, maximum], dim=1))


def load(folder: str | Path = Path(__file__).parent) -> Network:
    """The trained network, in evaluation mode."""
    built = json.loads((Path(folder) / "model.json").read_text(encoding="utf-8"))["architecture"]
    network = Network(built)
    network.load_state_dict(load_file(Path(folder) / "model.safetensors"))
    return network.eval()

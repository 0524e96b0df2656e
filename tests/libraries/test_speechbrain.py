"""speechbrain: its recurrent modules over padded batches, trained by its Brain."""

import sys
import types
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

if torch.version.cuda is None:
    # torchaudio's wheels are linked to CUDA. What speechbrain's recurrent modules need of it is Python.
    without: Any = types.ModuleType("torchaudio._extension")
    without._IS_TORCHAUDIO_EXT_AVAILABLE = False
    without.fail_if_no_align = lambda function: function
    sys.modules["torchaudio._extension"] = without

from speechbrain.core import Brain
from speechbrain.nnet import RNN


class Network(nn.Module):
    """A recurrent module of speechbrain's, and a linear head over the mean of its outputs."""

    def __init__(self, cell: str) -> None:
        super().__init__()
        self.recurrent = getattr(RNN, cell)(hidden_size=8, input_size=3, bidirectional=True)
        self.head = nn.Linear(16, 2)

    def forward(self, input: Any, lengths: Any) -> Any:
        return self.head(self.recurrent(input, lengths=lengths)[0].mean(1))


class Trained(Brain):
    """Keeps the loss of every batch."""

    def compute_forward(self, batch: Any, stage: Any) -> Any:
        input, lengths, _ = batch
        return self.modules.network(input, lengths)

    def compute_objectives(self, predictions: Any, batch: Any, stage: Any) -> Any:
        loss = nn.functional.cross_entropy(predictions, batch[2])
        self.losses = [*getattr(self, "losses", []), loss.item()]
        return loss


@pytest.mark.parametrize("cell", ["GRU", "LSTM", "RNN"])
def test_a_brain_is_fitted(beside_stock: Any, rows: Any, cell: str) -> None:
    input, target = rows
    lengths = torch.linspace(1.0, 0.5, 16).repeat(4)
    batches = DataLoader(TensorDataset(input, lengths, target), batch_size=16)

    def train(change: Any) -> Any:
        network = change(Network(cell))
        brain = Trained(
            {"network": network},
            lambda parameters: torch.optim.Adam(parameters, 0.02),
            run_opts={"device": "cpu", "noprogressbar": True},
        )
        brain.fit(range(3), batches)
        return network, brain.losses

    beside_stock(train)

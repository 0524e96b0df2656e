"""`gatewise` with PyTorch's own layers, dropout, optimiser and autograd in every training: the same protocol as a plain loop.

    python -m benchmarks.verdict.plain compare DATA ...

Everything else, the data, the splits, the baselines, the tests for an end, is gatewise's, so that a difference is the training's.
"""

from __future__ import annotations

from typing import Any

import torch
from benchmarks.verdict.stock import Stock
from torch import nn

import gatewise.nn
from gatewise.__main__ import main
from gatewise.nn import network
from gatewise.study import measure, probe
from gatewise.training import fit
from gatewise.training.autograd_step import AutogradStep


def _stock(kind: type[nn.RNNBase]) -> Any:
    return lambda *sizes, **options: Stock(kind, *sizes, **options)


def _autograd(network: Any, objective: Any, hyperparameters: Any, *, seed: int) -> AutogradStep:
    return AutogradStep(network, objective, hyperparameters)


# Processes that train import this module too.
network.CELLS |= {"gru": _stock(torch.nn.GRU), "lstm": _stock(torch.nn.LSTM), "rnn": _stock(torch.nn.RNN)}
# By setattr: mypy knows no such names to assign to.
for module, name, value in (
    (fit, "training_step", _autograd),
    (measure, "training_step", _autograd),
    (probe, "training_step", _autograd),
    (gatewise.nn, "backend", lambda module, input: "torch"),
):
    setattr(module, name, value)

if __name__ == "__main__":
    main()

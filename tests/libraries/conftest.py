"""What every library's test does: the same training twice, with PyTorch's layers and with the model accelerated.

Run by `make test-libraries` in an environment of its own. One thread: sums of other layers then keep one order.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn

import gatewise.nn
from gatewise.kernels import missing, ops
from gatewise.nn.stack import Stack

Change = Callable[[Any], Any]
"""What a model, or its name, becomes before it is trained."""

Train = Callable[[Change], tuple[nn.Module, Any]]
"""Trains a model after a change; the model, and what is listed of the training."""

BesideStock = Callable[..., None]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The cells whose layers the compiled kernels ran, in order."""
    assert not missing(), "the kernels were not compiled"
    seen: list[str] = []
    own = ops.recurrent

    def recurrent(options: Any, *arguments: Any) -> Any:
        seen.append(options.cell)
        return own(options, *arguments)

    monkeypatch.setattr(ops, "recurrent", recurrent)
    yield seen


def layers_of(model: nn.Module) -> list[type]:
    """The classes of a model's recurrent layers."""
    return [type(module) for module in model.modules() if isinstance(module, nn.RNNBase)]


@pytest.fixture
def beside_stock(calls: list[str]) -> BesideStock:
    """Trains twice, seeded alike: train(stock), then train(ours), which by default stand for a model as it is and accelerated.

    train returns the trained model and what it lists of the training: losses, scores, predictions. Asserts that both lists agree,
    that the kernels ran with gatewise's layers and did not with PyTorch's, and that no layer was PyTorch's afterwards.
    """

    def run(
        train: Train, stock: Change = lambda model: model, ours: Change = accelerate, *, rtol: float = 1e-4, atol: float = 1e-5
    ) -> None:
        torch.manual_seed(0)
        model, before = train(stock)
        assert layers_of(model)
        assert not any(issubclass(kind, Stack) for kind in layers_of(model))
        assert not calls
        torch.manual_seed(0)
        model, after = train(ours)
        assert all(issubclass(kind, Stack) for kind in layers_of(model))
        assert calls
        expected, found = (torch.as_tensor(values, dtype=torch.float64) for values in (before, after))
        assert expected.numel() > 1
        assert expected.std() > 0, "nothing was trained"
        torch.testing.assert_close(found, expected, rtol=rtol, atol=atol)

    return run


def accelerate(model: nn.Module) -> nn.Module:
    """Every recurrent layer replaced, none left."""
    report = gatewise.nn.accelerate(model)
    assert report.replaced
    assert not report.left, str(report)
    return model


class Classifier(nn.Module):
    """A recurrent layer and a linear head over its last state: [batch, steps, features] to [batch, 2]."""

    def __init__(self, cell: str = "GRU", features: int = 3, hidden: int = 8) -> None:
        super().__init__()
        self.layer = getattr(nn, cell)(features, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 2)

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        _, states = self.layer(input)
        scores: torch.Tensor = self.head((states[0] if isinstance(states, tuple) else states)[-1])
        return scores


@pytest.fixture
def classifier() -> type[Classifier]:
    return Classifier


@pytest.fixture
def rows() -> tuple[torch.Tensor, torch.Tensor]:
    """Sequences [64, 6, 3] and whether their first feature adds up to more than zero, [64]."""
    input = torch.randn(64, 6, 3, generator=torch.Generator().manual_seed(1))
    return input, (input[..., 0].sum(1) > 0).long()

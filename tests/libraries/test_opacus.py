"""Opacus: training with differential privacy, through expanded weights; its hooks are refused."""

from typing import Any

import pytest
import torch
from opacus import PrivacyEngine
from opacus.validators import ModuleValidator
from torch import nn
from torch.func import functional_call, grad, vmap
from torch.utils.data import DataLoader, TensorDataset

import gatewise.nn


def private(model: Any, rows: Any, **options: Any) -> Any:
    optimizer = torch.optim.SGD(model.parameters(), 1.0)
    loader = DataLoader(TensorDataset(*rows), batch_size=16)
    given = {"noise_multiplier": 0.0, "max_grad_norm": 1.0, "poisson_sampling": False}
    return PrivacyEngine(accountant="rdp").make_private(module=model, optimizer=optimizer, data_loader=loader, **given, **options)


def losses_of(model: Any, optimizer: Any, loader: Any) -> Any:
    losses = []
    for _ in range(6):
        for input, target in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(input), target)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("cell", ["GRU", "LSTM"])
def test_training_with_clipped_gradients_of_each_row(classifier: Any, rows: Any, cell: str, calls: list[str]) -> None:
    """Beside Opacus's own layer in its own mode, in place of PyTorch's. Without noise the losses are the same."""
    torch.manual_seed(0)
    stock = classifier(cell)
    ours = classifier(cell)
    ours.load_state_dict(stock.state_dict())
    assert gatewise.nn.accelerate(ours).replaced
    expected = losses_of(*private(ModuleValidator.fix(stock), rows))
    assert not calls
    found = losses_of(*private(ours, rows, grad_sample_mode="ew"))
    assert set(calls) == {cell.lower()}
    torch.testing.assert_close(torch.tensor(found), torch.tensor(expected), rtol=1e-3, atol=1e-4)
    assert sum(found[-4:]) < sum(found[:4])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["MinGRU", "MinLSTM", "RNN"])
def test_gradients_of_each_row(classifier: Any, rows: Any, name: str) -> None:
    torch.manual_seed(0)
    model = classifier()
    model.layer = getattr(gatewise.nn, name)(3, 8, batch_first=True)
    wrapped, _, loader = private(model, rows, grad_sample_mode="ew")
    input, target = next(iter(loader))
    nn.functional.cross_entropy(wrapped(input), target).backward()

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        return nn.functional.cross_entropy(functional_call(model, parameters, (x[None],)), y[None])

    parameters = {key: value.detach() for key, value in model.named_parameters()}
    expected = vmap(grad(loss), (None, 0, 0))(parameters, input, target)
    torch.testing.assert_close({key: value.grad_sample for key, value in model.named_parameters()}, expected)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", ["hooks", "functorch", "ghost"])
@pytest.mark.parametrize("name", ["GRU", "LSTM", "RNN", "MinGRU", "MinLSTM"])
def test_hooks_are_refused_before_anything_is_trained(classifier: Any, rows: Any, mode: str, name: str) -> None:
    model = classifier()
    model.layer = getattr(gatewise.nn, name)(3, 8, batch_first=True)
    more = {"criterion": nn.CrossEntropyLoss()} if mode == "ghost" else {}
    with pytest.raises(NotImplementedError, match='pass grad_sample_mode="ew" to make_private and batch_first=True'):
        private(model, rows, grad_sample_mode=mode, **more)

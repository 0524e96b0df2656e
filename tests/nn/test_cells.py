"""GRUCell and LSTMCell against torch.nn's with the same state_dict."""

from typing import Any

import pytest
import torch
from torch import Tensor

import gatewise.nn

pytestmark = pytest.mark.usefixtures("kernel")

BATCH, INPUT, HIDDEN = 3, 4, 6
NAMES = ["GRUCell", "LSTMCell"]


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def pair(name: str, *, bias: bool = True, dtype: torch.dtype = torch.float64) -> tuple[Any, Any]:
    stock = getattr(torch.nn, name)(INPUT, HIDDEN, bias, dtype=dtype)
    ours = getattr(gatewise.nn, name)(INPUT, HIDDEN, bias, dtype=dtype)
    ours.load_state_dict(stock.state_dict())
    return stock, ours


def draw_state(name: str, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor | tuple[Tensor, ...]:
    states = tuple(torch.randn(*shape, HIDDEN, dtype=dtype, requires_grad=True) for _ in range(2))
    return states if name == "LSTMCell" else states[0]


def as_tuple(value: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return value if isinstance(value, tuple) else (value,)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(BATCH,), (), (0,)], ids=str)
@pytest.mark.parametrize("with_state", [True, False])
def test_results_and_gradients(name: str, bias: bool, shape: tuple[int, ...], with_state: bool) -> None:
    stock, ours = pair(name, bias=bias)
    input = torch.randn(*shape, INPUT, dtype=torch.float64, requires_grad=True)
    hx = draw_state(name, *shape) if with_state else None
    results, gradients = [], []
    for cell in (stock, ours):
        states = as_tuple(cell(input, hx))
        loss = torch.stack([(state * torch.arange(1.0, state.numel() + 1).view_as(state)).sum() for state in states]).sum()
        given = [input, *(() if hx is None else as_tuple(hx)), *cell.parameters()]
        results.append(states)
        gradients.append(torch.autograd.grad(loss, given))
    torch.testing.assert_close(results[0], results[1], rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_errors_are_torchs(name: str) -> None:
    stock, ours = pair(name)
    bad_calls = [
        (torch.randn(2, 3, INPUT, dtype=torch.float64), None),
        (torch.randn(BATCH, INPUT + 1, dtype=torch.float64), None),
        (torch.randn(BATCH, INPUT), None),
        (torch.randn(BATCH, INPUT, dtype=torch.float64), draw_state(name, BATCH + 1)),
    ]
    for arguments in bad_calls:
        with pytest.raises((ValueError, RuntimeError)) as expected:
            stock(*arguments)
        with pytest.raises(expected.type) as actual:
            ours(*arguments)
        assert str(actual.value) == str(expected.value)


@pytest.mark.parametrize("name", NAMES)
def test_is_a_torch_cell(name: str) -> None:
    torch.manual_seed(0)
    stock = getattr(torch.nn, name)(INPUT, HIDDEN)
    torch.manual_seed(0)
    ours = getattr(gatewise.nn, name)(INPUT, HIDDEN)
    assert isinstance(ours, getattr(torch.nn, name))
    assert repr(ours) == repr(stock)
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), stock.parameters(), strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_under_autocast_it_is_torchs(name: str) -> None:
    stock, ours = pair(name, dtype=torch.float32)
    input = torch.randn(BATCH, INPUT)
    with torch.autocast("cpu", torch.bfloat16):
        expected, actual = as_tuple(stock(input)), as_tuple(ours(input))
    torch.testing.assert_close(actual, expected)

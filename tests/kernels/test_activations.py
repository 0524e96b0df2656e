"""Sigmoid and hyperbolic tangent on every instruction set that the processor has: all exponents, and what is no number."""

import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from gatewise import kernels
from gatewise.nn import GRU, RNN, MinGRU, MinLSTM

_compiled = pytest.importorskip("gatewise.kernels._compiled", reason="the kernels were not compiled")

DTYPES = (torch.float32, torch.float64)
TOLERANCE = {torch.float32: 3e-7, torch.float64: 1e-15}


@pytest.fixture(autouse=True, params=kernels.instruction_sets())
def instruction_set(request: pytest.FixtureRequest) -> Iterator[None]:
    before = kernels.instruction_set()
    kernels.select_instruction_set(request.param)
    yield
    kernels.select_instruction_set(before)


def arguments(dtype: torch.dtype) -> Tensor:
    """Of every exponent the first, the last and some mantissas between, of either sign, infinities, and numbers that are none."""
    wide = dtype == torch.float64
    exponent_bits, mantissa_bits = (11, 52) if wide else (8, 23)
    exponents = torch.arange(2**exponent_bits - 1) << mantissa_bits
    mantissas = torch.tensor([0, 1, 0x2AAAAA, 0x400000, 0x5B6DB7, 0x7FFFFF]) << (mantissa_bits - 23)
    positive = (exponents[:, None] | mantissas).flatten()
    finite = positive.view(torch.float64) if wide else positive.to(torch.int32).view(torch.float32)
    special = torch.tensor([torch.inf, -torch.inf, torch.nan, -torch.nan], dtype=dtype)
    return torch.cat([finite, -finite, special])


def tanh(x: Tensor) -> Tensor:
    """By a layer of one unit, a row for each argument."""
    layer = RNN(1, 1, bias=False, dtype=x.dtype)
    with torch.no_grad():
        layer.get_parameter("weight_ih_l0").fill_(1)
        output: Tensor = layer(x[None, :, None])[0]
        return output.flatten()


def sigmoid(x: Tensor) -> Tensor:
    """By a layer of a unit for each argument, which is its update gate's bias: h = 0 + z (1 - 0)."""
    layer = MinGRU(1, len(x), dtype=x.dtype)
    with torch.no_grad():
        layer.get_parameter("weight_ih_l0").zero_()
        layer.get_parameter("bias_ih_l0").copy_(torch.cat([x, torch.full_like(x, 0.5)]))
        output: Tensor = layer(torch.zeros(1, 1, 1, dtype=x.dtype))[0]
        return output.flatten()


def check(came: Tensor, expected: Tensor) -> None:
    """Up to rounding, and up to the smallest normal number: smaller ones count as zero."""
    torch.testing.assert_close(
        came, expected.to(came.dtype), rtol=TOLERANCE[came.dtype], atol=2 * torch.finfo(came.dtype).tiny, equal_nan=True
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_tanh_is_right_and_saturates_for_every_exponent(dtype: torch.dtype) -> None:
    x = arguments(dtype)
    came = tanh(x)
    check(came, x.double().tanh())
    assert (came[x > 20] == 1).all()
    assert (came[x < -20] == -1).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_sigmoid_is_right_and_saturates_for_every_exponent(dtype: torch.dtype) -> None:
    x = arguments(dtype)
    came = sigmoid(x)
    check(came, x.double().sigmoid())
    assert (came[x > 40] == 1).all()
    assert (came[x < -800] == 0).all()


def test_tanh_of_a_negative_is_the_negative() -> None:
    x = torch.linspace(0, 12, 5000)
    assert torch.equal(tanh(-x), -tanh(x))


@pytest.mark.parametrize("value", [-torch.inf, -3e38, -1.3e38, 3e38, torch.inf])
def test_an_infinite_feature_does_not_spoil_a_gru(value: float) -> None:
    torch.manual_seed(0)
    layer = GRU(4, 40)
    input = torch.randn(6, 5, 4)
    input[2, 1, 3] = value
    output = layer(input)[0]
    stock = torch.nn.GRU(4, 40)
    stock.load_state_dict(layer.state_dict())
    torch.testing.assert_close(output, stock(input)[0], atol=1e-6, rtol=1e-6)
    assert output.isfinite().all()


def test_a_min_lstm_shuts_both_gates_like_the_equations() -> None:
    layer = MinLSTM(1, 6, dtype=torch.float32)
    forget, enter = (
        torch.tensor([-200.0, -90.0, -300.0, -95.0, 5.0, -500.0]),
        torch.tensor([-201.0, -92.0, 3.0, -94.0, -400.0, -498.5]),
    )
    with torch.no_grad():
        layer.get_parameter("weight_ih_l0").zero_()
        layer.get_parameter("bias_ih_l0").copy_(torch.cat([forget, enter, torch.full((6,), 1.5)]))
        h = layer(torch.zeros(1, 1, 1), torch.zeros(1, 1, 6))[0].flatten()
    share = 1 / (1 + ((forget - enter).double() + torch.log1p(enter.double().exp()) - torch.log1p(forget.double().exp())).exp())
    torch.testing.assert_close(h, (2 * share).float(), atol=1e-6, rtol=1e-5)
    assert math.isclose(float(h[2]), 2.0, rel_tol=1e-6)

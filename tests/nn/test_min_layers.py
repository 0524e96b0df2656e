"""MinGRU and MinLSTM: the equations, and the manners of torch.nn's recurrent layers."""

import copy
import io
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import gatewise.nn
from gatewise.kernels import equations
from gatewise.kernels.options import Options

pytestmark = pytest.mark.usefixtures("kernel")

STEPS, BATCH, INPUT, HIDDEN = 5, 3, 4, 6
LAYERS: dict[str, Any] = {"min_gru": gatewise.nn.MinGRU, "min_lstm": gatewise.nn.MinLSTM}
TOLERANCE: dict[str, Any] = {"rtol": 1e-10, "atol": 1e-10}

every_layer = pytest.mark.parametrize("cell", LAYERS)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def build(cell: str, **arguments: Any) -> Any:
    return LAYERS[cell](INPUT, HIDDEN, dtype=torch.float64, **arguments)


def draw_input() -> Tensor:
    return torch.randn(STEPS, BATCH, INPUT, dtype=torch.float64)


@every_layer
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
def test_two_layers_in_two_directions(cell: str, bias: bool, batch_first: bool) -> None:
    layer = build(cell, num_layers=2, bias=bias, batch_first=batch_first, bidirectional=True)
    input, h_0 = draw_input(), torch.rand(4, BATCH, HIDDEN, dtype=torch.float64)
    output, h_n = layer(input.transpose(0, 1) if batch_first else input, h_0)
    data, finals = input, []
    for number in range(2):
        weights: list[Tensor | None] = []
        for suffix in (f"l{number}", f"l{number}_reverse"):
            weights += [getattr(layer, f"weight_ih_{suffix}"), None, getattr(layer, f"bias_ih_{suffix}") if bias else None, None]
        data, final, _, _ = equations.recurrent(Options(cell), data, weights, h_0[2 * number : 2 * number + 2])
        finals.append(final)
    torch.testing.assert_close(output.transpose(0, 1) if batch_first else output, data, **TOLERANCE)
    torch.testing.assert_close(h_n, torch.cat(finals), **TOLERANCE)


@every_layer
def test_lengths_packed_and_unbatched_agree(cell: str) -> None:
    layer = build(cell, num_layers=2, bidirectional=True)
    input, h_0, lengths = draw_input(), torch.rand(4, BATCH, HIDDEN, dtype=torch.float64), torch.tensor([2, 5, 3])
    output, h_n = layer(input, h_0, lengths=lengths)
    packed, packed_h_n = layer(pack_padded_sequence(input, lengths, enforce_sorted=False), h_0)
    torch.testing.assert_close(pad_packed_sequence(packed)[0], output, **TOLERANCE)
    torch.testing.assert_close(packed_h_n, h_n, **TOLERANCE)
    alone, alone_h_n = layer(input[:2, 0], h_0[:, 0])
    torch.testing.assert_close(alone, output[:2, 0], **TOLERANCE)
    torch.testing.assert_close(alone_h_n, h_n[:, 0], **TOLERANCE)


@every_layer
def test_everything_has_a_gradient(cell: str) -> None:
    layer = build(cell, num_layers=2, bidirectional=True, dropout=0.2)
    input = draw_input().requires_grad_()
    h_0 = torch.rand(4, BATCH, HIDDEN, dtype=torch.float64, requires_grad=True)
    layer(input, h_0)[0].square().sum().backward()
    for key, tensor in {"input": input, "h_0": h_0, **dict(layer.named_parameters())}.items():
        assert tensor.grad.abs().sum() > 0, key


@every_layer
def test_parameters_are_named_and_drawn_as_torch_does(cell: str) -> None:
    layer = build(cell, num_layers=2, bidirectional=True)
    gates = {"min_gru": 2, "min_lstm": 3}[cell]
    shapes = {key: tuple(value.shape) for key, value in layer.state_dict().items()}
    assert shapes == {
        "weight_ih_l0": (gates * HIDDEN, INPUT),
        "bias_ih_l0": (gates * HIDDEN,),
        "weight_ih_l0_reverse": (gates * HIDDEN, INPUT),
        "bias_ih_l0_reverse": (gates * HIDDEN,),
        "weight_ih_l1": (gates * HIDDEN, 2 * HIDDEN),
        "bias_ih_l1": (gates * HIDDEN,),
        "weight_ih_l1_reverse": (gates * HIDDEN, 2 * HIDDEN),
        "bias_ih_l1_reverse": (gates * HIDDEN,),
    }
    bound = HIDDEN**-0.5
    for parameter in layer.parameters():
        assert 0.5 * bound < parameter.abs().max() <= bound


@every_layer
def test_copies_and_files(cell: str, tmp_path: Path) -> None:
    layer = build(cell, num_layers=2)
    input = draw_input()
    expected = layer(input)[0]
    assert torch.equal(copy.deepcopy(layer)(input)[0], expected)
    file = io.BytesIO()
    torch.save(layer, file)
    file.seek(0)
    assert torch.equal(torch.load(file, weights_only=False)(input)[0], expected)
    torch.save(layer.state_dict(), tmp_path / "state.pt")
    fresh = build(cell, num_layers=2)
    fresh.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert torch.equal(fresh(input)[0], expected)


@every_layer
def test_states_stay_positive_from_zero_on(cell: str) -> None:
    output, _ = build(cell)(10 * draw_input())
    assert (output > 0).all()


@every_layer
def test_bad_arguments(cell: str) -> None:
    with pytest.raises(ValueError, match="hidden_size must be greater than zero, got 0"):
        LAYERS[cell](INPUT, 0)
    with pytest.raises(TypeError, match="input_size should be of type int, got: float"):
        LAYERS[cell](4.0, HIDDEN)
    with pytest.raises(ValueError, match="dropout"):
        LAYERS[cell](INPUT, HIDDEN, dropout=-0.1)
    with pytest.raises(ValueError, match="give one of them"):
        build(cell, forget_bias=1.0, chrono=9)
    with pytest.raises(ValueError, match="need bias=True"):
        build(cell, forget_bias=1.0, bias=False)
    with pytest.raises(ValueError, match="at least 2, got 1"):
        build(cell, chrono=1)
    with pytest.raises(RuntimeError, match=f"Expected {INPUT}, got {INPUT + 2}"):
        build(cell)(torch.randn(STEPS, BATCH, INPUT + 2, dtype=torch.float64))
    with pytest.raises(ValueError, match="input dtype"):
        build(cell)(draw_input().float())


def test_representation() -> None:
    assert repr(gatewise.nn.MinGRU(3, 4, num_layers=2, bias=False)) == "MinGRU(3, 4, num_layers=2, bias=False)"
    assert repr(gatewise.nn.MinLSTM(3, 4, forget_bias=1.0)) == "MinLSTM(3, 4, forget_bias=1.0)"


def test_where_nearly_all_is_kept_the_gradient_of_what_comes_in_keeps_its_digits() -> None:
    layer: Any = gatewise.nn.MinLSTM(INPUT, HIDDEN)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.mul_(0.1)
        layer.bias_ih_l0[:HIDDEN] = 8
        layer.bias_ih_l0[HIDDEN : 2 * HIDDEN] = -8
    exact = copy.deepcopy(layer).double()
    input = draw_input()
    layer(input.float())[0].sum().backward()
    weights = [exact.weight_ih_l0, None, exact.bias_ih_l0, None]
    h_0 = torch.zeros(1, BATCH, HIDDEN, dtype=torch.float64)
    equations.recurrent(Options("min_lstm"), input, weights, h_0)[0].sum().backward()
    for parameter, reference in zip(layer.parameters(), exact.parameters(), strict=True):
        candidate, wanted = parameter.grad[2 * HIDDEN :].double(), reference.grad[2 * HIDDEN :]
        torch.testing.assert_close(candidate, wanted, rtol=1e-5, atol=0)

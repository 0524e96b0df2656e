"""What the layers can do beyond torch.nn's: dropout of the state, zoneout, layer normalisation, first biases, cell states."""

import copy
import math
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
LAYERS: dict[str, Any] = {"GRU": gatewise.nn.GRU, "LSTM": gatewise.nn.LSTM, "RNN": gatewise.nn.RNN}
CELLS = {"GRU": "gru", "LSTM": "lstm", "RNN": "rnn_tanh"}
TOLERANCE: dict[str, Any] = {"rtol": 1e-10, "atol": 1e-10}

every_layer = pytest.mark.parametrize("name", LAYERS)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def build(name: str, **options: Any) -> Any:
    return LAYERS[name](INPUT, HIDDEN, dtype=torch.float64, **options)


def draw_input() -> Tensor:
    return torch.randn(STEPS, BATCH, INPUT, dtype=torch.float64)


def first_state(states: Tensor | tuple[Tensor, ...]) -> Tensor:
    return states[0] if isinstance(states, tuple) else states


@every_layer
def test_evaluation_takes_no_recurrent_dropout(name: str) -> None:
    layer = build(name, recurrent_dropout=0.5).eval()
    plain = build(name)
    plain.load_state_dict(layer.state_dict())
    input = draw_input()
    torch.testing.assert_close(layer(input), plain.eval()(input), **TOLERANCE)


@every_layer
def test_recurrent_dropout_hides_one_set_of_units_at_all_steps(name: str) -> None:
    layer = build(name, recurrent_dropout=0.5)
    input = draw_input()
    torch.manual_seed(5)
    output, _ = layer(input)
    torch.manual_seed(5)
    mask = torch.empty(1, BATCH, HIDDEN, dtype=torch.float64).bernoulli_(0.5) * 2
    assert 0 < (mask == 0).sum() < mask.numel()
    expected, *_ = equations.recurrent(Options(CELLS[name]), input, list(layer.parameters()), recurrent_mask=mask)
    torch.testing.assert_close(output, expected, **TOLERANCE)


@every_layer
def test_noise_is_drawn_anew_and_repeats_with_the_seed(name: str) -> None:
    layer = build(name, num_layers=2, dropout=0.2, recurrent_dropout=0.3, zoneout=0.3)
    input = draw_input()
    torch.manual_seed(1)
    first, second = layer(input)[0], layer(input)[0]
    torch.manual_seed(1)
    assert torch.equal(layer(input)[0], first)
    assert not torch.equal(first, second)


@every_layer
def test_zoneout_keeps_units_in_training(name: str) -> None:
    layer = build(name, zoneout=0.5)
    output, _ = layer(draw_input())
    kept = (output[1:] == output[:-1]).double().mean().item()
    assert 0.2 < kept < 0.8, "about half of the units keep their state from one step to the next"


@every_layer
def test_zoneout_takes_the_expected_state_in_evaluation(name: str) -> None:
    layer = build(name, zoneout=0.25).eval()
    input = draw_input()
    output, _ = layer(input)
    options = Options(CELLS[name], update_h=0.75, update_c=0.75)
    expected, *_ = equations.recurrent(options, input, list(layer.parameters()))
    torch.testing.assert_close(output, expected, **TOLERANCE)


def test_zoneout_of_hidden_and_cell_state_apart() -> None:
    layer = build("LSTM", zoneout=(0.0, 0.5), return_cell_states=True)
    output, _, cells = layer(draw_input())
    assert not (output[1:] == output[:-1]).any()
    assert (cells[1:] == cells[:-1]).any()
    layer.eval()
    input = draw_input()
    expected = equations.recurrent(Options("lstm", update_c=0.5, cells=True), input, list(layer.parameters()))
    output, (_, c_n), cells = layer(input)
    torch.testing.assert_close((output, c_n, cells), (expected[0], expected[2], expected[3]), **TOLERANCE)


@every_layer
@pytest.mark.parametrize("bidirectional", [False, True])
def test_layer_norm_has_its_parameters_and_uses_them(name: str, bidirectional: bool) -> None:
    layer = build(name, num_layers=2, layer_norm=True, bidirectional=bidirectional)
    added = {key for key in layer.state_dict() if "_ln_" in key}
    kinds = ["weight_ln_ih", "weight_ln_hh"] + (["weight_ln_c", "bias_ln_c"] if name == "LSTM" else [])
    suffixes = ["", "_reverse"] if bidirectional else [""]
    assert added == {f"{kind}_l{n}{suffix}" for kind in kinds for n in range(2) for suffix in suffixes}
    output, _ = layer(draw_input())
    output.square().sum().backward()
    for key, parameter in layer.named_parameters():
        assert parameter.grad.abs().sum() > 0, key


@every_layer
def test_layer_norm_makes_the_input_scale_irrelevant(name: str) -> None:
    layer = build(name, layer_norm=True, bias=False)
    input = draw_input()
    torch.testing.assert_close(layer(1000 * input)[0], layer(300 * input)[0], rtol=1e-4, atol=1e-4)
    assert not torch.allclose(build(name, bias=False)(1000 * input)[0], build(name, bias=False)(300 * input)[0], atol=1e-2)


@every_layer
def test_layer_norm_starts_and_is_reset_as_the_identity(name: str) -> None:
    layer = build(name, layer_norm=True)
    with torch.no_grad():
        layer.weight_ln_ih_l0.fill_(3.0)
    torch.manual_seed(2)
    layer.reset_parameters()
    torch.manual_seed(2)
    plain = build(name)
    assert (layer.weight_ln_ih_l0 == 1).all()
    if name == "LSTM":
        assert (layer.weight_ln_c_l0 == 1).all()
        assert (layer.bias_ln_c_l0 == 0).all()
    for key, parameter in plain.named_parameters():
        assert torch.equal(parameter, getattr(layer, key))


def test_gru_with_the_reset_gate_before_the_product() -> None:
    before, after = build("GRU", reset_after=False), build("GRU")
    after.load_state_dict(before.state_dict())
    input = draw_input()
    expected, *_ = equations.recurrent(Options("gru", reset_after=False), input, list(before.parameters()))
    torch.testing.assert_close(before(input)[0], expected, **TOLERANCE)
    assert not torch.allclose(after(input)[0], expected)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
def test_cell_states_of_the_last_layer(packed: bool, batch_first: bool) -> None:
    layer = build("LSTM", num_layers=2, bidirectional=True, batch_first=batch_first, return_cell_states=True)
    lengths = torch.tensor([2, 5, 3])
    input = draw_input().transpose(0, 1) if batch_first else draw_input()
    if packed:
        given = pack_padded_sequence(input, lengths, batch_first, enforce_sorted=False)
        output, (_, c_n), cells = layer(given)
        output, cells = (pad_packed_sequence(x, batch_first)[0] for x in (output, cells))
    else:
        output, (_, c_n), cells = layer(input, lengths=lengths)
    assert cells.shape == output.shape
    by_row = cells if batch_first else cells.transpose(0, 1)
    for row, length in enumerate(lengths):
        torch.testing.assert_close(by_row[row, length - 1, :HIDDEN], c_n[2, row])
        torch.testing.assert_close(by_row[row, 0, HIDDEN:], c_n[3, row])
        assert (by_row[row, length:] == 0).all()


def test_cell_states_of_one_sequence() -> None:
    layer = build("LSTM", return_cell_states=True)
    output, (_, c_n), cells = layer(draw_input()[:, 0])
    assert cells.shape == output.shape == (STEPS, HIDDEN)
    assert torch.equal(cells[-1], c_n[0])


@pytest.mark.parametrize("name", ["GRU", "LSTM"])
def test_forget_bias(name: str) -> None:
    layer = build(name, num_layers=2, bidirectional=True, forget_bias=1.5)
    keeping = slice(HIDDEN, 2 * HIDDEN)
    for suffix in ("l0", "l1", "l0_reverse", "l1_reverse"):
        b_ih, b_hh = getattr(layer, f"bias_ih_{suffix}"), getattr(layer, f"bias_hh_{suffix}")
        assert (b_ih[keeping] == 1.5).all()
        assert (b_hh[keeping] == 0).all()
        assert (b_hh[:HIDDEN] != 0).all()
    assert "forget_bias=1.5" in repr(layer)


def test_chrono_of_the_lstm() -> None:
    layer = gatewise.nn.LSTM(INPUT, 1000, chrono=100)
    i, f, _, _ = (layer.get_parameter("bias_ih_l0") + layer.get_parameter("bias_hh_l0")).detach().split(1000)
    assert torch.equal(i, -f)
    assert (f >= 0).all()
    assert (f <= math.log(99)).all()
    assert f.exp().mean().item() == pytest.approx(50, rel=0.1), "exp(b_f) is uniform on 1 to T - 1"


def test_chrono_of_the_gru() -> None:
    layer = gatewise.nn.GRU(INPUT, 1000, chrono=100)
    z = (layer.get_parameter("bias_ih_l0") + layer.get_parameter("bias_hh_l0")).detach()[1000:2000]
    assert (z >= 0).all()
    assert (z <= math.log(99)).all()
    assert z.exp().mean().item() == pytest.approx(50, rel=0.1)


@every_layer
def test_options_with_lengths_packed_and_unbatched_agree(name: str) -> None:
    layer = build(name, num_layers=2, bidirectional=True, zoneout=0.2, layer_norm=True).eval()
    input, lengths = draw_input(), torch.tensor([2, 5, 3])
    output, states = layer(input, lengths=lengths)
    from_packed, packed_states = layer(pack_padded_sequence(input, lengths, enforce_sorted=False))
    torch.testing.assert_close(pad_packed_sequence(from_packed)[0], output, **TOLERANCE)
    torch.testing.assert_close(first_state(packed_states), first_state(states), **TOLERANCE)
    alone, final = layer(input[:2, 0])
    torch.testing.assert_close(alone, output[:2, 0], **TOLERANCE)
    torch.testing.assert_close(first_state(final), first_state(states)[:, 0], **TOLERANCE)


@every_layer
def test_options_outlive_a_copy_and_show(name: str) -> None:
    layer = build(name, recurrent_dropout=0.1, zoneout=0.2, layer_norm=True).eval()
    twin = copy.deepcopy(layer)
    input = draw_input()
    assert torch.equal(twin(input)[0], layer(input)[0])
    shown = "zoneout=(0.2, 0.2)" if name == "LSTM" else "zoneout=0.2"
    assert f"recurrent_dropout=0.1, {shown}, layer_norm=True" in repr(twin)


BAD_OPTIONS: dict[str, tuple[str, dict[str, Any], type[Exception], str]] = {
    "recurrent_dropout above": ("GRU", {"recurrent_dropout": 1.0}, ValueError, r"recurrent_dropout .* range \[0, 1\), got 1.0"),
    "recurrent_dropout text": ("RNN", {"recurrent_dropout": "0.1"}, TypeError, "recurrent_dropout .* got str"),
    "zoneout below": ("RNN", {"zoneout": -0.1}, ValueError, r"zoneout .* got -0.1"),
    "zoneout pair of a GRU": ("GRU", {"zoneout": (0.1, 0.1)}, TypeError, "zoneout .* got tuple"),
    "zoneout of three": ("LSTM", {"zoneout": (0.1, 0.1, 0.1)}, ValueError, r"\(hidden, cell\), got 3 values"),
    "chrono and forget_bias": ("LSTM", {"chrono": 10, "forget_bias": 1.0}, ValueError, "give one of them"),
    "chrono without bias": ("GRU", {"chrono": 10, "bias": False}, ValueError, "need bias=True"),
    "chrono and forget_bias of a GRU": ("GRU", {"chrono": 10, "forget_bias": 1.0}, ValueError, "give one of them"),
    "forget_bias without bias": ("LSTM", {"forget_bias": 1.0, "bias": False}, ValueError, "need bias=True"),
    "chrono too short": ("LSTM", {"chrono": 1}, ValueError, "at least 2, got 1"),
    "chrono not whole": ("GRU", {"chrono": 10.5}, TypeError, "an integer, got float"),
    "layer_norm with reset before": ("GRU", {"layer_norm": True, "reset_after": False}, ValueError, "needs reset_after=True"),
    "options with proj_size": ("LSTM", {"proj_size": 2, "zoneout": 0.1}, ValueError, "proj_size runs PyTorch's own LSTM"),
}


@pytest.mark.parametrize(("name", "options", "error", "message"), BAD_OPTIONS.values(), ids=BAD_OPTIONS)
def test_bad_options(name: str, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        build(name, **options)

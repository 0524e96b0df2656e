"""The reference equations, against torch.nn where it has the cell and against each paper's formula where it has not."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from gatewise.cells import EQUATIONS
from gatewise.kernels.equations import NORM_EPSILON, recurrent
from gatewise.kernels.options import Options

STEPS, BATCH, INPUT, HIDDEN = 6, 4, 3, 5
CELLS: list[str] = ["gru", "lstm", "rnn_tanh", "rnn_relu", "min_gru", "min_lstm"]
IN_TORCH: dict[str, Callable[..., nn.RNNBase]] = {
    "gru": torch.nn.GRU,
    "lstm": torch.nn.LSTM,
    "rnn_tanh": torch.nn.RNN,
    "rnn_relu": lambda *a, **k: torch.nn.RNN(*a, nonlinearity="relu", **k),
}
LENGTHS = torch.tensor([3, 6, 0, 1])


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def draw_weights(cell: str, *, directions: int = 1, bias: bool = True) -> list[Any]:
    rows = EQUATIONS[cell].gates * HIDDEN
    has_state = not cell.startswith("min")
    return [
        tensor
        for _ in range(directions)
        for tensor in (
            random(rows, INPUT),
            random(rows, HIDDEN) if has_state else None,
            random(rows) if bias else None,
            random(rows) if bias and has_state else None,
        )
    ]


def draw_input() -> Tensor:
    return random(STEPS, BATCH, INPUT)


def weights_of(module: nn.RNNBase) -> list[Tensor | None]:
    return [w for names in module.all_weights for w in (names if len(names) == 4 else [*names, None, None])]


def assert_same(actual: Tensor | None, expected: Tensor | None) -> None:
    assert actual is not None and expected is not None
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell", IN_TORCH)
@pytest.mark.parametrize(("bidirectional", "bias", "batch_first", "states"), list(itertools.product([False, True], repeat=4)))
def test_agrees_with_torch(cell: str, bidirectional: bool, bias: bool, batch_first: bool, states: bool) -> None:
    module = IN_TORCH[cell](INPUT, HIDDEN, bidirectional=bidirectional, bias=bias, batch_first=batch_first, dtype=torch.float64)
    input = random(BATCH, STEPS, INPUT) if batch_first else draw_input()
    directions = 1 + bidirectional
    h_0 = random(directions, BATCH, HIDDEN) if states else None
    c_0 = random(directions, BATCH, HIDDEN) if states and cell == "lstm" else None
    expected, final = module(input, (h_0, c_0) if c_0 is not None else h_0)
    h_expected, c_expected = final if cell == "lstm" else (final, None)

    output, h_n, c_n, cells = recurrent(Options(cell, batch_first=batch_first), input, weights_of(module), h_0, c_0)

    assert_same(output, expected)
    assert_same(h_n, h_expected)
    assert cells is None
    if cell == "lstm":
        assert_same(c_n, c_expected)
    else:
        assert c_n is None


@pytest.mark.parametrize("cell", IN_TORCH)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_packed_agrees_with_torch(cell: str, bidirectional: bool) -> None:
    module = IN_TORCH[cell](INPUT, HIDDEN, bidirectional=bidirectional, dtype=torch.float64)
    packed = pack_padded_sequence(draw_input(), torch.tensor([6, 4, 4, 1]))
    expected, final = module(packed)

    output, h_n, c_n, _ = recurrent(Options(cell), packed.data, weights_of(module), batch_sizes=packed.batch_sizes)

    assert_same(output, expected.data)
    assert_same(h_n, final[0] if cell == "lstm" else final)
    if cell == "lstm":
        assert_same(c_n, final[1])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("batch_first", [False, True])
def test_a_row_with_a_length_is_as_if_alone(cell: str, batch_first: bool) -> None:
    options = Options(cell, batch_first=batch_first, cells=True)
    input = draw_input()
    weights = draw_weights(cell, directions=2)
    h_0 = random(2, BATCH, HIDDEN)
    c_0 = random(2, BATCH, HIDDEN) if cell == "lstm" else None
    output, h_n, c_n, cells = recurrent(options, input.transpose(0, 1) if batch_first else input, weights, h_0, c_0, LENGTHS)
    if batch_first:
        output, cells = output.transpose(0, 1), cells if cells is None else cells.transpose(0, 1)

    for row, length in enumerate(LENGTHS.tolist()):
        only = slice(row, row + 1)
        assert (output[length:, row] == 0).all()
        if length == 0:
            assert_same(h_n[:, row], h_0[:, row])
            if cell == "lstm":
                assert c_n is not None and c_0 is not None
                assert_same(c_n[:, row], c_0[:, row])
            continue
        alone = recurrent(
            Options(cell, cells=True), input[:length, only], weights, h_0[:, only], None if c_0 is None else c_0[:, only]
        )
        assert_same(output[:length, only], alone[0])
        assert_same(h_n[:, only], alone[1])
        if cell == "lstm":
            assert c_n is not None and cells is not None and alone[3] is not None
            assert_same(c_n[:, only], alone[2])
            assert_same(cells[:length, only], alone[3])
            assert (cells[length:, row] == 0).all()


def test_padding_is_not_read() -> None:
    """Not even by the gradient: NaN in the padding stays there."""
    input = draw_input()
    for row, length in enumerate(LENGTHS):
        input[length:, row] = float("nan")
    input.requires_grad_()
    weights = [w.requires_grad_() for w in draw_weights("lstm", directions=2)]
    output, *_ = recurrent(Options("lstm"), input, weights, lengths=LENGTHS)
    output.square().sum().backward()
    assert output.isfinite().all()
    assert all(w.grad.isfinite().all() for w in weights)
    assert input.grad is not None and input.grad.isfinite().all()


@pytest.mark.parametrize("cell", CELLS)
def test_packed_and_padded_with_lengths_agree(cell: str) -> None:
    lengths = torch.tensor([6, 4, 4, 1])
    input, weights = draw_input(), draw_weights(cell, directions=2)
    share_h, share_c = torch.rand(2, STEPS, BATCH, 2 * HIDDEN, dtype=torch.float64)
    noise: dict[str, Any] = {"update_h": share_h, "update_c": share_c if cell == "lstm" else None}
    options = Options(cell, cells=True)
    expected = recurrent(options, input, weights, lengths=lengths, **noise)
    packed = pack_padded_sequence(input, lengths)
    in_packed_order: dict[str, Any] = {k: None if v is None else pack_padded_sequence(v, lengths).data for k, v in noise.items()}
    actual = recurrent(options, packed.data, weights, batch_sizes=packed.batch_sizes, **in_packed_order)
    assert_same(pad_packed_sequence(PackedSequence(actual[0], packed.batch_sizes))[0], expected[0])
    assert_same(actual[1], expected[1])
    if cell == "lstm":
        assert_same(actual[2], expected[2])
        assert actual[3] is not None
        assert_same(pad_packed_sequence(PackedSequence(actual[3], packed.batch_sizes))[0], expected[3])


def test_cell_states_hold_the_last_one() -> None:
    output, h_n, c_n, cells = recurrent(Options("lstm", cells=True), draw_input(), draw_weights("lstm"))
    assert cells is not None and c_n is not None
    assert cells.shape == output.shape
    assert_same(cells[-1], c_n[0])
    assert_same(output[-1], h_n[0])


def test_gru_with_the_reset_gate_before_the_product() -> None:
    """Cho et al. 2014, eq. 5-8, written out for one sequence."""
    input, (w_ih, w_hh, b_ih, b_hh) = draw_input(), draw_weights("gru")
    output, *_ = recurrent(Options("gru", reset_after=False), input, [w_ih, w_hh, b_ih, b_hh])
    w_r, w_z, w_n = w_ih.split(HIDDEN)
    u_r, u_z, u_n = w_hh.split(HIDDEN)
    (b_r, b_z, b_n), (v_r, v_z, v_n) = b_ih.split(HIDDEN), b_hh.split(HIDDEN)
    h = torch.zeros(HIDDEN, dtype=torch.float64)
    for t in range(STEPS):
        x = input[t, 0]
        r = torch.sigmoid(w_r @ x + b_r + u_r @ h + v_r)
        z = torch.sigmoid(w_z @ x + b_z + u_z @ h + v_z)
        n = torch.tanh(w_n @ x + b_n + u_n @ (r * h) + v_n)
        h = (1 - z) * n + z * h
        assert_same(output[t, 0], h)


def positive(x: Tensor) -> Tensor:
    return torch.where(x >= 0, x + 0.5, torch.sigmoid(x))


@pytest.mark.parametrize("cell", ["min_gru", "min_lstm"])
def test_min_cells_agree_with_the_parallel_scan(cell: str) -> None:
    """h_t = a_t h_{t-1} + b_t in closed form: exp(A_t) (h_0 + sum_s b_s exp(-A_s)), A = cumulative sum of log a."""
    input, (w_ih, _, b_ih, _) = draw_input(), draw_weights(cell)
    h_0 = random(1, BATCH, HIDDEN).exp()
    output, h_n, _, _ = recurrent(Options(cell), input, [w_ih, None, b_ih, None], h_0)
    gates = (input @ w_ih.T + b_ih).split(HIDDEN, -1)
    if cell == "min_gru":
        keep, take, candidate = torch.sigmoid(-gates[0]), torch.sigmoid(gates[0]), gates[1]
    else:
        f, i, candidate = torch.sigmoid(gates[0]), torch.sigmoid(gates[1]), gates[2]
        keep, take = f / (f + i), i / (f + i)
    log_keep = keep.log().cumsum(0)
    log_terms = (take * positive(candidate)).log() - log_keep
    expected = (log_keep + torch.logcumsumexp(torch.cat([h_0.log(), log_terms]), 0)[1:]).exp()
    torch.testing.assert_close(output, expected, rtol=1e-10, atol=1e-10)
    assert_same(h_n[0], output[-1])
    assert (output > 0).all()


@pytest.mark.parametrize("directions", [1, 2])
def test_min_gru_step_by_step(directions: int) -> None:
    input, weights = draw_input(), draw_weights("min_gru", directions=directions, bias=False)
    output, *_ = recurrent(Options("min_gru"), input, weights)
    for direction in range(directions):
        h = torch.zeros(BATCH, HIDDEN, dtype=torch.float64)
        for t in range(STEPS) if direction == 0 else reversed(range(STEPS)):
            z, candidate = (input[t] @ weights[4 * direction].T).split(HIDDEN, -1)
            h = (1 - torch.sigmoid(z)) * h + torch.sigmoid(z) * positive(candidate)
            assert_same(output[t, :, direction * HIDDEN :][:, :HIDDEN], h)


@pytest.mark.parametrize("reset_after", [True, False])
def test_recurrent_mask_hides_the_state_from_the_products_only(reset_after: bool) -> None:
    input, (w_ih, w_hh, b_ih, b_hh) = draw_input(), draw_weights("gru")
    mask = torch.rand(1, BATCH, HIDDEN, dtype=torch.float64)
    output, *_ = recurrent(Options("gru", reset_after=reset_after), input, [w_ih, w_hh, b_ih, b_hh], recurrent_mask=mask)
    h = torch.zeros(BATCH, HIDDEN, dtype=torch.float64)
    for t in range(STEPS):
        seen = h * mask[0]
        r_x, z_x, n_x = (input[t] @ w_ih.T + b_ih).split(HIDDEN, -1)
        r_h, z_h, n_h = (seen @ w_hh.T + b_hh).split(HIDDEN, -1)
        r, z = torch.sigmoid(r_x + r_h), torch.sigmoid(z_x + z_h)
        from_state = r * n_h if reset_after else (r * seen) @ w_hh[2 * HIDDEN :].T + b_hh[2 * HIDDEN :]
        h = (1 - z) * torch.tanh(n_x + from_state) + z * h
        assert_same(output[t], h)


def lstm_step(x: Tensor, h: Tensor, c: Tensor, weights: list[Tensor]) -> tuple[Tensor, Tensor]:
    w_ih, w_hh, b_ih, b_hh = weights
    i, f, g, o = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).split(HIDDEN, -1)
    return torch.sigmoid(o), torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)


@pytest.mark.parametrize("drawn", [True, False])
def test_zoneout_of_the_lstm(drawn: bool) -> None:
    """Krueger et al. 2017: both states keep a share of the old one; h comes from the new cell before its own zoneout."""
    input, weights = draw_input(), draw_weights("lstm")
    if drawn:
        share_h, share_c = torch.rand(2, STEPS, BATCH, HIDDEN, dtype=torch.float64).round()
        result = recurrent(Options("lstm", cells=True), input, weights, update_h=share_h, update_c=share_c)
    else:
        share_h, share_c = torch.full((STEPS,), 0.9), torch.full((STEPS,), 0.7)
        result = recurrent(Options("lstm", cells=True, update_h=0.9, update_c=0.7), input, weights)
        share_h, share_c = share_h.double().fill_(0.9), share_c.double().fill_(0.7)
    h = c = torch.zeros(BATCH, HIDDEN, dtype=torch.float64)
    for t in range(STEPS):
        o, new_c = lstm_step(input[t], h, c, weights)
        h = (1 - share_h[t]) * h + share_h[t] * (o * torch.tanh(new_c))
        c = (1 - share_c[t]) * c + share_c[t] * new_c
        assert_same(result[0][t], h)
        assert result[3] is not None
        assert_same(result[3][t], c)


def test_layer_normalisation_inside_the_lstm() -> None:
    """Ba et al. 2016, eq. 20-22, with the layer's biases as shifts."""

    def normalise(x: Tensor, gamma: Tensor) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        return gamma * centred / (centred.square().mean(-1, keepdim=True) + NORM_EPSILON).sqrt()

    input, weights = draw_input(), draw_weights("lstm")
    norm = [(random(4 * HIDDEN), random(4 * HIDDEN), random(HIDDEN), random(HIDDEN))]
    output, _, c_n, _ = recurrent(Options("lstm"), input, weights, norm=norm)
    w_ih, w_hh, b_ih, b_hh = weights
    gamma_ih, gamma_hh, gamma_c, beta_c = norm[0]
    h = c = torch.zeros(BATCH, HIDDEN, dtype=torch.float64)
    for t in range(STEPS):
        gates = normalise(input[t] @ w_ih.T, gamma_ih) + b_ih + normalise(h @ w_hh.T, gamma_hh) + b_hh
        i, f, g, o = gates.split(HIDDEN, -1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(normalise(c, gamma_c) + beta_c)
        assert_same(output[t], h)
    assert c_n is not None
    assert_same(c_n[0], c)


def test_layer_normalisation_inside_the_gru() -> None:
    input, weights = draw_input(), draw_weights("gru", bias=False)
    gamma_ih, gamma_hh = random(3 * HIDDEN), random(3 * HIDDEN)
    output, *_ = recurrent(Options("gru"), input, weights, norm=[(gamma_ih, gamma_hh, None, None)])
    h = torch.zeros(BATCH, HIDDEN, dtype=torch.float64)
    for t in range(STEPS):
        r_x, z_x, n_x = torch.layer_norm(input[t] @ weights[0].T, [3 * HIDDEN], gamma_ih).split(HIDDEN, -1)
        r_h, z_h, n_h = torch.layer_norm(h @ weights[1].T, [3 * HIDDEN], gamma_hh).split(HIDDEN, -1)
        z = torch.sigmoid(z_x + z_h)
        h = (1 - z) * torch.tanh(n_x + torch.sigmoid(r_x + r_h) * n_h) + z * h
        assert_same(output[t], h)


@pytest.mark.parametrize("cell", CELLS)
def test_first_and_second_derivatives(cell: str) -> None:
    rows, size, is_lstm = EQUATIONS[cell].gates * 2, 2, cell == "lstm"
    tensors = {
        "input": random(3, 2, 2),
        "w_ih": random(rows, 2),
        "w_hh": None if cell.startswith("min") else random(rows, size),
        "b_ih": random(rows),
        "h_0": random(1, 2, size),
        "c_0": random(1, 2, size) if is_lstm else None,
    }
    given = {name: tensor.requires_grad_() for name, tensor in tensors.items() if tensor is not None}

    def run(*values: Tensor) -> tuple[Tensor, ...]:
        named = dict(zip(given, values, strict=True))
        weights = [named["w_ih"], named.get("w_hh"), named["b_ih"], None]
        lengths = torch.tensor([3, 2])
        results = recurrent(Options(cell), named["input"], weights, named["h_0"], named.get("c_0"), lengths)
        return tuple(result for result in results if result is not None)

    assert torch.autograd.gradcheck(run, tuple(given.values()))
    assert torch.autograd.gradgradcheck(run, tuple(given.values()))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
def test_runs_in_every_floating_point_type(dtype: torch.dtype) -> None:
    weights = [w.to(dtype) for w in draw_weights("gru")]
    output, h_n, _, _ = recurrent(Options("gru"), draw_input().to(dtype), weights)
    assert output.dtype == h_n.dtype == dtype


def test_empty_batch() -> None:
    output, h_n, _, _ = recurrent(Options("gru"), random(STEPS, 0, INPUT), draw_weights("gru", directions=2))
    assert output.shape == (STEPS, 0, 2 * HIDDEN)
    assert h_n.shape == (2, 0, HIDDEN)

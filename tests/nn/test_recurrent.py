"""A padded batch must give what each sequence gives alone, whatever stands in the padding."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from gatewise.nn import CELLS

LENGTHS = torch.tensor([7, 1, 4, 5])
STEPS, CHANNELS, HIDDEN = 7, 3, 5

SHAPES = [(1, False), (2, False), (1, True), (2, True)]


def every_cell_and_shape(test: object) -> object:
    cells = pytest.mark.parametrize("cell", CELLS)
    shapes = pytest.mark.parametrize(("layers", "bidirectional"), SHAPES)
    return cells(shapes(test))


def build(cell: str, layers: int, bidirectional: bool) -> nn.Module:
    torch.manual_seed(3)
    return CELLS[cell](CHANNELS, HIDDEN, num_layers=layers, bidirectional=bidirectional, batch_first=True).double()


def run(recurrent: nn.Module, inputs: Tensor, lengths: Tensor = LENGTHS) -> Tensor:
    output: Tensor = recurrent(inputs, lengths=lengths)[0]
    return output


def batch(padding: float = 0.0) -> Tensor:
    values = torch.randn(len(LENGTHS), STEPS, CHANNELS, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    return values.masked_fill((torch.arange(STEPS) >= LENGTHS[:, None]).unsqueeze(2), padding)


def real_states(states: Tensor) -> list[Tensor]:
    return [states[row, :length] for row, length in enumerate(LENGTHS.tolist())]


def gradients(recurrent: nn.Module, states: list[Tensor]) -> list[Tensor]:
    """Gradients of a loss that weighs every real state differently."""
    terms = [(state * torch.linspace(-1, 1, state.numel(), dtype=state.dtype).view_as(state)).sum() for state in states]
    return list(torch.autograd.grad(torch.stack(terms).sum(), list(recurrent.parameters())))


@every_cell_and_shape
def test_batch_equals_each_sequence_alone(cell: str, layers: int, bidirectional: bool) -> None:
    recurrent = build(cell, layers, bidirectional)
    inputs = batch()
    together = real_states(run(recurrent, inputs))
    alone = [
        run(recurrent, inputs[row : row + 1, :length], torch.tensor([length]))[0] for row, length in enumerate(LENGTHS.tolist())
    ]
    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one, other)
    for one, other in zip(gradients(recurrent, together), gradients(recurrent, alone), strict=True):
        torch.testing.assert_close(one, other)


@every_cell_and_shape
@pytest.mark.parametrize("padding", [1e6, float("nan"), float("-inf")])
def test_padding_never_reaches_a_real_step(cell: str, layers: int, bidirectional: bool, padding: float) -> None:
    recurrent = build(cell, layers, bidirectional)
    for clean, poisoned in zip(real_states(run(recurrent, batch())), real_states(run(recurrent, batch(padding))), strict=True):
        torch.testing.assert_close(clean, poisoned, rtol=0, atol=0)


STOCK = {"gru": nn.GRU, "lstm": nn.LSTM, "rnn": nn.RNN}


@pytest.mark.parametrize("cell", STOCK)
@pytest.mark.parametrize(("layers", "bidirectional"), SHAPES)
def test_equals_torch_packed_sequences(cell: str, layers: int, bidirectional: bool) -> None:
    recurrent = build(cell, layers, bidirectional)
    stock = STOCK[cell](CHANNELS, HIDDEN, num_layers=layers, bidirectional=bidirectional, batch_first=True).double()
    stock.load_state_dict(recurrent.state_dict())
    packed = pack_padded_sequence(batch(), LENGTHS, batch_first=True, enforce_sorted=False)
    expected, _ = pad_packed_sequence(stock(packed)[0], batch_first=True)
    for one, other in zip(real_states(run(recurrent, batch())), real_states(expected), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize(("bidirectional", "size"), [(False, HIDDEN), (True, 2 * HIDDEN)])
def test_output_size(bidirectional: bool, size: int) -> None:
    recurrent = build("gru", 2, bidirectional)
    assert run(recurrent, batch()).shape == (len(LENGTHS), STEPS, size)


def test_dropout_stands_between_layers_and_only_in_training() -> None:
    torch.manual_seed(0)
    one, two = (
        CELLS["gru"](CHANNELS, HIDDEN, num_layers=layers, dropout=0.5 * (layers > 1), batch_first=True).double()
        for layers in (1, 2)
    )
    for recurrent, same in ((one, True), (two, False)):
        first, second = run(recurrent, batch()), run(recurrent, batch())
        assert torch.equal(first, second) is same
        recurrent.eval()
        assert torch.equal(run(recurrent, batch()), run(recurrent, batch()))

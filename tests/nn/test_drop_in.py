"""GRU, LSTM and RNN against torch.nn's with the same state_dict: construction, results, gradients, errors."""

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pack_sequence

import gatewise.nn

pytestmark = pytest.mark.usefixtures("kernel")

STEPS, BATCH, INPUT, HIDDEN = 5, 3, 4, 6
NAMES = ["GRU", "LSTM", "RNN"]
CONFIGURATIONS: list[dict[str, Any]] = [
    {},
    {"bias": False},
    {"batch_first": True},
    {"bidirectional": True},
    {"num_layers": 3},
    {"num_layers": 2, "bidirectional": True, "batch_first": True},
    {"num_layers": 2, "bidirectional": True, "bias": False},
]
LENGTHS = torch.tensor([2, 5, 1])
TOLERANCE: dict[torch.dtype, dict[str, Any]] = {
    torch.float32: {"rtol": 1e-5, "atol": 1e-5},
    torch.float64: {"rtol": 1e-10, "atol": 1e-10},
}


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def pair(name: str, dtype: torch.dtype = torch.float64, **configuration: Any) -> tuple[Any, Any]:
    """PyTorch's layer of a name and ours of its weights."""
    stock = getattr(torch.nn, name)(INPUT, HIDDEN, dtype=dtype, **configuration)
    ours = getattr(gatewise.nn, name)(INPUT, HIDDEN, dtype=dtype, **configuration)
    ours.load_state_dict(stock.state_dict())
    return stock, ours


def draw_input(module: nn.RNNBase, dtype: torch.dtype = torch.float64) -> Tensor:
    shape = (BATCH, STEPS, INPUT) if module.batch_first else (STEPS, BATCH, INPUT)
    return torch.randn(shape, dtype=dtype)


def draw_states(module: nn.RNNBase, batch: int | None = BATCH, dtype: torch.dtype = torch.float64) -> Any:
    shape = (module.num_layers * (1 + module.bidirectional), *((batch,) if batch else ()), HIDDEN)
    states = tuple(torch.randn(shape, dtype=dtype) for _ in range(2))
    return states if isinstance(module, torch.nn.LSTM | gatewise.nn.LSTM) else states[0]


def leaves(*values: Any) -> list[Tensor]:
    """The tensors of a result or an argument, in order."""
    flat: list[Tensor] = []
    for value in values:
        if isinstance(value, PackedSequence):
            flat.append(value.data)
        elif isinstance(value, tuple):
            flat += leaves(*value)
        elif value is not None:
            flat.append(value)
    return flat


def results_and_gradients(module: nn.Module, input: Any, hx: Any = None, **kwargs: Any) -> tuple[list[Tensor], list[Any]]:
    """Everything that comes out of a call, and a loss's gradient in everything that goes in."""
    module.zero_grad()
    given = [tensor.detach().requires_grad_() for tensor in leaves(input, hx)]
    rest = iter(given)

    def rebuild(value: Any) -> Any:
        if isinstance(value, PackedSequence):
            return PackedSequence(next(rest), *value[1:])
        if isinstance(value, tuple):
            return tuple(rebuild(v) for v in value)
        return None if value is None else next(rest)

    results = leaves(*module(rebuild(input), rebuild(hx), **kwargs))
    # Weights differ from place to place, so that no gradient cancels.
    terms = [(result * torch.arange(1.0, result.numel() + 1).view_as(result).sin()).sum() for result in results]
    torch.stack(terms).sum().backward()
    return results, [tensor.grad for tensor in given] + [p.grad for p in module.parameters()]


def assert_agree(stock: nn.Module, ours: nn.Module, input: Any, hx: Any = None, dtype: torch.dtype = torch.float64) -> None:
    expected, expected_gradients = results_and_gradients(stock, input, hx)
    actual, gradients = results_and_gradients(ours, input, hx)
    torch.testing.assert_close(actual, expected, **TOLERANCE[dtype])
    torch.testing.assert_close(gradients, expected_gradients, **TOLERANCE[dtype])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=str)
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("with_states", [False, True])
def test_results_and_gradients(name: str, configuration: dict[str, Any], dtype: torch.dtype, with_states: bool) -> None:
    stock, ours = pair(name, dtype, **configuration)
    hx = draw_states(stock, dtype=dtype) if with_states else None
    assert_agree(stock, ours, draw_input(stock, dtype), hx, dtype)


def test_relu() -> None:
    stock, ours = pair("RNN", nonlinearity="relu", num_layers=2)
    assert_agree(stock, ours, draw_input(stock), draw_states(stock))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (7, 2, 3, 17), (3, 9, 1, 33), (2, 1, 50, 5)], ids=str)
def test_odd_sizes(name: str, sizes: tuple[int, int, int, int]) -> None:
    steps, batch, inputs, hidden = sizes
    stock = getattr(torch.nn, name)(inputs, hidden)
    ours = getattr(gatewise.nn, name)(inputs, hidden)
    ours.load_state_dict(stock.state_dict())
    assert_agree(stock, ours, torch.randn(steps, batch, inputs), dtype=torch.float32)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=str)
@pytest.mark.parametrize("is_sorted", [False, True])
def test_packed_sequence(name: str, configuration: dict[str, Any], is_sorted: bool) -> None:
    stock, ours = pair(name, **configuration)
    lengths = LENGTHS.sort(descending=True).values if is_sorted else LENGTHS
    packed = pack_padded_sequence(draw_input(stock), lengths, stock.batch_first, enforce_sorted=is_sorted)
    assert_agree(stock, ours, packed, draw_states(stock))
    expected, actual = stock(packed)[0], ours(packed)[0]
    for field in ("batch_sizes", "sorted_indices", "unsorted_indices"):
        torch.testing.assert_close(getattr(actual, field), getattr(expected, field))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=str)
@pytest.mark.parametrize("with_states", [False, True])
def test_unbatched(name: str, configuration: dict[str, Any], with_states: bool) -> None:
    stock, ours = pair(name, **configuration)
    hx = draw_states(stock, batch=None) if with_states else None
    assert_agree(stock, ours, torch.randn(STEPS, INPUT, dtype=torch.float64), hx)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=str)
@pytest.mark.parametrize("lengths", [[2, 5, 1], [0, 4, 3], [0, 0, 0], [5, 5, 5]], ids=str)
def test_lengths_read_each_row_as_if_alone(name: str, configuration: dict[str, Any], lengths: list[int]) -> None:
    stock, ours = pair(name, **configuration)
    input, hx = draw_input(stock), draw_states(stock)
    padded = input if stock.batch_first else input.transpose(0, 1)
    for row, length in enumerate(lengths):
        padded[row, length:] = float("nan")
    (output, *finals), gradients = results_and_gradients(ours, input, hx, lengths=torch.tensor(lengths, dtype=torch.int32))

    assert all(gradient.isfinite().all() for gradient in gradients)
    output = output if stock.batch_first else output.transpose(0, 1)
    firsts = leaves(hx)
    for row, length in enumerate(lengths):
        assert (output[row, length:] == 0).all()
        if length == 0:
            torch.testing.assert_close([f[:, row] for f in finals], [f[:, row] for f in firsts])
            continue
        alone = padded[row, :length]
        expected = leaves(*stock(alone, tuple(f[:, row] for f in firsts) if name == "LSTM" else hx[:, row]))
        actual = [output[row, :length], *(f[:, row] for f in finals)]
        torch.testing.assert_close(actual, expected, **TOLERANCE[torch.float64])


@pytest.mark.parametrize("name", NAMES)
def test_gradients_with_lengths_are_those_of_the_packed_batch(name: str) -> None:
    stock, ours = pair(name, num_layers=2, bidirectional=True)
    input, hx = draw_input(stock), draw_states(stock)
    packed = pack_padded_sequence(input, LENGTHS, enforce_sorted=False)
    weights = torch.randn(STEPS, BATCH, 2 * HIDDEN, dtype=torch.float64)

    expected_output, _ = stock(packed, hx)
    (expected_output.data * pack_padded_sequence(weights, LENGTHS, enforce_sorted=False).data).sum().backward()
    output, _ = ours(input, hx, lengths=LENGTHS)
    (output * weights).sum().backward()

    for actual, expected in zip(ours.parameters(), stock.parameters(), strict=True):
        torch.testing.assert_close(actual.grad, expected.grad, **TOLERANCE[torch.float64])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("packed", [False, True])
def test_the_same_seed_drops_the_same_units(name: str, batch_first: bool, packed: bool) -> None:
    stock, ours = pair(name, num_layers=3, dropout=0.4, bidirectional=True, batch_first=batch_first)
    input: Tensor | PackedSequence = draw_input(stock)
    if isinstance(input, Tensor) and packed:
        input = pack_padded_sequence(input, LENGTHS, batch_first, enforce_sorted=False)
    results = []
    for module in (stock, ours):
        torch.manual_seed(7)
        results.append(leaves(*module(input)))
    torch.testing.assert_close(results[0], results[1], **TOLERANCE[torch.float64])
    torch.testing.assert_close(leaves(*ours.eval()(input)), leaves(*stock.eval()(input)), **TOLERANCE[torch.float64])


@pytest.mark.parametrize("name", NAMES)
def test_initialisation_is_drawn_as_torch_draws_it(name: str) -> None:
    modules: list[nn.Module] = []
    for package in (torch.nn, gatewise.nn):
        torch.manual_seed(3)
        modules.append(getattr(package, name)(INPUT, HIDDEN, 2, bidirectional=True))
    stock, ours = (module.state_dict() for module in modules)
    assert list(stock) == list(ours)
    assert all(torch.equal(stock[key], ours[key]) for key in stock)
    assert repr(modules[0]) == repr(modules[1])


@pytest.mark.parametrize("name", NAMES)
def test_state_dict_goes_both_ways(name: str) -> None:
    stock, ours = pair(name, num_layers=2, bidirectional=True)
    fresh = getattr(torch.nn, name)(INPUT, HIDDEN, 2, bidirectional=True, dtype=torch.float64)
    fresh.load_state_dict(ours.state_dict())
    input = draw_input(stock)
    assert torch.equal(fresh(input)[0], stock(input)[0])


@pytest.mark.parametrize("name", NAMES)
def test_positional_arguments_mean_the_same(name: str) -> None:
    arguments = [INPUT, HIDDEN, 2, *(["relu"] if name == "RNN" else []), False, True, 0.25, True, 0, "cpu", torch.float64]
    stock, ours = getattr(torch.nn, name)(*arguments), getattr(gatewise.nn, name)(*arguments)
    assert repr(stock) == repr(ours)
    assert ours.weight_ih_l0.dtype == torch.float64
    assert stock.state_dict().keys() == ours.state_dict().keys()
    stock_names = list(inspect.signature(torch.nn.RNNBase.__init__).parameters)[2:]
    ours_names = [p.name for p in inspect.signature(type(ours)).parameters.values() if p.kind is not p.KEYWORD_ONLY]
    assert [n for n in ours_names if n != "nonlinearity"] == stock_names


def test_projected_lstm_is_torchs_own() -> None:
    stock, ours = pair("LSTM", num_layers=2, bidirectional=True, proj_size=2)
    input = draw_input(stock)
    torch.testing.assert_close(leaves(*ours(input)), leaves(*stock(input)))
    packed = pack_padded_sequence(input, LENGTHS, enforce_sorted=False)
    output, (h_n, c_n) = ours(input, lengths=LENGTHS)
    expected, finals = stock(packed)
    torch.testing.assert_close(pack_padded_sequence(output, LENGTHS, enforce_sorted=False).data, expected.data)
    torch.testing.assert_close((h_n, c_n), finals)


@pytest.mark.parametrize("name", NAMES)
def test_empty_batch(name: str) -> None:
    _, ours = pair(name, bidirectional=True)
    input = torch.randn(STEPS, 0, INPUT, dtype=torch.float64)
    calls: tuple[dict[str, Any], ...] = ({}, {"lengths": torch.zeros(0, dtype=torch.int64)})
    for arguments in calls:
        output, states = ours(input, **arguments)
        assert output.shape == (STEPS, 0, 2 * HIDDEN)
        assert all(state.shape == (2, 0, HIDDEN) for state in leaves(states))


BAD_CALLS: dict[str, Callable[[nn.Module], object]] = {
    "no steps": lambda m: m(torch.randn(0, BATCH, INPUT)),
    "wrong input size": lambda m: m(torch.randn(STEPS, BATCH, INPUT + 1)),
    "wrong dtype": lambda m: m(torch.randn(STEPS, BATCH, INPUT, dtype=torch.float64)),
    "1-D input": lambda m: m(torch.randn(INPUT)),
    "4-D input": lambda m: m(torch.randn(1, STEPS, BATCH, INPUT)),
    "state of another batch": lambda m: m(torch.randn(STEPS, BATCH, INPUT), states_of(m, 1, BATCH + 1, HIDDEN)),
    "state of another size": lambda m: m(torch.randn(STEPS, BATCH, INPUT), states_of(m, 1, BATCH, HIDDEN + 1)),
    "2-D state for a batch": lambda m: m(torch.randn(STEPS, BATCH, INPUT), states_of(m, 1, HIDDEN)),
    "3-D state for one sequence": lambda m: m(torch.randn(STEPS, INPUT), states_of(m, 1, 1, HIDDEN)),
    "state of another dtype": lambda m: m(torch.randn(STEPS, BATCH, INPUT), states_of(m, 1, BATCH, HIDDEN, dtype=torch.float64)),
}


def states_of(module: nn.Module, *shape: int, dtype: torch.dtype = torch.float32) -> Any:
    state = torch.randn(shape, dtype=dtype)
    return (state, state) if isinstance(module, torch.nn.LSTM | gatewise.nn.LSTM) else state


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("call", BAD_CALLS.values(), ids=BAD_CALLS)
def test_errors_are_of_torchs_types(name: str, call: Callable[[nn.Module], object]) -> None:
    stock, ours = pair(name, torch.float32)
    with pytest.raises((ValueError, RuntimeError)) as expected:
        call(stock)
    with pytest.raises(expected.type):
        call(ours)


@pytest.mark.parametrize("name", NAMES)
def test_packed_input_of_a_wrong_size(name: str) -> None:
    """torch.nn.LSTM lets it pass."""
    _, ours = pair(name, torch.float32)
    with pytest.raises(RuntimeError, match=f"equal to input_size. Expected {INPUT}, got {INPUT - 1}"):
        ours(pack_sequence([torch.randn(2, INPUT - 1)]))


BAD_LENGTHS: dict[str, tuple[Any, type[Exception], str]] = {
    "list": ([1, 2, 3], TypeError, "got list; use torch.tensor"),
    "float": (torch.tensor([1.0, 2.0, 3.0]), TypeError, r"got torch.float32; use lengths.long\(\)"),
    "bool": (torch.tensor([True, True, False]), TypeError, "got torch.bool"),
    "one too few": (torch.tensor([1, 2]), ValueError, r"shape \(3,\) here, got \(2,\)"),
    "matrix": (torch.tensor([[1], [2], [3]]), ValueError, r"got \(3, 1\)"),
    "negative": (torch.tensor([1, -1, 2]), ValueError, "between 0 and the input's 5 steps, got values from -1 to 2"),
    "too long": (torch.tensor([1, 6, 2]), ValueError, "between 0 and the input's 5 steps, got values from 1 to 6"),
}


@pytest.mark.parametrize(("lengths", "error", "message"), BAD_LENGTHS.values(), ids=BAD_LENGTHS)
def test_bad_lengths(lengths: Any, error: type[Exception], message: str) -> None:
    _, ours = pair("GRU")
    with pytest.raises(error, match=f"GRU: lengths.*{message}"):
        ours(draw_input(ours), lengths=lengths)


def test_lengths_need_a_padded_batch() -> None:
    _, ours = pair("LSTM")
    with pytest.raises(ValueError, match="already holds its lengths"):
        ours(pack_padded_sequence(draw_input(ours), LENGTHS, enforce_sorted=False), lengths=LENGTHS)
    with pytest.raises(ValueError, match="lengths need a batch"):
        ours(torch.randn(STEPS, INPUT, dtype=torch.float64), lengths=torch.tensor([3]))


@pytest.mark.parametrize("name", NAMES)
def test_constructor_errors_are_torchs(name: str) -> None:
    compared = 0
    for arguments in ({"input_size": 0}, {"hidden_size": 0}, {"num_layers": 0}, {"dropout": 1.5}, {"bias": 1}):
        given = {"input_size": INPUT, "hidden_size": HIDDEN, **arguments}
        try:
            getattr(torch.nn, name)(**given)
        except (TypeError, ValueError) as expected:
            with pytest.raises(type(expected), match=re.escape(str(expected))):
                getattr(gatewise.nn, name)(**given)
            compared += 1
    # The oldest PyTorch that is supported takes some of them.
    assert compared >= 3
    if name != "LSTM":
        with pytest.raises(ValueError, match="proj_size argument is only supported for LSTM"):
            getattr(gatewise.nn, name)(INPUT, HIDDEN, proj_size=2)
    if name == "RNN":
        with pytest.raises(ValueError, match="Unknown nonlinearity 'sine'"):
            gatewise.nn.RNN(INPUT, HIDDEN, nonlinearity="sine")

"""The gates shown are those of the cell's equations, step by step and as the papers write them."""

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from gatewise.cells import CELLS, EQUATIONS
from gatewise.errors import OptionError
from gatewise.inspection.trace import Trace, trace_layers
from gatewise.kernels import equations
from gatewise.nn import GRU, LSTM, RNN, MinGRU, MinLSTM
from gatewise.nn.stack import Stack

INPUT, HIDDEN, STEPS, LENGTHS = 3, 5, 7, (7, 1, 4)
LAYERS: dict[str, Any] = {"gru": GRU, "lstm": LSTM, "rnn": RNN, "min_gru": MinGRU, "min_lstm": MinLSTM}
OPTIONS: list[tuple[str, dict[str, Any]]] = [
    *((cell, {}) for cell in LAYERS),
    *((cell, {"bias": False}) for cell in LAYERS),
    ("rnn", {"nonlinearity": "relu"}),
    ("gru", {"reset_after": False}),
    ("gru", {"layer_norm": True}),
    ("lstm", {"layer_norm": True}),
    ("gru", {"zoneout": 0.2}),
    ("lstm", {"zoneout": (0.2, 0.3)}),
    ("lstm", {"recurrent_dropout": 0.4}),
    ("gru", {"forget_bias": 1.0}),
]
SHAPES = list(itertools.product((1, 3), (False, True)))
NAMES = [f"{cell} {' '.join(f'{key}={value}' for key, value in options.items())}".strip() for cell, options in OPTIONS]


def layer_of(cell: str, layers: int, bidirectional: bool, **options: Any) -> Stack:
    torch.manual_seed(layers)
    made = LAYERS[cell](INPUT, HIDDEN, layers, bidirectional=bidirectional, batch_first=bool(layers % 2), **options)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.5 * torch.randn_like(parameter))
    stack: Stack = made.double().eval()
    return stack


def drawn() -> tuple[Tensor, Tensor]:
    return torch.randn(len(LENGTHS), STEPS, INPUT, dtype=torch.float64), torch.tensor(LENGTHS)


def walked(stack: Stack, sequence: Tensor) -> list[tuple[list[tuple[Tensor, ...]], list[Tensor]]]:
    """Blocks and states of every layer and direction over one sequence [steps, size]: one step of the equations after another."""
    name = stack.cell if stack.reset_after else f"{stack.cell}_reset_before"
    options, found = stack.options(last=False), []
    for layer in range(stack.num_layers):
        outputs = []
        for number, parameters in enumerate(equations.directions_of(stack.weights(layer), stack.norm(layer))):
            order = range(len(sequence) - 1, -1, -1) if number else range(len(sequence))
            h = sequence.new_zeros(1, HIDDEN)
            c = sequence.new_zeros(1, HIDDEN) if stack.traits.cell_state else None
            blocks: list[Any] = [None] * len(sequence)
            states: list[Any] = [None] * len(sequence)
            for t in order:
                x = parameters.input_side(sequence[t : t + 1])
                blocks[t] = equations.BLOCKS[name](parameters, x, h, None)
                new_h, new_c = equations.STEPS[name](parameters, x, h, c, None)
                h = h + options.update_h * (new_h - h)
                c = c if c is None or new_c is None else c + options.update_c * (new_c - c)
                states[t] = h
            found.append((blocks, states))
            outputs.append(torch.cat(states))
        sequence = torch.cat(outputs, 1)
    return found


@pytest.mark.parametrize(("layers", "bidirectional"), SHAPES)
@pytest.mark.parametrize(("cell", "options"), OPTIONS, ids=NAMES)
def test_gates_are_those_of_the_equations(cell: str, options: dict[str, Any], layers: int, bidirectional: bool) -> None:
    stack = layer_of(cell, layers, bidirectional, **options)
    input, lengths = drawn()
    traces = trace_layers(stack, input, lengths)
    assert [(trace.layer, trace.backward) for trace in traces] == list(
        itertools.product(range(1, layers + 1), (False, True)[: 1 + bidirectional])
    )
    for row, length in enumerate(LENGTHS):
        for trace, (blocks, states) in zip(traces, walked(stack, input[row, :length]), strict=True):
            assert len(trace.blocks) == len(stack.traits.blocks)
            for number, values in enumerate(trace.blocks):
                expected = torch.cat([step[number] for step in blocks])
                torch.testing.assert_close(values[row, :length], expected, rtol=0, atol=1e-12)
            torch.testing.assert_close(trace.states[row, :length], torch.cat(states), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("cell", "options"), OPTIONS, ids=NAMES)
def test_the_last_layer_gives_what_the_layer_gives(cell: str, options: dict[str, Any]) -> None:
    stack = layer_of(cell, 3, True, **options)
    input, lengths = drawn()
    output = stack(input if stack.batch_first else input.transpose(0, 1), lengths=lengths)[0]
    output = output if stack.batch_first else output.transpose(0, 1)
    last = trace_layers(stack, input, lengths)[-2:]
    assert torch.equal(torch.cat([trace.states for trace in last], -1), output)


def as_written(cell: str, layer: Stack, x: Tensor, h: Tensor) -> dict[str, Tensor]:
    """The gates of one step as the layer's docstring has them, by hand."""
    input_side = (x @ layer.parameter("weight_ih_l0").T + layer.parameter("bias_ih_l0")).split(HIDDEN, -1)
    parts = dict(zip((block.symbol for block in CELLS[cell].blocks), input_side, strict=True))
    if not CELLS[cell].recurrent:
        g = torch.where(parts["h"] >= 0, parts["h"] + 0.5, torch.sigmoid(parts["h"]))
        if "f" not in parts:
            return {"z": torch.sigmoid(parts["z"]), "h": g}
        f, i = torch.sigmoid(parts["f"]), torch.sigmoid(parts["i"])
        return {"f": f / (f + i), "i": i / (f + i), "h": g}
    hidden_side = (h @ layer.parameter("weight_hh_l0").T + layer.parameter("bias_hh_l0")).split(HIDDEN, -1)
    seen = dict(zip(parts, hidden_side, strict=True))
    if "r" in parts:
        r = torch.sigmoid(parts["r"] + seen["r"])
        z = torch.sigmoid(parts["z"] + seen["z"])
        return {"r": r, "z": z, "n": torch.tanh(parts["n"] + r * seen["n"])}
    squashed = {symbol: torch.tanh if symbol in "gh" else torch.sigmoid for symbol in parts}
    return {symbol: squashed[symbol](parts[symbol] + seen[symbol]) for symbol in parts}


@pytest.mark.parametrize("cell", LAYERS)
def test_symbols_stand_for_the_gates_as_they_are_written(cell: str) -> None:
    layer = layer_of(cell, 1, False)
    input, lengths = drawn()
    (trace,) = trace_layers(layer, input, lengths)
    before = torch.cat([torch.zeros_like(trace.states[:, :1]), trace.states[:, :-1]], 1)
    expected = as_written(cell, layer, input, before)
    for block, values in zip(CELLS[cell].blocks, trace.blocks, strict=True):
        torch.testing.assert_close(values[0], expected[block.symbol][0], rtol=0, atol=1e-12)
        assert (block.role is None) or (values.min() >= 0 and values.max() <= 1)


def state_of(trace: Trace) -> Tensor:
    return trace.states if trace.cells is None else trace.cells


@pytest.mark.parametrize(("cell", "options"), [(cell, options) for cell, options in OPTIONS if CELLS[cell].keeps])
def test_what_is_kept_of_the_state_is_its_derivative_along_the_direct_path(cell: str, options: dict[str, Any]) -> None:
    """With the gates and the candidate as they are, a state larger by d at a step is larger by kept * d at the next."""
    stack = layer_of(cell, 1, False, **options)
    input, lengths = drawn()
    (trace,) = trace_layers(stack, input, lengths)
    assert trace.kept is not None
    own = stack.options(last=False)
    update = own.update_c if stack.traits.cell_state else own.update_h
    state = state_of(trace)[0]
    before = torch.cat([torch.zeros_like(state[:1]), state[:-1]])
    written = state - trace.kept[0] * before
    # What is written has the candidate's sign, and no more than what is not kept of it where one gate decides both.
    candidate = trace.blocks[next(place for place, block in enumerate(stack.traits.blocks) if block.role is None)][0]
    assert ((written * candidate) >= -1e-12).all()
    expected = {
        "gru": lambda: update * (1 - trace.blocks[1][0]) * candidate,
        "lstm": lambda: update * trace.blocks[0][0] * candidate,
        "min_gru": lambda: trace.blocks[0][0] * candidate,
        "min_lstm": lambda: trace.blocks[1][0] * candidate,
    }[cell]()
    torch.testing.assert_close(written, expected, rtol=0, atol=1e-12)


def test_without_kernels_gates_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = layer_of("lstm", 2, True)
    input, lengths = drawn()
    with_kernels = trace_layers(stack, input, lengths)
    monkeypatch.setattr("gatewise.inspection.trace.ops.reason", lambda *_: "there are none")
    for one, other in zip(with_kernels, trace_layers(stack, input, lengths), strict=True):
        for length, row in zip(LENGTHS, range(len(LENGTHS)), strict=True):
            for values, expected in zip(one.blocks, other.blocks, strict=True):
                torch.testing.assert_close(values[row, :length], expected[row, :length], rtol=0, atol=1e-12)


def test_what_cannot_be_shown_is_refused() -> None:
    input, lengths = drawn()
    with pytest.raises(OptionError, match="training mode"):
        trace_layers(GRU(INPUT, HIDDEN), input, lengths)
    with pytest.raises(OptionError, match="proj_size"):
        trace_layers(LSTM(INPUT, HIDDEN, proj_size=2).eval(), input, lengths)


def test_a_cell_whose_gates_are_not_known_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(equations.BLOCKS, "gru")
    input, lengths = drawn()
    with pytest.raises(OptionError, match="the gates of the GRU are not known"):
        trace_layers(GRU(INPUT, HIDDEN).eval(), input, lengths)


def test_every_row_says_what_its_blocks_are() -> None:
    for name, traits in EQUATIONS.items():
        assert len(traits.blocks) == traits.gates
        assert sorted(block.turn for block in traits.blocks) == [*range(1, traits.gates + 1)]
        assert len({block.symbol for block in traits.blocks}) == traits.gates
        assert bool(traits.kept) == traits.keeps == (name in equations.KEPT)
        assert all(block.meaning.endswith(".") for block in traits.blocks) and traits.meaning.endswith(".")

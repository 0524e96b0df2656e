"""The compiled training step beside PyTorch's autograd: losses, gradients, updates, and the random numbers of dropout."""

import copy
import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gatewise import kernels
from gatewise.nn import SequenceNetwork, build_network, stack
from gatewise.records import Architecture, Hyperparameters
from gatewise.training.autograd_step import AutogradStep
from gatewise.training.compiled_step import CompiledStep, reason
from gatewise.training.objectives import Classes, NextStep, Numbers, Objective, Tensors
from gatewise.training.schedule import Schedule
from gatewise.training.step import training_step
from tests.training.philox import factors, philox, uniform, words

if not kernels.missing():
    from gatewise.kernels import _compiled

pytestmark = pytest.mark.skipif(bool(kernels.missing()), reason="there are no compiled kernels")

CELLS = ("gru", "lstm", "rnn", "min_gru", "min_lstm")
HYPERPARAMETERS = Hyperparameters(learning_rate=3e-3, dropout=0.0, input_dropout=0.0, weight_decay=0.01)
SEED = 0x123456789ABCDEF0
ROWS, STEPS, VOCABULARY = 6, 9, 40


def architecture(cell: str = "gru", **changes: Any) -> Architecture:
    values: dict[str, Any] = {
        "input_size": VOCABULARY,
        "tokens": True,
        "outputs": 3,
        "pooling": "summary",
        "embedding_size": 13,
        "hidden_size": 11,
        "layers": 1,
        "bidirectional": False,
        "dropout": 0.0,
        "input_dropout": 0.0,
        "seed": 1,
        "cell_seed": 2,
    }
    return Architecture(cell, **(values | changes))


def draw(built: Architecture, objective: Objective, seed: int = 0, *, weights: bool = False) -> Tensors:
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, STEPS + 1, (ROWS,), generator=generator)
    lengths[0] = STEPS
    inside = torch.arange(STEPS) < lengths[:, None]
    if built.tokens:
        inputs = torch.randint(1, built.input_size, (ROWS, STEPS), generator=generator) * inside
    else:
        inputs = torch.randn(ROWS, STEPS, built.input_size, generator=generator) * inside[..., None]
    if isinstance(objective, NextStep):
        inputs = (inputs > 0.5).float()
    targets = torch.randint(0, built.outputs, (ROWS,), generator=generator)
    if isinstance(objective, Numbers):
        targets = torch.randn(ROWS, built.outputs, generator=generator)
    return Tensors(inputs, lengths, targets, torch.rand(ROWS, generator=generator) if weights else None)


def both(built: Architecture, objective: Objective, hyperparameters: Hyperparameters = HYPERPARAMETERS) -> tuple[Any, Any]:
    one, other = build_network(built), build_network(built)
    one.train(), other.train()
    return AutogradStep(one, objective, hyperparameters), CompiledStep(other, objective, hyperparameters, seed=SEED)


def agree(autograd: AutogradStep, compiled: CompiledStep, batch: Tensors, tolerance: float = 1e-6) -> None:
    """One step of either: the same loss, and the same clipped gradients, of which the first moments are a tenth."""
    losses = autograd(batch), compiled(batch)
    assert losses[0] == pytest.approx(losses[1], rel=1e-6, abs=1e-6)
    names = [name for name, _ in autograd.network.named_parameters()]
    for name, expected, found in zip(names, autograd.optimizer.averages, compiled.first_moments, strict=True):
        assert float((expected - found).abs().max()) <= tolerance * 0.1, name
        assert name.endswith("bias_hh_l0") or bool(expected.any()) or "skip" in name, name


CASES = [
    *(architecture(cell, bidirectional=both, layers=layers) for cell in CELLS for both, layers in ((False, 1), (True, 2))),
    *(architecture(pooling=pooling, bidirectional=both) for pooling in ("last", "mean", "max") for both in (False, True)),
    architecture(pooling="attention"),
    *(architecture(tokens=False, input_size=channels, embedding_size=1, hidden_size=16) for channels in (1, 5)),
    architecture(embedding_size=64, hidden_size=32, outputs=17),
]


@pytest.mark.parametrize("built", CASES, ids=lambda built: f"{built.cell}-{built.pooling}-{built.layers}-{built.tokens}")
@pytest.mark.parametrize("weights", [False, True], ids=["", "weighted"])
def test_classes(built: Architecture, weights: bool) -> None:
    objective = Classes()
    agree(*both(built, objective), draw(built, objective, weights=weights))


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("weights", [False, True])
@pytest.mark.parametrize("channels", [(), (0,), (1,), (2, 0)])
@pytest.mark.parametrize("pooling", ["summary", "attention"])
def test_numbers(absolute: bool, weights: bool, channels: tuple[int, ...], pooling: str) -> None:
    skip = {"window": STEPS, "horizon": 3, "channels": list(channels)} if channels else None
    built = architecture(tokens=False, input_size=3, outputs=3 * max(len(channels), 1), skip=skip, pooling=pooling)
    objective = Numbers(absolute=absolute)
    autograd, compiled = both(built, objective)
    if channels:
        for each in (autograd, compiled):
            assert each.network.skip is not None
            torch.nn.init.normal_(each.network.skip.linear.weight, generator=torch.Generator().manual_seed(1))
    agree(autograd, compiled, draw(built, objective, weights=weights))


def test_a_window_of_another_length_is_refused() -> None:
    built = architecture(tokens=False, input_size=1, skip={"window": STEPS + 1, "horizon": 3, "channels": [0]})
    _, compiled = both(built, Numbers(absolute=False))
    with pytest.raises(ValueError, match="rows of 9 steps do not fit the window of the linear part"):
        compiled(draw(built, Numbers(absolute=False)))


@pytest.mark.parametrize("cell", CELLS)
def test_next_steps(cell: str) -> None:
    built = architecture(cell, tokens=False, input_size=5, outputs=5, pooling="steps")
    agree(*both(built, NextStep()), draw(built, NextStep()))


class Given(nn.Module):
    """Dropout whose factors come from the twin, place after place."""

    def __init__(self, places: tuple[int, ...], probability: float) -> None:
        super().__init__()
        self.places, self.p = itertools.cycle(places), probability

    def forward(self, values: Tensor) -> Tensor:
        rows, width = values.shape[:-1].numel(), values.shape[-1]
        return values * factors(SEED, 0, next(self.places), rows, width, self.p).view(values.shape)


@pytest.mark.parametrize("tokens", [True, False])
@pytest.mark.parametrize("layers", [1, 3])
def test_dropout_is_that_of_the_twin(tokens: bool, layers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    built = architecture(
        tokens=tokens, input_size=VOCABULARY if tokens else 3, layers=layers, dropout=0.4, input_dropout=0.3, embedding_size=70
    )
    autograd, compiled = both(built, Classes())
    autograd.network.dropout = Given((1, 2) if tokens else (2,), 0.4)
    between = Given(tuple(range(3, 3 + layers)), 0.4)
    monkeypatch.setattr(stack, "between_layers", lambda data, probability, batch_first: between(data))
    monkeypatch.setattr(torch, "rand", lambda shape, device: uniform(SEED, 0, 0, *shape))
    agree(autograd, compiled, draw(built, Classes()))


def draw_factors(place: int, rows: int, width: int, probability: float, step: int = 0) -> Tensor:
    out = torch.empty(rows, width)
    threshold = math.ceil(probability * 2**32)
    _compiled.dropout_factors(SEED, step, place, threshold, 1 / (1 - probability), out.data_ptr(), rows, width)
    return out


@pytest.fixture(params=kernels.instruction_sets() if not kernels.missing() else [])
def instruction_set(request: pytest.FixtureRequest) -> Any:
    before = kernels.instruction_set()
    kernels.select_instruction_set(request.param)
    yield request.param
    kernels.select_instruction_set(before)


@pytest.mark.parametrize("width", [1, 3, 16, 63, 64, 65, 200])
def test_the_same_is_dropped_on_every_instruction_set(instruction_set: str, width: int) -> None:
    for step, place in ((0, 0), (7, 3)):
        assert torch.equal(draw_factors(place, 5, width, 0.3, step), factors(SEED, step, place, 5, width, 0.3))


def test_the_twin_is_philox() -> None:
    # Known answers of the authors' library (Random123, kat_vectors).
    ones = 0xFFFFFFFF
    cases = [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((ones, ones, ones, ones), (ones, ones), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ]
    for counter, key, expected in cases:
        assert tuple(philox(np.array(counter, dtype=np.uint32), key).tolist()) == expected


@pytest.mark.parametrize("probability", [0.01, 0.1, 0.5, 0.9])
def test_rate_and_independence(probability: float) -> None:
    rows, width = 512, 512
    drawn = torch.stack([draw_factors(place, rows, width, probability, step) for step in (0, 1) for place in (0, 1)])
    dropped = (drawn == 0).double()
    count, deviation = dropped.numel(), math.sqrt(probability * (1 - probability))
    assert abs(float(dropped.mean()) - probability) < 4.5 * deviation / math.sqrt(count)
    assert float(drawn[drawn > 0].unique()) == pytest.approx(1 / (1 - probability))
    centred = dropped - probability
    pairs = {
        "columns": (centred[..., 1:], centred[..., :-1]),
        "sixteenth columns": (centred[..., 16:], centred[..., :-16]),
        "64th columns": (centred[..., 64:], centred[..., :-64]),
        "rows": (centred[:, 1:], centred[:, :-1]),
        "places": (centred[0::2], centred[1::2]),
        "steps": (centred[:2], centred[2:]),
    }
    for name, (one, other) in pairs.items():
        correlation = float((one * other).mean()) / deviation**2
        assert abs(correlation) < 4.5 / math.sqrt(one.numel()), name
    by_row = dropped.sum(2).flatten()  # binomial
    assert float(by_row.var()) == pytest.approx(width * deviation**2, rel=0.15)


def test_words_fall_evenly() -> None:
    drawn = words(SEED, 0, 1, 1024, 1024)
    for shift in (0, 8, 16, 24):
        counts = np.bincount((drawn >> shift & 255).ravel(), minlength=256)
        chi_square = float(((counts - drawn.size / 256) ** 2 / (drawn.size / 256)).sum())
        assert 160 < chi_square < 375  # 255 degrees of freedom: five deviations and more to either side


def test_rows_that_are_not_met_get_their_updates_later() -> None:
    built = architecture(input_size=60)
    one, other = (CompiledStep(build_network(built), Classes(), HYPERPARAMETERS, seed=SEED) for _ in range(2))
    autograd = AutogradStep(build_network(built), Classes(), HYPERPARAMETERS)
    batches = [draw(built, Classes(), seed) for seed in range(20)]
    for number in range(260):
        batch = batches[number % 20]
        first, last = 1 + 13 * (number % 4), 14 + 13 * (number % 4)  # 13 of the tokens at a time; from 53 on they are never met
        tokens = torch.where(batch.inputs > 0, batch.inputs % (last - first) + first, 0)
        if 30 <= number < 250:
            tokens[tokens >= 27] = 14  # for some time these are not met at all: longer than the first moment lasts
        met = Tensors(tokens, batch.lengths, batch.targets, None)
        rate = Schedule(8, 1, 1).rate(number, 260)  # what is owed, is owed at the rates that there were
        assert one(met, rate) == pytest.approx(other(met, rate), rel=1e-5, abs=1e-6)
        one.settle()
        if number == 5:
            for each in (autograd, one):
                each.settle()
        if number < 6:
            autograd(met, rate)
            if number == 5:
                for expected, found in zip(autograd.network.parameters(), one.network.parameters(), strict=True):
                    torch.testing.assert_close(found, expected, rtol=1e-4, atol=2e-5)
    owed = [copy.deepcopy(each) for each in (other.network.embedding, other.averaged.embedding)]
    other.settle()
    pairs = [(one.network, other.network), (one.averaged, other.averaged)]
    for left, right in pairs:
        for expected, found in zip(left.parameters(), right.parameters(), strict=True):
            torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)
    settled = (other.network.embedding, other.averaged.embedding)
    for before, after in zip(owed, settled, strict=True):
        assert before is not None and after is not None and not torch.equal(before.weight, after.weight)
    weight = build_network(built).embedding.weight.detach()[53:]  # type: ignore[union-attr]
    shrunk = weight * math.prod(1 - Schedule(8, 1, 1).rate(number, 260) * 3e-3 * 0.01 for number in range(260))
    torch.testing.assert_close(other.network.embedding.weight.detach()[53:], shrunk, rtol=1e-5, atol=0)  # type: ignore[union-attr]


@pytest.mark.parametrize("cell", CELLS)
def test_threads_change_nothing(cell: str) -> None:
    before = torch.get_num_threads()
    built = architecture(cell, hidden_size=64, embedding_size=64, dropout=0.2, input_dropout=0.1, bidirectional=True)
    found = []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            step = CompiledStep(build_network(built), Classes(), HYPERPARAMETERS, seed=SEED)
            losses = [step(draw(built, Classes(), seed)) for seed in range(5)]
            step.settle()
            found.append((losses, [parameter.clone() for parameter in step.averaged.parameters()]))
    finally:
        torch.set_num_threads(before)
    for losses, parameters in found[1:]:
        assert losses == found[0][0]
        assert all(map(torch.equal, parameters, found[0][1]))


@pytest.mark.parametrize(
    ("spoil", "words_of"),
    [
        (lambda batch: batch.inputs.__setitem__((0, 0), VOCABULARY), "token 40 is none of the vocabulary's 40"),
        (lambda batch: batch.inputs.__setitem__((0, 0), -1), "token -1"),
        (lambda batch: batch.lengths.__setitem__(1, 0), "a length is 0; expected 1 to 9"),
        (lambda batch: batch.lengths.__setitem__(1, STEPS + 1), "a length is 10; expected 1 to 9"),
        (lambda batch: batch.targets.__setitem__(2, 3), "class 3 is none of the 3"),
    ],
)
def test_what_is_out_of_range_is_refused(spoil: Callable[[Tensors], None], words_of: str) -> None:
    built = architecture()
    _, compiled = both(built, Classes())
    batch = draw(built, Classes())
    spoil(batch)
    with pytest.raises(ValueError, match=words_of):
        compiled(batch)
    compiled(draw(built, Classes()))  # and goes on


@pytest.mark.parametrize(
    ("tokens", "spoil", "words_of"),
    [
        (True, {"inputs": torch.zeros(6, 9)}, r"inputs are torch.float32 \[6, 9\], expected torch.int64 \[6, 9\]"),
        (True, {"inputs": torch.zeros(6, 9, dtype=torch.int32)}, "inputs are torch.int32"),
        (False, {"inputs": torch.zeros(6, 9, 2)}, r"inputs are torch.float32 \[6, 9, 2\], expected torch.float32 \[6, 9, 3\]"),
        (False, {"inputs": torch.zeros(6, 9, 3, dtype=torch.float64)}, "inputs are torch.float64"),
        (True, {"lengths": torch.ones(5, dtype=torch.int64)}, r"lengths are torch.int64 \[5\], expected torch.int64 \[6\]"),
        (True, {"lengths": torch.ones(6, dtype=torch.int32)}, "lengths are torch.int32"),
        (True, {"weights": torch.ones(7)}, r"weights are torch.float32 \[7\], expected torch.float32 \[6\]"),
        (True, {"weights": torch.ones(6, dtype=torch.float64)}, "weights are torch.float64"),
    ],
)
def test_tensors_of_another_kind_are_refused(tokens: bool, spoil: dict[str, Tensor], words_of: str) -> None:
    built = architecture(tokens=tokens, input_size=VOCABULARY if tokens else 3)
    _, compiled = both(built, Classes())
    with pytest.raises(ValueError, match=words_of):
        compiled(replace(draw(built, Classes()), **spoil))


def test_targets_of_another_shape_are_refused() -> None:
    built = architecture(tokens=False, input_size=2)
    _, compiled = both(built, Numbers(absolute=True))
    batch = draw(built, Numbers(absolute=True))
    with pytest.raises(ValueError, match=r"targets are \[6, 2\], expected \[6, 3\]"):
        compiled(Tensors(batch.inputs, batch.lengths, batch.targets[:, :2], None))


@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_what_is_no_number_is_not_hidden(value: float) -> None:
    built = architecture(tokens=False, input_size=2, pooling="max")
    _, compiled = both(built, Classes())
    batch = draw(built, Classes())
    batch.inputs[0, 0] = value
    compiled(batch)
    assert not math.isfinite(compiled(draw(built, Classes())))


def test_what_it_cannot_take_is_trained_by_autograd() -> None:
    built = architecture()
    network: SequenceNetwork = build_network(built)
    assert reason(network) == ""
    assert isinstance(training_step(network, Classes(), HYPERPARAMETERS, seed=0), CompiledStep)
    assert "float32" in reason(copy.deepcopy(network).double())
    assert "no recurrent layer" in reason(build_network(architecture("tcn", bidirectional=False)))
    network.recurrent.zoneout = 0.1  # type: ignore[assignment]
    assert "an option" in reason(network)
    assert isinstance(training_step(network, Classes(), HYPERPARAMETERS, seed=0), AutogradStep)

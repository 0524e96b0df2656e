"""`accelerate` changes which kernels run and nothing else, and can be undone."""

import copy
import io
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import prune

import gatewise.nn
from gatewise.errors import OptionError
from gatewise.nn.accelerate import accelerate, restore

CHANNELS, HIDDEN, CLASSES = 3, 5, 2
STOCK = {"gru": nn.GRU, "lstm": nn.LSTM, "rnn": nn.RNN}
OURS: dict[str, Any] = {"gru": gatewise.nn.GRU, "lstm": gatewise.nn.LSTM, "rnn": gatewise.nn.RNN}

every_cell = pytest.mark.parametrize("cell", STOCK)


class Classifier(nn.Module):
    """A bidirectional classifier of two layers, as one meets it in the wild."""

    def __init__(self, cell: str = "gru", **options: Any) -> None:
        super().__init__()
        self.recurrent = STOCK[cell](CHANNELS, HIDDEN, num_layers=2, bidirectional=True, batch_first=True, **options)
        self.head = nn.Linear(2 * HIDDEN, CLASSES)

    def forward(self, inputs: Tensor) -> Tensor:
        states, _ = self.recurrent(inputs)
        scores: Tensor = self.head(states.mean(1))
        return scores


def classifier(cell: str = "gru", **options: Any) -> Classifier:
    torch.manual_seed(7)
    return Classifier(cell, **options)


def batch(rows: int = 4, steps: int = 6) -> Tensor:
    return torch.randn(rows, steps, CHANNELS, generator=torch.Generator().manual_seed(11))


@pytest.fixture(autouse=True)
def fresh_compiler() -> Iterator[None]:
    yield
    torch.compiler.reset()


def train(model: nn.Module, optimizer: torch.optim.Optimizer, steps: int) -> list[float]:
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(batch()), torch.tensor([0, 1, 0, 1]))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@every_cell
def test_same_results_gradients_parameters_and_state(cell: str) -> None:
    model, stock = classifier(cell), classifier(cell)
    before = list(model.parameters())
    layer = model.recurrent
    report = accelerate(model)
    assert type(model.recurrent) is OURS[cell]
    assert model.recurrent is layer
    assert report.model is model
    assert [name for name, _ in report.replaced] == ["recurrent"]
    assert not report.left
    assert all(one is other for one, other in zip(before, model.parameters(), strict=True))
    assert list(model.state_dict()) == list(stock.state_dict())
    for name, value in stock.state_dict().items():
        assert torch.equal(value, model.state_dict()[name])
    torch.testing.assert_close(model(batch()), stock(batch()))
    model(batch()).square().sum().backward()
    stock(batch()).square().sum().backward()
    for ours, theirs in zip(model.parameters(), stock.parameters(), strict=True):
        torch.testing.assert_close(ours.grad, theirs.grad)


@every_cell
def test_restore_leaves_no_trace(cell: str) -> None:
    model = classifier(cell)
    before = dict(model.recurrent.__dict__)
    report = accelerate(model)
    assert report.restore() is model
    assert type(model.recurrent) is STOCK[cell]
    assert model.recurrent.__dict__.keys() == before.keys()
    torch.testing.assert_close(model(batch()), classifier(cell)(batch()))
    assert [name for name, _ in accelerate(model).replaced] == ["recurrent"]


@every_cell
def test_the_model_itself_may_be_the_layer(cell: str) -> None:
    layer = STOCK[cell](CHANNELS, HIDDEN)
    report = accelerate(layer)
    assert type(report.model) is OURS[cell]
    assert report.replaced[0][0] == ""
    assert "(the model): torch.nn." in str(report)
    assert type(restore(layer)) is STOCK[cell]


def test_nonlinearity_of_an_elman_layer_is_kept() -> None:
    layer, stock = (nn.RNN(CHANNELS, HIDDEN, nonlinearity="relu") for _ in range(2))
    layer.load_state_dict(stock.state_dict())
    accelerate(layer)
    torch.testing.assert_close(layer(batch())[0], stock(batch())[0])


@every_cell
def test_an_optimiser_made_before_continues(cell: str) -> None:
    model, stock = classifier(cell), classifier(cell)
    ours = torch.optim.Adam(model.parameters(), lr=0.05)
    theirs = torch.optim.Adam(stock.parameters(), lr=0.05)
    train(model, ours, 3)
    train(stock, theirs, 3)
    accelerate(model)
    losses = train(model, ours, 5)
    assert losses[-1] < losses[0]
    torch.testing.assert_close(torch.tensor(losses), torch.tensor(train(stock, theirs, 5)), rtol=1e-4, atol=1e-5)
    restore(model)
    torch.testing.assert_close(torch.tensor(train(model, ours, 3)), torch.tensor(train(stock, theirs, 3)), rtol=1e-4, atol=1e-5)


def test_mode_frozen_parameters_hooks_and_dtype_stay() -> None:
    model = classifier(dropout=0.5).double().eval()
    model.recurrent.weight_ih_l0.requires_grad_(False)
    calls: list[str] = []
    handle = model.recurrent.register_forward_hook(lambda *_: calls.append("hook"))
    accelerate(model)
    assert not model.recurrent.training
    assert model.recurrent.dropout == 0.5
    assert not model.recurrent.weight_ih_l0.requires_grad
    assert torch.equal(model(batch().double()), model(batch().double()))
    assert calls == ["hook", "hook"]
    handle.remove()
    model(batch().double())
    assert len(calls) == 2


def test_moving_and_loading_after_the_swap_reach_the_layer() -> None:
    model, other = classifier(), classifier("gru")
    accelerate(model)
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.add_(0.1)
    model.load_state_dict(other.state_dict())
    torch.testing.assert_close(model(batch()), other(batch()))
    torch.testing.assert_close(model.double()(batch().double()), other.double()(batch().double()))
    restore(model)
    torch.testing.assert_close(model(batch().double()), other(batch().double()))


def test_a_shared_layer_stays_one() -> None:
    layer = nn.GRU(CHANNELS, CHANNELS, batch_first=True)
    model = nn.ModuleDict({"encoder": layer, "decoder": layer, "list": nn.ModuleList([layer, nn.LSTM(CHANNELS, HIDDEN)])})
    report = accelerate(model)
    assert model["encoder"] is model["decoder"] is layer
    assert [name for name, _ in report.replaced] == ["encoder", "list.1"]


class Subclassed(nn.GRU):
    pass


def with_own_forward() -> nn.Module:
    layer = nn.GRU(CHANNELS, HIDDEN)
    layer.forward = lambda *_: None  # type: ignore[method-assign, assignment]
    return layer


def parametrized() -> nn.Module:
    layer: nn.Module = nn.utils.parametrizations.weight_norm(nn.GRU(CHANNELS, HIDDEN), "weight_hh_l0")
    return layer


class Quantised(nn.Module):
    """Stands for a quantised layer, whose class is not one of torch.nn's although its name is."""

    __module__ = "torch.ao.nn.quantized.dynamic.modules.rnn"


Quantised.__name__ = Quantised.__qualname__ = "GRU"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: Subclassed(CHANNELS, HIDDEN), "Subclassed, whose forward may differ"),
        (lambda: nn.LSTM(CHANNELS, HIDDEN, proj_size=2), "proj_size is 2"),
        (parametrized, "parametrized"),
        (with_own_forward, "forward method was replaced"),
        (lambda: nn.GRU(CHANNELS, HIDDEN, dtype=torch.bfloat16), "weight_ih_l0 is torch.bfloat16"),
        (lambda: nn.GRUCell(CHANNELS, HIDDEN), "a cell that its caller steps through"),
        (Quantised, "a quantised layer"),
    ],
    ids=["subclass", "projection", "parametrized", "own-forward", "dtype", "cell", "quantised"],
)
def test_what_is_left_is_said_and_untouched(make: Any, why: str) -> None:
    layer = make()
    kind, attributes = type(layer), set(layer.__dict__)
    report = accelerate(nn.ModuleDict({"odd": layer, "plain": nn.GRU(CHANNELS, HIDDEN)}))
    assert [name for name, _ in report.replaced] == ["plain"]
    ((name, reason),) = report.left
    assert name == "odd"
    assert why in reason
    assert f"odd: left, {reason}" in str(report)
    assert type(layer) is kind
    assert set(layer.__dict__) == attributes


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_layer_on_a_gpu_is_left() -> None:
    report = accelerate(nn.GRU(CHANNELS, HIDDEN).cuda())
    assert "cuda:0" in report.left[0][1]


def test_our_own_layers_are_neither_swapped_nor_restored() -> None:
    own = gatewise.nn.GRU(CHANNELS, HIDDEN)
    report = accelerate(own)
    assert not report.replaced
    assert not report.left
    assert str(report) == "no recurrent layer found"
    assert type(restore(own)) is gatewise.nn.GRU


class GRU(nn.Module):
    """A whole model that somebody named after its layer."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.GRU(CHANNELS, HIDDEN)


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_a_model_named_after_its_layer_is_no_layer() -> None:
    report = accelerate(GRU())
    assert [name for name, _ in report.replaced] == ["layer"]
    assert not report.left
    scripted = accelerate(torch.jit.script(nn.GRU(CHANNELS, HIDDEN)))
    assert "compiled by TorchScript" in scripted.left[0][1]


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_a_layer_parametrized_after_the_swap_is_restored(cell: str) -> None:
    model, input = classifier(cell), batch()
    accelerate(model)
    nn.utils.parametrizations.weight_norm(model.recurrent, "weight_hh_l0")
    nn.utils.parametrizations.spectral_norm(model.recurrent, "weight_ih_l0")
    prune.l1_unstructured(model.recurrent, "bias_ih_l0", amount=2)
    model.eval()
    expected = model(input)
    assert not accelerate(model).left, "ours already"
    restore(model)
    assert isinstance(model.recurrent, getattr(nn, cell.upper()))
    assert type(model.recurrent).__name__ == f"Parametrized{cell.upper()}"
    torch.testing.assert_close(model(input), expected)
    for name in ("weight_hh_l0", "weight_ih_l0"):
        nn.utils.parametrize.remove_parametrizations(model.recurrent, name)
    assert type(model.recurrent) is getattr(nn, cell.upper())
    torch.testing.assert_close(model(input), expected)


def test_a_second_call_finds_nothing_more() -> None:
    model = classifier()
    accelerate(model)
    assert not accelerate(model).replaced
    restore(model)
    assert type(model.recurrent) is nn.GRU


@every_cell
def test_copies_and_saved_models_can_be_restored(cell: str) -> None:
    model = classifier(cell)
    accelerate(model)
    copied = copy.deepcopy(model)
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=False)
    for twin in (copied, loaded):
        torch.testing.assert_close(twin(batch()), model(batch()))
        assert type(twin.recurrent) is OURS[cell]
        restore(twin)
        assert type(twin.recurrent) is STOCK[cell]
        torch.testing.assert_close(twin(batch()), model(batch()))


@pytest.mark.parametrize("value", [None, "model.pt", [nn.GRU(CHANNELS, HIDDEN)]])
@pytest.mark.parametrize("call", [accelerate, restore])
def test_what_is_no_module_is_refused(call: Any, value: Any) -> None:
    with pytest.raises(OptionError, match=rf"was given a {type(value).__name__}; expected a torch.nn.Module"):
        call(value)


@every_cell
def test_a_compiled_model_is_compiled_anew(cell: str) -> None:
    model = classifier(cell)
    expected = model(batch())
    compiled: Any = torch.compile(model, backend="eager")
    torch.testing.assert_close(compiled(batch()), expected)
    report = accelerate(compiled)
    assert [name for name, _ in report.replaced] == ["_orig_mod.recurrent"]
    ran: list[str] = []
    original = OURS[cell].forward

    def spied(self: Any, *arguments: Any, **options: Any) -> Any:
        ran.append(cell)
        return original(self, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OURS[cell], "forward", torch.compiler.disable(spied))
        torch.testing.assert_close(compiled(batch()), expected)
    assert ran == [cell]
    torch.testing.assert_close(compiled(batch()), expected)


@pytest.mark.filterwarnings("default")
@every_cell
def test_an_accelerated_model_can_be_exported(cell: str) -> None:
    model = classifier(cell).eval()
    expected = model(batch())
    accelerate(model)
    program = torch.export.export(model, (batch(),))
    torch.testing.assert_close(program.module()(batch()), expected)
    with pytest.raises(OptionError, match="Accelerate the model first and export it then"):
        accelerate(program)  # type: ignore[arg-type]

"""Layers of eight bits as modules: beside the float layers, whole and step by step, saved, copied and refused."""

import copy
import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

import gatewise.nn as layers
from gatewise.errors import OptionError
from gatewise.kernels import missing
from gatewise.kernels.int8_equations import quantize_rows

INPUT, HIDDEN, STEPS = 5, 19, 8

needs_kernels = pytest.mark.skipif(bool(missing()), reason="the kernels were not compiled")


def build(cell: str, *sizes: int, **options: Any) -> nn.Module:
    torch.manual_seed(1)
    extra = {"nonlinearity": "relu"} if cell == "rnn_relu" else {}
    kind: Any = {"gru": layers.GRU, "lstm": layers.LSTM, "rnn": layers.RNN, "rnn_relu": layers.RNN}[cell]
    module: nn.Module = kind(*(sizes or (INPUT, HIDDEN)), **extra, **options)
    return module


def states(result: Any) -> list[Tensor]:
    output, final = result
    return [output, *(final if isinstance(final, tuple) else [final])]


def draw(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(2))


every_cell = pytest.mark.parametrize("cell", ["gru", "lstm", "rnn", "rnn_relu"])


OPTIONS = [{}, {"num_layers": 2}, {"bidirectional": True, "num_layers": 2, "batch_first": True}, {"bias": False}]


@every_cell
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_it_is_near_the_float_layer(cell: str, options: dict[str, Any]) -> None:
    layer = build(cell, **options)
    quantized = layers.quantize(layer)
    batch_first = options.get("batch_first", False)
    inputs, lengths = draw(4, STEPS, INPUT) if batch_first else draw(STEPS, 4, INPUT), torch.tensor([8, 3, 0, 5])
    results = states(quantized(inputs, lengths=lengths))
    for one, other in zip(results, states(layer(inputs, lengths=lengths)), strict=True):
        assert one.shape == other.shape
        assert not one.requires_grad
        torch.testing.assert_close(one, other.detach(), atol=0.1 if cell == "rnn_relu" else 0.02, rtol=0)
        assert (one - other).abs().max() > 1e-6
    beyond = torch.arange(STEPS)[:, None] >= lengths
    assert not results[0][beyond.T if batch_first else beyond].any()


@every_cell
def test_weights_that_are_whole_numbers_of_steps_lose_nothing(cell: str) -> None:
    """With every weight and input a multiple of its row's factor only the state is rounded, and in one step that is zero."""
    layer = build(cell)
    with torch.no_grad():
        for name, weight in layer.named_parameters():
            if name.startswith("weight"):
                weight.copy_(torch.randint(-127, 128, weight.shape) / 512)
                weight[:, 0] = 127 / 512
    inputs = torch.randint(-127, 128, (1, 6, INPUT)) / 64.0
    inputs[:, :, 1] = 127 / 64
    for one, other in zip(states(layers.quantize(layer)(inputs)), states(layer(inputs)), strict=True):
        torch.testing.assert_close(one, other.detach(), atol=2e-6, rtol=0)


@every_cell
@needs_kernels
def test_a_stream_steps_as_the_whole_sequence(cell: str, tmp_path: Path) -> None:
    quantized = layers.quantize(build(cell, num_layers=2))
    inputs = draw(STEPS, 3, INPUT)
    output, *final = states(quantized(inputs))
    stream = layers.Stream(quantized, 3)
    for step in range(STEPS):
        if step == 4:
            stream.save(tmp_path / "state")
            stream = layers.Stream(quantized, 3).restore(tmp_path / "state")
        np.testing.assert_array_equal(stream.step(inputs[step].numpy()), output[step].numpy())
    for one, other in zip(stream.state, final, strict=False):
        assert one is not None
        np.testing.assert_array_equal(one, other.numpy())
    again = quantized(inputs, tuple(final) if len(final) > 1 else final[0])
    stream.load_state(*final)
    np.testing.assert_array_equal(stream.step(inputs[0].numpy()), states(again)[0][0].numpy())
    stream.reset(1)
    assert not stream.state.h[:, 1].any()
    alone = layers.Stream(quantized)
    assert alone.step(inputs[0, 0].numpy()).shape == (HIDDEN,)
    with pytest.raises(TypeError, match="float64"):
        alone.step(inputs[0, 0].double().numpy())


@needs_kernels
def test_a_stream_of_both_directions_is_refused() -> None:
    with pytest.raises(OptionError, match="bidirectional QuantizedGRU"):
        layers.Stream(layers.quantize(build("gru", bidirectional=True)))


@pytest.mark.parametrize("kind", [nn.GRU, nn.LSTM, nn.RNN])
def test_torchs_own_layers_are_taken_and_left_as_they_are(kind: type[nn.Module]) -> None:
    torch.manual_seed(1)
    layer: Any = kind(INPUT, HIDDEN)
    before = {name: value.clone() for name, value in layer.state_dict().items()}
    quantized: Any = layers.quantize(layer)
    inputs = draw(STEPS, 2, INPUT)
    torch.testing.assert_close(quantized(inputs)[0], layer(inputs)[0].detach(), atol=0.02, rtol=0)
    assert type(layer) is kind
    for name, value in layer.state_dict().items():
        torch.testing.assert_close(value, before[name])


@every_cell
def test_unbatched_packed_and_ragged_input_agree(cell: str) -> None:
    quantized = layers.quantize(build(cell, bidirectional=True))
    inputs, lengths = draw(STEPS, 3, INPUT), torch.tensor([4, 8, 4])
    expected = states(quantized(inputs, lengths=lengths))
    packed = pack_padded_sequence(inputs, lengths, enforce_sorted=False)
    result = states(quantized(packed))
    assert isinstance(result[0], PackedSequence)
    torch.testing.assert_close(result[0].data, pack_padded_sequence(expected[0], lengths, enforce_sorted=False).data)
    for one, other in zip(result[1:], expected[1:], strict=True):
        torch.testing.assert_close(one, other)
    for row, length in enumerate(lengths.tolist()):
        for one, other in zip(states(quantized(inputs[:length, row])), expected, strict=True):
            torch.testing.assert_close(one, other[: len(one), row], rtol=0, atol=0)


def test_buffers_are_the_rounded_weights() -> None:
    layer = build("gru")
    state = layers.quantize(layer).state_dict()
    rounded, scale = quantize_rows(layer.weight_hh_l0.detach().numpy())  # type: ignore[operator]
    np.testing.assert_array_equal(state["weight_hh_l0"].numpy(), rounded)
    np.testing.assert_array_equal(state["scale_hh_l0"].numpy(), scale)
    assert state["weight_ih_l0"].dtype == torch.int8
    torch.testing.assert_close(state["bias_ih_l0"], layer.bias_ih_l0.detach())  # type: ignore[operator]


def test_another_layer_loads_the_state_dict(tmp_path: Path) -> None:
    quantized, other = layers.quantize(build("lstm", num_layers=2)), layers.quantize(nn.LSTM(INPUT, HIDDEN, num_layers=2))
    inputs = draw(STEPS, 2, INPUT)
    expected = quantized(inputs)[0]
    assert not torch.equal(other(inputs)[0], expected)
    save_file(quantized.state_dict(), tmp_path / "weights")
    other.load_state_dict(load_file(tmp_path / "weights"))
    assert torch.equal(other(inputs)[0], expected)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda module: pickle.loads(pickle.dumps(module))])
def test_it_is_copied_and_pickled_as_modules_are(duplicate: Callable[[Any], Any]) -> None:
    quantized = layers.quantize(build("gru"))
    inputs = draw(STEPS, 2, INPUT)
    expected = quantized(inputs)[0]
    again = duplicate(quantized)
    quantized.weight_hh_l0.zero_()  # type: ignore[operator]
    assert torch.equal(again(inputs)[0], expected)
    assert not torch.equal(quantized(inputs)[0], expected), "a changed buffer is packed anew"


def test_it_is_made_and_copied_under_inference_mode() -> None:
    layer, inputs = build("lstm"), draw(STEPS, 2, INPUT)
    expected = layers.quantize(layer)(inputs)[0]
    with torch.inference_mode():
        made = layers.quantize(layer)
        assert torch.equal(made(inputs)[0], expected)
        assert torch.equal(copy.deepcopy(made)(inputs)[0], expected)
    assert torch.equal(made(inputs)[0], expected)


def test_torch_save_keeps_the_state() -> None:
    quantized, file = layers.quantize(build("gru")), io.BytesIO()
    torch.save(quantized.state_dict(), file)
    file.seek(0)
    for name, value in torch.load(file, weights_only=True).items():
        assert torch.equal(value, quantized.state_dict()[name])


def test_a_models_recurrent_layers_are_replaced_in_a_copy() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(10, INPUT)
            self.parts = nn.ModuleList([layers.GRU(INPUT, HIDDEN, batch_first=True)])
            self.again = self.parts[0]
            self.head = nn.Linear(HIDDEN, 2)

        def forward(self, tokens: Tensor) -> Tensor:
            result: Tensor = self.head(self.parts[0](self.embedding(tokens))[0][:, -1])
            return result

    model = Model().eval()
    quantized = layers.quantize(model)
    assert type(model.parts[0]) is layers.GRU
    assert isinstance(quantized.parts[0], layers.QuantizedGRU)
    assert quantized.again is quantized.parts[0]
    assert quantized.head.weight is not model.head.weight
    tokens = torch.arange(10).view(2, 5)
    torch.testing.assert_close(quantized(tokens), model(tokens), atol=0.02, rtol=0)


def test_zoneout_keeps_its_expected_share_and_dropout_is_off() -> None:
    layer = build("lstm", num_layers=2, zoneout=(0.3, 0.2), dropout=0.5, recurrent_dropout=0.5)
    quantized = layers.quantize(layer)
    inputs = draw(STEPS, 2, INPUT)
    expected = layer.eval()(inputs)[0].detach()
    torch.testing.assert_close(quantized(inputs)[0], expected, atol=0.01, rtol=0)
    assert torch.equal(quantized.train()(inputs)[0], quantized(inputs)[0])


@pytest.mark.parametrize(
    "module, told",
    [
        (lambda: layers.GRU(INPUT, HIDDEN, dtype=torch.float64), "weight_ih_l0 is float64 on cpu; expected float32"),
        (lambda: layers.GRU(INPUT, HIDDEN, device="meta"), "is float32 on meta"),
        (lambda: layers.GRU(INPUT, HIDDEN, layer_norm=True), "no kernel for layer_norm"),
        (lambda: layers.GRU(INPUT, HIDDEN, reset_after=False), "no kernel for reset_after=False"),
        (lambda: layers.LSTM(INPUT, HIDDEN, return_cell_states=True), "no kernel for return_cell_states"),
        (lambda: nn.LSTM(INPUT, HIDDEN, proj_size=4), "no kernel for proj_size"),
        (lambda: layers.MinGRU(INPUT, HIDDEN), "a MinGRU .*expected a GRU, LSTM or RNN"),
        (lambda: type("Mine", (nn.GRU,), {})(INPUT, HIDDEN), "a Mine .*nor a subclass"),
        (lambda: nn.Sequential(nn.Linear(2, 3)), "no recurrent layer in a Sequential"),
        (lambda: nn.Sequential(nn.Linear(2, 3), nn.LSTM(3, 4, proj_size=2)), "cannot round 1, a LSTM,"),
        (lambda: "gru", "given a str"),
    ],
)
def test_what_cannot_be_rounded_is_told(module: Callable[[], Any], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        layers.quantize(module())


@pytest.mark.parametrize("name", ["weight_ih_l0", "weight_hh_l0", "bias_hh_l0"])
def test_weights_that_are_not_finite_are_told(name: str) -> None:
    layer = build("gru")
    with torch.no_grad():
        layer.get_parameter(name)[0] = float("nan")
    with pytest.raises(OptionError, match=f"{name} holds values that are not finite"):
        layers.quantize(layer)


@pytest.mark.parametrize(
    "inputs, error, told",
    [
        (torch.zeros(3, 2, INPUT + 1), RuntimeError, "Expected 5, got 6"),
        (torch.zeros(3, 2, INPUT, dtype=torch.float64), ValueError, "does not match weight dtype"),
        (torch.zeros(3, 2, INPUT, device="meta"), RuntimeError, "not at the same device"),
        (torch.zeros(3), ValueError, "2D or 3D"),
    ],
)
def test_a_wrong_input_is_told_as_the_float_layer_does(inputs: Tensor, error: type[Exception], told: str) -> None:
    with pytest.raises(error, match=told):
        layers.quantize(build("gru"))(inputs)


def test_a_wrong_state_or_length_is_told() -> None:
    quantized = layers.quantize(build("gru"))
    with pytest.raises(RuntimeError, match="Expected hidden size"):
        quantized(draw(3, 2, INPUT), torch.zeros(1, 3, HIDDEN))
    with pytest.raises(ValueError, match="lengths must lie between 0"):
        quantized(draw(3, 2, INPUT), lengths=torch.tensor([4, 1]))


def test_buffers_that_the_kernels_cannot_read_are_told() -> None:
    with pytest.raises(RuntimeError, match=r"scale_ih_l0 is torch.float16 on cpu; expected torch.float32 on the CPU"):
        layers.quantize(build("gru")).half()(draw(3, 2, INPUT))
    quantized = layers.quantize(build("gru"))
    quantized.weight_ih_l0[0, 0] = -128  # type: ignore[operator]
    with pytest.raises(RuntimeError, match="weight_ih_l0 holds -128"):
        quantized(draw(3, 2, INPUT))


@pytest.mark.filterwarnings("ignore:.*torch.jit.trace:DeprecationWarning")
def test_a_trace_is_refused_and_a_compiled_model_calls_it() -> None:
    quantized = layers.quantize(build("gru"))
    inputs = draw(STEPS, 2, INPUT)
    with pytest.raises(OptionError, match="cannot be traced"):
        torch.jit.trace(quantized, (inputs,))
    with pytest.raises(OptionError, match="cannot be traced"):
        torch.fx.symbolic_trace(quantized)
    compiled = torch.compile(nn.Sequential(quantized), backend="eager")
    assert torch.equal(compiled(inputs)[0], quantized(inputs)[0])


def test_it_shows_its_sizes() -> None:
    assert repr(layers.quantize(build("lstm", num_layers=2, bias=False))) == "QuantizedLSTM(5, 19, num_layers=2, bias=False)"


def test_without_kernels_the_twin_computes_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    quantized = layers.quantize(build("lstm", num_layers=2, bidirectional=True))
    inputs, lengths = draw(STEPS, 3, INPUT), torch.tensor([8, 0, 5])
    expected = states(quantized(inputs, lengths=lengths))
    monkeypatch.setattr("gatewise.kernels.int8.missing", lambda: "they were left out")
    monkeypatch.setattr("gatewise.nn.stream.missing", lambda: "they were left out")
    again = copy.deepcopy(quantized)
    for one, other in zip(states(again(inputs, lengths=lengths)), expected, strict=True):
        assert torch.equal(one, other)
    with pytest.raises(OptionError, match="no compiled kernels"):
        layers.Stream(layers.quantize(build("gru")))

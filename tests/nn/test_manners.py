"""What PyTorch users do to modules: copy, save, share, hook, parametrize, transform, compile, export."""

import copy
import io
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
import torch
import torch.multiprocessing
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.nn.utils.parametrizations import weight_norm
from torch.nn.utils.rnn import pack_padded_sequence

import gatewise.nn
from gatewise import kernels

pytestmark = pytest.mark.usefixtures("kernel")

STEPS, BATCH, INPUT, HIDDEN = 4, 3, 4, 5
NAMES = ["GRU", "LSTM", "RNN"]
LENGTHS = torch.tensor([2, 4, 1])

every_layer = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def build(name: str, dtype: torch.dtype = torch.float32, **options: Any) -> Any:
    return getattr(gatewise.nn, name)(INPUT, HIDDEN, dtype=dtype, **options)


def stock_twin(layer: Any) -> Any:
    twin = getattr(torch.nn, type(layer).__name__)(
        INPUT,
        HIDDEN,
        layer.num_layers,
        bias=layer.bias,
        batch_first=layer.batch_first,
        bidirectional=layer.bidirectional,
        dtype=layer.weight_ih_l0.dtype,
    )
    twin.load_state_dict(layer.state_dict())
    return twin


def draw_input(dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(STEPS, BATCH, INPUT, dtype=dtype)


@every_layer
def test_is_a_recurrent_base(name: str) -> None:
    assert isinstance(build(name), torch.nn.RNNBase)
    layer = build(name)
    assert layer.flatten_parameters() is None
    assert [p.shape for p in layer.all_weights[0]] == [p.shape for p in stock_twin(layer).all_weights[0]]


@every_layer
def test_a_torch_layer_becomes_one_by_its_class(name: str) -> None:
    """Nothing but the class differs: no attribute is needed that torch.nn's layer lacks."""
    layer = getattr(torch.nn, name)(INPUT, HIDDEN, num_layers=2)
    input = draw_input()
    expected = layer(input)[0]
    layer.__class__ = getattr(gatewise.nn, name)
    torch.testing.assert_close(layer(input)[0], expected)
    torch.manual_seed(4)
    layer.reset_parameters()
    torch.manual_seed(4)
    assert torch.equal(layer.weight_ih_l0, getattr(torch.nn, name)(INPUT, HIDDEN, num_layers=2).weight_ih_l0)


@every_layer
def test_deepcopy_is_independent(name: str) -> None:
    layer = build(name, num_layers=2)
    input = draw_input()
    expected = layer(input)[0]
    twin = copy.deepcopy(layer)
    with torch.no_grad():
        layer.weight_ih_l0.zero_()
    assert torch.equal(twin(input)[0], expected)
    assert not torch.equal(layer(input)[0], expected)


@every_layer
def test_pickle_and_state_dict_files(name: str) -> None:
    layer = build(name, num_layers=2, bidirectional=True)
    input = draw_input()
    for content, weights_only in ((layer, False), (layer.state_dict(), True)):
        file = io.BytesIO()
        torch.save(content, file)
        file.seek(0)
        loaded = torch.load(file, weights_only=weights_only)
        if weights_only:
            state, loaded = loaded, build(name, num_layers=2, bidirectional=True)
            loaded.load_state_dict(state)
        assert torch.equal(loaded(input)[0], layer(input)[0])


def run_and_report(layer: nn.Module, input: Tensor, results: Any) -> None:
    torch.set_num_threads(1)
    results.put(layer(input)[0].detach().numpy())


@pytest.mark.slow
def test_share_memory_with_another_process(kernel: str) -> None:
    if kernel == "stand-in":
        pytest.skip("a new process knows nothing of the stand-in")
    layer = build("GRU")
    layer.share_memory()
    input = draw_input()
    context = torch.multiprocessing.get_context("spawn")
    results = context.SimpleQueue()
    process = context.Process(target=run_and_report, args=(layer, input, results))
    process.start()
    actual = torch.from_numpy(results.get())
    process.join()
    torch.testing.assert_close(actual, layer(input)[0].detach())


@every_layer
def test_hooks(name: str) -> None:
    layer = build(name)
    seen: list[torch.Size] = []
    layer.register_forward_pre_hook(lambda module, arguments: (2 * arguments[0],))
    layer.register_forward_hook(lambda module, arguments, result: seen.append(result[0].shape))
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: seen.append(grad_output[0].shape))
    input = draw_input().requires_grad_()
    output, _ = layer(input)
    output.sum().backward()
    torch.testing.assert_close(output, stock_twin(layer)(2 * input)[0])
    assert seen == [(STEPS, BATCH, HIDDEN)] * 2


@every_layer
def test_parametrizations(name: str) -> None:
    layer = build(name)
    twin = stock_twin(layer)
    for module in (layer, twin):
        weight_norm(module, "weight_hh_l0")
    with torch.no_grad():
        for module in (layer, twin):
            module.parametrizations.weight_hh_l0.original0.mul_(1.5)
    input = draw_input()
    for module in (layer, twin):
        module(input)[0].square().sum().backward()
    torch.testing.assert_close(layer(input), twin(input))
    for (key, actual), expected in zip(layer.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(actual.grad, expected.grad, msg=key)
    parametrize.remove_parametrizations(layer, "weight_hh_l0")
    torch.testing.assert_close(layer(input), twin(input))


@every_layer
def test_functional_call_and_its_gradient(name: str) -> None:
    layer = build(name)
    input = draw_input()
    other = {key: 2 * value.detach() for key, value in layer.named_parameters()}
    twin = stock_twin(layer)
    twin.load_state_dict(other)
    torch.testing.assert_close(torch.func.functional_call(layer, other, (input,)), twin(input))

    def loss(parameters: dict[str, Tensor]) -> Tensor:
        output: Tensor = torch.func.functional_call(layer, parameters, (input,))[0]
        return output.square().sum()

    twin(input)[0].square().sum().backward()
    gradients = torch.autograd.grad(loss(leaves := {k: v.requires_grad_() for k, v in other.items()}), list(leaves.values()))
    for gradient, parameter in zip(gradients, twin.parameters(), strict=True):
        torch.testing.assert_close(gradient, parameter.grad)


@every_layer
def test_vmap_works_or_says_that_it_does_not(name: str) -> None:
    layer = build(name)
    inputs = torch.randn(2, STEPS, BATCH, INPUT)
    try:
        outputs = torch.vmap(lambda input: layer(input)[0])(inputs)
    except (RuntimeError, NotImplementedError) as error:
        assert "vmap" in str(error) or "Batching rule" in str(error)
    else:
        torch.testing.assert_close(outputs, torch.stack([layer(input)[0] for input in inputs]))


@every_layer
@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad])
def test_inference(name: str, mode: Callable[[], AbstractContextManager[object]]) -> None:
    layer = build(name, num_layers=2)
    input = draw_input()
    expected = layer(input)[0]
    with mode():
        output, _ = layer(input)
    assert not output.requires_grad
    torch.testing.assert_close(output, expected)
    assert expected.requires_grad


@every_layer
def test_frozen_weights_and_input_only_gradients(name: str) -> None:
    layer = build(name).requires_grad_(False)
    assert not layer(draw_input())[0].requires_grad
    input = draw_input().requires_grad_()
    twin = stock_twin(layer)
    expected = torch.autograd.grad(twin(input)[0].square().sum(), input)
    torch.testing.assert_close(torch.autograd.grad(layer(input)[0].square().sum(), input), expected)


@every_layer
def test_autocast_is_near_the_full_precision_and_differentiable(name: str) -> None:
    if name == "LSTM" and kernels.missing():
        pytest.skip("without kernels it is PyTorch's own LSTM, which fails in bfloat16 on some processors")
    layer = build(name)
    input = draw_input()
    expected = layer(input)[0]
    with torch.autocast("cpu", torch.bfloat16):
        for given in (input, input.bfloat16()):
            output, _ = layer(given)
            torch.testing.assert_close(output.float(), expected, rtol=0.05, atol=0.05)
            output.float().sum().backward()
    assert layer.weight_hh_l0.grad.dtype == torch.float32


@pytest.mark.usefixtures("stand_in")
@every_layer
def test_under_autocast_the_kernel_keeps_the_weights_precision(name: str) -> None:
    layer = build(name, num_layers=2)
    input = draw_input()
    state = torch.randn(2, BATCH, HIDDEN)
    hx = (state, state) if name == "LSTM" else state
    expected = layer(input, hx)
    with torch.autocast("cpu", torch.bfloat16):
        actual = layer(input, hx)
        rounded, _ = layer(input.bfloat16(), (state.bfloat16(), state.bfloat16()) if name == "LSTM" else state.bfloat16())
        packed, _ = layer(pack_padded_sequence(input.bfloat16(), LENGTHS, enforce_sorted=False))
    torch.testing.assert_close(actual, expected)
    assert rounded.dtype == packed.data.dtype == torch.float32


@every_layer
def test_meta_device_and_skip_init(name: str) -> None:
    layer = torch.nn.utils.skip_init(getattr(gatewise.nn, name), INPUT, HIDDEN)
    layer.load_state_dict(build(name).state_dict())
    assert layer(draw_input())[0].shape == (STEPS, BATCH, HIDDEN)
    options: dict[str, Any] = {"chrono": 10} if name != "RNN" else {}
    assert build(name, device="meta", **options).weight_ih_l0.is_meta


@every_layer
def test_moves_to_another_dtype(name: str) -> None:
    layer = build(name).double()
    input = draw_input(torch.float64)
    torch.testing.assert_close(layer(input), stock_twin(layer)(input))


@every_layer
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["full", "lengths"])
def test_first_and_second_derivatives(name: str, lengths: Tensor | None) -> None:
    layer = getattr(gatewise.nn, name)(2, 2, bidirectional=True, dtype=torch.float64)
    input = torch.randn(STEPS, BATCH, 2, dtype=torch.float64, requires_grad=True)
    count = 2 if name == "LSTM" else 1
    states = [torch.randn(2, BATCH, 2, dtype=torch.float64, requires_grad=True) for _ in range(count)]
    names = [key for key, _ in layer.named_parameters()][:4]
    weights = [layer.get_parameter(key).detach().clone().requires_grad_() for key in names]

    def run(input: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        hx = tuple(rest[:count]) if name == "LSTM" else rest[0]
        parameters = dict(zip(names, rest[count:], strict=True))
        output, final = torch.func.functional_call(layer, parameters, (input, hx), {"lengths": lengths})
        return (output, *(final if name == "LSTM" else (final,)))

    assert torch.autograd.gradcheck(run, (input, *states, *weights), fast_mode=True)
    assert torch.autograd.gradgradcheck(run, (input, *states, *weights), fast_mode=True)


def test_concurrent_calls_from_several_threads() -> None:
    layer = build("GRU", num_layers=2, bidirectional=True)
    inputs = [draw_input() for _ in range(4)]
    with torch.no_grad():
        expected = [layer(input)[0] for input in inputs]
    wrong: list[int] = []

    def call(number: int) -> None:
        with torch.no_grad():
            for _ in range(20):
                if not torch.equal(layer(inputs[number])[0], expected[number]):
                    wrong.append(number)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(len(inputs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


class Classifier(torch.nn.Module):
    """The layer inside a model, as torch.compile and torch.export meet it."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer
        self.head = torch.nn.Linear(HIDDEN, 2)

    def forward(self, input: Tensor, lengths: Tensor | None = None) -> Tensor:
        _, states = self.layer(input, lengths=lengths)
        scores: Tensor = self.head((states[0] if isinstance(states, tuple) else states)[-1])
        return scores


def compiled_agrees(model: nn.Module, fullgraph: bool, *arguments: Tensor) -> None:
    torch.compiler.reset()
    expected = model(*arguments)
    actual = torch.compile(model, backend="aot_eager", fullgraph=fullgraph)(*arguments)
    torch.testing.assert_close(actual, expected)
    expected_gradients = torch.autograd.grad(expected.sum(), list(model.parameters()))
    torch.testing.assert_close(torch.autograd.grad(actual.sum(), list(model.parameters())), expected_gradients)


@pytest.mark.filterwarnings("default")
@every_layer
def test_compile(name: str) -> None:
    """In one graph where a kernel runs; else broken around PyTorch's own layer, as torch.nn's layers are."""
    layer = build(name)
    input = draw_input()[:2]
    compiled_agrees(Classifier(layer), not layer.reason(input), input)


@pytest.mark.filterwarnings("default")
@every_layer
def test_compile_with_lengths(name: str) -> None:
    layer = build(name)
    input = draw_input()[:2]
    compiled_agrees(Classifier(layer), not layer.reason(input), input, LENGTHS.clamp_max(2))


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(("name", "options"), [("LSTM", {"layer_norm": True, "zoneout": 0.1}), ("MinGRU", {})])
def test_compile_in_one_graph_what_torch_lacks(name: str, options: dict[str, Any]) -> None:
    compiled_agrees(Classifier(build(name, **options).eval()), True, draw_input()[:2], LENGTHS.clamp_max(2))


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", [*NAMES, "MinGRU", "MinLSTM"])
@pytest.mark.parametrize("with_lengths", [False, True])
def test_export(name: str, with_lengths: bool) -> None:
    model = Classifier(build(name)).eval()
    arguments = (draw_input(), LENGTHS) if with_lengths else (draw_input(),)
    if with_lengths and model.layer.reason(arguments[0]):
        pytest.skip("without a kernel lengths go through packing, whose shapes depend on their values")
    exported = torch.export.export(model, arguments)
    torch.testing.assert_close(exported.module()(*arguments), model(*arguments))


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", ["GRUCell", "LSTMCell"])
def test_compile_of_cells(name: str) -> None:
    torch.compiler.reset()
    cell = getattr(gatewise.nn, name)(INPUT, HIDDEN)
    input = torch.randn(BATCH, INPUT)
    compiled: Any = torch.compile(cell, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(compiled(input), cell(input))

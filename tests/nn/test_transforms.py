"""What other people's code does to a call: torch.func, forward mode, vmap, graphs captured without gradients, changes in place.

PyTorch's own layer, which is differentiable in every way on plain operators, says what is right; where it has none, a loop or
the reference equations do.
"""

import copy
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, linearize, vjp, vmap
from torch.nn.utils._per_sample_grad import call_for_per_sample_grads
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.flop_counter import FlopCounterMode

import gatewise.nn
from gatewise.kernels import equations, ops

# Forward mode loads rules of PyTorch's own that are written in TorchScript.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")

pytest.importorskip("gatewise.kernels._compiled", reason="the kernels were not compiled")

STEPS, BATCH, INPUT, HIDDEN, SAMPLES = 4, 2, 3, 2, 3
LENGTHS = torch.tensor([2, 4])
STOCK = ["GRU", "LSTM", "RNN"]
LAYERS = [*STOCK, "MinGRU", "MinLSTM"]

ByEquations = Callable[..., Any]
every_layer = pytest.mark.parametrize("name", LAYERS)


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


@pytest.fixture
def by_equations(monkeypatch: pytest.MonkeyPatch) -> ByEquations:
    """Runs a function with the reference equations in the kernels' place."""

    def run(function: Callable[..., Any], *arguments: Any) -> Any:
        with monkeypatch.context() as patch:
            patch.setattr(ops, "recurrent", equations.recurrent)
            return function(*arguments)

    return run


def build(name: str, **options: Any) -> Any:
    return getattr(gatewise.nn, name)(INPUT, HIDDEN, dtype=torch.float64, **options)


def draw(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def frozen(layer: nn.Module) -> dict[str, Tensor]:
    return {key: value.detach() for key, value in layer.named_parameters()}


def loss_of(layer: nn.Module, **given: Any) -> Callable[[dict[str, Tensor], Tensor], Tensor]:
    """A function of parameters and input that is differentiable twice."""

    def loss(parameters: dict[str, Tensor], input: Tensor) -> Tensor:
        output, states = functional_call(layer, parameters, (input,), given)
        summed: Tensor = output.pow(3).sum() + (states[1] if isinstance(states, tuple) else states).square().sum()
        return summed

    return loss


REVERSE: dict[str, Callable[..., Any]] = {
    "grad": lambda f, p, x, t: grad(f, (0, 1))(p, x),
    "vjp": lambda f, p, x, t: vjp(f, p, x)[1](x.new_ones(())),
    "jacrev": lambda f, p, x, t: jacrev(f, (0, 1))(p, x),
    "grad of grad": lambda f, p, x, t: grad(lambda x: (grad(f, 1)(p, x) * t).sum())(x),
    "hessian": lambda f, p, x, t: hessian(f, 1)(p, x),
    "hessian by jacrev": lambda f, p, x, t: jacrev(jacrev(f, 1), 1)(p, x),
}
FORWARD: dict[str, Callable[..., Any]] = {
    "jvp": lambda f, p, x, t: jvp(lambda x: f(p, x), (x,), (t,)),
    "jvp by weights": lambda f, p, x, t: jvp(lambda p: f(p, x), (p,), (tree_map(torch.sin, p),)),
    "jacfwd": lambda f, p, x, t: jacfwd(f, (0, 1))(p, x),
    "jvp of grad": lambda f, p, x, t: jvp(lambda x: grad(f)(p, x), (x,), (t,)),
    "grad of jvp": lambda f, p, x, t: grad(lambda x: jvp(lambda x: f(p, x), (x,), (t,))[1])(x),
}


@every_layer
@pytest.mark.parametrize("way", REVERSE | FORWARD)
def test_derivatives_of_torch_func(name: str, way: str, by_equations: ByEquations) -> None:
    layer = build(name)
    arguments = (loss_of(layer), frozen(layer), draw(STEPS, BATCH, INPUT), draw(STEPS, BATCH, INPUT))
    function = (REVERSE | FORWARD)[way]
    torch.testing.assert_close(function(*arguments), by_equations(function, *arguments))


@pytest.mark.filterwarnings("ignore:Attempted to insert a get_attr Node:UserWarning")  # PyTorch's, whatever the function
def test_linearize() -> None:
    layer, input, tangent = build("GRU"), draw(STEPS, BATCH, INPUT), draw(STEPS, BATCH, INPUT)
    parameters, loss = frozen(layer), loss_of(layer)
    _, along = linearize(lambda x: loss(parameters, x), input)
    torch.testing.assert_close(along(tangent), (grad(loss, 1)(parameters, input) * tangent).sum())


@pytest.mark.parametrize("way", ["grad", "grad of grad", "jvp"])
@pytest.mark.parametrize(
    "options", [{"bidirectional": True, "batch_first": True}, {"layer_norm": True, "num_layers": 2}], ids=str
)
def test_derivatives_of_torch_func_with_lengths_and_options(way: str, options: dict[str, Any], by_equations: ByEquations) -> None:
    layer = build("LSTM", **options)
    shape = (BATCH, STEPS, INPUT) if layer.batch_first else (STEPS, BATCH, INPUT)
    arguments = (loss_of(layer, lengths=LENGTHS), frozen(layer), draw(*shape), draw(*shape))
    function = (REVERSE | FORWARD)[way]
    torch.testing.assert_close(function(*arguments), by_equations(function, *arguments))


def test_packed_input_in_forward_and_reverse_mode(by_equations: ByEquations) -> None:
    layer = build("GRU")
    packed = nn.utils.rnn.pack_padded_sequence(draw(STEPS, BATCH, INPUT), LENGTHS, enforce_sorted=False)

    def run(data: Tensor) -> Any:
        return layer(packed._replace(data=data))[1].square().sum()

    for function in (grad, lambda f: lambda x: jvp(f, (x,), (x,))):
        torch.testing.assert_close(function(run)(packed.data), by_equations(function(run), packed.data))


@pytest.mark.parametrize("name", STOCK)
def test_dual_numbers_through_a_frozen_layer(name: str) -> None:
    layer = build(name).requires_grad_(False)
    stock = getattr(nn, name)(INPUT, HIDDEN, dtype=torch.float64)
    stock.load_state_dict(layer.state_dict())
    input, tangent = draw(STEPS, BATCH, INPUT), draw(STEPS, BATCH, INPUT)
    with forward_ad.dual_level():
        found, expected = (forward_ad.unpack_dual(module(forward_ad.make_dual(input, tangent))[0]) for module in (layer, stock))
    torch.testing.assert_close(found, expected)


def test_forward_mode_through_an_earlier_forward_pass_is_refused() -> None:
    layer, input = build("GRU"), draw(STEPS, BATCH, INPUT)
    pull = vjp(lambda x: layer(x)[0], input)[1]
    along = draw(STEPS, BATCH, HIDDEN)
    with pytest.raises(RuntimeError, match="no forward mode through a backward pass whose forward pass ran before"):
        jvp(pull, (along,), (along,))


@every_layer
@pytest.mark.parametrize("options", [{}, {"bidirectional": True, "batch_first": True, "num_layers": 2}], ids=["plain", "deep"])
def test_vmap_is_a_loop(name: str, options: dict[str, Any]) -> None:
    layer = build(name, **options)
    inputs = draw(SAMPLES, BATCH, STEPS, INPUT) if options else draw(STEPS, SAMPLES, BATCH, INPUT)
    dimension = 0 if options else 1
    found = vmap(layer, in_dims=dimension)(inputs)
    expected = [layer(input) for input in inputs.unbind(dimension)]
    torch.testing.assert_close(found, tree_map(lambda *values: torch.stack(values), *expected))
    torch.testing.assert_close(
        torch.autograd.grad(found[0].pow(3).sum(), list(layer.parameters())),
        torch.autograd.grad(sum(output.pow(3).sum() for output, _ in expected), list(layer.parameters())),
    )


def test_vmap_over_lengths_states_and_weights() -> None:
    layer, inputs = build("GRU"), draw(SAMPLES, STEPS, BATCH, INPUT)
    lengths = torch.tensor([[1, 4], [3, 2], [4, 0]])
    states = draw(SAMPLES, 1, BATCH, HIDDEN)
    found = vmap(lambda x, h, n: layer(x, h, lengths=n), in_dims=(None, 0, 0))(inputs[0], states, lengths)
    expected = [layer(inputs[0], h, lengths=n) for h, n in zip(states, lengths, strict=True)]
    torch.testing.assert_close(found, tree_map(lambda *values: torch.stack(values), *expected))
    ensemble = [build("GRU") for _ in range(SAMPLES)]
    parameters = torch.func.stack_module_state(ensemble)[0]
    found = vmap(lambda p, x: functional_call(layer, p, (x,)))(parameters, inputs)
    expected = [member(x) for member, x in zip(ensemble, inputs, strict=True)]
    torch.testing.assert_close(found, tree_map(lambda *values: torch.stack(values), *expected))


@every_layer
def test_gradients_of_each_sample(name: str) -> None:
    layer = build(name)
    loss, parameters, inputs = loss_of(layer), frozen(layer), draw(SAMPLES, STEPS, BATCH, INPUT)
    found = vmap(grad(loss, (0, 1)), (None, 0))(parameters, inputs)
    expected = [grad(loss, (0, 1))(parameters, input) for input in inputs]
    torch.testing.assert_close(found, tree_map(lambda *values: torch.stack(values), *expected))
    total = grad(lambda p: vmap(loss, (None, 0))(p, inputs).sum())(parameters)
    torch.testing.assert_close(total, {key: value.sum(0) for key, value in found[0].items()})


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", LAYERS)
def test_a_graph_captured_without_gradients_has_them_later(name: str, by_equations: ByEquations) -> None:
    layer = build(name)
    with torch.no_grad():
        graph = torch.export.export(copy.deepcopy(layer), (draw(STEPS, BATCH, INPUT),)).module()
    input = draw(STEPS, BATCH, INPUT).requires_grad_()

    def gradients(module: nn.Module) -> tuple[Tensor, ...]:
        return torch.autograd.grad(module(input)[0].pow(3).sum(), [input, *module.parameters()])

    torch.testing.assert_close(gradients(graph), by_equations(gradients, layer))


@pytest.mark.parametrize("name", ["GRU", "LSTM"])
def test_a_trace_of_frozen_parameters_has_gradients(name: str) -> None:
    layer = build(name).requires_grad_(False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing warns of every size that Python reads
        traced = torch.jit.trace(layer, (draw(STEPS, BATCH, INPUT),))
    input = draw(STEPS, BATCH, INPUT).requires_grad_()
    torch.testing.assert_close(
        torch.autograd.grad(traced(input)[0].pow(3).sum(), input), torch.autograd.grad(layer(input)[0].pow(3).sum(), input)
    )


CHANGES: dict[str, Callable[[Tensor], Tensor]] = {
    "relu_": lambda y: y.mul_(1.5).relu_(),
    "a slice": lambda y: (y[1:].mul_(2.0), y)[1],
    "a layer": nn.ReLU(inplace=True),
}


def changed_gradients(module: nn.Module, input: Tensor, change: Callable[[Tensor], Tensor]) -> tuple[Tensor, ...]:
    return torch.autograd.grad(change(module(input)[0]).square().sum(), [input, *module.parameters()])


@every_layer
@pytest.mark.parametrize("change", CHANGES)
def test_the_output_may_be_changed_in_place(name: str, change: str, by_equations: ByEquations) -> None:
    layer, input = build(name, num_layers=2, bidirectional=True), draw(STEPS, BATCH, INPUT).requires_grad_()
    arguments = (layer, input, CHANGES[change])
    torch.testing.assert_close(changed_gradients(*arguments), by_equations(changed_gradients, *arguments))


def test_the_output_may_be_changed_in_place_by_nobody_but_the_graph() -> None:
    """A detached alias, a view and an unbatched sequence share its memory."""
    layer, input = build("GRU"), draw(STEPS, INPUT).requires_grad_()
    expected = torch.autograd.grad(layer(input)[0].sum(), list(layer.parameters()))
    changes: tuple[Callable[[Tensor], Tensor], ...] = (lambda y: y.detach().zero_(), lambda y: y[0].detach().fill_(9.0))
    for change in changes:
        output = layer(input)[0]
        total = output.sum()
        change(output)
        torch.testing.assert_close(torch.autograd.grad(total, list(layer.parameters())), expected)


@pytest.mark.filterwarnings("default")
def test_the_output_may_be_changed_in_place_in_a_compiled_model() -> None:
    torch.compiler.reset()
    layer, input = build("GRU"), draw(STEPS, BATCH, INPUT).requires_grad_()

    def run(input: Tensor) -> Any:
        return nn.ReLU(inplace=True)(layer(input)[0].mul_(2.0)).square().sum()

    compiled = torch.compile(run, backend="aot_eager", fullgraph=True)
    torch.testing.assert_close(torch.autograd.grad(compiled(input), input), torch.autograd.grad(run(input), input))


def test_what_is_kept_for_the_backward_pass_goes_through_hooks_and_is_let_go() -> None:
    layer, input = build("GRU"), draw(STEPS, BATCH, INPUT)
    packed: list[Tensor] = []

    def pack(tensor: Tensor) -> Tensor:
        packed.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        output = layer(input)[0]
    assert any(tensor.shape == output.shape and tensor.data_ptr() == output.data_ptr() for tensor in packed)
    assert output.grad_fn.output.untyped_storage().nbytes() == 0


@every_layer
def test_shapes_without_memory(name: str) -> None:
    layer = build(name, num_layers=2, bidirectional=True, device="meta")
    real = build(name, num_layers=2, bidirectional=True)
    input = draw(STEPS, BATCH, INPUT)
    packed = nn.utils.rnn.pack_padded_sequence(input, LENGTHS, enforce_sorted=False)
    calls: tuple[tuple[Any, dict[str, Any]], ...] = ((input, {}), (input, {"lengths": LENGTHS}), (packed, {}))
    for given, options in calls:
        found, expected = tree_leaves(layer(given.to("meta"), **options)), tree_leaves(real(given, **options))
        assert [(value.shape, value.dtype) for value in found] == [(value.shape, value.dtype) for value in expected]
    layer(input.to("meta"), lengths=LENGTHS.to("meta"))[0].sum().backward()
    assert all(parameter.grad.is_meta for parameter in layer.parameters())
    layer.to_empty(device="cpu").load_state_dict(real.state_dict())
    torch.testing.assert_close(layer(input), real(input))


@pytest.mark.parametrize("name", ["GRUCell", "LSTMCell"])
def test_cells_without_memory_and_without_units(name: str) -> None:
    cell = getattr(gatewise.nn, name)(INPUT, HIDDEN, device="meta")
    assert tree_map(lambda state: state.shape, cell(torch.zeros(BATCH, INPUT, device="meta"))) == tree_map(
        lambda state: state.shape, getattr(nn, name)(INPUT, HIDDEN)(torch.zeros(BATCH, INPUT))
    )
    empty, stock, input = getattr(gatewise.nn, name)(INPUT, 0), getattr(nn, name)(INPUT, 0), torch.ones(BATCH, INPUT)
    torch.testing.assert_close(empty(input), stock(input))


def test_fake_tensors_stay_fake() -> None:
    with torch._subclasses.FakeTensorMode():
        output, h_n = gatewise.nn.GRU(INPUT, HIDDEN)(torch.randn(STEPS, BATCH, INPUT))
    assert isinstance(output, torch._subclasses.FakeTensor)
    assert (output.shape, h_n.shape) == ((STEPS, BATCH, HIDDEN), (1, BATCH, HIDDEN))


@pytest.mark.parametrize("options", [{}, {"bidirectional": True, "batch_first": True, "num_layers": 2}], ids=["plain", "deep"])
@pytest.mark.parametrize("needed", [False, True])
def test_the_flop_counter_sees_the_same_products(options: dict[str, Any], needed: bool) -> None:
    counts = []
    for kind in (gatewise.nn.GRU, nn.GRU):
        layer, input = kind(INPUT, HIDDEN, **options), torch.randn(STEPS, BATCH, INPUT, requires_grad=needed)
        with FlopCounterMode(display=False) as forward:
            output, _ = layer(
                input, torch.randn(layer.num_layers * (1 + layer.bidirectional), *_states(layer), requires_grad=True)
            )
        with FlopCounterMode(display=False) as backward:
            output.sum().backward()
        counts.append((forward.get_total_flops(), backward.get_total_flops()))
    assert counts[0] == counts[1]
    assert counts[0][0] > 0


def _states(layer: nn.RNNBase) -> tuple[int, int]:
    return (STEPS if layer.batch_first else BATCH, HIDDEN)


class Loud(torch.Tensor):
    """A tensor that tells which functions it went through."""

    heard: tuple[Any, ...] = ()

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, arguments: Any = (), kwargs: Any = None) -> Any:
        cls.heard = (*cls.heard, function)
        return super().__torch_function__(function, types, arguments, kwargs or {})  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(("name", "function"), [("GRU", torch.gru), ("LSTM", torch.lstm), ("RNN", torch.rnn_tanh)])
def test_tensors_with_a_torch_function_of_their_own_meet_pytorchs(name: str, function: Callable[..., Any]) -> None:
    layer, input = gatewise.nn.__dict__[name](INPUT, HIDDEN), torch.randn(STEPS, BATCH, INPUT)
    Loud.heard = ()
    torch.testing.assert_close(layer(input.as_subclass(Loud))[0].as_subclass(torch.Tensor), layer(input)[0])
    assert function in Loud.heard


EXPANDED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    *[(name, {}, {}) for name in LAYERS],
    *[(name, {"bidirectional": True, "num_layers": 2, "batch_first": True}, {}) for name in LAYERS],
    *[(name, {"bidirectional": True}, {"lengths": torch.tensor([2, 4, 0])}) for name in LAYERS],
    ("GRU", {"reset_after": False, "bias": False}, {"hx": draw(1, SAMPLES, HIDDEN).requires_grad_()}),
    ("GRU", {"layer_norm": True, "bidirectional": True}, {"lengths": torch.tensor([2, 4, 1])}),
    ("LSTM", {"layer_norm": True, "return_cell_states": True}, {}),
    ("LSTM", {}, {"hx": (draw(1, SAMPLES, HIDDEN), draw(1, SAMPLES, HIDDEN))}),
]


def row_alone(row: int, given: Tensor) -> Tensor:
    """Of lengths [rows] or states [layers, rows, size]."""
    return given[row : row + 1] if given.dim() == 1 else given[:, row : row + 1]


@pytest.mark.parametrize(
    ("name", "options", "given"), EXPANDED, ids=lambda value: "+".join(value) if isinstance(value, dict) else value
)
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_expanded_weights_have_the_gradients_of_each_sample(
    name: str, options: dict[str, Any], given: dict[str, Any], reduction: str
) -> None:
    layer = build(name, **options)
    first = layer.weight_ih_l0.requires_grad_(False)  # a frozen one has none
    axis = 0 if layer.batch_first else 1
    inputs = draw(SAMPLES, STEPS, INPUT).transpose(0, axis).clone().requires_grad_()
    divisor = SAMPLES if reduction == "mean" else 1

    def loss(results: Any) -> Tensor:
        return torch.stack([one.pow(3).sum() / divisor for one in tree_leaves(results)]).sum()

    found = call_for_per_sample_grads(layer, batch_size=SAMPLES, loss_reduction=reduction)(inputs, **given)
    torch.testing.assert_close(found, layer(inputs, **given))
    wanted = [inputs, *(leaf for leaf in tree_leaves(given) if leaf.requires_grad)]
    torch.testing.assert_close(
        torch.autograd.grad(loss(found), wanted, retain_graph=True), torch.autograd.grad(loss(layer(inputs, **given)), wanted)
    )
    for parameter in layer.parameters():
        parameter.__dict__.pop("grad_sample", None)
    loss(found).backward()
    assert not hasattr(first, "grad_sample")
    for key, parameter in layer.named_parameters():
        if parameter is not first:
            expected: list[Tensor] = []
            for row in range(SAMPLES):
                alone = tree_map(partial(row_alone, row), given)
                total = loss(layer(inputs.narrow(axis, row, 1), **alone)) * divisor
                expected += torch.autograd.grad(total, parameter)
            torch.testing.assert_close(parameter.grad_sample, torch.stack(expected), msg=key)


def test_expanded_weights_run_on_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not step by step, as PyTorch's own would."""
    monkeypatch.setattr(equations, "recurrent", None)
    layer = build("MinGRU")
    call_for_per_sample_grads(layer, batch_size=SAMPLES)(draw(STEPS, SAMPLES, INPUT))[0].sum().backward()
    assert layer.weight_ih_l0.grad_sample.shape == (SAMPLES, *layer.weight_ih_l0.shape)


def test_expanded_weights_that_do_not_fit_are_refused() -> None:
    layer = build("MinGRU")
    packed = nn.utils.rnn.pack_padded_sequence(draw(STEPS, BATCH, INPUT), LENGTHS, enforce_sorted=False)
    with pytest.raises(NotImplementedError, match="pass the padded batch and its lengths instead"):
        call_for_per_sample_grads(layer, batch_size=BATCH)(packed)
    with pytest.raises(RuntimeError, match="input batch size of 2 with ExpandedWeight of batch size 3"):
        call_for_per_sample_grads(layer, batch_size=3)(draw(STEPS, BATCH, INPUT))


@every_layer
def test_hooks_for_the_gradients_of_each_sample_are_refused(name: str) -> None:
    """Opacus gives a layer this attribute together with its hooks."""
    layer = build(name)
    assert not hasattr(layer, "ft_compute_sample_grad")
    with pytest.raises(NotImplementedError, match='pass grad_sample_mode="ew" to make_private'):
        layer.ft_compute_sample_grad = print

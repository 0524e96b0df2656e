"""Every construction and call that PyTorch's module database has for a recurrent layer or cell, in every way a module is used.

Run by tests/upstream/run.py, once with PyTorch's classes under their names and once with gatewise's. The layer that PyTorch
itself builds, with the same parameters, says what is right, and the database's own references for input without a batch.
"""

from __future__ import annotations

import copy
import io
import pickle
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from swap import LAYERS, NAMES, STOCK
from torch import Tensor, nn
from torch.nn.utils import prune
from torch.nn.utils.rnn import PackedSequence
from torch.testing import assert_close
from torch.testing._internal.common_modules import ModuleErrorEnum, ModuleInfo, ModuleInput, module_db
from torch.utils._pytree import tree_flatten, tree_map

INFOS = {info.module_cls.__name__: info for info in module_db if info.module_cls.__name__ in NAMES}
FLOATS = [torch.float32, torch.float64]

every_module = pytest.mark.parametrize("name", NAMES)
every_layer = pytest.mark.parametrize("name", LAYERS)
every_dtype = pytest.mark.parametrize("dtype", FLOATS, ids=str)
every_mode = pytest.mark.parametrize("training", [True, False], ids=["train", "eval"])


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


class Case:
    """One entry of the database: the module, PyTorch's own with the same parameters, and the arguments of its call."""

    def __init__(self, name: str, entry: ModuleInput, dtype: torch.dtype, training: bool = True) -> None:
        self.entry, self.given = entry, entry.constructor_input
        self.module = self.build(INFOS[name].module_cls, dtype).train(training)
        self.stock = self.build(STOCK[name], dtype).train(training)
        self.stock.load_state_dict(self.module.state_dict())
        self.args: tuple[Any, ...] = entry.forward_input.args
        self.kwargs: dict[str, Any] = entry.forward_input.kwargs

    def build(self, kind: type[nn.Module], dtype: torch.dtype, **options: Any) -> nn.Module:
        return kind(*self.given.args, **{**self.given.kwargs, "dtype": dtype, **options})

    def call(self, module: nn.Module, args: tuple[Any, ...] | None = None) -> list[Tensor]:
        return leaves(module(*(self.args if args is None else args), **self.kwargs))


def leaves(value: Any) -> list[Tensor]:
    """The tensors of a result that have values."""
    return [leaf for leaf in tree_flatten(value)[0] if isinstance(leaf, Tensor) and leaf.is_floating_point()]


def inputs_of(info: ModuleInfo, dtype: torch.dtype, training: bool, needed: bool, **options: Any) -> Any:
    return info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=needed, training=training, **options)


def cases(
    name: str,
    dtype: torch.dtype = torch.float64,
    training: bool = True,
    *,
    needed: bool = False,
    batched: bool = True,
    **options: Any,
) -> Iterator[Case]:
    """The database's entries for a module, and each once more over a batch of three where its input is one sequence or step."""
    for entry in inputs_of(INFOS[name], dtype, training, needed, **options):
        yield Case(name, entry, dtype, training)
        if batched and not isinstance(entry.forward_input.args[0], PackedSequence):
            yield with_batch(Case(name, entry, dtype, training), name)


def with_batch(case: Case, name: str) -> Case:
    """The same call over three rows: a batch goes where the module has it."""

    def repeated(value: Tensor, axis: int) -> Tensor:
        rows = torch.stack([value.detach(), -value.detach(), value.detach() / 2], axis)
        return rows.requires_grad_(value.requires_grad)

    first, *states = case.args
    cell = name not in LAYERS
    axis = 0 if cell or case.module.batch_first else 1
    case.args = (repeated(first, axis), *tree_map(lambda state: repeated(state, 0 if cell else 1), states))
    return case


def assert_gradients_close(found: Any, expected: Any) -> None:
    """Two orders of the same sums; the database draws from -9 to 9, where gates saturate and float32 keeps fewer digits."""
    tensors = leaves(expected)
    tolerances: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-4} if tensors[0].dtype == torch.float32 else {}
    assert_close(found, expected, **tolerances)


def gradients(outputs: list[Tensor], wanted: list[Tensor]) -> tuple[Tensor | None, ...]:
    total = sum((output.sin().sum() for output in outputs), start=outputs[0].new_zeros(()))
    return torch.autograd.grad(total, wanted, allow_unused=True)


@every_module
@every_dtype
@every_mode
def test_forward_as_stock(name: str, dtype: torch.dtype, training: bool) -> None:
    for case in cases(name, dtype, training):
        assert_close(case.call(case.module), case.call(case.stock))


@every_module
@every_dtype
@every_mode
def test_forward_as_the_reference(name: str, dtype: torch.dtype, training: bool) -> None:
    for case in cases(name, dtype, training, batched=False):
        assert_close(case.call(case.module), leaves(case.entry.reference_fn(case.module, *case.args, **case.kwargs)))


@every_layer
@every_dtype
def test_packed_forward_and_gradients_as_stock(name: str, dtype: torch.dtype) -> None:
    if name == "LSTM":
        packed = nn.utils.rnn.pack_padded_sequence(torch.randn(5, 5, 2, dtype=dtype), torch.tensor([5, 3, 3, 2, 2]))
        calls = [case for case in cases(name, dtype, batched=False) if len(case.args) == 1]
        for case in calls:
            case.args = (packed,)
    else:
        calls = list(cases(name, dtype, batched=False, with_packed_sequence=True))
    assert any(isinstance(case.args[0], PackedSequence) for case in calls)
    for case in calls:
        found, expected = case.call(case.module), case.call(case.stock)
        assert_close(found, expected)
        ours = gradients(found, [*case.module.parameters()])
        assert_gradients_close(ours, gradients(expected, [*case.stock.parameters()]))


@every_module
@every_dtype
@every_mode
def test_gradients_as_stock(name: str, dtype: torch.dtype, training: bool) -> None:
    for case in cases(name, dtype, training, needed=True):
        wanted = leaves(case.args)
        found = gradients(case.call(case.module), [*wanted, *case.module.parameters()])
        expected = gradients(case.call(case.stock), [*wanted, *case.stock.parameters()])
        assert_gradients_close(found, expected)


@every_module
@pytest.mark.parametrize("check", [torch.autograd.gradcheck, torch.autograd.gradgradcheck])
def test_numerical_gradients(name: str, check: Callable[..., bool]) -> None:
    for case in cases(name, needed=True, batched=False):
        parameters = dict(case.module.named_parameters())
        flat, structure = tree_flatten(case.args)

        def call(*values: Tensor, case: Case = case, names: list[str] = [*parameters], structure: Any = structure) -> Any:  # noqa: B006
            given = dict(zip(names, values[: len(names)], strict=True))
            args = torch.utils._pytree.tree_unflatten(values[len(names) :], structure)
            return tuple(leaves(torch.func.functional_call(case.module, given, args, case.kwargs)))

        assert check(call, (*parameters.values(), *flat), fast_mode=True)


@every_module
@every_dtype
def test_the_input_stays_as_it_is(name: str, dtype: torch.dtype) -> None:
    for case in cases(name, dtype):
        before = copy.deepcopy(leaves(case.args))
        case.call(case.module)
        assert_close(leaves(case.args), before, rtol=0, atol=0)


@every_module
@every_dtype
def test_inputs_that_are_not_contiguous(name: str, dtype: torch.dtype) -> None:
    def scattered(value: Tensor) -> Tensor:
        wide = torch.randn(*value.shape, 2, dtype=value.dtype)
        wide[..., 0] = value.detach()
        return wide[..., 0].requires_grad_(value.requires_grad)

    for case in cases(name, dtype, needed=True):
        args = tree_map(scattered, case.args)
        assert not leaves(args)[0].is_contiguous()
        found, expected = case.call(case.module, args), case.call(case.module)
        assert_close(found, expected)
        assert_gradients_close(gradients(found, leaves(args)), gradients(expected, leaves(case.args)))


@every_module
def test_strides_as_stock(name: str) -> None:
    for case in cases(name):
        assert [one.stride() for one in case.call(case.module)] == [one.stride() for one in case.call(case.stock)]


@every_module
@pytest.mark.parametrize("format", [torch.channels_last, torch.preserve_format, torch.contiguous_format], ids=str)
def test_memory_formats(name: str, format: torch.memory_format) -> None:
    for case in cases(name):
        expected = case.call(case.module)
        module: Any = case.module  # whose stubs have no memory_format
        assert_close(case.call(module.to(memory_format=format)), expected)


@every_module
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_half_precision_as_stock(name: str, dtype: torch.dtype) -> None:
    for case in cases(name, torch.float32):
        args = tree_map(lambda value, dtype=dtype: value.to(dtype), case.args)
        assert_close(case.call(case.module.to(dtype), args), case.call(case.stock.to(dtype), args))


@every_module
def test_autocast_as_stock(name: str) -> None:
    for case in cases(name, torch.float32):
        with torch.autocast("cpu", torch.bfloat16):
            found, expected = case.call(case.module), case.call(case.stock)
        assert [one.dtype for one in found] == [one.dtype for one in expected]
        assert_close(found, expected)


@every_module
def test_train_and_eval_agree_without_dropout(name: str) -> None:
    for case in cases(name):
        assert_close(case.call(case.module.train()), case.call(case.module.eval()))


@every_module
def test_no_gradient_is_asked_for(name: str) -> None:
    for case in cases(name):
        expected = case.call(case.module)
        for context in (torch.no_grad, torch.inference_mode):
            with context():
                found = case.call(case.module)
            assert not any(one.requires_grad for one in found)
            assert_close(found, expected)


@every_module
@every_dtype
def test_factory_arguments(name: str, dtype: torch.dtype) -> None:
    for case in cases(name, dtype):
        module = case.build(type(case.module), dtype, device="meta")
        assert {(one.device.type, one.dtype) for one in module.parameters()} == {("meta", dtype)}
        with torch.device("meta"):
            module = case.build(type(case.module), dtype)
        assert all(one.is_meta for one in module.parameters())


@every_module
def test_the_initial_draw_is_stock_s(name: str) -> None:
    for case in cases(name):
        drawn = []
        for kind in (type(case.module), STOCK[name]):
            torch.manual_seed(3)
            drawn.append(case.build(kind, torch.float32).state_dict())
        assert list(drawn[0]) == list(drawn[1])
        assert_close(dict(drawn[0]), dict(drawn[1]), rtol=0, atol=0)


@every_module
def test_skip_init(name: str) -> None:
    for case in cases(name, torch.float32):
        module = nn.utils.skip_init(type(case.module), *case.given.args, **case.given.kwargs)
        module.load_state_dict(case.module.state_dict())
        assert_close(case.call(module), case.call(case.module))


@every_module
def test_shapes_without_memory(name: str) -> None:
    for case in cases(name):
        expected = case.call(case.module)
        args = tree_map(lambda value: value.to("meta"), case.args)
        found = case.call(case.module.to("meta"), args)
        assert [(one.shape, one.dtype, one.device.type) for one in found] == [(one.shape, one.dtype, "meta") for one in expected]


@every_module
def test_memory_given_later(name: str) -> None:
    for case in cases(name):
        state = case.module.state_dict()
        module = case.build(type(case.module), torch.float64, device="meta").to_empty(device="cpu")
        module.load_state_dict(state)
        assert_close(case.call(module), case.call(case.stock))
        module = case.build(type(case.module), torch.float64, device="meta")
        module.load_state_dict(state, assign=True)
        assert_close(case.call(module), case.call(case.stock))


@every_module
@pytest.mark.parametrize("swapped", [False, True], ids=["in place", "swapped"])
@torch.no_grad()
def test_conversions(name: str, swapped: bool) -> None:
    """To another dtype and back, the parameters staying the objects they are, also where PyTorch swaps what is in them."""
    for case in cases(name, torch.float32):
        kept = list(case.module.parameters())
        expected = case.call(case.module)
        torch.__future__.set_swap_module_params_on_conversion(swapped)
        try:
            case.module.double()
            wide = case.call(case.module, tree_map(lambda value: value.double(), case.args))
            dtypes = {one.dtype for one in case.module.parameters()}
            case.module.float()
        finally:
            torch.__future__.set_swap_module_params_on_conversion(False)
        assert dtypes == {torch.float64}
        assert all(now is then for now, then in zip(case.module.parameters(), kept, strict=True))
        assert_close(wide, expected, check_dtype=False, rtol=1e-4, atol=1e-5)
        assert_close(case.call(case.module), expected, rtol=0, atol=0)


@every_module
@pytest.mark.parametrize("way", ["copy", "deepcopy", "pickle", "torch.save", "state_dict"])
def test_copies(name: str, way: str) -> None:
    for case in cases(name, torch.float32):
        expected = case.call(case.module)
        if way == "copy":
            other = copy.copy(case.module)
        elif way == "deepcopy":
            other = copy.deepcopy(case.module)
        elif way == "pickle":
            other = pickle.loads(pickle.dumps(case.module))
        else:
            file = io.BytesIO()
            torch.save(case.module if way == "torch.save" else case.module.state_dict(), file)
            file.seek(0)
            loaded = torch.load(file, weights_only=way == "state_dict")
            other = case.build(type(case.module), torch.float32) if way == "state_dict" else loaded
            if way == "state_dict":
                other.load_state_dict(loaded)
        assert type(other) is type(case.module)
        assert_close(case.call(other), expected, rtol=0, atol=0)


@every_module
def test_words(name: str) -> None:
    for case in cases(name):
        assert repr(case.module) == repr(case.stock)
        assert type(case.module).__name__ == type(case.stock).__name__
        assert isinstance(hash(case.module), int)


@every_module
def test_is_an_instance_of_stock(name: str) -> None:
    assert all(isinstance(case.module, STOCK[name]) for case in cases(name))


@every_module
@every_dtype
@every_mode
def test_errors_as_the_database_has_them(name: str, dtype: torch.dtype, training: bool) -> None:
    info = INFOS[name]
    assert info.module_error_inputs_func is not None
    for error in info.module_error_inputs_func(info, device="cpu", dtype=dtype, requires_grad=False, training=training):
        given, called = error.module_error_input.constructor_input, error.module_error_input.forward_input
        if error.error_on is ModuleErrorEnum.CONSTRUCTION_ERROR:
            with pytest.raises(error.error_type, match=error.error_regex):
                info.module_cls(*given.args, **given.kwargs)
            continue
        options = {"dtype": dtype} if all(leaf.dtype == dtype for leaf in leaves(called.args)) else {}
        module = info.module_cls(*given.args, **{**options, **given.kwargs})
        with pytest.raises(error.error_type, match=error.error_regex):
            module(*called.args, **called.kwargs)


@every_module
def test_hooks(name: str) -> None:
    for case in cases(name, needed=True):
        heard: list[str] = []
        case.module.register_forward_pre_hook(lambda *_, heard=heard: heard.append("before"))
        case.module.register_forward_hook(lambda *_, heard=heard: heard.append("after"))
        case.module.register_full_backward_hook(lambda *_, heard=heard: heard.append("backward"))
        case.module.register_state_dict_pre_hook(lambda *_, heard=heard: heard.append("state"))
        gradients(case.call(case.module), leaves(case.args))
        case.module.state_dict()
        assert heard == ["before", "after", "backward", "state"]


@every_module
@pytest.mark.parametrize("tool", ["weight norm", "spectral norm", "orthogonal", "prune"])
def test_reparametrized_weights_as_stock(name: str, tool: str) -> None:
    weight = "weight_hh_l0" if name in LAYERS else "weight_hh"
    for case in cases(name, needed=True):
        results = []
        for module in (case.module, case.stock):
            torch.manual_seed(1)
            if tool == "prune":
                prune.random_unstructured(module, weight, 0.5)
            else:
                way = {"weight norm": "weight_norm", "spectral norm": "spectral_norm", "orthogonal": "orthogonal"}[tool]
                getattr(nn.utils.parametrizations, way)(module.eval(), weight)
            outputs = case.call(module)
            results.append((outputs, gradients(outputs, list(module.parameters()))))
        assert_close(*results)


@every_module
@pytest.mark.parametrize("way", ["jit.script", "jit.trace", "export", "fx"])
@pytest.mark.filterwarnings("ignore")
def test_captured_calls_as_stock(name: str, way: str) -> None:
    # One of each kind of layer is enough: each capture takes seconds.
    case = with_batch(next(cases(name, torch.float32, training=False)), name)
    capture: dict[str, Callable[[], Any]] = {
        "jit.script": lambda: torch.jit.script(nn.Sequential(case.module)),
        "jit.trace": lambda: torch.jit.trace(case.module, case.args),
        "export": lambda: torch.export.export(case.module, case.args, case.kwargs).module(),
        "fx": lambda: torch.fx.symbolic_trace(nn.Sequential(case.module)),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        captured = capture[way]()
    args = case.args[:1] if way in ("fx", "jit.script") else case.args
    assert_close(leaves(captured(*args)), case.call(case.stock, args))


@every_module
@pytest.mark.parametrize("way", ["functional_call", "jvp", "jvp of grad"])
def test_transforms_as_stock(name: str, way: str) -> None:
    for case in cases(name, batched=False):
        assert_close(*(leaves(transformed(way, module, case)) for module in (case.module, case.stock)))


@every_module
@pytest.mark.parametrize("way", ["vmap", "vmap of grad"])
def test_mapped_calls_are_a_loop(name: str, way: str) -> None:
    for case in cases(name, batched=False):
        if case.given.kwargs.get("proj_size"):  # gatewise leaves projected states to PyTorch, which has no batching rule
            continue
        rows = tree_map(lambda value: torch.stack([value, value.sin()]), case.args)
        parameters = {key: value.detach() for key, value in case.module.named_parameters()}
        function = {"vmap": caller, "vmap of grad": lambda *given: torch.func.grad(loss_of(*given))}[way]
        found = torch.vmap(function(case.module, case), (None, 0))(parameters, rows)
        expected = [function(case.stock, case)(parameters, tree_map(lambda value, row=row: value[row], rows)) for row in range(2)]
        assert_close(leaves(found), leaves(tree_map(lambda *values: torch.stack(values), *expected)))


def caller(module: nn.Module, case: Case) -> Callable[..., list[Tensor]]:
    """A module's results as a function of its parameters and arguments."""
    return lambda parameters, args: leaves(torch.func.functional_call(module, parameters, args, case.kwargs))


def loss_of(module: nn.Module, case: Case) -> Callable[..., Tensor]:
    call = caller(module, case)
    return lambda *given: torch.stack([one.square().sum() for one in call(*given)]).sum()


def transformed(way: str, module: nn.Module, case: Case) -> Any:
    parameters = {key: value.detach() for key, value in module.named_parameters()}
    along = tree_map(torch.cos, parameters)
    call, loss = caller(module, case), loss_of(module, case)
    if way == "functional_call":
        return call(along, case.args)

    def outputs(given: Any) -> Any:
        return call(given, case.args)

    def squares(given: Any) -> Tensor:
        return loss(given, case.args)

    return torch.func.jvp(outputs if way == "jvp" else torch.func.grad(squares), (parameters,), (along,))

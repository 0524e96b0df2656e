"""Transforms of a call: derivatives of every kind, mapping, checkpoints. Each raises AssertionError where a result is wrong.

What is right, the reference equations say under the same transform; they are plain operators.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from benchmarks.transforms.cases import Case, Model, by_equations
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, vjp, vmap
from torch.testing import assert_close
from torch.utils._pytree import tree_map
from torch.utils.checkpoint import checkpoint

__all__ = ["TRANSFORMS", "gradients"]

SAMPLES = 3

Parameters = dict[str, Tensor]
Outputs = Callable[[Parameters, Tensor], tuple[Tensor, ...]]
Loss = Callable[[Parameters, Tensor], Tensor]


def gradients(model: nn.Module, arguments: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Of a loss that weighs every output, by the data and by the model's parameters."""
    data = arguments[0].clone().requires_grad_()
    model.zero_grad()
    _loss_of(model(data, *arguments[1:])).backward()
    found = [value.grad for value in (data, *model.parameters())]
    return tuple(gradient for gradient in found if gradient is not None)


def _loss_of(results: tuple[Tensor, ...]) -> Tensor:
    return torch.stack([result.pow(3).sum() * (1 + place) for place, result in enumerate(results)]).sum()


def _functions(case: Case) -> tuple[Outputs, Loss, Parameters, Tensor]:
    model = case.model()
    data, *more = case.example(0)

    def outputs(parameters: Parameters, data: Tensor) -> tuple[Tensor, ...]:
        results: tuple[Tensor, ...] = functional_call(model, parameters, (data, *more))
        return results

    parameters = {name: value.detach() for name, value in model.named_parameters()}
    return outputs, lambda parameters, data: _loss_of(outputs(parameters, data)), parameters, data


def _same(way: Callable[[Outputs, Loss, Parameters, Tensor], Any]) -> Callable[[Case], None]:
    """A check that the transform's results are those that it has over the equations."""

    def check(case: Case) -> None:
        arguments = _functions(case)
        found = way(*arguments)
        with by_equations():
            assert_close(found, way(*arguments))

    return check


def _tangent(value: Any) -> Any:
    return tree_map(lambda tensor: torch.cos(7 * tensor + 1), value)


def _vjp(outputs: Outputs, loss: Loss, parameters: Parameters, data: Tensor) -> Any:
    results, pull = vjp(outputs, parameters, data)  # type: ignore[misc]
    return results, pull(_tangent(results))


def _jvp(outputs: Outputs, loss: Loss, parameters: Parameters, data: Tensor) -> Any:
    return jvp(outputs, (parameters, data), (_tangent(parameters), _tangent(data)))


def _eager(case: Case) -> None:
    """Beside PyTorch's own layer; the equations where it has none."""
    model = case.model()
    stock = case.stock(model)
    for number in range(2):
        arguments = case.example(number)
        found = (model(*arguments), gradients(model, arguments))
        if stock is not None:
            expected = (stock(*arguments), gradients(stock, arguments))
        else:
            with by_equations():
                expected = (model(*arguments), gradients(model, arguments))
        assert_close(found, expected)


def _functional_call(case: Case) -> None:
    model, other = case.model(), case.model()
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.copy_(_tangent(parameter))
    arguments = case.example(0)
    parameters = {name: value.detach().requires_grad_() for name, value in other.named_parameters()}
    results = functional_call(model, parameters, arguments)
    found = torch.autograd.grad(_loss_of(results), list(parameters.values()))
    assert_close((results, found), (other(*arguments), gradients(other, arguments)[1:]))


def _vmap(case: Case) -> None:
    model = case.model()
    samples, more = case.samples(SAMPLES)
    found = vmap(lambda data: model(data, *more))(samples)
    expected = [model(data, *more) for data in samples]
    assert_close(found, tree_map(lambda *values: torch.stack(values), *expected))
    parameters = list(model.parameters())
    total = torch.stack([_loss_of(results) for results in expected]).sum()
    assert_close(
        torch.autograd.grad(vmap(lambda data: _loss_of(model(data, *more)))(samples).sum(), parameters),
        torch.autograd.grad(total, parameters),
    )


def _vmap_of_grad(case: Case) -> None:
    _, loss, parameters, _ = _functions(case)
    samples, _ = case.samples(SAMPLES)
    found = vmap(grad(loss, (0, 1)), (None, 0))(parameters, samples)
    expected = [grad(loss, (0, 1))(parameters, data) for data in samples]
    assert_close(found, tree_map(lambda *values: torch.stack(values), *expected))


def _checkpoint(case: Case) -> None:
    model, arguments = case.model(), case.example(0)
    expected = gradients(model, arguments)
    for reentrant in (False, True):
        assert_close(gradients(_Checkpointed(model, reentrant), arguments), expected)


class _Checkpointed(Model):
    """A model whose forward pass is run again in the backward pass."""

    def __init__(self, model: Model, reentrant: bool) -> None:
        super().__init__(model)
        self.reentrant = reentrant

    def forward(self, *arguments: Tensor) -> tuple[Tensor, ...]:
        results: tuple[Tensor, ...] = checkpoint(self.layer, *arguments, use_reentrant=self.reentrant)
        return results


def _forward_ad(case: Case) -> None:
    outputs, _, parameters, data = _functions(case)
    with forward_ad.dual_level():
        dual = tree_map(
            lambda value: forward_ad.make_dual(value, _tangent(value)),
            (parameters, data),
        )
        pairs = [forward_ad.unpack_dual(result) for result in outputs(*dual)]
    found = tuple(pair.primal for pair in pairs), tuple(pair.tangent for pair in pairs)
    with by_equations():
        assert_close(found, _jvp(outputs, lambda *_: data, parameters, data))


TRANSFORMS: dict[str, Callable[[Case], None]] = {
    "eager": _eager,
    "functional_call": _functional_call,
    "grad": _same(lambda outputs, loss, *at: grad(loss, (0, 1))(*at)),
    "vjp": _same(_vjp),
    "jvp": _same(_jvp),
    "jacrev": _same(lambda outputs, loss, *at: jacrev(outputs, (0, 1))(*at)),
    "jacfwd": _same(lambda outputs, loss, *at: jacfwd(outputs, (0, 1))(*at)),
    "hessian": _same(lambda outputs, loss, *at: hessian(loss, (0, 1))(*at)),
    "vmap": _vmap,
    "vmap(grad)": _vmap_of_grad,
    "checkpoint": _checkpoint,
    "forward_ad": _forward_ad,
}

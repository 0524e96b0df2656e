"""Layers under autocast: bfloat16 in the products where the processor has them, and nowhere else."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

import gatewise.nn
from gatewise import kernels

if kernels.missing():
    pytest.skip("the kernels were not compiled", allow_module_level=True)

SET = "avx512_bf16"
needs_bfloat16 = pytest.mark.skipif(SET not in kernels.instruction_sets(), reason="this processor has no products of bfloat16")
every_layer = pytest.mark.parametrize("name", ["GRU", "LSTM", "RNN"])


@pytest.fixture(autouse=True)
def settings() -> Iterator[None]:
    torch.manual_seed(0)
    before = kernels.instruction_set()
    yield
    kernels.select_instruction_set(before)


def results(layer: Any, input: Tensor, dtype: torch.dtype | None) -> tuple[Tensor, ...]:
    """Output, final state and gradients, the forward pass under autocast to dtype, if any."""
    torch.manual_seed(1)
    layer.zero_grad()
    with torch.autocast("cpu", dtype or torch.bfloat16, enabled=dtype is not None):
        output, state = layer(input)
    output.square().sum().backward()
    final = state[0] if isinstance(state, tuple) else state
    return output.detach(), final.detach(), *(parameter.grad.clone() for parameter in layer.parameters())


def equal(one: tuple[Tensor, ...], other: tuple[Tensor, ...]) -> bool:
    return all(torch.equal(left, right) for left, right in zip(one, other, strict=True))


def near(one: tuple[Tensor, ...], other: tuple[Tensor, ...]) -> bool:
    return all(float((left - right).norm()) < 0.02 * float(right.norm()) for left, right in zip(one, other, strict=True))


@needs_bfloat16
@every_layer
@pytest.mark.parametrize(
    "options", [{}, {"num_layers": 2, "bidirectional": True}, {"zoneout": 0.1, "recurrent_dropout": 0.2}], ids=str
)
def test_products_are_of_bfloat16_and_results_float32(name: str, options: dict[str, Any]) -> None:
    kernels.select_instruction_set(SET)
    layer, input = getattr(gatewise.nn, name)(20, 40, **options), torch.randn(7, 9, 20)
    full, rounded = results(layer, input, None), results(layer, input, torch.bfloat16)
    assert {tensor.dtype for tensor in rounded} == {torch.float32}
    assert near(rounded, full)
    assert not any(torch.equal(left, right) for left, right in zip(rounded, full, strict=True))


@every_layer
def test_elsewhere_it_is_float32(name: str) -> None:
    layer, input = getattr(gatewise.nn, name)(20, 40), torch.randn(7, 9, 20)
    for other in kernels.instruction_sets():
        kernels.select_instruction_set(other)
        full = results(layer, input, None)
        assert equal(results(layer, input, torch.float16), full)
        assert equal(results(layer, input, torch.bfloat16), full) == (other != SET)
    layer = layer.double()
    assert equal(results(layer, input.double(), torch.bfloat16), results(layer, input.double(), None))


@pytest.mark.parametrize("options", [{"layer_norm": True}, {"reset_after": False}], ids=str)
def test_an_option_without_such_a_kernel_is_float32(options: dict[str, Any]) -> None:
    layer, input = gatewise.nn.GRU(20, 40, **options), torch.randn(7, 9, 20)
    assert equal(results(layer, input, torch.bfloat16), results(layer, input, None))


@every_layer
def test_a_compiled_layer_does_the_same(name: str) -> None:
    layer, input = getattr(gatewise.nn, name)(20, 40), torch.randn(7, 9, 20)
    compiled: Any = torch.compile(layer, backend="aot_eager", fullgraph=True)
    for dtype in (torch.bfloat16, None):
        with torch.no_grad(), torch.autocast("cpu", dtype or torch.bfloat16, enabled=dtype is not None):
            torch.testing.assert_close(compiled(input), layer(input), rtol=0, atol=0)


@needs_bfloat16
def test_a_layer_trains_as_well() -> None:
    kernels.select_instruction_set(SET)
    full, rounded = trained(None), trained(torch.bfloat16)
    assert min(full, rounded) > 0.9
    assert abs(full - rounded) < 0.02


def trained(dtype: torch.dtype | None) -> float:
    """Share of right answers to whether the mean of 12 steps is positive, after training."""
    torch.manual_seed(3)
    layer, head = gatewise.nn.GRU(4, 32), torch.nn.Linear(32, 1)
    optimizer = torch.optim.Adam([*layer.parameters(), *head.parameters()], lr=0.01)
    generator = torch.Generator().manual_seed(4)

    def answer(input: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype or torch.bfloat16, enabled=dtype is not None):
            scores: Tensor = head(layer(input)[0][-1])[:, 0]
        return scores.float()

    def draw() -> tuple[Tensor, Tensor]:
        input = torch.randn(12, 64, 4, generator=generator)
        return input, (input.mean((0, 2)) > 0).float()

    for _ in range(150):
        input, target = draw()
        optimizer.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(answer(input), target).backward()
        optimizer.step()
    with torch.no_grad():
        return sum(float(((answer(input) > 0) == target).float().mean()) for input, target in (draw() for _ in range(20))) / 20

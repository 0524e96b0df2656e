"""The compiled kernels against the equations in float64, over random configurations."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from gatewise.cells import EQUATIONS
from gatewise.kernels import equations, ops
from gatewise.kernels.options import Options

_compiled = pytest.importorskip("gatewise.kernels._compiled", reason="the kernels were not compiled")

pytestmark = pytest.mark.usefixtures("poisoned_memory")

CONFIGURATIONS = 2000
GROUPS = 40
BATCHES = (1, 2, 3, 5, 8, 9, 13, 16, 17, 33, 40, 70)
INPUTS = (1, 3, 5, 16, 17, 50, 64)
HIDDEN = (1, 5, 16, 17, 32, 33, 48, 64, 100, 127, 128)
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-10}


@dataclass
class Case:
    """One configuration. Tensors are float64; `run` brings them to a dtype."""

    options: Options
    input: Tensor
    weights: list[Tensor | None]
    h_0: Tensor | None
    c_0: Tensor | None
    lengths: Tensor | None
    batch_sizes: Tensor | None
    noise: list[Tensor | None]
    results: tuple[int, ...]
    """Which of output, h_n, c_n, cells enter the loss."""

    def run(self, recurrent: Callable[..., Any], dtype: torch.dtype) -> list[Tensor]:
        """Results, then the gradients of everything that has one."""

        def leaf(tensor: Tensor | None) -> Tensor | None:
            return None if tensor is None else tensor.to(dtype).clone().requires_grad_()

        input, weights, states = leaf(self.input), [leaf(weight) for weight in self.weights], [leaf(self.h_0), leaf(self.c_0)]
        noise = [None if tensor is None else tensor.to(dtype) for tensor in self.noise]
        found = recurrent(self.options, input, weights, *states, self.lengths, self.batch_sizes, *noise, None)
        results = [result for result in found if result is not None]
        generator = torch.Generator().manual_seed(1)
        factors = [torch.randn(result.shape, dtype=torch.float64, generator=generator).to(dtype) for result in results]
        loss = sum((results[i] * factors[i]).sum() for i in self.results if i < len(results))
        leaves = [tensor for tensor in (input, *weights, *states) if tensor is not None]
        gradients = torch.autograd.grad(loss, leaves, allow_unused=True, materialize_grads=True)
        return [result.detach() for result in results] + list(gradients)


def draw(seed: int) -> Case:
    choice = random.Random(seed)
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, dtype=torch.float64, generator=generator)

    def keep(shape: tuple[int, ...], probability: float) -> Tensor:
        return (torch.rand(shape, generator=generator) < probability).double()

    cell = choice.choice(tuple(EQUATIONS))
    rows, steps = choice.choice(BATCHES), choice.choice((1, 2, 3, 7, 20))
    size, hidden, directions = choice.choice(INPUTS), choice.choice(HIDDEN), choice.choice((1, 2))
    recurrent, lstm, bias, batch_first = EQUATIONS[cell].recurrent, cell == "lstm", choice.random() < 0.8, choice.random() < 0.5
    gates, scale = EQUATIONS[cell].gates * hidden, 0.7 * hidden**-0.5
    weights: list[Tensor | None] = []
    for _ in range(directions):
        weights.append(normal(gates, size) * scale)
        weights.append(normal(gates, hidden) * scale if recurrent else None)
        weights.append(normal(gates) * scale if bias else None)
        weights.append(normal(gates) * scale if bias and recurrent else None)
    layout = choice.choice(("full", "lengths", "packed"))
    lengths = batch_sizes = None
    if layout == "lengths":
        lengths = torch.randint(0, steps + 1, (rows,), generator=generator)
    elif layout == "packed":
        drawn = torch.randint(1, steps + 1, (rows,), generator=generator)
        drawn[0] = steps
        batch_sizes = torch.stack([(drawn > step).sum() for step in range(steps)])
    if batch_sizes is not None:
        shape: tuple[int, ...] = (int(batch_sizes.sum()),)
    else:
        shape = (rows, steps) if batch_first else (steps, rows)
    state = (directions, rows, hidden)
    h_0 = normal(*state) * 0.5 if choice.random() < 0.5 else None
    if h_0 is not None and not recurrent:
        h_0 = h_0.abs()
    zoneout, output = choice.random(), (*shape, directions * hidden)
    share = 0.8 if 0.2 < zoneout < 0.3 else 1.0
    return Case(
        Options(cell, batch_first, update_h=share, update_c=share if lstm else 1.0, cells=lstm and choice.random() < 0.5),
        normal(*shape, size),
        weights,
        h_0,
        normal(*state) * 0.5 if lstm and choice.random() < 0.5 else None,
        lengths,
        batch_sizes,
        [
            keep(state, 0.7) * 1.4 if recurrent and choice.random() < 0.3 else None,
            keep(output, 0.8) if zoneout < 0.2 else None,
            keep(output, 0.9) if lstm and zoneout < 0.2 else None,
        ],
        choice.choice(((0, 1, 2, 3), (0,), (1,))),
    )


def relative(found: Tensor, expected: Tensor) -> float:
    difference, size = (found.double() - expected).norm().item(), expected.norm().item()
    return float(difference / size if size > 1e-12 else difference)


@pytest.mark.parametrize("group", range(GROUPS))
def test_equals_the_equations(group: int) -> None:
    share = CONFIGURATIONS // GROUPS
    for seed in range(group * share, (group + 1) * share):
        case, choice = draw(seed), random.Random(-seed - 1)
        dtype = choice.choice((torch.float32, torch.float64))
        _compiled.select(choice.choice(_compiled.instruction_sets()))
        torch.set_num_threads(choice.choice((1, 2, 3)))
        expected = case.run(equations.recurrent, torch.float64)
        found = case.run(ops.recurrent, dtype)
        errors = [relative(one, other) for one, other in zip(found, expected, strict=True)]
        if max(errors) > TOLERANCE[dtype]:
            # A sum that all but cancels has no such precision in any order: then the equations in the same dtype are the measure.
            plain = [relative(one, other) for one, other in zip(case.run(equations.recurrent, dtype), expected, strict=True)]
            for error, other in zip(errors, plain, strict=True):
                assert error <= max(TOLERANCE[dtype], 8 * other), f"seed {seed}: {errors} against {plain}, {case.options}"
        assert all(bool(torch.isfinite(tensor).all()) for tensor in found), f"seed {seed}"


@pytest.mark.parametrize("seed", range(40))
def test_no_result_depends_on_threads_or_on_the_rest_of_the_batch(seed: int) -> None:
    choice = random.Random(seed)
    _compiled.select(choice.choice(_compiled.instruction_sets()))
    cell, rows, hidden = choice.choice(tuple(EQUATIONS)), choice.choice((3, 8, 17, 40, 70)), choice.choice((17, 64, 128, 200))
    generator = torch.Generator().manual_seed(seed)
    size, steps, gates = choice.choice((1, 16, 50)), choice.choice((3, 17, 40)), EQUATIONS[cell].gates * hidden
    recurrent = EQUATIONS[cell].recurrent
    shapes = [(gates, size), (gates, hidden), (gates,), (gates,)] * choice.choice((1, 2))
    weights = [
        torch.randn(shape, generator=generator).mul(0.1).requires_grad_() if recurrent or place % 2 == 0 else None
        for place, shape in enumerate(shapes)
    ]
    input = torch.randn(rows, steps, size, generator=generator, requires_grad=True)
    lengths = torch.randint(0, steps + 1, (rows,), generator=generator) if choice.random() < 0.6 else None
    options = Options(cell, batch_first=True)

    def run(batch: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
        output, h_n, _, _ = ops.recurrent(options, batch, weights, None, None, lengths, None, None, None, None, None)
        return output, h_n

    first = None
    for threads in (1, 2, 3, 4):
        torch.set_num_threads(threads)
        output, h_n = run(input, lengths)
        leaves = [input, *(weight for weight in weights if weight is not None)]
        results = [output, h_n, *torch.autograd.grad(output.square().sum() + h_n.sum(), leaves)]
        first = first or results
        assert all(torch.equal(one, other) for one, other in zip(first, results, strict=True)), threads
    assert first is not None
    chosen = torch.randperm(rows, generator=generator)[: max(1, rows // 3)]
    alone, _ = run(input[chosen], None if lengths is None else lengths[chosen])
    assert torch.equal(alone, first[0][chosen])


def tiny(cell: str, recurrent: bool) -> list[Tensor | None]:
    generator = torch.Generator().manual_seed(0)
    gates, hidden, size = EQUATIONS[cell].gates * 3, 3, 2
    shapes = [(gates, size), (gates, hidden), (gates,), (gates,)]
    values = [torch.randn(shape, dtype=torch.float64, generator=generator) * 0.5 for shape in shapes]
    return [value.requires_grad_() if recurrent or place % 2 == 0 else None for place, value in enumerate(values)]


@pytest.mark.parametrize("instruction_set", _compiled.instruction_sets())
@pytest.mark.parametrize("cell", [cell for cell in EQUATIONS if cell != "rnn_relu"])  # relu has a kink
def test_first_and_second_derivatives(cell: str, instruction_set: str) -> None:
    _compiled.select(instruction_set)
    weights = tiny(cell, EQUATIONS[cell].recurrent)
    leaves = [weight for weight in weights if weight is not None]
    generator = torch.Generator().manual_seed(1)
    input = torch.randn(3, 2, 2, dtype=torch.float64, generator=generator, requires_grad=True)
    h_0 = torch.rand(1, 2, 3, dtype=torch.float64, generator=generator, requires_grad=True)
    lengths = torch.tensor([3, 2])

    def function(input: Tensor, h_0: Tensor, *leaves: Tensor) -> tuple[Tensor, ...]:
        rest = iter(leaves)
        given = [None if weight is None else next(rest) for weight in weights]
        found = ops.recurrent(Options(cell), input, given, h_0, None, lengths, None, None, None, None, None)
        return tuple(tensor for tensor in found if tensor is not None)

    assert torch.autograd.gradcheck(function, (input, h_0, *leaves))
    assert torch.autograd.gradgradcheck(function, (input, h_0, *leaves))

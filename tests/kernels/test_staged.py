"""Cells whose step takes several passes: layer normalisation inside the cell, and the GRU's reset gate before the product.

Against the equations in float64: outputs and all gradients, on every instruction set. Equal to the last bit on any number of
threads.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from gatewise import kernels
from gatewise.cells import EQUATIONS
from gatewise.kernels import equations
from gatewise.kernels.options import Options

_compiled = pytest.importorskip("gatewise.kernels._compiled", reason="the kernels were not compiled")
from gatewise.kernels import ops  # noqa: E402

Recurrent = Callable[..., tuple[Tensor, Tensor, Tensor | None, Tensor | None]]
NORMALIZED: tuple[str, ...] = ("gru", "lstm", "rnn_tanh", "rnn_relu")
TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-10}
VARIANTS: list[tuple[str, bool]] = [*((cell, True) for cell in NORMALIZED), ("gru", False)]


@pytest.fixture(autouse=True)
def restore() -> Iterator[None]:
    """Memory that a kernel reads before writing it is not-a-number here."""
    selected, threads = kernels.instruction_set(), torch.get_num_threads()
    _compiled.poison(True)
    yield
    _compiled.poison(False)
    kernels.select_instruction_set(selected)
    torch.set_num_threads(threads)


class Problem:
    """The arguments of one call in float64, drawn from a seed; with `normalized`, else reset_after=False."""

    def __init__(self, seed: int, cell: str, normalized: bool, **fixed: Any) -> None:
        draw = random.Random(seed)
        torch.manual_seed(seed)
        choose: dict[str, list[Any]] = {
            "rows": [1, 2, 5, 8, 9, 17, 33],
            "steps": [1, 2, 5, 9],
            "input_size": [3, 16, 17, 50],
            "hidden_size": [5, 16, 17, 33, 64, 100],
            "directions": [1, 2],
            "layout": ["full", "lengths", "packed"],
            "batch_first": [False, True],
            "bias": [True, True, False],
            "state": [True, False],
            "masked": [True, False],
            "zoneout": ["drawn", "constant", ""],
        }
        chosen = {name: fixed.get(name, draw.choice(values)) for name, values in choose.items()}
        self.chosen = f"seed {seed}: {cell}, {chosen}"
        rows, steps, size = chosen["rows"], chosen["steps"], chosen["hidden_size"]
        input_size, directions, lstm = chosen["input_size"], chosen["directions"], cell == "lstm"
        gates = EQUATIONS[cell].gates * size
        real: dict[str, Any] = {"dtype": torch.float64}

        self.lengths: Tensor | None = None
        self.batch_sizes: Tensor | None = None
        if chosen["layout"] == "lengths":
            self.lengths = torch.randint(0, steps + 1, (rows,))
        elif chosen["layout"] == "packed":
            lengths = torch.randint(1, steps + 1, (rows,)).sort(descending=True).values
            lengths[0] = steps
            self.batch_sizes = torch.tensor([int((lengths > step).sum()) for step in range(steps)])
        positions: tuple[int, ...] = (rows, steps) if chosen["batch_first"] else (steps, rows)
        if self.batch_sizes is not None:
            positions = (int(self.batch_sizes.sum()),)

        def maybe(wanted: bool, tensor: Tensor) -> Tensor | None:
            return tensor if wanted else None

        share = 0.8 if chosen["zoneout"] == "constant" else 1.0
        self.options = Options(cell, chosen["batch_first"], normalized, share, share, cells=lstm)
        self.input = torch.randn(*positions, input_size, **real)
        self.weights: list[Tensor | None] = []
        self.norm: list[list[Tensor | None]] | None = [] if normalized else None
        for _ in range(directions):
            self.weights += [
                torch.randn(gates, input_size, **real) * 0.7 / size**0.5,
                torch.randn(gates, size, **real) * 0.7 / size**0.5,
                maybe(chosen["bias"], torch.randn(gates, **real) * 0.3),
                maybe(chosen["bias"], torch.randn(gates, **real) * 0.3),
            ]
            if self.norm is not None:
                gain, cell_gain = torch.rand(2, gates, **real) + 0.5, torch.rand(2, size, **real) + 0.5
                self.norm.append([gain[0], gain[1], maybe(lstm, cell_gain[0]), maybe(lstm, cell_gain[1] - 1)])
        state = torch.randn(2, directions, rows, size, **real) * 0.5
        self.h_0, self.c_0 = maybe(chosen["state"], state[0]), maybe(chosen["state"] and lstm, state[1])
        self.recurrent_mask = maybe(chosen["masked"], (torch.rand(directions, rows, size) > 0.3).to(**real) * 1.4)
        shares = (torch.rand(2, *positions, directions * size) > 0.2).to(**real)
        drawn = chosen["zoneout"] == "drawn"
        self.update_h, self.update_c = maybe(drawn, shares[0]), maybe(drawn and lstm, shares[1])

    def differentiable(self) -> list[Tensor | None]:
        gains = [gain for direction in self.norm or [] for gain in direction]
        return [self.input, *self.weights, self.h_0, self.c_0, *gains]

    def run(self, function: Recurrent, tensors: Sequence[Tensor | None]) -> list[Tensor]:
        """Results of `function`, those that there are; tensors take the place of `differentiable()`."""
        input = tensors[0]
        assert input is not None
        rest = [None if x is None else x.to(input.dtype) for x in (self.recurrent_mask, self.update_h, self.update_c)]
        count = 1 + len(self.weights)
        norm = None if self.norm is None else [tensors[i : i + 4] for i in range(count + 2, len(tensors), 4)]
        results = function(
            self.options, input, tensors[1:count], *tensors[count : count + 2], self.lengths, self.batch_sizes, *rest, norm
        )
        return [result for result in results if result is not None]

    def solve(self, function: Recurrent, dtype: torch.dtype) -> list[Tensor]:
        """Results and the gradients of a weighted sum of them, by every differentiable tensor."""
        tensors = [None if x is None else x.to(dtype, copy=True).requires_grad_() for x in self.differentiable()]
        results = self.run(function, tensors)
        torch.manual_seed(1)
        terms = [(result * torch.randn(result.shape, dtype=torch.float64).to(dtype)).sum() for result in results]
        loss = torch.stack(terms).sum()
        gradients = torch.autograd.grad(loss, [x for x in tensors if x is not None], materialize_grads=True)
        return [*(result.detach() for result in results), *gradients]


def errors(values: Sequence[Tensor], expected: Sequence[Tensor]) -> list[float]:
    return [float((value.double() - x).norm() / x.norm().clamp_min(1e-3)) for value, x in zip(values, expected, strict=True)]


def assert_close(problem: Problem, dtype: torch.dtype) -> None:
    """Within the tolerance, or as near as the equations come in this dtype: normalising next to nothing is ill-conditioned."""
    expected = problem.solve(equations.recurrent, torch.float64)
    for index, error in enumerate(errors(problem.solve(ops.recurrent, dtype), expected)):
        if error > TOLERANCE[dtype]:
            inevitable = errors(problem.solve(equations.recurrent, dtype), expected)[index]
            assert error <= 3 * inevitable, f"tensor {index} is off by {error:.1e}, {inevitable:.1e} in torch; {problem.chosen}"


def problems(count: int, **fixed: Any) -> Iterator[Problem]:
    for seed in range(count):
        cell, normalized = VARIANTS[seed % len(VARIANTS)]
        yield Problem(seed, cell, normalized, **fixed)


@pytest.mark.parametrize("name", kernels.instruction_sets())
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_random_problems_agree_with_the_equations(name: str, dtype: torch.dtype) -> None:
    kernels.select_instruction_set(name)
    for number, problem in enumerate(problems(25)):
        torch.set_num_threads(1 + number % 3)
        assert_close(problem, dtype)


@pytest.mark.parametrize(("cell", "normalized"), VARIANTS)
@pytest.mark.parametrize("rows", [1, 4, 40])
def test_results_do_not_depend_on_the_number_of_threads(cell: str, normalized: bool, rows: int) -> None:
    problem = Problem(3, cell, normalized, rows=rows, steps=20, input_size=50, hidden_size=100, layout="lengths")
    torch.set_num_threads(1)
    alone = problem.solve(ops.recurrent, torch.float32)
    for threads in (2, 3):
        torch.set_num_threads(threads)
        assert all(map(torch.equal, problem.solve(ops.recurrent, torch.float32), alone))


@pytest.mark.parametrize(("cell", "normalized"), VARIANTS)
def test_a_row_does_not_depend_on_its_neighbours(cell: str, normalized: bool) -> None:
    sizes: dict[str, Any] = {"rows": 33, "input_size": 17, "hidden_size": 33, "directions": 1}
    problem = Problem(4, cell, normalized, **sizes, layout="full", batch_first=True, state=False, masked=False, zoneout="")
    together, *_ = problem.run(ops.recurrent, problem.differentiable())
    everyone = problem.input
    for row in (0, 7, 32):
        problem.input = everyone[row : row + 1]
        alone, *_ = problem.run(ops.recurrent, problem.differentiable())
        assert torch.equal(alone[0], together[row])


@pytest.mark.parametrize(("cell", "normalized"), VARIANTS)
def test_without_gradients_the_results_are_the_same(cell: str, normalized: bool) -> None:
    problem = Problem(5, cell, normalized)
    saved = problem.solve(ops.recurrent, torch.float64)
    with torch.inference_mode():
        results = problem.run(ops.recurrent, problem.differentiable())
    assert all(map(torch.equal, results, saved))


@pytest.mark.parametrize(("cell", "normalized"), [variant for variant in VARIANTS if variant[0] != "rnn_relu"])
def test_first_and_second_derivatives_agree_with_differences(cell: str, normalized: bool) -> None:
    problem = Problem(6, cell, normalized, rows=2, steps=2, input_size=3, hidden_size=3, directions=1, bias=True, state=True)
    places = [i for i, x in enumerate(problem.differentiable()) if x is not None]
    given = [x.clone().requires_grad_() for x in problem.differentiable() if x is not None]

    def function(*tensors: Tensor) -> tuple[Tensor, ...]:
        everything: list[Tensor | None] = [None] * len(problem.differentiable())
        for place, tensor in zip(places, tensors, strict=True):
            everything[place] = tensor
        return tuple(problem.run(ops.recurrent, everything))

    assert torch.autograd.gradcheck(function, given)
    assert torch.autograd.gradgradcheck(function, given)


@pytest.mark.parametrize("scale", [1e-6, 1e4])
@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_a_far_off_mean_keeps_the_precision_of_the_variance(cell: str, scale: float) -> None:
    problem = Problem(7, cell, True, rows=9, steps=3, input_size=16, hidden_size=64, zoneout="", layout="full", masked=False)
    first = problem.weights[0]
    assert first is not None
    first = torch.cat([first[:, :-1], torch.full_like(first[:, :1], 30)], 1)
    problem.weights[0] = first * scale
    exact = problem.run(equations.recurrent, problem.differentiable())[0]
    single = [None if x is None else x.float() for x in problem.differentiable()]
    (error,) = errors(problem.run(ops.recurrent, single)[:1], [exact])
    (inevitable,) = errors(problem.run(equations.recurrent, single)[:1], [exact])
    assert error <= max(1e-6, 2 * inevitable)


@pytest.mark.parametrize(("cell", "normalized"), VARIANTS)
def test_the_streamed_part_of_long_sequences_is_aligned(cell: str, normalized: bool) -> None:
    """Notes beyond some megabytes are stored past the caches, which a misplaced slice does not survive."""
    problem = Problem(8, cell, normalized, rows=40, steps=400, input_size=3, hidden_size=100, directions=1, layout="lengths")
    for name in kernels.instruction_sets():
        kernels.select_instruction_set(name)
        values = problem.solve(ops.recurrent, torch.float32)
        assert all(value.isfinite().all() for value in values)


def test_what_has_no_kernel_is_named() -> None:
    x = torch.zeros(1, 1, 1)
    gains = [(x, x, None, None)]
    assert ops.reason(Options("gru"), x, gains) == ops.reason(Options("gru", reset_after=False), x, None) == ""
    assert "reset_after=False" in ops.reason(replace(Options("gru"), reset_after=False), x, gains)
    assert "min_gru" in ops.reason(Options("min_gru"), x, gains)

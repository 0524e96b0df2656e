"""Products of bfloat16: near the equations in float64, and as independent of threads and of the rest of the batch as all."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from gatewise.cells import EQUATIONS
from gatewise.kernels import equations, ops
from gatewise.kernels.options import Options
from gatewise.kernels.signature import KERNELS, kernel_of
from tests.kernels.test_parity import Case, draw, relative

_compiled = pytest.importorskip("gatewise.kernels._compiled", reason="the kernels were not compiled")

pytestmark = pytest.mark.usefixtures("poisoned_memory")

SET = "avx512_bf16"
SETS = _compiled.instruction_sets()
needs_bfloat16 = pytest.mark.skipif(SET not in SETS, reason="this processor has no products of bfloat16")
CELLS = sorted({kernel.cell for kernel in KERNELS if kernel.bfloat16})
RESULTS, GRADIENTS = 0.03, 0.02
"""Largest relative errors: a number is off by 2^-9 of itself at most, a product has two, and gradients go through both passes."""


@needs_bfloat16
@pytest.mark.parametrize("group", range(20))
def test_near_the_equations(group: int) -> None:
    _compiled.select(SET)
    tried = changed = 0
    for seed in range(group * 60, group * 60 + 60):
        case = draw(seed)
        if case.options.cell not in CELLS:
            continue
        tried += 1
        torch.set_num_threads(1 + seed % 3)
        expected = case.run(equations.recurrent, torch.float64)
        full = case.run(ops.recurrent, torch.float32)
        found = replace(case, options=replace(case.options, bfloat16=True)).run(ops.recurrent, torch.float32)
        assert all(bool(torch.isfinite(tensor).all()) for tensor in found), f"seed {seed}"
        changed += not all(torch.equal(one, other) for one, other in zip(found, full, strict=True))
        errors = [relative(one, other) for one, other in zip(found, expected, strict=True)]
        results = 2 + EQUATIONS[case.options.cell].cell_state + case.options.cells
        assert max(errors[:results]) < RESULTS, f"seed {seed}: {errors}, {case.options}"
        if case.options.cell != "rnn_relu":  # a sum rounded to the other side of its kink has another slope altogether
            # What all but cancels is off by more, and so is what the equations in full make of rounded numbers.
            least = [relative(one, other) for one, other in zip(of_rounded(case), expected, strict=True)]
            for error, other in list(zip(errors, least, strict=True))[results:]:
                assert error < max(GRADIENTS, 8 * other), f"seed {seed}: {errors} against {least}, {case.options}"
    assert tried > 20
    assert changed > tried / 2


def of_rounded(case: Case) -> list[Tensor]:
    weights = [rounded(weight) for weight in case.weights]
    return replace(case, input=case.input.bfloat16().double(), weights=weights).run(equations.recurrent, torch.float64)


def rounded(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.bfloat16().to(tensor.dtype)


@needs_bfloat16
@pytest.mark.parametrize("cell", CELLS)
def test_numbers_that_are_bfloat16_anyway_have_nothing_to_lose(cell: str) -> None:
    """One step from no state: the sums are of products that float32 holds, and equal to those in full but for their order."""
    _compiled.select(SET)
    for size, hidden, rows in ((1, 1, 1), (2, 5, 3), (7, 33, 9), (33, 16, 8), (64, 48, 31), (100, 127, 2)):
        generator = torch.Generator().manual_seed(size)
        gates = EQUATIONS[cell].gates * hidden
        weights = [
            rounded(torch.randn(shape, generator=generator)) for shape in ((gates, size), (gates, hidden), (gates,), (gates,))
        ]
        input = torch.randn(1, rows, size, generator=generator).bfloat16().float()
        h_0 = torch.randn(1, rows, hidden, generator=generator).bfloat16().float()
        arguments = (input, weights, h_0, None, None, None, None, None, None, None)
        found, *_ = ops.recurrent(Options(cell, bfloat16=True), *arguments)
        expected, *_ = ops.recurrent(Options(cell), *arguments)
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("name", [name for name in SETS if name != SET])
def test_without_such_products_nothing_changes(name: str, cell: str) -> None:
    _compiled.select(name)
    full, rest = (results_of(Options(cell, bfloat16=bfloat16), torch.float32) for bfloat16 in (False, True))
    assert all(torch.equal(one, other) for one, other in zip(full, rest, strict=True))


@pytest.mark.parametrize("cell", CELLS)
def test_float64_keeps_its_digits(cell: str) -> None:
    full, rest = (results_of(Options(cell, bfloat16=bfloat16), torch.float64) for bfloat16 in (False, True))
    assert all(torch.equal(one, other) for one, other in zip(full, rest, strict=True))


@needs_bfloat16
@pytest.mark.parametrize("cell", EQUATIONS)
def test_the_sets_with_and_without_them_are_equal_in_full_precision(cell: str) -> None:
    found = []
    for name in (SET, "avx512"):
        _compiled.select(name)
        found.append(results_of(Options(cell), torch.float32))
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


@needs_bfloat16
@pytest.mark.parametrize("rows", [1, 3, 8, 17, 70])
@pytest.mark.parametrize("cell", CELLS)
def test_no_result_depends_on_threads_or_on_the_rest_of_the_batch(cell: str, rows: int) -> None:
    _compiled.select(SET)
    options = Options(cell, bfloat16=True)
    first = None
    for threads in (1, 2, 3, 4):
        torch.set_num_threads(threads)
        results = results_of(options, torch.float32, rows=rows, hidden=127)
        first = first or results
        assert all(torch.equal(one, other) for one, other in zip(first, results, strict=True)), threads
    assert first is not None
    alone = results_of(options, torch.float32, rows=rows, hidden=127, only=rows // 2)
    assert torch.equal(alone[0], first[0][:, rows // 2 :][:, :1])


def results_of(
    options: Options, dtype: torch.dtype, *, rows: int = 9, hidden: int = 33, only: int | None = None
) -> tuple[Tensor, ...]:
    """Output and gradients of one layer of two directions; of one row of the batch, or all."""
    generator = torch.Generator().manual_seed(rows)
    traits = EQUATIONS[options.cell]
    shapes = [(traits.gates * hidden, 5), (traits.gates * hidden, hidden), (traits.gates * hidden,), (traits.gates * hidden,)] * 2
    weights = [
        torch.randn(shape, dtype=dtype, generator=generator).mul(0.1).requires_grad_()
        if traits.recurrent or place % 2 == 0
        else None
        for place, shape in enumerate(shapes)
    ]
    input = torch.randn(11, rows, 5, dtype=dtype, generator=generator)
    if only is not None:
        input = input[:, only : only + 1]
    input.requires_grad_()
    output, *_ = ops.recurrent(options, input, weights, None, None, None, None, None, None, None, None)
    leaves = [input, *(weight for weight in weights if weight is not None)]
    return output.detach(), *torch.autograd.grad(output.square().sum(), leaves)


def test_a_cell_without_such_a_kernel_has_its_own() -> None:
    for kernel in KERNELS:
        if kernel.cell in CELLS and kernel.reset_after and not kernel.normalized:
            continue
        options = Options(kernel.cell, reset_after=kernel.reset_after, bfloat16=True)
        assert kernel_of(options, normalized=kernel.normalized) == kernel_of(
            replace(options, bfloat16=False), normalized=kernel.normalized
        )

"""Rounding errors stay within three times PyTorch's, on every instruction set that the processor has."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from benchmarks.accuracy import BOUND, CELLS, SIGMOID, TANH, Case, Pair, function_errors, layer_errors, main

from gatewise import kernels

pytest.importorskip("gatewise.kernels._compiled", reason="the kernels were not compiled")


@pytest.fixture(params=kernels.instruction_sets())
def instruction_set(request: pytest.FixtureRequest) -> Iterator[None]:
    before = kernels.instruction_set()
    kernels.select_instruction_set(request.param)
    yield
    kernels.select_instruction_set(before)


@pytest.mark.usefixtures("instruction_set")
@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_functions_and_derivatives(name: str) -> None:
    for interval in TANH if name == "tanh" else SIGMOID:
        value, slope = function_errors(name, *interval, samples=1 << 15)
        assert value.ratio <= BOUND, (interval, value)
        assert slope.ratio <= BOUND, (interval, slope)


@pytest.mark.usefixtures("instruction_set")
@pytest.mark.parametrize("cell", CELLS)
def test_sums_over_many_inputs(cell: str) -> None:
    output, gradient = layer_errors(Case(cell, 2, 3, 65536, 8), draws=1)
    assert output.ratio <= BOUND, output
    assert gradient.ratio <= BOUND, gradient


@pytest.mark.usefixtures("instruction_set")
def test_sums_over_many_units() -> None:
    output, gradient = layer_errors(Case("RNN", 3, 4, 3, 3000), draws=1)
    assert output.ratio <= BOUND, output
    assert gradient.ratio <= BOUND, gradient


def test_a_row_is_the_same_in_any_batch_and_on_any_number_of_threads() -> None:
    torch.manual_seed(0)
    threads = torch.get_num_threads()
    layer = CELLS["LSTM"][0](1500, 700)
    input = torch.randn(3, 21, 1500)
    try:
        for step_count in (1, 3):
            torch.set_num_threads(1)
            together = layer(input[:step_count])[0]
            assert torch.equal(layer(input[:step_count, 5:6])[0], together[:, 5:6])
            torch.set_num_threads(2)
            assert torch.equal(layer(input[:step_count])[0], together)
            assert torch.equal(layer(input[:step_count, 5:6])[0], together[:, 5:6])
    finally:
        torch.set_num_threads(threads)


def test_the_ratio_of_no_error_is_one() -> None:
    assert Pair(0.0, 0.0).ratio == 1
    assert Pair(1e-9, 0.0).ratio == float("inf")


def test_the_document_is_written(tmp_path: Path) -> None:
    document = tmp_path / "accuracy.md"
    document.write_text("before\n<!-- accuracy: begin -->\n<!-- accuracy: end -->\nafter\n", encoding="utf-8")
    assert main(["--quick", "--output", str(tmp_path)]) == 0
    assert main(["--render", str(document), "--output", str(tmp_path)]) == 0
    text = document.read_text(encoding="utf-8")
    assert text.startswith("before")
    assert "### tanh and its derivative" in text
    assert "LSTM (3, 2, 40, 20)" in text

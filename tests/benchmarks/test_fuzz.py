"""The public operators on whatever comes to mind; `python -m benchmarks.fuzz` goes on for as long as one likes."""

from collections.abc import Iterator

import pytest
import torch
from benchmarks.fuzz import fuzz

from gatewise import kernels

pytest.importorskip("gatewise.kernels._compiled", reason="the kernels were not compiled")


@pytest.fixture(autouse=True)
def restore() -> Iterator[None]:
    selected, threads = kernels.instruction_set(), torch.get_num_threads()
    yield
    kernels.select_instruction_set(selected)
    torch.set_num_threads(threads)


def test_calls_are_refused_or_right() -> None:
    ends = fuzz(60, seed=0)
    assert sum(ends.values()) == 60
    assert ends["accepted both"] > 15
    assert any(end.startswith("refused") for end in ends)

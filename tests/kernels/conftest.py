"""What the tests of the kernels share."""

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture
def poisoned_memory() -> Iterator[None]:
    """Scratch memory starts as NaN, and the instruction set and threads are put back."""
    from gatewise.kernels import _compiled

    chosen, threads = _compiled.instruction_set(), torch.get_num_threads()
    _compiled.poison(True)
    yield
    _compiled.poison(False)
    _compiled.select(chosen)
    torch.set_num_threads(threads)

"""Small encoded data made in place."""

from collections.abc import Callable

import numpy as np
import pytest

from gatewise.records import Encoded

Maker = Callable[..., Encoded]


@pytest.fixture(scope="session")
def signs() -> Maker:
    """Series of 2 to 9 steps whose class is the sign of their mean, which any cell learns at once."""

    def make(rows: int, seed: int, *, learnable: bool = True) -> Encoded:
        generator = np.random.default_rng(seed)
        lengths = generator.integers(2, 10, rows)
        targets = generator.integers(2, size=rows)
        means = np.repeat(np.where(targets, 1.0, -1.0) if learnable else np.zeros(rows), lengths)
        values = (means + generator.normal(0, 0.3, len(means))).astype(np.float32)
        return Encoded(values[:, np.newaxis], lengths, targets, 1)

    return make

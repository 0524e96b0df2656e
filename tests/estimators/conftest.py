"""Small data that any cell learns in a few epochs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

QUICK = {"hidden_size": 8, "max_epochs": 20, "batch_size": 16, "learning_rate": 0.03, "dropout": 0.0}


@dataclass(frozen=True)
class Labelled:
    X: Any
    y: NDArray[Any]


@pytest.fixture
def quick() -> dict[str, Any]:
    """Parameters that make a fit take a tenth of a second."""
    return dict(QUICK)


@pytest.fixture(scope="session")
def ragged() -> Labelled:
    """Series of 3 to 9 steps and two channels, whose class is the sign of the first channel's mean."""
    generator = np.random.default_rng(0)
    y = np.tile(["falling", "rising"], 40)
    return Labelled(
        [
            np.column_stack([generator.normal(1 if label == "rising" else -1, 0.5, steps), generator.normal(0, 1, steps)])
            for label, steps in zip(y, generator.integers(3, 10, len(y)), strict=True)
        ],
        y,
    )


@pytest.fixture(scope="session")
def texts() -> Labelled:
    """Short reviews with a telling word."""
    generator = np.random.default_rng(1)
    y = generator.integers(2, size=80)
    telling = [["dull", "poor", "awful"], ["fine", "good", "great"]]
    return Labelled([f"the {generator.choice(['plot', 'cast'])} was {generator.choice(telling[label])}" for label in y], y)


@pytest.fixture(scope="session")
def wave() -> NDArray[np.float64]:
    """400 steps of a season of 12 with a little noise."""
    generator = np.random.default_rng(2)
    return np.sin(np.arange(400) * 2 * np.pi / 12) + generator.normal(0, 0.05, 400)

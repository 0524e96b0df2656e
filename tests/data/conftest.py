"""Data that every test of this room may start from."""

from pathlib import Path

import numpy as np
import pytest

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"


@pytest.fixture
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the folder shared/data with public data sets is not beside the checkout")
    return SHARED


@pytest.fixture
def reviews() -> dict[str, list[str]]:
    """60 different texts of two classes."""
    return {
        "text": [f"a {'good' if row % 2 else 'bad'} film number {row}" for row in range(60)],
        "label": ["positive" if row % 2 else "negative" for row in range(60)],
    }


@pytest.fixture
def ragged() -> dict[str, np.ndarray]:
    """40 training and 20 test series of 2 channels, 3 to 9 steps, 3 classes, in the layout of a split archive."""
    generator = np.random.default_rng(0)
    arrays: dict[str, np.ndarray] = {"classes": np.array(["walk", "run", "rest"])}
    for part, rows in (("train", 40), ("test", 20)):
        lengths = generator.integers(3, 10, rows).astype(np.int32)
        arrays[f"{part}_values"] = generator.normal(size=(lengths.sum(), 2)).astype(np.float32)
        arrays[f"{part}_lengths"] = lengths
        arrays[f"{part}_labels"] = (np.arange(rows) % 3).astype(np.int16)
    return arrays

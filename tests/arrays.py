"""What a data set of series holds, for tests that reckon with it."""

import numpy as np
from numpy.typing import NDArray

from gatewise.records import Dataset


def series_of(dataset: Dataset) -> list[NDArray[np.float32]]:
    """The sequences of a data set whose sequences are arrays, each [steps, channels]."""
    found: list[NDArray[np.float32]] = []
    for sequence in dataset.sequences:
        assert not isinstance(sequence, str)
        found.append(sequence)
    return found

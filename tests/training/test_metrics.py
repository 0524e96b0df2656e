"""Scores against their definitions."""

import math

import numpy as np
import pytest

from gatewise.training.metrics import accuracy, log_loss, pack_correct, unpack_correct

PROBABILITIES = np.array([[0.7, 0.2, 0.1], [0.2, 0.5, 0.3], [0.3, 0.4, 0.3], [0.1, 0.1, 0.8]], dtype=np.float32)
TARGETS = np.array([0, 1, 2, 2])


def test_accuracy_is_the_share_of_right_rows() -> None:
    assert accuracy(PROBABILITIES, TARGETS) == 0.75


def test_log_loss() -> None:
    expected = -sum(math.log(value) for value in (0.7, 0.5, 0.3, 0.8)) / 4
    assert log_loss(PROBABILITIES, TARGETS) == pytest.approx(expected, rel=1e-6)


def test_log_loss_of_a_certain_mistake_is_finite() -> None:
    assert 80 < log_loss(np.array([[0.0, 1.0]], dtype=np.float32), np.array([0])) < 100


@pytest.mark.parametrize("rows", [1, 7, 8, 9, 100])
def test_packed_rows_come_back(rows: int) -> None:
    generator = np.random.default_rng(rows)
    probabilities, targets = generator.random((rows, 3)).astype(np.float32), generator.integers(3, size=rows)
    unpacked = unpack_correct(pack_correct(probabilities, targets), rows)
    assert unpacked.dtype == bool
    np.testing.assert_array_equal(unpacked, probabilities.argmax(1) == targets)

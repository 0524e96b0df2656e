"""Batches: every row once, little padding, zero where nothing stands, and the seed decides the order."""

from dataclasses import replace

import numpy as np
import pytest

from gatewise.records import Encoded
from gatewise.runtime.batches import iterate_batches, plan_batches


def encoded(rows: int, *, channels: int | None = None, longest: int = 40) -> Encoded:
    generator = np.random.default_rng(0)
    lengths = generator.integers(1, longest + 1, rows)
    total = int(lengths.sum())
    values = (
        generator.integers(1, 99, total) if channels is None else generator.normal(5, 1, (total, channels)).astype(np.float32)
    )
    return Encoded(values, lengths, generator.integers(3, size=rows), 99 if channels is None else channels)


@pytest.mark.parametrize("seeded", [True, False])
@pytest.mark.parametrize(("rows", "size"), [(1, 8), (8, 8), (9, 8), (1000, 8)])
def test_every_row_is_in_one_batch(rows: int, size: int, seeded: bool) -> None:
    plan = plan_batches(encoded(rows).lengths, size, np.random.default_rng(1) if seeded else None)
    assert sorted(np.concatenate(plan).tolist()) == list(range(rows))
    assert max(len(batch) for batch in plan) <= size
    assert len(plan) == -(-rows // size)


def test_the_generator_alone_decides_the_order_and_every_epoch_is_new() -> None:
    lengths = encoded(300).lengths

    def epochs(seed: int) -> list[list[list[int]]]:
        generator = np.random.default_rng(seed)
        return [[rows.tolist() for rows in plan_batches(lengths, 16, generator)] for _ in range(2)]

    assert epochs(0) == epochs(0) != epochs(1)
    first, second = epochs(0)
    assert first != second
    assert {frozenset(rows) for rows in first} != {frozenset(rows) for rows in second}


def test_batches_hold_rows_of_nearly_equal_length_in_no_order_of_length() -> None:
    lengths = encoded(2000).lengths
    plan = plan_batches(lengths, 20, np.random.default_rng(0))
    padded = sum(len(rows) * lengths[rows].max() for rows in plan)
    assert padded < 1.1 * lengths.sum()
    longest = [int(lengths[rows].max()) for rows in plan]
    assert abs(np.corrcoef(longest, np.arange(len(longest)))[0, 1]) < 0.3


@pytest.mark.parametrize("channels", [None, 3])
def test_padding_is_zero_and_the_rest_is_the_row(channels: int | None) -> None:
    data = encoded(50, channels=channels)
    starts = np.concatenate([[0], np.cumsum(data.lengths)])
    seen = 0
    for batch in iterate_batches(data, plan_batches(data.lengths, 7, np.random.default_rng(0))):
        assert batch.inputs.dtype == data.values.dtype
        assert batch.inputs.shape[1] == batch.lengths.max()
        for place, row in enumerate(batch.rows):
            length = data.lengths[row]
            np.testing.assert_array_equal(batch.inputs[place, :length], data.values[starts[row] : starts[row] + length])
            assert not batch.inputs[place, length:].any()
            assert (batch.lengths[place], batch.targets[place]) == (length, data.targets[row])
            seen += 1
    assert seen == 50


def test_sequences_may_share_their_values() -> None:
    values = np.arange(40, dtype=np.float32).reshape(20, 2)
    data = Encoded(values, np.array([4, 3, 4]), np.zeros(3, dtype=np.int64), 2, starts=np.array([10, 0, 2]))
    (batch,) = iterate_batches(data, [np.array([2, 0, 1])])
    np.testing.assert_array_equal(batch.inputs[:2], [values[2:6], values[10:14]])
    np.testing.assert_array_equal(batch.inputs[2], [*values[:3], [0, 0]])


def test_targets_are_what_the_network_is_to_say_and_weights_come_along() -> None:
    data = Encoded(
        np.ones((4, 1), dtype=np.float32),
        np.ones(4, dtype=np.int64),
        np.array([[1.0], [2.0], [3.0], [4.0]], dtype=np.float32),
        1,
        weights=np.array([0.5, 1.0, 2.0, 3.0], dtype=np.float32),
        base=np.array([[1.0], [1.0], [2.0], [2.0]], dtype=np.float32),
        scale=np.array([0.5], dtype=np.float32),
    )
    (batch,) = iterate_batches(data, [np.array([3, 0])])
    assert (batch.targets.tolist(), batch.targets.dtype) == ([[4.0], [0.0]], np.dtype(np.float32))
    assert batch.weights is not None
    assert (batch.weights.tolist(), batch.weights.dtype) == ([3.0, 0.5], np.dtype(np.float32))
    (plain,) = iterate_batches(encoded(3), [np.array([1])])
    assert plain.weights is None


def test_sequences_may_be_read_as_changes_from_their_last_step() -> None:
    data = replace(encoded(50, channels=3), from_last=True)
    starts = np.cumsum(data.lengths) - data.lengths
    for batch in iterate_batches(data, plan_batches(data.lengths, 7, None)):
        for place, row in enumerate(batch.rows):
            values = data.values[starts[row] : starts[row] + data.lengths[row]]
            np.testing.assert_allclose(batch.inputs[place, : len(values)], values - values[-1], atol=1e-6)
            assert not batch.inputs[place, len(values) - 1 :].any(), "the last step and the padding are zero"

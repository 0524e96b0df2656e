"""Windows are views, and a million of them cost eight bytes each."""

import tracemalloc

import numpy as np
import pytest

from gatewise.data.dataset import windows as module
from gatewise.data.dataset.windows import Windows, in_chunks, take

VALUES = np.arange(60, dtype=np.float32).reshape(20, 3)
STARTS = np.array([0, 7, 15, 7])


def test_windows_are_views_of_the_series() -> None:
    windows = Windows(VALUES, STARTS, 5)
    assert len(windows) == 4
    for row, start in enumerate(STARTS):
        np.testing.assert_array_equal(windows[row], VALUES[start : start + 5])
        assert np.shares_memory(windows[row], VALUES)
    np.testing.assert_array_equal(windows[-1], VALUES[7:12])
    with pytest.raises(IndexError):
        windows[4]
    assert [piece.tolist() for piece in windows] == [windows[row].tolist() for row in range(4)]


def test_some_of_them() -> None:
    windows = Windows(VALUES, STARTS, 5)
    assert windows.select(np.array([2, 0])).starts.tolist() == [15, 0]
    assert windows[1:3].starts.tolist() == [7, 15]
    assert windows[1:3].values is VALUES
    np.testing.assert_array_equal(windows.gather(), np.stack(list(windows)))
    assert windows[:0].gather().shape == (0, 5, 3)


@pytest.mark.parametrize("starts", [[-1], [16], [0, 30]])
def test_windows_stay_inside_the_series(starts: list[int]) -> None:
    with pytest.raises(ValueError, match="leave the 20 steps"):
        Windows(VALUES, np.array(starts), 5)


@pytest.mark.parametrize("size", [1, 15, 31, 10**6])
def test_chunks_hold_every_window_once(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(module, "CHUNK_NUMBERS", size)
    windows = Windows(VALUES, STARTS, 5)
    for inputs in (windows, list(windows)):
        chunks = list(in_chunks(inputs))
        assert np.concatenate([np.arange(4)[rows] for rows, _ in chunks]).tolist() == [0, 1, 2, 3]
        np.testing.assert_array_equal(np.concatenate([chunk for _, chunk in chunks]), windows.gather())
        assert max(chunk.size for _, chunk in chunks) <= max(size, 15)
    assert list(in_chunks([])) == []


def test_rows_that_follow_one_another_are_a_view() -> None:
    assert np.shares_memory(take(VALUES, np.arange(3, 9)), VALUES)
    np.testing.assert_array_equal(take(VALUES, np.arange(3, 9)), VALUES[3:9])
    for rows in ([3, 5], [5, 4], [0, 2, 1, 3], [4, 4], []):
        np.testing.assert_array_equal(take(VALUES, np.array(rows, dtype=np.int64)), VALUES[np.array(rows, dtype=np.int64)])


def test_a_million_windows_are_cheap() -> None:
    values = np.zeros((1_000_200, 2), dtype=np.float32)
    tracemalloc.start()
    windows = Windows(values, np.arange(1_000_000), 168)
    held = windows.select(np.arange(500_000, 900_000)), windows[123_456]
    memory = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held[1].shape == (168, 2)
    assert memory < 9_000_000

"""Dynamic time warping against a naive version, and the nearest neighbour that it finds."""

import numpy as np
import pytest
from numpy.typing import NDArray

from gatewise.training.baselines import warping
from gatewise.training.baselines.neighbours import NearestWarped
from gatewise.training.baselines.warping import nearest, warped_distances
from gatewise.training.examples import Examples

Series = list[NDArray[np.float32]]


def naive(one: NDArray[np.float32], other: NDArray[np.float32], band: int) -> float:
    band = max(band, abs(len(one) - len(other)))
    table = np.full((len(one) + 1, len(other) + 1), np.inf)
    table[0, 0] = 0
    for row in range(len(one)):
        for column in range(len(other)):
            if abs(row - column) <= band:
                cost = float(np.square(one[row] - other[column]).sum())
                table[row + 1, column + 1] = cost + min(table[row, column], table[row, column + 1], table[row + 1, column])
    return float(table[-1, -1])


def made(rows: int, seed: int, shortest: int, longest: int, channels: int) -> Series:
    generator = np.random.default_rng(seed)
    lengths = generator.integers(shortest, longest + 1, rows)
    return [generator.normal(size=(steps, channels)).astype(np.float32) for steps in lengths]


@pytest.mark.parametrize("band", [0, 2, 30])
@pytest.mark.parametrize(("shortest", "longest", "channels"), [(12, 12, 1), (12, 12, 3), (1, 15, 1), (3, 15, 2)])
def test_distances_and_neighbours_are_those_of_a_naive_version(
    shortest: int, longest: int, channels: int, band: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warping, "PAIRS", 7)
    monkeypatch.setattr(warping, "ROUND", 3)
    queries, candidates = made(20, 0, shortest, longest, channels), made(20, 1, shortest, longest, channels)
    expected = np.array([[naive(one, other, band) for other in candidates] for one in queries])
    np.testing.assert_allclose(warped_distances(queries, candidates, band), expected.diagonal(), rtol=1e-5)
    assert nearest(queries, candidates, band).tolist() == expected.argmin(1).tolist()


def late_bumps(rows: int, seed: int) -> tuple[Series, NDArray[np.int64]]:
    """One bump or two, at a place that varies: far apart step by step, alike when warped."""
    generator = np.random.default_rng(seed)
    targets = generator.integers(2, size=rows)
    series = []
    for target in targets:
        one = generator.normal(0, 0.05, (40, 1))
        for bump in range(target + 1):
            start = generator.integers(2, 12) + 18 * bump
            one[start : start + 5] += 1
        series.append(one.astype(np.float32))
    return series, targets


def test_it_finds_what_is_alike_when_warped_and_is_rebuilt_from_its_state() -> None:
    (train, targets), (held, truth), (test, wanted) = (late_bumps(rows, rows) for rows in (30, 40, 60))
    model = NearestWarped.fit(Examples(train, targets, 3), Examples(held, truth, 3))
    said = model.predict(test)
    assert (said.argmax(1) == wanted).mean() > 0.9
    assert model.band > 0
    np.testing.assert_allclose(said.sum(1), 1, rtol=1e-6)
    assert not said[:, 2].any()
    np.testing.assert_array_equal(NearestWarped.from_state(*model.state()).predict(test), said)
    assert model.predict([]).shape == (0, 3)


def test_the_class_found_is_the_one_predicted_however_seldom_it_is_right() -> None:
    generator = np.random.default_rng(0)
    series: Series = [generator.normal(size=(5, 1)).astype(np.float32) for _ in range(60)]
    targets = generator.integers(4, size=60)
    model = NearestWarped.fit(Examples(series[:40], targets[:40], 4), Examples(series[40:], targets[40:], 4))
    found = model.targets[model.neighbours(series[40:])]
    assert model.predict(series[40:]).argmax(1).tolist() == found.tolist()

"""The benchmark of baselines on a small archive made in place."""

from pathlib import Path

import numpy as np
from benchmarks.rivals import CASES, PUBLISHED, Case, measure, page


def test_every_baseline_is_measured_and_stands_in_the_table(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    targets = np.arange(60) % 2
    values = (generator.normal(size=(60, 12)) + targets[:, np.newaxis]).astype(np.float32)
    folder = tmp_path / "tsc"
    folder.mkdir()
    np.savez(folder / "GunPoint.npz", X_train=values[:40], y_train=targets[:40], X_test=values[40:], y_test=targets[40:])
    found = list(measure(tmp_path, Case("GunPoint", "tsc/GunPoint.npz")))
    assert [one.name for one in found] == ["majority", "linear_features", "minirocket", "nearest_dtw"]
    assert all(one.fit_s > 0 and one.latency_ms > 0 for one in found)
    text = page(found)
    assert "| GunPoint | 32, 8, 20 | accuracy | MiniRocket |" in text
    assert "99.2%" in text and "91.3%" in text


def test_published_figures_are_of_known_data_sets() -> None:
    assert {name for name, _ in PUBLISHED} <= {case.name for case in CASES}

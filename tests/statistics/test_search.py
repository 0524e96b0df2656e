import numpy as np
import pytest

from gatewise.statistics.search import expected_best


def test_the_expected_best_is_that_of_all_draws() -> None:
    scores = [0.2, 0.9, 0.5]
    every = np.stack(np.meshgrid(scores, scores, scores), axis=-1).reshape(-1, 3)
    expected = [np.mean(scores), np.mean(every[:, :2].max(axis=1)), np.mean(every.max(axis=1))]
    assert expected_best(scores, 3) == pytest.approx(expected)


def test_it_rises_to_the_best_seen() -> None:
    found = expected_best([0.1, 0.7, 0.3], 60)
    assert (np.diff(found) >= 0).all()
    assert found[-1] == pytest.approx(0.7)


def test_it_takes_a_score() -> None:
    with pytest.raises(ValueError, match="at least one trial"):
        expected_best([], 3)

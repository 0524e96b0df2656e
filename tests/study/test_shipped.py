"""The model that is shipped and its own score, which is not the replicates' mean."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gatewise
from gatewise.records import Shipped

SMALL: dict[str, Any] = {"replicates": 2, "tune": 0, "hidden_size": 4, "max_epochs": 2, "rivals": "simple", "budget": "10m"}


@pytest.mark.parametrize("recommended", ["cell", "baseline"])
def test_a_source_with_a_test_part_scores_the_very_model(tmp_path: Path, recommended: str) -> None:
    generator = np.random.default_rng(0)
    labels = np.arange(120) % 2
    values = generator.normal(0.8 * labels[:, np.newaxis, np.newaxis], 1.0, (120, 10, 1)).astype(np.float32)
    np.savez(tmp_path / "data.npz", X_train=values[:80], y_train=labels[:80], X_test=values[80:], y_test=labels[80:])
    limit = {"max_size": "100B"} if recommended == "baseline" else {"rivals": "majority"}
    result = gatewise.compare(tmp_path / "data.npz", out=tmp_path / "run", **SMALL | limit)
    shipped, model = result.verdict.shipped, result.model
    assert shipped is not None
    assert shipped.name == result.verdict.recommended == model.name
    assert (shipped.name in ("gru", "lstm")) == (recommended == "cell")
    assert shipped.train_rows + shipped.validation_rows == 80
    assert shipped.test_score is not None
    assert (shipped.test_rows, shipped.test_score) == (40, model.score(list(values[80:]), labels[80:].tolist()))
    assert model.details["test_score"] == shipped.test_score
    (said,) = (one for one in result.verdict.explanation if "that is shipped" in one)
    assert f"Itself it scores {100 * shipped.test_score:.1f}% on the test part; the mean of the 2 replicates is" in said
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert f"the shipped model itself {100 * shipped.test_score:.1f}%" in page
    assert gatewise.open_run(tmp_path / "run").verdict.shipped == shipped


def test_a_model_that_learned_from_all_rows_has_none_and_says_so(tmp_path: Path) -> None:
    result = gatewise.compare("builtin:parity?rows=60&length=10", out=tmp_path / "run", **SMALL)
    shipped = result.verdict.shipped
    assert shipped == Shipped(result.verdict.recommended, 48, 12)
    assert any("so it has no test score of its own" in one for one in result.verdict.explanation)

"""Numbers to be predicted: when they are taken for classes, and when for numbers."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from gatewise.data.sources import open_source

TEXTS = [f"text {row}" for row in range(40)]


@pytest.mark.parametrize(
    "targets",
    [
        [row / 4 for row in range(40)],
        [str(row / 4) for row in range(40)],
        [f" {row / 4} " for row in range(40)],
        [f"{row / 4:e}" for row in range(40)],
        pa.array([row / 4 for row in range(40)], pa.float32()),
    ],
    ids=["numbers", "texts", "padded texts", "exponents", "float32"],
)
def test_fractions_are_a_regression(targets: Any) -> None:
    dataset = open_source(pa.table({"text": TEXTS, "label": targets}))
    assert (dataset.task, dataset.classes, dataset.outputs) == ("regression", (), ("label",))
    assert dataset.targets.dtype == np.float32
    np.testing.assert_array_equal(dataset.targets, np.arange(40, dtype=np.float32)[:, np.newaxis] / 4)
    assert dataset.inferred[-1] == "The task is regression: 'label', numbers from 0 to 9.75, is predicted."


def test_whole_numbers_are_classes_unless_said_otherwise() -> None:
    table = pa.table({"text": TEXTS, "label": [row % 7 for row in range(40)]})
    assert open_source(table).task == "classification"
    assert open_source(table, task="classification").classes == tuple("0123456")
    dataset = open_source(table, task="regression", target="label")
    assert (dataset.task, dataset.targets[8, 0]) == ("regression", 1)
    as_words = pa.table({"text": TEXTS, "label": [str(row % 7) for row in range(40)]})
    np.testing.assert_array_equal(open_source(as_words, task="regression").targets, dataset.targets)


def test_many_different_whole_numbers_may_be_a_regression() -> None:
    table = pa.table({"text": TEXTS, "label": list(range(40))})
    assert open_source(table, task="regression").targets[39, 0] == 39


def test_rows_without_a_target_are_dropped(tmp_path: Path) -> None:
    cells = ["", "NA", "null", "?", "nan", *(str(row / 2) for row in range(40))]
    rows = "".join(f"text {row},{cell}\n" for row, cell in enumerate(cells))
    (tmp_path / "a.csv").write_text("text,label\n" + rows)
    dataset = open_source(tmp_path / "a.csv")
    assert (len(dataset), dataset.sequences[0], dataset.targets[0, 0]) == (40, "text 5", 0)
    assert dataset.warnings == ("5 of 45 rows lack an input (0) or a target (5) and were dropped.",)


def test_words_among_numbers_are_classes() -> None:
    dataset = open_source(pa.table({"text": TEXTS, "label": ["1.5", "2.5", "none of them", "1.5"] * 10}))
    assert dataset.classes == ("1.5", "2.5", "none of them")


def test_archives_and_ts_files(tmp_path: Path) -> None:
    values = np.random.default_rng(0).random((40, 3))
    np.savez(tmp_path / "a.npz", X=values, y=np.arange(40) / 8)
    assert open_source(tmp_path / "a.npz").task == "regression"
    np.savez(tmp_path / "b.npz", X=values, y=np.arange(40) % 5)
    assert open_source(tmp_path / "b.npz").task == "classification"
    assert open_source(tmp_path / "b.npz", task="regression").targets[7, 0] == 2
    lines = "\n".join(f"{row},{row + 1}:{row % 5}" for row in range(40))
    (tmp_path / "c.ts").write_text(f"@univariate true\n@targetLabel true\n@data\n{lines}\n")
    assert open_source(tmp_path / "c.ts").task == "regression", "the file says so, though the numbers are whole"
    assert open_source(tmp_path / "c.ts", task="classification").classes == tuple("01234")
    (tmp_path / "d.ts").write_text(f"@univariate true\n@classLabel true 0 1 2 3 4\n@data\n{lines}\n")
    assert open_source(tmp_path / "d.ts").task == "classification"
    assert open_source(tmp_path / "d.ts", task="regression").targets[7, 0] == 2


def test_declared_classes_may_be_fractions(tmp_path: Path) -> None:
    lines = "\n".join(f"{row},{row + 1}:{row % 2 / 2}" for row in range(40))
    (tmp_path / "a.ts").write_text(f"@univariate true\n@classLabel true 0.5 0.0\n@data\n{lines}\n")
    assert open_source(tmp_path / "a.ts").classes == ("0.0", "0.5")

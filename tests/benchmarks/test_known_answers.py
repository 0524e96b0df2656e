"""The table of known answers says what was measured, and a cell that is measured is trained."""

from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.known_answers import TASKS, Row, Task, main, page, table

from gatewise.data.builtin.dataset import builtin_dataset

ADDING = next(task for task in TASKS if task.name == "adding")
PARITY = next(task for task in TASKS if task.name == "parity")
ROWS = [
    Row(ADDING, 20, "ridge_features", 0.15),
    Row(ADDING, 20, "gru", 0.0041, 90),
    Row(ADDING, 20, "rnn", 0.02, 900),
    Row(PARITY, 10, "linear_features", 0.51),
    Row(PARITY, 10, "gru", 0.997, 300),
    Row(PARITY, 10, "rnn", 0.949, 900),
]


def test_what_is_solved_is_bold() -> None:
    adding, parity = table(ROWS).splitlines()[2:]
    assert adding == "| adding, length 20 | MSE below 0.01 | 0.1500 | **0.0041** | 0.0200 |"
    assert parity == "| parity, length 10 | accuracy of at least 95% | 51.0% | **99.7%** | 94.9% |"


def test_the_page_names_what_the_linear_baseline_solves() -> None:
    assert "It solves none." in page(ROWS, "In a test.")
    solved = [replace(row, score=0.96) if row.name == "linear_features" else row for row in ROWS]
    assert "It solves parity 10." in page(solved, "In a test.")


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_every_setting_can_be_made(task: Task) -> None:
    for value in task.values:
        assert len(builtin_dataset(f"{task.name}?{task.option}={value}&rows=30", 0)) == 30


def test_the_names_are_those_of_the_tests_of_memory() -> None:
    assert {task.name for task in TASKS} == {"adding", "copy", "recall", "temporal-order", "counting", "dyck1", "parity"}


def test_a_small_run_is_measured_and_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--tasks", "temporal-order", "--cells", "gru,min_gru", "--lengths", "1", "--rows", "60", "--steps", "2"]
    assert main([*options, "--hidden-size", "4", "--page", str(tmp_path / "page.md")]) == 0
    printed = capsys.readouterr().out
    assert "temporal-order length 20: GRU" in printed and "not solved after 2 steps" in printed
    assert main([*options, "--keep", str(tmp_path / "rows.jsonl")]) == 0
    capsys.readouterr()
    again = ["--page", str(tmp_path / "again.md"), "--keep", str(tmp_path / "rows.jsonl")]
    assert main([*options, *again]) == 0
    assert "not solved after" not in capsys.readouterr().out, "what was kept is not measured again"
    assert "temporal-order, length 20" in (tmp_path / "again.md").read_text(encoding="utf-8")
    written = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert "temporal-order, length 20" in written and "60 rows" in written and "at most 2 steps" in written

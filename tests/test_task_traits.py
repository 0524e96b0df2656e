"""A task's name means something in its own module alone, and what it says of itself is there."""

import ast
from pathlib import Path
from typing import get_args

import pytest

import gatewise
from gatewise.metrics import METRICS
from gatewise.options.table import OPTION
from gatewise.records import Config, Forecast, Kind, Task
from gatewise.tasks import TASKS, TaskTraits, in_time, predicts
from gatewise.training.baselines import BASELINES

SOURCES = Path(gatewise.__file__).parent


def named_in_comparisons(path: Path) -> list[str]:
    """Places where something is compared with the name of a task, in an expression or a case of `match`."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Compare | ast.MatchValue):
            words = {item.value for item in ast.walk(node) if isinstance(item, ast.Constant) and isinstance(item.value, str)}
            if words & {*TASKS}:
                found.append(f"{path.relative_to(SOURCES)}:{node.lineno}")
    return found


def test_no_module_compares_a_tasks_name() -> None:
    assert [place for path in sorted(SOURCES.rglob("*.py")) for place in named_in_comparisons(path)] == []


def test_the_search_finds_comparisons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.SOURCES", tmp_path)
    (tmp_path / "one.py").write_text(
        'a = task == "forecast"\nb = task in ("x", "next_step")\nmatch task:\n    case "regression":\n        c = 1\n'
    )
    assert named_in_comparisons(tmp_path / "one.py") == ["one.py:1", "one.py:2", "one.py:4"]


def test_every_task_of_the_records_has_traits() -> None:
    assert {*TASKS} == {*get_args(Task)}
    assert OPTION["task"].choices == tuple(TASKS)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_what_a_task_names_is_there(task: TaskTraits) -> None:
    assert {*task.metrics} <= {*METRICS}
    assert {*task.refused, *task.options} <= {*Config.__dataclass_fields__}
    for kind in get_args(Kind):
        for forecast in (None, Forecast(24, 3, 24, (0,), 3600.0)):
            rivals = task.rivals(kind, forecast)
            assert rivals.simple
            assert {*rivals.simple, *rivals.strong, *rivals.rest} <= {*BASELINES}
        assert task.defaults(kind).learning_rate <= task.highest_learning_rate
    assert task.kept.__name__ == task.keeps
    assert predicts(task.name) == task.predicts
    assert in_time(task.name) == task.in_time


def test_every_metric_belongs_to_a_task() -> None:
    assert {name for task in TASKS.values() for name in task.metrics} == {*METRICS}

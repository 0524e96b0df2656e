"""A run done again: equal, close, different, of other data, on another machine."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import gatewise
from gatewise.cli import app
from gatewise.errors import RunError
from gatewise.records import Training
from gatewise.study import reproduce as module
from gatewise.study.api import Result
from gatewise.study.gathered import read_trainings
from gatewise.study.units import Unit
from gatewise.study.work import Workload


def copy_of(run: Result, folder: Path) -> Path:
    shutil.copytree(run.path, folder / "run")
    return folder / "run"


def changed(monkeypatch: pytest.MonkeyPatch, change: Callable[[Training], Training]) -> None:
    """Let the run have found something else in its first replicate."""

    def read(journal: Any) -> dict[str, list[Training]]:
        found = read_trainings(journal)
        return found | {"replicate": [change(found["replicate"][0]), *found["replicate"][1:]]}

    monkeypatch.setattr(module, "read_trainings", read)


def test_a_run_comes_out_equal(whole: Result) -> None:
    before = {file: file.stat().st_mtime_ns for file in whole.path.rglob("*")}
    found = gatewise.reproduce(whole.path)
    comparison = whole.comparison
    units = len(comparison.tuning) + len(comparison.trainings) + len(comparison.baseline_trainings)
    assert (found.outcome, found.units, found.done, found.equal) == ("equal", units, units, units)
    assert (found.changed, found.data) == ({}, "")
    assert str(found).startswith(f"{units} of {units} units of work were done again, and all came out equal to the last bit.")
    assert {file: file.stat().st_mtime_ns for file in whole.path.rglob("*")} == before


def test_processes_side_by_side_change_nothing(whole: Result) -> None:
    assert gatewise.reproduce(whole.path, jobs=2).outcome == "equal"


@pytest.mark.parametrize(
    ("off", "outcome", "said"),
    [(1e-6, "within tolerance", "and all by less than 0.001"), (0.1, "different", "off by 0.1, 1 by more than 0.001")],
)
def test_what_differs_is_measured(whole: Result, off: float, outcome: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    changed(monkeypatch, lambda training: replace(training, test_score=(training.test_score or 0.0) + off))
    found = gatewise.reproduce(whole.path)
    assert (found.outcome, found.equal) == (outcome, found.units - 1)
    (key,) = found.differences
    assert key.startswith("replicate:")
    assert found.differences[key] == pytest.approx(off)
    assert said in str(found)


def test_another_loss_is_not_equal_though_the_scores_are(whole: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(training: Training) -> Training:
        assert training.validation_loss is not None
        return replace(training, validation_loss=float(np.nextafter(training.validation_loss, 9.0)))

    changed(monkeypatch, change)
    found = gatewise.reproduce(whole.path)
    assert (found.outcome, [*found.differences.values()]) == ("within tolerance", [0.0])


def test_a_score_that_is_no_number_now_is_different(whole: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Workload.run

    def diverging(self: Workload, unit: Unit, *given: Any) -> Training:
        found = run(self, unit, *given)
        return replace(found, test_score=float("nan")) if unit.kind == "replicate" else found

    monkeypatch.setattr(Workload, "run", diverging)
    found = gatewise.reproduce(whole.path)
    assert found.outcome == "different"
    assert set(found.differences.values()) == {float("inf")}


def test_other_data_are_named_and_nothing_is_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    table = tmp_path / "table.csv"
    lines = [f"{' '.join(generator.choice(['good', 'bad', 'a', 'film'], 5))},{row % 2}" for row in range(60)]
    table.write_text("\n".join(["text,label", *lines]))
    gatewise.compare(table, replicates=2, tune=0, hidden_size=4, max_epochs=1, rivals="simple", out=tmp_path / "run")
    table.write_text("\n".join(["text,label", *lines, "one more film,1"]))
    monkeypatch.setattr(Workload, "run", lambda *_: pytest.fail("it was trained"))
    found = gatewise.reproduce(tmp_path / "run")
    assert (found.outcome, found.done) == ("other data", 0)
    assert "60 rows then and 61 now" in str(found)


def test_what_changed_of_the_machine_is_named(whole: Result, tmp_path: Path) -> None:
    run = copy_of(whole, tmp_path)
    environment = json.loads((run / "environment.json").read_text())
    environment["versions"]["torch"] = "1.0"
    environment["processor"] = "an abacus"
    (run / "environment.json").write_text(json.dumps(environment))
    found = gatewise.reproduce(run)
    assert found.outcome == "equal"
    assert set(found.changed) == {"torch", "processor"}
    assert "· torch: 1.0 then, " in str(found)


def test_an_interrupt_leaves_what_was_compared(whole: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    run, done = Workload.run, []

    def interrupted(self: Workload, unit: Unit, *given: Any) -> Training:
        done.append(unit)
        if len(done) == 3:
            raise KeyboardInterrupt
        return run(self, unit, *given)

    monkeypatch.setattr(Workload, "run", interrupted)
    found = gatewise.reproduce(whole.path)
    assert (found.outcome, found.done, found.equal) == ("interrupted", 2, 2)


def test_the_command_says_it_and_leaves_with_a_code(whole: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(app, ["reproduce", str(whole.path), "--quiet"])
    assert result.exit_code == 0
    assert "equal to the last bit" in result.stdout
    changed(monkeypatch, lambda training: replace(training, test_score=0.123))
    result = CliRunner().invoke(app, ["reproduce", str(whole.path), "--quiet", "--json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["outcome"] == "different"
    with pytest.raises(RunError, match="holds no run"):
        gatewise.reproduce(tmp_path)

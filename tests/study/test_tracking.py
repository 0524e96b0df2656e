"""Runs that are tracked: everything once, whatever happens to the run, and nothing that happens to a tracker harms a run."""

import shutil
import socket
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import gatewise
from gatewise.cli import app
from gatewise.errors import GatewiseError, MissingPackageError, OptionError
from gatewise.records import Verdict
from gatewise.report.live import NullView
from gatewise.study.api import Result
from gatewise.study.journal import read_journal
from gatewise.tracking import tracking
from gatewise.tracking.tracker import TrackedRun, TrackedTraining

SOURCE = "builtin:parity?rows=60&length=10"
OPTIONS: dict[str, Any] = {
    "replicates": 2,
    "tune": 1,
    "hidden_size": 4,
    "max_epochs": 1,
    "rivals": "majority",
    "budget": "10m",
}
UNITS = {
    *(f"tuning:{cell}:0" for cell in ("gru", "lstm")),
    *(f"{model}:{number}" for model in ("replicate:gru", "replicate:lstm", "baseline:majority") for number in range(2)),
}


class Heard(NullView):
    """A view that keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def log(self, message: str) -> None:
        self.said.append(message)

    @property
    def ended(self) -> list[str]:
        return [line for line in self.said if "tracking" in line]


def board(folder: Path) -> Counter[str]:
    """What is in a folder of TensorBoard, by where it lies in a run, with how many files."""
    return Counter(":".join(file.parent.relative_to(folder).parts[1:]) for file in folder.rglob("*tfevents*"))


def store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Names of the runs in a folder of MLflow, that of the comparison without what is behind its name."""
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=folder.as_uri())
    (experiment,) = (one for one in client.search_experiments() if one.name != "Default")
    assert experiment.name == SOURCE
    found = client.search_runs([experiment.experiment_id])
    assert {one.info.status for one in found} == {"FINISHED"}
    return Counter(one.info.run_name.rpartition("-")[0] or one.info.run_name for one in found)


def results(result: Result) -> list[tuple[str, float | None]]:
    comparison = result.comparison
    return [(one.name, one.test_score) for one in (*comparison.trainings, *comparison.baseline_trainings)]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """The run without a tracker."""
    return gatewise.compare(SOURCE, **OPTIONS, out=tmp_path_factory.mktemp("plain") / "run")


def test_everything_once_also_after_resuming(plain: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = gatewise.compare(SOURCE, **OPTIONS, tensorboard="board", mlflow="store", out="run")
    assert results(result) == results(plain)
    for _ in range(2):
        assert board(tmp_path / "board") == Counter([*UNITS, "comparison"])
        assert store(tmp_path / "store", monkeypatch) == Counter([*UNITS, "run"])
        # From elsewhere: what was a relative path leads to the same folder.
        monkeypatch.chdir("/")
        gatewise.resume(tmp_path / "run")


def test_a_run_that_was_not_tracked_is_told_whole(plain: Result, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(plain.path, tmp_path / "run"))
    result = CliRunner().invoke(app, ["resume", str(copy), "--tensorboard", str(tmp_path / "board"), "--quiet"])
    assert result.exit_code == 0, result.output
    assert board(tmp_path / "board") == Counter([*UNITS, "comparison"])


class Failing:
    """Fails at its fourth training, when the journal has it."""

    def __init__(self, _place: str, run: TrackedRun) -> None:
        self.run, self.added = run, 0

    def has(self, _key: str) -> bool:
        return False

    def add(self, unit: TrackedTraining) -> None:
        assert unit.key in read_journal(self.run.folder / "journal.sqlite")
        self.added += 1
        if self.added == 4:
            raise ConnectionError("the line is cut\nand more")

    def finish(self, verdict: Verdict, files: tuple[Path, ...]) -> None:
        raise AssertionError("it was at an end")

    def close(self) -> None:
        raise AssertionError("it was at an end")


def test_what_fails_is_said_once_and_the_other_goes_on(plain: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Heard()
    kinds = {**tracking.TRACKERS, "mlflow": tracking.Kind("MLflow", Failing)}
    monkeypatch.setattr(tracking, "TRACKERS", kinds)
    places: dict[str, Any] = {"tensorboard": tmp_path / "board", "mlflow": tmp_path / "store"}
    result = gatewise.compare(SOURCE, **OPTIONS, **places, out=tmp_path / "run", view=heard)
    assert results(result) == results(plain)
    (said,) = heard.ended
    assert said.startswith("tracking with MLflow has ended (the line is cut); the run goes on")
    assert board(tmp_path / "board") == Counter([*UNITS, "comparison"])


def test_a_server_that_nobody_runs_costs_a_moment(plain: Result, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
        heard = Heard()
        copy = Path(shutil.copytree(plain.path, tmp_path / "run"))
        assert results(gatewise.resume(copy, mlflow=address, view=heard)) == results(plain)
    (said,) = heard.ended
    assert said.startswith("tracking with MLflow has ended (API request to http://127.0.0.1")


def test_a_folder_that_has_gone_stops_no_run(plain: Result, tmp_path: Path) -> None:
    copy, heard = Path(shutil.copytree(plain.path, tmp_path / "run")), Heard()
    gatewise.resume(copy, tensorboard=tmp_path / "board")
    shutil.rmtree(tmp_path / "board")
    (tmp_path / "board").write_text("a file", encoding="utf-8")
    gatewise.resume(copy, view=heard)
    assert len(heard.ended) == 1


@pytest.mark.parametrize(
    ("places", "message"),
    [
        ({"tensorboard": "file/board"}, "--tensorboard .*file/board cannot be written: Not a directory; choose a folder"),
        ({"mlflow": "file"}, "--mlflow .*file cannot be written: File exists"),
        ({"mlflow": "gopher://host"}, "--mlflow 'gopher://host' is no place that MLflow knows; give a folder, or"),
        ({"mlflow": "https://me:secret@host"}, "has a name or a password in its address.*MLFLOW_TRACKING_PASSWORD"),
        ({"mlflow": " "}, "--mlflow ' ' is no place"),
        ({"tensorboard": ""}, "--tensorboard '' is not a path"),
    ],
)
def test_a_place_that_cannot_be_is_refused_before_anything_is_done(
    places: dict[str, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("", encoding="utf-8")
    with pytest.raises(OptionError, match=message) as refused:
        gatewise.compare(SOURCE, **OPTIONS, **places, out="run")
    assert "secret" not in str(refused.value)
    assert [item.name for item in tmp_path.iterdir()] == ["file"]


def test_a_folder_made_for_the_trial_goes_away_again(tmp_path: Path) -> None:
    with pytest.raises(GatewiseError, match="nowhere"):
        gatewise.compare(tmp_path / "nowhere.csv", tensorboard=tmp_path / "new" / "board")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("package", ["tensorboard", "mlflow"])
def test_without_the_extra_the_line_that_installs_it(package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatewise.extras._is_installed", lambda name: name != package)
    place: dict[str, Any] = {package: tmp_path / "place"}
    with pytest.raises(MissingPackageError, match=r"pip install 'gatewise\[track\]'"):
        gatewise.compare(SOURCE, **place, out=tmp_path / "run")
    assert not list(tmp_path.iterdir())

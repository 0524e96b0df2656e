"""A run in a folder of MLflow, read back with MLflow's own client."""

import os
from pathlib import Path
from typing import Any

import pytest

from gatewise.records import Config
from gatewise.tracking import mlflow_runs
from gatewise.tracking.mlflow_runs import MLflowRuns
from gatewise.tracking.tracker import TrackedRun
from tests.tracking.trained import ENDED, FINDINGS, unit, verdict


@pytest.fixture
def run(tmp_path: Path) -> TrackedRun:
    return TrackedRun(tmp_path / "run", "run-00000001", Config("/data/reviews.csv", hidden_size=8))


class Store:
    """Every run of one experiment, by the name it has."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        from mlflow.tracking import MlflowClient

        self.client = MlflowClient(tracking_uri=folder.as_uri())

    def runs(self) -> dict[str, Any]:
        experiment = self.client.get_experiment_by_name("reviews.csv")
        found = self.client.search_runs([experiment.experiment_id])
        assert len({one.info.run_name for one in found}) == len(found)
        return {one.info.run_name: one for one in found}

    def history(self, run: str, metric: str) -> list[tuple[int, float, int]]:
        return [(one.step, one.value, one.timestamp) for one in self.client.get_metric_history(run, metric)]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    return Store(tmp_path / "store", monkeypatch)


def test_a_run_for_the_comparison_and_one_beneath_it_for_a_training(tmp_path: Path, run: TrackedRun, store: Store) -> None:
    runs = MLflowRuns(str(tmp_path / "store"), run)
    runs.add(unit())
    report = tmp_path / "report.html"
    report.write_text("<p>", encoding="utf-8")
    runs.finish(verdict(), (report,))
    runs.close()
    found = store.runs()
    parent, child = found["run-00000001"], found["replicate:gru:0"]
    assert parent.info.status == child.info.status == "FINISHED"
    assert parent.data.params["hidden_size"] == "8"
    assert parent.data.params["source"] == "/data/reviews.csv"
    assert parent.data.metrics == FINDINGS
    assert parent.data.tags["gatewise.recommended"] == "gru"
    assert [one.path for one in store.client.list_artifacts(parent.info.run_id)] == ["report.html"]
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert child.data.params["learning_rate"] == "0.01"
    assert child.data.metrics["test_score"] == 0.875
    assert (child.info.start_time, child.info.end_time) == ((ENDED - 8) * 1000, ENDED * 1000)
    began = int(ENDED - 8) * 1000
    losses = store.history(child.info.run_id, "train_loss")
    assert losses == [(1, 0.5, began + 2000), (2, 0.25, began + 4000), (3, pytest.approx(0.5 / 3), began + 6000)]


def test_what_is_there_is_known_to_whoever_goes_on(tmp_path: Path, run: TrackedRun, store: Store) -> None:
    first = MLflowRuns(str(tmp_path / "store"), run)
    first.add(unit())
    # As a process leaves it that is killed in the midst.
    first._create("replicate:lstm:0", {"gatewise.unit": "replicate:lstm:0"}, ENDED)
    again = MLflowRuns(str(tmp_path / "store"), run)
    assert again.has("replicate:gru:0")
    assert not again.has("replicate:lstm:0")
    again.add(unit("lstm"))
    assert {name: one.info.status for name, one in store.runs().items()} == {
        "run-00000001": "RUNNING",
        "replicate:gru:0": "FINISHED",
        "replicate:lstm:0": "FINISHED",
    }
    other = MLflowRuns(str(tmp_path / "store"), TrackedRun(run.folder, "run-00000002", run.config))
    assert not other.has("replicate:gru:0")


def test_more_runs_than_one_answer_holds(tmp_path: Path, run: TrackedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    first = MLflowRuns(str(tmp_path / "store"), run)
    for number in range(3):
        first.add(unit(number=number, history=()))
    search = type(first._client).search_runs
    asked = []

    def two_at_once(client: Any, *given: Any, **more: Any) -> Any:
        asked.append(more["page_token"])
        return search(client, *given, **more, max_results=2)

    monkeypatch.setattr(type(first._client), "search_runs", two_at_once)
    again = MLflowRuns(str(tmp_path / "store"), run)
    assert [again.has(f"replicate:gru:{number}") for number in range(4)] == [True, True, True, False]
    assert len(asked) == 2


def test_how_a_run_ended(tmp_path: Path, run: TrackedRun, store: Store) -> None:
    MLflowRuns(str(tmp_path / "store"), run).close()
    assert store.runs()["run-00000001"].info.status == "FAILED"
    runs = MLflowRuns(str(tmp_path / "store"), run)
    runs.finish(verdict(stopped="interrupted"), ())
    runs.close()
    assert store.runs()["run-00000001"].info.status == "KILLED"


def test_more_figures_than_may_be_sent_at_once(
    tmp_path: Path, run: TrackedRun, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlflow_runs, "_MOST_METRICS", 4)
    MLflowRuns(str(tmp_path / "store"), run).add(unit())
    found = store.runs()["replicate:gru:0"]
    assert len(found.data.metrics) == 7
    assert len(store.history(found.info.run_id, "validation_score")) == 3


def test_the_settings_of_others_stay(tmp_path: Path, run: TrackedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_ALLOW_FILE_STORE", raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "77")
    before = dict(os.environ)
    with mlflow_runs._settings():
        assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "77"
        assert os.environ["MLFLOW_ALLOW_FILE_STORE"] == "true"
    assert dict(os.environ) == before

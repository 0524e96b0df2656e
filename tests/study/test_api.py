"""A whole tiny run: every file, every key, a model that predicts, and what must be refused."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gatewise
from gatewise.data.sources import open_source
from gatewise.errors import DataError, OptionError, RunError
from gatewise.records import Config, Verdict, from_json
from gatewise.study.api import Result, default_folder, source_name
from gatewise.study.folder import RunFolder

SOURCE = "builtin:parity?rows=60&length=10"


def test_every_file_of_the_run_is_there(whole: Result) -> None:
    assert {path.name for path in whole.path.iterdir() if not path.name.startswith(".")} == {
        "config.yaml",
        "environment.json",
        "journal.sqlite",
        "units.jsonl",
        "verdict.json",
        "report.html",
        "model",
        "predictions",
        "examples.json",
    }
    assert {path.name for path in (whole.path / "predictions").iterdir()} == {
        f"{name}-{replicate}.safetensors" for name in ("gru", "lstm", "majority", "linear_features") for replicate in (0, 1)
    }
    assert {path.name for path in (whole.path / "model").iterdir()} == {"README.md", "model.json", "model.safetensors"}
    assert not list(whole.path.glob(".*.part"))


def test_config_holds_every_default(whole: Result) -> None:
    asked = Config(SOURCE, budget_s=None, replicates=2, tune=1, hidden_size=8, max_epochs=2, rivals=("simple",))
    found: dict[str, Any] = {"task": "classification", "metric": "accuracy", "batch_size": 8, "pooling": "summary"}
    found["on_disk"] = "never"
    assert RunFolder(whole.path).open() == replace(asked, **found)


def test_verdict_json_holds_what_other_tools_read(whole: Result) -> None:
    content = json.loads((whole.path / "verdict.json").read_text(encoding="utf-8"))
    assert replace(from_json(Verdict, content), elapsed_s=0.0) == replace(whole.verdict, elapsed_s=0.0)
    assert content["elapsed_s"] >= whole.verdict.elapsed_s > 0
    assert set(content) >= {
        *("decision", "recommended", "metric", "higher_is_better", "margin", "replicates", "difference", "scores", "costs"),
        *("training_time_ratios", "budget_s", "elapsed_s", "warnings"),
    }
    assert content["decision"] in {"gru", "lstm", "equivalent", "undecided", "baseline"}
    assert (content["metric"], content["higher_is_better"], content["margin"], content["replicates"]) == (
        "accuracy",
        True,
        0.01,
        2,
    )
    assert set(content["difference"]) >= {"mean", "ci95", "p_first", "p_equivalent", "p_second", "first", "second"}
    assert set(content["scores"]) == {"gru", "lstm", "majority", "linear_features"}
    assert all(set(score) == {"mean", "sd", "n"} and score["n"] == 2 for score in content["scores"].values())
    assert set(content["costs"]) == {"gru", "lstm"}
    for cost in content["costs"].values():
        assert cost["train_ms_per_step"] > 0
        assert cost["peak_memory_bytes"] > 0
        assert cost["bytes"] == 4 * cost["parameters"] > 0
        assert {"epochs_to_target", "seconds_to_target"} <= set(cost)
        for batch in ("batch1", "batch32"):
            latency = cost["latency_ms"][batch]
            assert 0 < latency["p50"] <= latency["p90"] <= latency["p99"]
    (step,) = content["training_time_ratios"]
    low, high = step["ratio"]["ci95"]
    assert (step["first"], step["second"]) == ("gru", "lstm") and low <= step["ratio"]["median"] <= high
    assert content["costs"]["gru"]["parameters"] < content["costs"]["lstm"]["parameters"]
    assert content["stopped"] == "replicates"


def test_journal_and_trainings_hold_one_row_a_unit(whole: Result, keys: Callable[[Path], list[str]]) -> None:
    rows = [json.loads(line) for line in (whole.path / "units.jsonl").read_text(encoding="utf-8").splitlines()]
    found = keys(whole.path)
    assert [row["key"] for row in rows] == found
    assert len(set(found)) == len(found)
    replicates = {f"{kind}:{name}:{replicate}" for kind, name in EVERYONE for replicate in (0, 1)}
    once = {
        "config",
        "data",
        "margin",
        "plan",
        "tuning:gru:0",
        "tuning:lstm:0",
        "timing:steps",
        "timing:latency",
        "timing:memory",
        "timing:baselines",
        "final:0",
        "forecast:0",
        "forecast:1",
    }
    assert set(found) == replicates | once
    assert all(row["elapsed_s"] > 0 and row["finished_at"].endswith("+00:00") for row in rows)


EVERYONE = (("replicate", "gru"), ("replicate", "lstm"), ("baseline", "majority"), ("baseline", "linear_features"))


def test_the_report_is_one_file_that_asks_for_nothing(whole: Result, tmp_path: Path) -> None:
    page = (whole.path / "report.html").read_text(encoding="utf-8")
    assert len(page) < 1_000_000
    assert "<html" in page
    for request in ("<script src", "<link", "@import", 'src="http'):
        assert request not in page
    copy = whole.report(tmp_path / "copy.html")
    assert "<html" in copy.read_text(encoding="utf-8")
    with pytest.raises(RunError, match="cannot be written"):
        whole.report(tmp_path / "missing" / "copy.html")


def test_leaderboard_is_sorted_and_complete(whole: Result) -> None:
    rows = whole.leaderboard()
    assert {row["name"] for row in rows} == {"gru", "lstm", "majority", "linear_features"}
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert len({tuple(row) for row in rows}) == 1
    found = {row["name"]: row for row in rows}
    assert found["gru"]["train_ms_per_step"] > 0
    assert found["linear_features"]["train_ms_per_step"] is None
    assert all(row["fit_s"] > 0 and row["latency_ms_p50"] > 0 for row in rows)
    costs = json.loads((whole.path / "verdict.json").read_text(encoding="utf-8"))["baseline_costs"]
    assert set(costs) == {"majority", "linear_features"}
    assert set(costs["majority"]["latency_ms"]) == {"batch1", "batch32"}


def test_the_recommended_model_predicts(whole: Result) -> None:
    dataset = open_source(SOURCE)
    model = whole.model
    assert model.name == whole.verdict.recommended
    probabilities = model.predict_proba(dataset.sequences)
    assert probabilities.shape == (60, 2)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    names = [dataset.classes[target] for target in dataset.targets]
    predicted = model.predict(dataset.sequences)
    assert model.score(dataset.sequences, names) == np.mean(np.array(predicted) == np.array(names))
    assert model.details["trained_on_rows"] + model.details["stopped_by_rows"] == 60


def test_resuming_a_finished_run_repeats_nothing(whole: Result, keys: Callable[[Path], list[str]], tmp_path: Path) -> None:
    shutil.copytree(whole.path, tmp_path / "run")
    weights = tmp_path / "run" / "model" / "model.safetensors"
    before, written = keys(whole.path), weights.stat().st_mtime_ns
    again = gatewise.resume(tmp_path / "run")
    assert keys(again.path) == before
    assert weights.stat().st_mtime_ns == written
    assert replace(again.verdict, elapsed_s=0.0) == replace(whole.verdict, elapsed_s=0.0)
    assert again.comparison.trainings == whole.comparison.trainings


def test_a_missing_model_is_trained_anew_and_the_same(whole: Result, tmp_path: Path) -> None:
    shutil.copytree(whole.path, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "model")
    again = gatewise.resume(tmp_path / "run")
    sequences = open_source(SOURCE).sequences
    np.testing.assert_array_equal(again.model.predict_proba(sequences), whole.model.predict_proba(sequences))


def test_an_a_a_run_on_text_names_no_winner(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    rows = ["text,label"]
    for _ in range(60):
        label = generator.integers(2)
        words = generator.choice(["film", "plot", "scene", "actor", "end"], 6).tolist()
        words[generator.integers(6)] = ("poor", "fine")[label]
        rows.append(f"{' '.join(words)},{('bad', 'good')[label]}")
    source = tmp_path / "reviews.csv"
    source.write_text("\n".join(rows), encoding="utf-8")
    options: dict[str, Any] = {
        "replicates": 2,
        "tune": 1,
        "hidden_size": 4,
        "embedding_size": 4,
        "max_epochs": 2,
        "budget": "10m",
        "rivals": "simple",
    }
    result = gatewise.compare(source, cells=("gru", "gru"), out=tmp_path / "run", **options)
    assert [arm.name for arm in result.comparison.arms] == ["gru_1", "gru_2"]
    assert result.verdict.decision in {"equivalent", "undecided", "baseline"}
    (between,) = (one for one in result.verdict.comparisons if {one.first, one.second} == {"gru_1", "gru_2"})
    assert between.conclusion in {"equivalent", "undecided"}
    assert set(result.verdict.scores) == {"gru_1", "gru_2", "majority", "tfidf_logistic"}
    assert all(cost.peak_memory_bytes is None for cost in result.verdict.costs.values())
    assert set(result.model.predict(["a fine film", "poor"])) <= {"bad", "good"}
    with pytest.raises(DataError, match="list of"):
        result.model.predict([np.zeros(3)])


def test_a_data_frame_is_resumed_with_its_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = open_source(SOURCE)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("gatewise.study.run.measure", interrupt)
        result = gatewise.compare(dataset, replicates=2, tune=1, hidden_size=4, max_epochs=1, budget="10m", out=tmp_path / "run")
    assert result.verdict.decision == "undecided"
    assert result.verdict.stopped == "interrupted"
    assert result.comparison.config.source == "<parity>"
    with pytest.raises(RunError, match="holds no model"):
        _ = result.model
    with pytest.raises(RunError, match="started on <parity> from Python"):
        gatewise.resume(tmp_path / "run")
    with pytest.raises(RunError, match="not what it was"):
        gatewise.resume(tmp_path / "run", data=open_source(SOURCE, seed=1))
    assert gatewise.resume(tmp_path / "run", data=dataset).verdict.replicates == 2


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"budget": "soon"}, OptionError, "not a duration"),
        ({"cells": ("gru", "lstn")}, OptionError, "did you mean lstm"),
        ({"target": "label"}, OptionError, "target"),
    ],
)
def test_what_is_refused_leaves_no_folder(tmp_path: Path, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        gatewise.compare(SOURCE, hidden_size=4, **options, out=tmp_path / "run")
    assert not list(tmp_path.iterdir())


def test_runs_begun_in_one_second_get_folders_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    class Stopped(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Stopped":
            return cls(2024, 5, 6, 7, 8, 9, tzinfo=tz)

    monkeypatch.setattr("gatewise.study.api.datetime", Stopped)
    for name in ("reviews-20240506-070809", "reviews-20240506-070809-2", "reviews-20240506-070809-3"):
        folder = default_folder("/data/reviews.csv.gz")
        assert folder == Path("runs") / name
        folder.mkdir(parents=True)
    assert default_folder("builtin:adding?rows=60").name.startswith("adding-2024")
    assert default_folder("<pandas DataFrame>").name.startswith("table-2024")


def test_how_a_configuration_names_its_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert source_name("builtin:digits") == "builtin:digits"
    assert source_name("reviews.csv") == str(tmp_path / "reviews.csv")
    assert source_name(Path("reviews.csv")) == str(tmp_path / "reviews.csv")
    assert source_name(open_source(SOURCE)) == "<parity>"
    assert source_name([1, 2]) == "<builtins list>"

"""Predictions as a table: ids, files and dates beside them, from the columns that the run was compared on."""

import csv
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import gatewise
from gatewise.cli import main
from gatewise.data.dataset.inputs import Inputs, numbered_inputs
from gatewise.data.dataset.splits import make_split
from gatewise.data.formats import delimited, streams
from gatewise.data.sources import open_source
from gatewise.data.store import places
from gatewise.export.bundle import save_model
from gatewise.options.configuration import build_config
from gatewise.report.live import NullView
from gatewise.runtime.model import Model, model_of
from gatewise.runtime.scoring import truth_of
from gatewise.study import predictions
from gatewise.study.api import source_name
from gatewise.study.arms import arms_for
from gatewise.study.folder import RunFolder
from gatewise.study.opening import open_data
from gatewise.study.predictions import prediction_rows
from gatewise.study.work import Workload

Table = list[list[str]]


def run_of(source: Any, folder: Path, *, baseline: int = 0, **options: Any) -> Model:
    """A run's folder with a baseline as its model, which takes no training worth the name."""
    config = build_config(source_name(source), options)
    dataset = open_data(config, source, NullView())
    workload = Workload(config, dataset, arms_for(config, dataset))
    split = make_split(dataset, 0, 0)
    name = workload.baselines[baseline]
    fitted = workload.fit_baseline(name, split.train, split.validation)
    truth = truth_of(dataset, split.validation, split.train)
    model = model_of(dataset, truth, workload.trainer.metric.name, name, workload.trainer.fit_encoder(split.train), fitted, {})
    RunFolder(folder).create(config, {})
    save_model(model, folder / "model")
    return model


@pytest.fixture
def predict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Table]:
    """The command `gatewise predict` on the run of the test's folder."""

    def predict_one(source: object, *words: str) -> Table:
        monkeypatch.setattr(sys, "argv", ["gatewise", "predict", str(tmp_path / "run"), str(source), *words])
        with pytest.raises(SystemExit) as left:
            main()
        printed = capfd.readouterr()
        assert (left.value.code, printed.err) == (0, "")
        return list(csv.reader(io.StringIO(printed.out)))

    return predict_one


def steps(rows: int, **more: Any) -> pd.DataFrame:
    """A long table: two steps for each of some visits."""
    visits = np.repeat(np.arange(rows), 2)
    frame = {"visit": [f"v{number}" for number in visits], "minute": np.tile([0, 1], rows), "pulse": np.arange(2 * rows) / 7}
    return pd.DataFrame(frame | more)


def test_a_class_stands_beside_the_probabilities_of_all(tmp_path: Path) -> None:
    source = "builtin:parity?rows=60&length=10"
    model = run_of(source, tmp_path / "run")
    sequences = open_source(source).sequences[:3]
    header, *rows = prediction_rows(model, numbered_inputs(sequences))
    assert header == ["row", "prediction", "p_even", "p_odd"]
    assert [row[0] for row in rows] == ["1", "2", "3"]
    assert [row[1] for row in rows] == model.predict(sequences)
    np.testing.assert_allclose(np.array([row[2:] for row in rows], dtype=float), model.predict_proba(sequences), atol=1e-6)


def test_a_number_stands_under_the_name_of_the_output(tmp_path: Path) -> None:
    source = "builtin:adding?rows=60&length=10"
    model = run_of(source, tmp_path / "run")
    sequences = open_source(source).sequences[:3]
    header, *rows = prediction_rows(model, numbered_inputs(sequences))
    assert header == ["row", *model.outputs] == ["row", "sum"]
    np.testing.assert_allclose(np.array(rows, dtype=float)[:, 1], np.ravel(model.predict(sequences)), rtol=1e-6)
    assert prediction_rows(model, numbered_inputs([])) == [header]
    assert prediction_rows(model, Inputs(sequences, {"sum": ["a", "b", "c"]}))[0] == ["sum", "sum predicted"]


def test_next_steps_are_a_row_for_each_step(tmp_path: Path, predict: Callable[..., Table]) -> None:
    model = run_of("builtin:chords?rows=40&length=10", tmp_path / "run")
    sequences = open_source("builtin:chords?rows=40&length=10").sequences[:2]
    np.savez(tmp_path / "new.npz", values=np.concatenate(sequences), lengths=[len(one) for one in sequences])
    header, *rows = predict(tmp_path / "new.npz")
    assert header == ["row", "step", *model.outputs]
    assert [row[:2] for row in rows] == [
        [str(row), str(step)] for row in (1, 2) for step in range(2, len(sequences[row - 1]) + 2)
    ]
    found = np.array([row[2:] for row in rows], dtype=float)
    np.testing.assert_allclose(found, np.concatenate(model.predict(sequences)), atol=1e-6)


def test_the_runs_id_and_time_are_used_and_carried(tmp_path: Path, predict: Callable[..., Table]) -> None:
    visits = 60
    target = np.repeat(np.arange(visits) % 2, 2)
    frame = steps(visits, ward=np.repeat([f"w{number % 7}" for number in range(visits)], 2), outcome=target)
    frame.to_csv(tmp_path / "visits.csv", index=False)
    model = run_of(tmp_path / "visits.csv", tmp_path / "run", id="visit", time="minute", target="outcome", group="ward")
    frame[["pulse", "minute", "visit", "ward"]][:8][::-1].to_csv(tmp_path / "new.csv", index=False)
    header, *rows = predict(tmp_path / "new.csv")
    assert header == ["visit", "ward", "prediction", "p_0", "p_1"]
    assert [row[:2] for row in rows] == [["v3", "w3"], ["v2", "w2"], ["v1", "w1"], ["v0", "w0"]]
    assert model.channels == ("pulse",)
    renamed = frame[:4].rename(columns={"visit": "stay", "ward": "station"})
    renamed.to_csv(tmp_path / "other.csv", index=False)
    header, *rows = predict(tmp_path / "other.csv", "--id", "stay", "--keep", "station")
    assert header[:2] == ["stay", "station"]
    assert [row[:2] for row in rows] == [["v0", "w0"], ["v1", "w1"]]


def test_a_missing_id_is_said_with_the_runs_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    steps(60, outcome=np.repeat(np.arange(60) % 2, 2)).to_csv(tmp_path / "visits.csv", index=False)
    run_of(tmp_path / "visits.csv", tmp_path / "run", id="visit", time="minute", target="outcome")
    steps(3).rename(columns={"visit": "stay"}).to_csv(tmp_path / "new.csv", index=False)
    monkeypatch.setattr(sys, "argv", ["gatewise", "predict", str(tmp_path / "run"), str(tmp_path / "new.csv")])
    with pytest.raises(SystemExit):
        main()
    assert "the data of the run had the column 'visit' (--id)" in capfd.readouterr().err


def test_texts_are_read_from_the_runs_column(tmp_path: Path, predict: Callable[..., Table]) -> None:
    rows = range(60)
    frame = pd.DataFrame({"note": [f"a much longer remark, number {row}, which nobody asked for" for row in rows]})
    frame["words"] = [("fine", "poor")[row % 2] + f" {row}" for row in rows]
    frame["label"] = [row % 2 for row in rows]
    frame.to_csv(tmp_path / "reviews.csv", index=False)
    model = run_of(tmp_path / "reviews.csv", tmp_path / "run", text="words", target="label", baseline=1)
    frame["key"] = [f"k{row}" for row in rows]
    frame[:4].drop(columns="label").to_csv(tmp_path / "new.csv", index=False)
    header, *found = predict(tmp_path / "new.csv", "--keep", "key")
    assert header == ["row", "key", "prediction", "p_0", "p_1"]
    expected = [str(name) for name in model.predict(frame["words"][:4].tolist())]
    assert [row[:3] for row in found] == [[str(row + 1), f"k{row}", expected[row]] for row in range(4)]
    (tmp_path / "none.csv").write_text("note,words,key\n")
    assert predict(tmp_path / "none.csv", "--keep", "key") == [header]


def test_an_empty_file_is_said_to_be_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    run_of("builtin:parity?rows=60&length=10", tmp_path / "run")
    (tmp_path / "new.csv").touch()
    monkeypatch.setattr(sys, "argv", ["gatewise", "predict", str(tmp_path / "run"), str(tmp_path / "new.csv")])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert capfd.readouterr().err == f"gatewise: {tmp_path / 'new.csv'} is empty. Expected rows of data.\n"


def hours(first: str, count: int, **columns: Any) -> pd.DataFrame:
    frame = pd.DataFrame({"date": pd.date_range(first, periods=count, freq="h").strftime("%Y-%m-%d %H:%M:%S")})
    frame["load"] = np.sin(np.arange(count) / 4)
    return frame.assign(**columns)


def test_a_forecast_has_its_origin_and_the_dates_predicted(tmp_path: Path, predict: Callable[..., Table]) -> None:
    hours("2024-01-01", 600).to_csv(tmp_path / "load.csv", index=False)
    options: dict[str, Any] = {"task": "forecast", "time": "date", "window": 24, "horizon": 3}
    model = run_of(tmp_path / "load.csv", tmp_path / "run", **options)
    hours("2024-03-01", 47).to_csv(tmp_path / "new.csv", index=False)
    header, *rows = predict(tmp_path / "new.csv")
    assert header == ["origin", "date", "step", "load"]
    dates = ["2024-03-02 23:00", "2024-03-03", "2024-03-03 01:00"]
    assert [row[:3] for row in rows] == [["2024-03-02 22:00", date, str(step)] for step, date in enumerate(dates, 1)]
    expected = model.predict([hours("2024-03-01", 47)[["load"]].to_numpy(np.float32)])
    np.testing.assert_allclose([float(row[3]) for row in rows], np.ravel(expected), rtol=1e-6)
    (tmp_path / "none.csv").write_text("date,load\n")
    assert predict(tmp_path / "none.csv") == [header]


def test_forecasts_of_several_series_stand_beside_their_ids(tmp_path: Path, predict: Callable[..., Table]) -> None:
    both = [hours(first, 300, meter=meter) for meter, first in (("b", "2024-01-01"), ("a", "2024-01-02"))]
    pd.concat(both).to_csv(tmp_path / "load.csv", index=False)
    run_of(tmp_path / "load.csv", tmp_path / "run", task="forecast", time="date", id="meter", window=24, horizon=2)
    header, *rows = predict(tmp_path / "load.csv")
    assert header == ["meter", "origin", "date", "step", "load"]
    assert [row[0] for row in rows] == ["b", "b", "a", "a"]
    assert [row[2] for row in rows] == ["2024-01-13 12:00", "2024-01-13 13:00", "2024-01-14 12:00", "2024-01-14 13:00"]


def test_without_times_a_forecast_counts_steps(tmp_path: Path, predict: Callable[..., Table]) -> None:
    hours("2024-01-01", 600)[["load"]].to_csv(tmp_path / "load.csv", index=False)
    run_of(tmp_path / "load.csv", tmp_path / "run", task="forecast", window=24, horizon=2)
    header, *rows = predict(tmp_path / "load.csv")
    assert header == ["step", "load"]
    assert [row[0] for row in rows] == ["1", "2"]


def test_predictions_from_python_are_what_they_were(whole: gatewise.Result) -> None:
    sequences = open_source("builtin:parity?rows=60&length=10").sequences[:3]
    rows = prediction_rows(whole.model, numbered_inputs(sequences))[1:]
    assert [row[1] for row in rows] == [str(name) for name in whole.model.predict(sequences)]


@pytest.mark.parametrize("name", ["new.csv", "new.parquet"])
def test_a_large_table_is_predicted_from_block_by_block(
    tmp_path: Path, predict: Callable[..., Table], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pd.DataFrame({"text": [f"good {row}" if row % 2 else f"bad {row}" for row in range(60)], "label": ["a", "b"] * 30})
    run_of(frame, tmp_path / "run")
    new = pd.DataFrame({"who": range(100), "text": [f"good {row}" for row in range(100)], "more": ["a long sentence here"] * 100})
    (new.to_csv if name.endswith("csv") else new.to_parquet)(tmp_path / name, index=False)
    whole = predict(tmp_path / name, "--keep", "who")
    monkeypatch.setattr(places, "LARGE", 100)
    monkeypatch.setattr(streams, "BLOCK", 7)
    monkeypatch.setattr(delimited, "_BLOCK", 7)
    sizes = []

    def counted(model: Model, inputs: Inputs) -> Table:
        sizes.append(len(inputs.sequences))
        return prediction_rows(model, inputs)

    monkeypatch.setattr(predictions, "prediction_rows", counted)
    assert predict(tmp_path / name, "--keep", "who") == whole
    assert len(whole) == 101
    assert sizes == [7] * 14 + [2]


def test_nothing_is_written_where_a_later_block_does_not_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    run_of(pd.DataFrame({"text": [f"good {row}" for row in range(60)], "label": ["a", "b"] * 30}), tmp_path / "run")
    monkeypatch.setattr(places, "LARGE", 100)
    monkeypatch.setattr(delimited, "_BLOCK", 7)
    new, out = tmp_path / "new.csv", tmp_path / "out.csv"
    new.write_text("text,n\n" + "fine,1\n" * 30 + ",1\n")
    monkeypatch.setattr(sys, "argv", ["gatewise", "predict", str(tmp_path / "run"), str(new), "--out", str(out)])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert "row 31 has no input" in capfd.readouterr().err
    assert not [path for path in tmp_path.iterdir() if "out" in path.name]

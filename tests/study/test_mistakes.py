"""What a run keeps of its test predictions: tables that agree with the scores, and a report that needs no data."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pandas
import pytest

import gatewise
from gatewise.data.sources import open_source
from gatewise.study.api import Result

SMALL: dict[str, Any] = {
    "replicates": 2,
    "tune": 1,
    "hidden_size": 6,
    "max_epochs": 3,
    "budget": None,
    "rivals": "simple",
}
TITLE = "What the models get wrong"


def section_of(folder: Path) -> str:
    page = gatewise.open_run(folder).report(folder.parent / "page.html").read_text(encoding="utf-8")
    return page.partition('<section id="mistakes"')[2].partition("</section>")[0]


@pytest.fixture
def copy(whole: Result, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole.path, tmp_path / "run"))


def test_tables_agree_with_the_scores(whole: Result) -> None:
    table = pandas.DataFrame(whole.predictions())
    comparison = whole.comparison
    for training in (*comparison.trainings, *comparison.baseline_trainings):
        own = table[(table["name"] == training.name) & (table["replicate"] == training.number)]
        assert len(own) == training.test_rows
        assert own["correct"].mean() == pytest.approx(training.test_score)
        assert ((own["truth"] == own["prediction"]) == own["correct"]).all()
    confusion = pandas.DataFrame(whole.confusion())
    right = confusion[confusion["truth"] == confusion["prediction"]].groupby("name")["count"].sum()
    assert (right == table.groupby("name")["correct"].sum()).all()
    assert confusion.groupby(["name", "truth"])["share"].sum().tolist() == pytest.approx([1.0] * 8)
    calibration = pandas.DataFrame(whole.calibration())
    assert (calibration.groupby("name")["count"].sum() == table.groupby("name").size()).all()
    weighted = (calibration["accuracy"] - calibration["confidence"]).abs() * calibration["count"]
    shares = weighted.groupby(calibration["name"]).sum() / calibration.groupby("name")["count"].sum()
    assert shares.tolist() == pytest.approx(calibration.groupby("name")["ece"].first().tolist())
    recall = pandas.DataFrame(whole.errors())
    assert recall.groupby("name")["count"].sum().tolist() == table.groupby("name").size().tolist()


def test_mistakes_are_the_rows_that_an_arm_had_wrong(whole: Result) -> None:
    table = pandas.DataFrame(whole.predictions())
    arms = table[table["name"].isin(["gru", "lstm"])]
    wrong = arms[~arms["correct"]].groupby("row").size()
    mistakes = pandas.DataFrame(whole.mistakes())
    assert set(mistakes["row"]) == set(wrong.index)
    counted = (mistakes["gru_wrong"] + mistakes["lstm_wrong"]).to_numpy()
    np.testing.assert_array_equal(counted, wrong[mistakes["row"]].to_numpy())
    assert (mistakes[["gru_p_truth", "lstm_p_truth"]].mean(axis=1).diff().dropna() >= -1e-9).all()
    assert "majority_p_truth" in mistakes.columns


def test_the_section_stands_in_the_report_and_needs_no_data(copy: Path) -> None:
    assert TITLE in (copy / "report.html").read_text(encoding="utf-8")
    section = section_of(copy)
    for words in ("Confusion matrix", "Recall", "Do the cells make the same mistakes?", "Reliability", "Calibration error"):
        assert words in section
    assert "The worst mistakes of the cells" in section
    assert "over 2 replicates" in section


def test_a_run_of_before_predictions_were_kept_still_reports(whole: Result, copy: Path) -> None:
    shutil.rmtree(copy / "predictions")
    (copy / "examples.json").unlink()
    result = gatewise.open_run(copy)
    assert result.verdict == whole.verdict
    assert "holds no test predictions" in section_of(copy)
    with pytest.raises(gatewise.RunError, match="holds no test predictions"):
        result.predictions()
    assert gatewise.resume(copy).verdict.decision == whole.verdict.decision


def test_a_damaged_file_costs_its_replicate_alone_and_no_verdict(whole: Result, copy: Path) -> None:
    (copy / "predictions" / "gru-1.safetensors").write_bytes(b"nothing")
    (copy / "examples.json").write_text("{", encoding="utf-8")
    result = gatewise.open_run(copy)
    assert result.verdict == whole.verdict
    assert {line["replicate"] for line in result.predictions()} == {0}
    section = section_of(copy)
    assert "over 1 replicate." in section
    assert "Of 1 replicate the predictions are missing" in section


def test_texts_of_the_rows_shown_are_kept_and_escaped(tmp_path: Path) -> None:
    texts = [f"<script>alert({n})</script> film {n % 7} \x1b[31m{'good' if n % 2 else 'bad'} \u202e {n}" for n in range(90)]
    labels = ["<b>\x07fine</b>" if n % 2 else "poor & worse" for n in range(90)]
    # Labels at odds with the text, so that there are mistakes.
    labels[::9] = labels[1::9]
    frame = pandas.DataFrame({"text": texts, "label": labels})
    result = gatewise.compare(frame, out=tmp_path / "run", **SMALL)
    examples = json.loads((tmp_path / "run" / "examples.json").read_text(encoding="utf-8"))
    assert 0 < len(examples) <= 16
    section = section_of(tmp_path / "run")
    assert "&lt;script&gt;alert(" in section
    assert "<script" not in section and "<b>" not in section.replace('<span class="value">', "")
    assert not set("\x1b\x07\u202e") & set(section)
    shown = [line for line in result.mistakes() if line["text"] is not None]
    assert {str(line["row"]) for line in shown} == {row for row in examples if int(row) in {line["row"] for line in shown}}
    assert all(line["text"] == " ".join(texts[line["row"]].replace("\x1b", "").replace("\u202e", "").split()) for line in shown)


def test_numbers_keep_what_was_predicted(tmp_path: Path) -> None:
    result = gatewise.compare("builtin:waves?rows=120", out=tmp_path / "run", **SMALL)
    table = pandas.DataFrame(result.predictions())
    truth = open_source("builtin:waves?rows=120").targets[:, 0]
    np.testing.assert_allclose(table["truth"], truth[table["row"]], rtol=1e-6)
    by_replicate = table["error"].abs().groupby([table["name"], table["replicate"]]).mean()
    for training in (*result.comparison.trainings, *result.comparison.baseline_trainings):
        assert by_replicate[training.name, training.number] == pytest.approx(training.test_score, rel=1e-5)
    overall = result.errors()[0]
    assert overall["mae"] == pytest.approx(table[table["name"] == overall["name"]]["error"].abs().mean(), rel=1e-5)
    worst = result.mistakes()[0]
    assert worst["gru"] == pytest.approx(table[(table["name"] == "gru") & (table["row"] == worst["row"])]["prediction"].mean())
    section = section_of(tmp_path / "run")
    assert "Predicted against true" in section and "by the true value in fifths" in section
    with pytest.raises(gatewise.OptionError, match=r"confusion\(\) is of classes, and this run's task is regression"):
        result.confusion()


def test_forecasts_keep_windows_and_errors(tmp_path: Path) -> None:
    asked: dict[str, Any] = {"task": "forecast", "window": 24, "horizon": 4}
    result = gatewise.compare("builtin:seasonal?rows=900", out=tmp_path / "run", **asked, **SMALL)
    steps = pandas.DataFrame([line for line in result.errors() if "step" in line])
    for name, own in steps.groupby("name"):
        trainings = [t for t in (*result.comparison.trainings, *result.comparison.baseline_trainings) if t.name == name]
        weights = [training.test_rows for training in trainings]
        expected = np.average([training.test_score or 0.0 for training in trainings], weights=weights)
        assert own["mase"].mean() == pytest.approx(expected, rel=1e-4)
    table = pandas.DataFrame(result.predictions())
    assert set(table["step"]) == {1, 2, 3, 4}
    windows = result.mistakes()
    assert fmean((windows[0]["gru"], windows[0]["lstm"])) >= fmean((windows[-1]["gru"], windows[-1]["lstm"]))
    section = section_of(tmp_path / "run")
    for words in ("Best window", "Median window", "Worst window", "Error by step ahead"):
        assert words in section


def test_next_steps_name_the_channels(tmp_path: Path) -> None:
    result = gatewise.compare("builtin:chords?rows=80", task="next_step", out=tmp_path / "run", **SMALL)
    lines = result.errors()
    assert {line["channel"] for line in lines if "channel" in line} == set(result.comparison.profile.channel_names)
    gru = [line["nll"] for line in lines if line["name"] == "gru" and "channel" in line]
    steps = pandas.DataFrame([line for line in result.predictions() if line["name"] == "gru"])
    assert sum(gru) == pytest.approx(np.average(steps["nll"], weights=steps["steps"]), rel=1e-4)
    section = section_of(tmp_path / "run")
    assert "The channels that cost most" in section and "Loss by position" in section


def test_processes_side_by_side_keep_the_same(whole: Result, outcome: Callable[[Result], Any], tmp_path: Path) -> None:
    """Workers write what one process would."""
    options: dict[str, Any] = {"replicates": 2, "tune": 1, "hidden_size": 8, "max_epochs": 2, "jobs": 2, "rivals": "simple"}
    result = gatewise.compare("builtin:parity?rows=60&length=10", **options, out=tmp_path / "run")
    assert outcome(result).kept == outcome(whole).kept != {}

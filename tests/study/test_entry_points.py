"""What Python's entry points hand on: the configuration, objects that no configuration can hold, and who is shown progress."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import gatewise
from gatewise.errors import OptionError, RunError
from gatewise.records import Config, Progress
from gatewise.report.live import NullView, PlainView
from gatewise.study.api import Result, default_folder, source_name

SOURCE = "builtin:parity"


class Asked:
    """What `open_data` or `resume_run` was called with."""

    def __init__(self) -> None:
        self.positional: tuple[Any, ...] = ()
        self.named: dict[str, Any] = {}

    def __call__(self, *positional: Any, **named: Any) -> None:
        self.positional, self.named = positional, named
        view = next(item for item in positional if isinstance(item, NullView))
        view.update(Progress("tuning", 0, None, 1.0, None))
        view.log("the data is read")
        raise RunError("stopped")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    calls = Asked()
    monkeypatch.setattr("gatewise.study.api.open_data", calls)
    monkeypatch.setattr("gatewise.study.run.resume_run", calls)
    return calls


def compare(data: Any, **options: Any) -> None:
    with pytest.raises(RunError, match="stopped"):
        gatewise.compare(data, **options)


def test_options_may_be_spelled_as_on_the_command_line(asked: Asked) -> None:
    compare(
        SOURCE,
        target="sum",
        channels=["x", "y"],
        task="next-step",
        cells="mingru,lstm",
        margin="2%",
        max_latency="0.5s",
        max_size="1MB",
        max_memory=2_000_000,
        curve="0.1,1",
        replicates=4,
    )
    assert asked.positional[0] == Config(
        SOURCE,
        target=("sum",),
        channels=("x", "y"),
        task="next_step",
        cells=("min_gru", "lstm"),
        margin="2%",
        max_latency_ms=500.0,
        max_size_bytes=1_000_000,
        max_memory_bytes=2_000_000,
        curve=(0.1, 1.0),
        replicates=4,
        budget_s=None,
    )


def test_both_spellings_of_a_name_are_keywords(asked: Asked) -> None:
    for keywords in ({"split": "part", "weigh_classes": "balanced"}, {"split_column": "part", "class_weights": "balanced"}):
        compare(SOURCE, **keywords)
        assert asked.positional[0] == Config(SOURCE, split="part", weigh_classes="balanced")
    compare(SOURCE, pairs=4, series="x")
    assert asked.positional[0] == Config(SOURCE, channels=("x",), replicates=4, budget_s=None)


def test_two_spellings_at_once_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="split and split_column are one option, and both were given"):
        gatewise.compare(SOURCE, split="a", split_column="a", out=tmp_path / "run")
    with pytest.raises(OptionError, match="weigh_classes and class_weights are one option"):
        gatewise.compare(SOURCE, weigh_classes="balanced", class_weights="balanced", out=tmp_path / "run")
    with pytest.raises(OptionError, match="channels and series are one option"):
        gatewise.compare(SOURCE, channels="x", series="x", out=tmp_path / "run")
    with pytest.raises(OptionError, match="replicates and pairs are one option"):
        gatewise.compare(SOURCE, replicates=4, pairs=4, out=tmp_path / "run")
    assert not list(tmp_path.iterdir())


def test_defaults_are_those_of_the_record(asked: Asked) -> None:
    compare(SOURCE, started=7.0)
    assert asked.positional[:2] == (Config(SOURCE), SOURCE)
    assert asked.named == {"test": None, "started": 7.0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden_size": "big"}, "--hidden-size 'big' is not a whole number"),
        ({"max_latency": "fast"}, "--max-latency 'fast' is not a time"),
        ({"cells": ("gru", "lstn")}, "did you mean lstm"),
        ({"bidirectional": 1}, "--bidirectional 1 is not a truth value"),
        ({"target": 3}, "--target 3 is not a column's name"),
    ],
)
def test_a_wrong_type_is_one_clear_error(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=message):
        gatewise.compare(SOURCE, **options, out=tmp_path / "run")
    assert not list(tmp_path.iterdir())


def test_a_test_part_from_python_is_handed_on_and_one_from_a_file_is_named(asked: Asked, tmp_path: Path) -> None:
    frame = pd.DataFrame({"text": ["a"], "label": [1]})
    compare(frame, test=frame)
    config, data = asked.positional[:2]
    assert (config.source, config.test) == ("<pandas DataFrame>", "<pandas DataFrame>")
    assert data is frame
    assert asked.named["test"] is frame
    compare(frame, test=tmp_path / "test.csv")
    assert asked.positional[0].test == str(tmp_path / "test.csv")
    assert asked.named["test"] is None
    with pytest.raises(RunError, match="stopped"):
        gatewise.resume(tmp_path, data=frame, test=frame, budget="1h")
    assert (asked.named["data"] is frame, asked.named["test"] is frame, asked.named["budget_s"]) == (True, True, 3600.0)


def test_progress_is_shown_only_where_it_is_asked_for(asked: Asked, capfd: pytest.CaptureFixture[str]) -> None:
    compare(SOURCE)
    assert capfd.readouterr() == ("", "")
    compare(SOURCE, verbose=True)
    shown = capfd.readouterr()
    assert shown.out == ""
    assert "the data is read\n" in shown.err
    assert "tuning" in shown.err
    with pytest.raises(RunError, match="stopped"):
        gatewise.resume("run", verbose=True)
    assert "tuning" in capfd.readouterr().err
    view = NullView()
    compare(SOURCE, view=view, verbose=True)
    assert asked.positional[2] is view
    assert not isinstance(view, PlainView)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("source", ["-", "hf:imdb", "hf:org/name", "builtin:parity?rows=60"])
def test_sources_that_are_no_paths_keep_their_names(source: str) -> None:
    assert source_name(source) == source


@pytest.mark.parametrize(
    ("source", "stem"),
    [
        ("-", "table"),
        ("hf:org/imdb", "imdb"),
        ("/data/my reviews.csv", "my-reviews"),
        ("/data/fsdd", "fsdd"),
        ("/data/.csv", "run"),
    ],
)
def test_folders_are_called_after_their_source(source: str, stem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = default_folder(source)
    assert folder.parent == Path("runs")
    assert folder.name.startswith(f"{stem}-2")


def test_a_notebook_shows_the_verdict_and_links_the_report(whole: Result) -> None:
    card = whole._repr_html_()
    assert "test accuracy" in card
    assert "report.html" in card
    assert "<script" not in card


def test_the_leaderboard_knows_which_way_is_better(whole: Result) -> None:
    errors = Result(whole.path, replace(whole.verdict, metric="mae", higher_is_better=False), whole.comparison)
    scores = [row["score"] for row in errors.leaderboard()]
    assert scores == sorted(scores)
    assert [row["score"] for row in whole.leaderboard()] == scores[::-1]

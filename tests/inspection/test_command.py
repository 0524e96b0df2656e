"""`gatewise inspect`."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gatewise.cli import main
from gatewise.export.bundle import save_model
from gatewise.records import Config
from gatewise.study.folder import RunFolder
from tests.inspection.models import TEXTS, dataset_of, make_model

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run the command in this process, in a folder with a run of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    RunFolder(Path("run")).create(Config(source=TEXTS), {})
    save_model(make_model("gru", TEXTS), Path("run/model"))

    def run_one(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["gatewise", "inspect", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        captured = capfd.readouterr()
        return int(left.value.code or 0), captured.out, captured.err

    return run_one


def test_the_page_lies_in_the_run(run: Run) -> None:
    code, out, err = run("run", str(dataset_of(TEXTS).sequences[0]))
    assert (code, err) == (0, "")
    assert "Page: run/inspect.html" in out and "The GRU says" in out
    assert "The two cells" in Path("run/inspect.html").read_text(encoding="utf-8")
    assert max(map(len, out.splitlines())) <= 80


def test_the_page_lies_elsewhere(run: Run) -> None:
    code, out, _ = run("run", TEXTS, "--row", 2, "--out", "page.html", "--memory", 30)
    assert code == 0 and "Page: page.html" in out and "a memory of about 30 words" in " ".join(out.split())
    assert Path("page.html").exists() and not Path("run/inspect.html").exists()


def test_of_a_model_alone_there_is_no_page_unless_asked_for(run: Run) -> None:
    code, out, _ = run("run/model", "a kettle")
    assert code == 0 and "Page:" not in out
    assert sorted(path.name for path in Path().iterdir()) == ["run"]


def test_numbers_as_json(run: Run) -> None:
    code, out, _ = run("run", "Please, a kettle!", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["sequence"]["words"] == ["please", ",", "a", "kettle", "!"]
    assert len(found["layers"][0]["blocks"]["z"]) == 5 and len(found["layers"][0]["blocks"]["z"][0]) == 7
    assert len(found["importance"]["effects"]) == 5
    assert len(found["data"]["layers"][0]["time_constants"]) == 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere", "a kettle"), "nowhere holds neither a run (config.yaml) nor a model (model.json)"),
        (("run", "missing.csv"), "there is no file missing.csv"),
        (("run", TEXTS, "--row", "41"), "row is 41, and the input has 40"),
        (("run", "a kettle", "--memory", "0"), "memory is 0"),
        (("run", "a kettle", "--out", "no/page.html"), "no/page.html cannot be written"),
    ],
)
def test_what_cannot_work_is_one_line(run: Run, arguments: tuple[str, ...], message: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("gatewise: ") and message in err and len(err.splitlines()) == 1
    assert sorted(path.name for path in Path().iterdir()) == ["run"] and not Path("run/inspect.html").exists()


def test_a_run_that_may_only_be_read_is_shown_all_the_same(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("run/inspect.html").mkdir()
    code, out, err = run("run", "a kettle")
    assert code == 0 and "The GRU says" in out and "Page:" not in out
    assert "cannot be written" in err and "--out FILE" in err

"""The command line: what goes to which stream, with which exit code, and what is never written."""

import csv
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

import gatewise
from gatewise.cli import main
from gatewise.study.api import Result

SOURCE = "builtin:parity?rows=60&length=10"
# A budget this small leaves out the measurement of memory, which takes seconds.
QUICK = ("--budget", "53s", "--pairs", "2", "--tune", "1", "--hidden-size", "4", "--max-epochs", "2")


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run the command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run_one(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["gatewise", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        captured = capfd.readouterr()
        return Done(int(left.value.code or 0), captured.out, captured.err)

    return run_one


def refused(done: Done, folder: Path) -> str:
    """One line on stderr, exit code 2, nothing printed and nothing written."""
    assert done.code == 2
    assert done.out == ""
    assert "Traceback" not in done.err
    (line,) = done.err.splitlines()
    assert line.startswith("gatewise: ")
    assert not list(folder.iterdir())
    return line


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A run on series with a test file beside it."""
    folder = tmp_path_factory.mktemp("cli")
    options = {"budget": "53s", "pairs": 2, "tune": 1, "hidden_size": 4, "max_epochs": 2}
    return gatewise.compare(SOURCE, **options, out=folder / "run")


@pytest.mark.parametrize("command", [(), ("compare",), ("resume",), ("report",), ("predict",), ("check",)])
def test_help(run: Run, command: tuple[str, ...]) -> None:
    done = run(*command, "--help")
    assert done.code == 0
    assert "Usage" in done.out
    assert done.out == run(*command, "-h").out
    assert max(map(len, done.out.splitlines())) <= 80


def test_help_names_every_option_of_the_comparison(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    text = run("compare", "--help").out
    for option in (
        *("--text", "--series", "--target", "--cells", "--budget", "--pairs", "--margin", "--tune", "--cost", "--seed"),
        *("--jobs", "--out", "--json", "--hidden-size", "--layers", "--bidirectional", "--batch-size", "--max-length"),
    ):
        assert option in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--cells", "gru,lstn"), "did you mean lstm?"),
        (("--cells", "gru"), "at least two"),
        (("--cost", "money"), "training, latency, memory, size"),
        (("--budget", "soon"), "not a duration"),
        (("--margin", "2"), "outside (0, 0.5)"),
        (("--pairs", "1"), "at least 2"),
        (("--target", "label"), "--target"),
    ],
)
def test_an_unknown_option_value_is_refused(run: Run, tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    assert message in refused(run("compare", SOURCE, "--hidden-size", "4", *options, "--out", "run"), tmp_path)


def test_a_budget_too_small_for_one_pair_is_refused(run: Run, tmp_path: Path) -> None:
    done = run("compare", SOURCE, "--hidden-size", "4", "--budget", "0.01s", "--out", "run")
    # What was read from the source is said before the time is known.
    assert "too small for one pair" in refused(replace(done, err=done.err.splitlines()[-1]), tmp_path)
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("source", "message"),
    [("missing.csv", "no file"), ("builtin:pairity", "parity"), ("https://example.org/data.csv", "Download it first")],
)
def test_a_source_that_is_not_there_is_refused(run: Run, tmp_path: Path, source: str, message: str) -> None:
    assert message in refused(run("compare", source), tmp_path)


ROWS = [f"film {row} was {('fine', 'poor')[row % 2]},{row % 2}" for row in range(60)]
BAD_FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "empty"),
    "binary": (bytes(range(256)) * 8, "binary"),
    "broken quoting": ("\n".join(["text,label", '"never closed,1', *ROWS]).encode(), "quot"),
    "no such column": ("\n".join(["words,label", *ROWS]).encode(), "wrods"),
    "one class": ("\n".join(["wrods,label", *(row[:-1] + "1" for row in ROWS)]).encode(), "class"),
    "too few rows": ("\n".join(["wrods,label", *ROWS[:10]]).encode(), "rows"),
    "target is an id": ("\n".join(["wrods,label", *(f"{row}{number}" for number, row in enumerate(ROWS))]).encode(), "id"),
}


@pytest.mark.parametrize(("content", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_is_refused_with_one_message(
    run: Run, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, content: bytes, message: str
) -> None:
    source = tmp_path_factory.mktemp("bad") / "reviews.csv"
    source.write_bytes(content)
    assert message in refused(run("compare", source, "--text", "wrods", "--target", "label"), tmp_path)


def test_values_that_are_not_finite_are_refused(run: Run, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    source = tmp_path_factory.mktemp("bad") / "series.npz"
    values = np.zeros((60, 5), dtype=np.float32)
    values[7, 3] = np.nan
    np.savez(source, X=values, y=np.arange(60) % 2)
    assert "finite" in refused(run("compare", source), tmp_path)


def test_wrong_usage_is_refused(run: Run, tmp_path: Path) -> None:
    for arguments in (("compare", SOURCE, "--pairs", "many"), ("compare", SOURCE, "--colour", "red"), ("compere",)):
        done = run(*arguments)
        assert (done.code, done.out) == (2, "")
        assert arguments[-2 if len(arguments) > 1 else 0] in done.err
        assert "Traceback" not in done.err
    assert not list(tmp_path.iterdir())


def test_another_runs_folder_is_refused(run: Run, finished: Result, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished.path.iterdir()}
    assert "holds another run" in refused(run("compare", SOURCE, *QUICK, "--out", finished.path), tmp_path)
    assert {path: path.stat().st_mtime_ns for path in finished.path.iterdir()} == before


@pytest.mark.parametrize("command", ["resume", "report"])
def test_a_folder_without_a_run_is_refused(run: Run, tmp_path: Path, command: str) -> None:
    assert "holds no run" in refused(run(command, "nowhere"), tmp_path)


def test_compare_prints_the_verdict_and_progress_apart(run: Run, tmp_path: Path) -> None:
    done = run("compare", SOURCE, *QUICK, "--out", "run")
    assert done.code == 0
    assert "GRU minus LSTM" in done.out
    assert "run/report.html" in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    assert "pair 2" in done.err
    assert "pair 2" not in done.out
    assert "\x1b" not in done.out + done.err
    assert (tmp_path / "run" / "model").is_dir()


def test_json_is_all_that_is_on_standard_output(run: Run, finished: Result) -> None:
    done = run("report", finished.path, "--json")
    assert done.code == 0
    assert json.loads(done.out)["decision"] == finished.verdict.decision
    done = run("resume", finished.path, "--json")
    assert json.loads(done.out)["scores"] == json.loads((finished.path / "verdict.json").read_text())["scores"]


def test_report_writes_the_page_anew(run: Run, finished: Result, tmp_path: Path) -> None:
    shutil.copytree(finished.path, tmp_path / "run")
    (tmp_path / "run" / "report.html").unlink()
    done = run("report", "run")
    assert done.code == 0
    assert "GRU minus LSTM" in done.out
    assert "<html" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


@pytest.fixture
def series(tmp_path: Path) -> Path:
    """Three series of unequal length, as the model reads them."""
    path = tmp_path / "new.npz"
    lengths = np.array([4, 2, 7])
    np.savez(path, values=np.random.default_rng(0).integers(2, size=(13, 1)).astype(np.float32), lengths=lengths)
    return path


def test_predict_writes_csv(run: Run, finished: Result, series: Path, tmp_path: Path) -> None:
    done = run("predict", finished.path, series)
    assert (done.code, done.err) == (0, "")
    header, *rows = csv.reader(io.StringIO(done.out))
    assert header == ["prediction", "p_even", "p_odd"]
    assert len(rows) == 3
    for name, *probabilities in rows:
        values = [float(value) for value in probabilities]
        assert sum(values) == pytest.approx(1, abs=1e-5)
        assert name == ("even", "odd")[int(np.argmax(values))]
    again = run("predict", finished.path, series, "--out", "predictions.csv")
    assert (again.code, again.out) == (0, "")
    assert (tmp_path / "predictions.csv").read_text(encoding="utf-8") == done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("{run}", "missing.npz"), "no file"),
        (("{empty}", "{series}"), "holds no model"),
        (("{run}", "{series}", "--out", "missing/predictions.csv"), "cannot be written"),
        (("{run}", "{series}", "--text", "review"), "--text"),
    ],
)
def test_predict_refuses(
    run: Run, finished: Result, series: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    moved = series.rename(tmp_path.with_name(f"{tmp_path.name}.npz"))
    filled = [word.format(run=finished.path, series=moved, empty=tmp_path) for word in arguments]
    assert message in refused(run("predict", *filled), tmp_path)


def test_check_shows_versions_and_kernels(run: Run) -> None:
    done = run("check")
    assert (done.code, done.err) == (0, "")
    for word in ("torch", "kernels gru", "cores", gatewise.__version__):
        assert word in done.out


def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "gatewise", "compare", "--help"], capture_output=True, text=True, check=True)
    assert "gatewise compare" in done.stdout
    assert "SOURCE" in done.stdout

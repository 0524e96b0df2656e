"""The command line: what goes to which stream, with which exit code, and what is never written."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import Tensor

import gatewise
from gatewise import extras, kernels
from gatewise.cli import main
from gatewise.kernels import ops
from gatewise.kernels.options import Options
from gatewise.names import plain_title
from gatewise.options.config import PANELS
from gatewise.options.configuration import build_config
from gatewise.options.table import OPTIONS, SPELLINGS
from gatewise.records import Config
from gatewise.study.api import Result
from gatewise.study.config_file import read_config_file
from gatewise.study.journal import open_journal
from gatewise.training.devices import DEVICES
from tests.training.spied_device import SpiedDevice

SOURCE = "builtin:parity?rows=60&length=10"
QUICK = ("--budget", "10m", "--replicates", "2", "--tune", "1", "--hidden-size", "4", "--max-epochs", "2")


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
    """One line on stderr, below the one that says what is read; exit code 2, nothing printed and nothing written."""
    assert done.code == 2
    assert done.out == ""
    assert "Traceback" not in done.err
    (line,) = re.sub(r"\A(reading|resuming) .*\n", "", done.err).splitlines()
    assert line.startswith("gatewise: ")
    assert not list(folder.iterdir())
    return line


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A run on series with a test file beside it."""
    folder = tmp_path_factory.mktemp("cli")
    options: dict[str, Any] = {"budget": "10m", "replicates": 2, "tune": 1, "hidden_size": 4, "max_epochs": 2}
    return gatewise.compare(SOURCE, **options, out=folder / "run")


@pytest.mark.parametrize(
    "command", [(), ("compare",), ("init",), ("resume",), ("report",), ("runs",), ("predict",), ("inspect",), ("check",)]
)
def test_help(run: Run, command: tuple[str, ...]) -> None:
    done = run(*command, "--help")
    assert done.code == 0
    assert "Usage" in done.out
    assert done.out == run(*command, "-h").out
    assert max(map(len, done.out.splitlines())) <= 80


def test_version(run: Run) -> None:
    done = run("--version")
    assert (done.code, done.out, done.err) == (0, f"gatewise {gatewise.__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("co",), "compare"),
        (("compare", "--metr"), "--metric"),
        (("compare", "--class"), "--class-weights"),
        (("compare", "--cells", "gru,l"), "gru,lstm"),
        (("compare", "--match", ""), "hidden parameters both"),
        (("report", "ru"), ""),
    ],
)
def test_bash_completes_commands_options_and_choices(words: tuple[str, ...], offered: str, tmp_path: Path) -> None:
    command = tmp_path / "gatewise"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m gatewise "$@"\n')
    command.chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    script = f"""
    eval "$(gatewise --show-completion bash)"
    COMP_WORDS=(gatewise {" ".join(word or "''" for word in words)}) COMP_CWORD={len(words)}
    _gatewise_completion gatewise
    echo "${{COMPREPLY[*]}}"
    """
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == (offered, "")


@pytest.mark.parametrize(("shell", "begins"), [("zsh", "#compdef gatewise"), ("fish", "complete --command gatewise")])
def test_other_shells_get_a_script(run: Run, monkeypatch: pytest.MonkeyPatch, shell: str, begins: str) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    done = run("--show-completion", shell)
    assert done.code == 0
    assert done.out.startswith(begins)


def test_help_names_every_option_of_the_comparison(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    text = run("compare", "--help").out
    for option in OPTIONS:
        for flag in option.flags:
            assert flag in text
    for panel in PANELS:
        assert f"─ {panel} ─" in text
    for flag in ("--json", "--config", "--quiet", "--no-bidirectional"):
        assert flag in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--cells", "gru,lstn"), "did you mean lstm?"),
        (("--cells", "gru"), "at least two"),
        (("--cost", "money"), "training, latency, memory, size"),
        (("--budget", "soon"), "not a duration"),
        (("--margin", "2"), "outside (0, 0.5)"),
        (("--margin", "wide"), "--margin 'wide' is not a number above zero"),
        (("--replicates", "1"), "at least 2"),
        (("--target", "label"), "target"),
        (("--metric", "acuracy"), "did you mean accuracy?"),
        (("--metric", "mase"), "--metric mase does not fit classification"),
        (("--task", "clasify"), "did you mean classify?"),
        (("--task", "forecast"), "forecast"),
        (("--horizon", "3"), "--horizon belongs to a forecast; add --task forecast"),
        (("--target", "a", "--target", "b"), "only a forecast predicts several"),
        (("--text", "a", "--channels", "b"), "--text and --channels were given"),
        (("--split-column", "part", "--test", "b.csv"), "--split-column and --test"),
        (("--class-weights", "even"), "Known values: balanced"),
        (("--weigh-classes", "even"), "Known values: balanced"),
        (("--split-column", "a", "--split", "a"), "--split-column and --split are one option, which came 2 times"),
        (("--class-weights", "balanced", "--weigh-classes", "balanced"), "--class-weights and --weigh-classes are one option"),
        (("--replicates", "3", "--pairs", "3"), "--replicates and --pairs are one option, and both were given"),
        (("--channels", "a", "--series", "a"), "--channels and --series are one option, and both were given"),
        (("--match", "size"), "hidden, parameters, both"),
        (("--max-latency", "fast"), "--max-latency 'fast' is not a time above zero; write it like 2ms"),
        (("--max-size", "small"), "--max-size 'small' is not a size"),
        (("--max-memory", "0"), "--max-memory '0' is not a size"),
        (("--curve", "0.5,0.1"), "--curve '0.5,0.1' is not a list of fractions"),
        (("--forget-bias", "nan"), "--forget-bias nan is not a finite number"),
        (("--forget-bias", "1", "--chrono", "99"), "--forget-bias and --chrono"),
        (("--chrono", "1"), "--chrono 1 is too small; give at least 2"),
    ],
)
def test_an_unknown_option_value_is_refused(run: Run, tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    assert message in refused(run("compare", SOURCE, "--hidden-size", "4", *options, "--out", "run"), tmp_path)


def test_a_budget_too_small_for_one_replicate_keeps_the_run(run: Run, tmp_path: Path) -> None:
    done = run("compare", SOURCE, "--hidden-size", "4", "--budget", "0.01s", "--out", "run")
    assert done.code == 0
    # A unit that ends before the first look at the clock counts.
    assert done.out.lstrip().startswith("Undecided")
    assert "they fit into --budget" in done.err
    assert gatewise.open_run(tmp_path / "run").verdict.replicates <= 1


@pytest.mark.parametrize(
    ("source", "message"),
    [("missing.csv", "no file"), ("builtin:pairity", "parity"), ("s3://example.org/data.csv", "Download it first")],
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
    for arguments in (("compare", SOURCE, "--replicates", "many"), ("compare", SOURCE, "--colour", "red"), ("compere",)):
        done = run(*arguments)
        assert (done.code, done.out) == (2, "")
        assert arguments[-2 if len(arguments) > 1 else 0] in done.err
        assert "Traceback" not in done.err
    assert not list(tmp_path.iterdir())


def test_another_runs_folder_is_refused(run: Run, finished: Result, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished.path.iterdir()}
    assert "holds another run" in refused(run("compare", SOURCE, *QUICK, "--out", finished.path), tmp_path)
    assert {path: path.stat().st_mtime_ns for path in finished.path.iterdir()} == before


def test_a_comparison_without_a_source_is_refused(run: Run, tmp_path: Path) -> None:
    assert "there is no SOURCE: give one" in refused(run("compare", "--seed", "1"), tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("hiden_size: 4", "line 1: there is no option 'hiden_size'; did you mean hidden_size?"),
        ("seed: 1\nhidden_size: big", "line 2: hidden_size 'big' is not a whole number"),
        ("seed: [1", "line 1: this is no YAML"),
        ("seed: 1", "names none; add `source: FILE`"),
        ("source: missing.csv", "no file"),
    ],
)
def test_a_bad_configuration_is_refused(
    run: Run, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path_factory.mktemp("config") / "run.yaml"
    path.write_text(content, encoding="utf-8")
    assert message in refused(run("compare", "--config", path), tmp_path)


def test_the_command_line_overrides_the_configuration(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Config] = []

    def stop(config: Config, *_: object, **__: object) -> None:
        asked.append(config)
        raise gatewise.RunError("stopped")

    monkeypatch.setattr("gatewise.study.api.open_data", stop)
    assert run("init", SOURCE).code == 0
    path = tmp_path / "gatewise.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in (("layers: 1", "layers: 2"), ("seed: 0", "seed: 5"), ("bidirectional: false", "bidirectional: true")):
        assert f"\n{old}\n" in text
        text = text.replace(f"\n{old}\n", f"\n{new}\n")
    path.write_text(text, encoding="utf-8")
    words = ("--seed", "7", "--no-bidirectional", "--cells", "mingru,lstm", "--max-size", "1MB", "--jobs", "3")
    assert run("compare", "--config", "gatewise.yaml", *words).err == f"reading {SOURCE}\ngatewise: stopped\n"
    changes: dict[str, Any] = {"layers": 2, "seed": 7, "cells": ("min_gru", "lstm"), "max_size_bytes": 1_000_000, "jobs": 3}
    assert asked == [replace(Config(SOURCE), **changes)]


def test_a_runs_own_configuration_runs_it_again(run: Run, finished: Result, tmp_path: Path) -> None:
    done = run("compare", "--config", finished.path / "config.yaml", "--budget", "20m", "--out", "again", "--quiet")
    assert (done.code, done.err) == (0, "")
    again = gatewise.open_run(tmp_path / "again")
    assert replace(again.comparison.config, budget_s=600.0) == finished.comparison.config
    assert again.verdict.scores == finished.verdict.scores


def test_init_writes_a_file_that_is_read_as_the_defaults(run: Run, tmp_path: Path) -> None:
    done = run("init", SOURCE, "--schema", "gatewise.schema.json")
    assert (done.code, done.err) == (0, "")
    assert done.out == "gatewise.yaml is written; run it with `gatewise compare --config gatewise.yaml`\n"
    options = read_config_file(tmp_path / "gatewise.yaml")
    assert build_config(options.pop("source"), options) == Config(SOURCE)
    assert set(json.loads((tmp_path / "gatewise.schema.json").read_text(encoding="utf-8"))["properties"]) == set(SPELLINGS)
    again = run("init", "builtin:digits")
    assert (again.code, again.out) == (2, "")
    assert again.err == "gatewise: gatewise.yaml exists; choose another name, or pass --force to replace it\n"
    assert run("init", "builtin:digits", "--force").code == 0
    assert read_config_file(tmp_path / "gatewise.yaml")["source"] == "builtin:digits"


def test_init_names_a_source_that_is_there(run: Run, tmp_path: Path) -> None:
    assert "no file" in refused(run("init", "missing.csv"), tmp_path)


@pytest.mark.parametrize("command", ["resume", "report"])
def test_a_folder_without_a_run_is_refused(run: Run, tmp_path: Path, command: str) -> None:
    assert "holds no run" in refused(run(command, "nowhere"), tmp_path)


def test_compare_prints_the_verdict_and_progress_apart(run: Run, tmp_path: Path) -> None:
    done = run("compare", SOURCE, *QUICK, "--out", "run")
    assert done.code == 0
    assert " leads " in done.out
    assert "run/report.html" in done.out
    assert max(map(len, done.out.splitlines())) <= 80
    assert "replicate 2" in done.err
    assert "replicate 2" not in done.out
    assert "\x1b" not in done.out + done.err
    assert (tmp_path / "run" / "model").is_dir()


def test_json_is_all_that_is_on_standard_output(run: Run, finished: Result) -> None:
    done = run("report", finished.path, "--json")
    assert done.code == 0
    assert json.loads(done.out)["decision"] == finished.verdict.decision
    done = run("resume", finished.path, "--json")
    assert json.loads(done.out)["scores"] == json.loads((finished.path / "verdict.json").read_text())["scores"]


def test_an_interrupt_while_a_verdict_is_printed_names_the_run(
    run: Run, finished: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gatewise.cli.output.print_result", interrupt)
    done = run("resume", finished.path, "--quiet")
    assert (done.code, done.err) == (130, f"gatewise: interrupted; continue with `gatewise resume {finished.path}`\n")


def test_report_writes_the_page_anew(run: Run, finished: Result, tmp_path: Path) -> None:
    shutil.copytree(finished.path, tmp_path / "run")
    (tmp_path / "run" / "report.html").unlink()
    done = run("report", "run")
    assert done.code == 0
    assert " leads " in done.out
    assert "<html" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("log", ["no log", "log and index", "log alone"])
def test_a_run_that_may_only_be_read_is_reported(run: Run, finished: Result, tmp_path: Path, log: str) -> None:
    """A colleague's: nothing in its folder can be written, also where its process was killed."""
    folder = tmp_path / "run"
    shutil.copytree(finished.path, folder)
    if log != "no log":
        with open_journal(folder / "journal.sqlite"):
            kept = {item.name: item.read_bytes() for item in folder.glob("journal.sqlite-*")}
        for name, content in kept.items():
            if name.endswith("-wal") or log == "log and index":
                (folder / name).write_bytes(content)
    before = {item: item.stat().st_mtime_ns for item in folder.rglob("*")}
    with read_only(folder):
        done = run("report", "run")
        assert done.code == 0
        assert " leads " in done.out
        assert "Report:" not in done.out
        (line,) = done.err.splitlines()
        assert line.startswith("gatewise: run/report.html cannot be written: ")
        assert line.endswith("`--out FILE` writes the report elsewhere")
        elsewhere = run("report", "run", "--out", "report.html")
        assert (elsewhere.code, elsewhere.err) == (0, "")
        assert "Report: report.html" in elsewhere.out
        assert json.loads(run("report", "run", "--json", "--out", "report.html").out)["decision"] == finished.verdict.decision
        assert "cannot be written" in run("resume", "run").err
        assert gatewise.open_run(folder).model.predict([np.zeros((3, 1), np.float32)])
    # The lines that say what to do next name the folder as it was given.
    page = (finished.path / "report.html").read_text(encoding="utf-8").replace(str(finished.path), "run")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == page
    assert {item: item.stat().st_mtime_ns for item in folder.rglob("*")} == before


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Take the right to write from everyone: by the file mode, which does not bind root, or by mounting the folder read-only."""
    if os.geteuid():
        for item in (folder, *folder.rglob("*")):
            item.chmod(item.stat().st_mode & ~0o222)
        yield
        for item in (folder, *folder.rglob("*")):
            item.chmod(item.stat().st_mode | 0o200)
        return
    mounted = subprocess.run(["mount", "--bind", folder, folder], capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"root may write anything here, and cannot mount read-only: {mounted.stderr.strip()}")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


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
    assert header == ["row", "prediction", "p_even", "p_odd"]
    assert [row[0] for row in rows] == ["1", "2", "3"]
    for _, name, *probabilities in rows:
        values = [float(value) for value in probabilities]
        assert sum(values) == pytest.approx(1, abs=1e-5)
        assert name == ("even", "odd")[int(np.argmax(values))]
    again = run("predict", finished.path, series, "--out", "predictions.csv")
    assert (again.code, again.out) == (0, "")
    assert (tmp_path / "predictions.csv").read_text(encoding="utf-8") == done.out


def test_a_baseline_is_predicted_with_on_the_processor_alone(
    run: Run, finished: Result, series: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DEVICES, "mps", SpiedDevice(name="mps"))
    moved = series.rename(tmp_path.with_name(f"{tmp_path.name}.npz"))
    name = finished.verdict.recommended
    assert name not in ("gru", "lstm")
    message = f"the {plain_title(name)} runs on the processor alone: it is no network that PyTorch could take to --device mps"
    assert message in refused(run("predict", finished.path, moved, "--device", "mps"), tmp_path)


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("cuda", "--device cuda is not on this machine (it is not there), which has cpu; give one of these or auto"),
        ("cpu,cuda", "--device 'cpu,cuda' names 2 devices; give one of cpu, cuda, mps, auto"),
    ],
)
@pytest.mark.parametrize("command", ["predict", "claims"])
def test_one_device_that_is_there(
    run: Run, finished: Result, series: Path, monkeypatch: pytest.MonkeyPatch, command: str, device: str, message: str
) -> None:
    monkeypatch.setitem(DEVICES, "cuda", SpiedDevice("it is not there"))
    monkeypatch.setitem(DEVICES, "mps", SpiedDevice("it is not there"))
    done = run(command, *([finished.path, series] if command == "predict" else ["--out", "claims"]), "--device", device)
    assert (done.code, done.out) == (2, "")
    assert message in " ".join(done.err.split())


@pytest.mark.parametrize("command", ["compare", "advise"])
def test_a_device_that_is_not_there_is_said_before_data_are_read(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str
) -> None:
    monkeypatch.setitem(DEVICES, "cuda", SpiedDevice("it is not there"))
    (tmp_path / "damaged.npz").write_bytes(b"nothing that could be read")
    done = run(command, "damaged.npz", "--device", "cuda")
    assert done.code == 2
    assert "--device cuda is not on this machine" in " ".join(done.err.split())


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


def test_check_shows_versions_kernels_extras_and_places(run: Run) -> None:
    done = run("check")
    assert (done.code, done.err) == (0, "")
    for word in ("torch", "kernels gru", "cores", gatewise.__version__, "extra serve", "place of runs"):
        assert word in done.out
    if not kernels.missing():
        assert "kernels agree with their equations" in " ".join(done.out.split())


def test_check_names_the_devices(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DEVICES, "cuda", SpiedDevice("it is not there"))
    monkeypatch.setitem(DEVICES, "mps", SpiedDevice(name="mps"))
    assert "device mps: a spied one, cpu" in " ".join(run("check").out.split())
    assert json.loads(run("check", "--json").out)["environment"]["device"] == ["mps: a spied one", "cpu"]


def test_check_names_what_an_extra_lacks_and_where_nothing_can_be_written(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(extras.EXTRA_OF, "no_such_package", "hub")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != tmp_path)
    done = run("check")
    assert "pip install 'gatewise[hub]' (lacks" in " ".join(done.out.split())
    found = json.loads(run("check", "--json").out)
    assert "no_such_package" in found["missing_packages"]["hub"]
    assert "gatewise/stores" in found["places"]["encoded data"]["path"]
    assert found["places"]["evidence"]["refused"] == f"{tmp_path} cannot be written"


@pytest.mark.skipif(bool(kernels.missing()), reason="there are no kernels")
def test_check_finds_a_kernel_that_is_wrong(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    right = ops.recurrent

    def wrong(options: Options, input: Tensor, *given: Any) -> Any:
        output, *rest = right(options, input, *given)
        return (output * 1.001 if options.cell == "lstm" else output, *rest)

    monkeypatch.setattr(ops, "recurrent", wrong)
    done = run("check")
    assert done.code == 1
    assert "The kernel of lstm in float32 is off by" in " ".join(done.out.split())
    found = json.loads(run("check", "--json").out)
    assert {one["kernel"] for one in found["self_test"] if one["error"] > one["tolerance"]} == {"lstm", "normalised lstm"}


def test_the_module_is_the_command() -> None:
    done = subprocess.run([sys.executable, "-m", "gatewise", "compare", "--help"], capture_output=True, text=True, check=True)
    assert "gatewise compare" in done.stdout
    assert "SOURCE" in done.stdout

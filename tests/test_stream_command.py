"""`gatewise stream`: a line in, a prediction out, at once."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatewise.cli import main
from gatewise.export.bundle import save_model
from gatewise.runtime.model import Model
from tests.inspection.models import CLASSES, FORECAST, NUMBERS, STEPS, TEXTS, dataset_of, make_model
from tests.runtime.test_stream import said, sound_model

Run = Callable[..., tuple[int, list[str], str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process: its code, the lines it wrote, and what it complained of."""

    def run_one(given: str | bytes, *arguments: object) -> tuple[int, list[str], str]:
        content = given.encode() if isinstance(given, str) else given
        monkeypatch.setattr(sys, "argv", ["gatewise", "stream", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        with pytest.raises(SystemExit) as left:
            main()
        captured = capfd.readouterr()
        return int(left.value.code or 0), captured.out.splitlines(), captured.err

    return run_one


def saved(model: Model, folder: Path) -> Path:
    save_model(model, folder / "model")
    return folder


def test_texts_as_csv_and_json(run: Run, tmp_path: Path) -> None:
    model = make_model("gru", TEXTS)
    folder = saved(model, tmp_path)
    given = "a fine\nfilm\n\nnot\n"
    code, lines, err = run(given, folder)
    assert (code, err) == (0, "")
    header, *rows = csv.reader(lines)
    assert header == ["prediction", *(f"p_{name}" for name in model.class_names)]
    for row, text in zip(rows, ["a fine", "a fine film", None, "not"], strict=True):
        assert row == ([] if text is None else [model.predict([text])[0], *(f"{p:.6f}" for p in said(model, text))])
    code, lines, err = run(given, folder / "model", "--json")
    found = json.loads(lines[1])
    assert found["prediction"] == model.predict(["a fine film"])[0]
    np.testing.assert_allclose(list(found["probabilities"].values()), said(model, "a fine film"), atol=1e-6)


@pytest.mark.parametrize("form", ["plain", "names", "arrays", "objects"])
def test_series_in_every_form(run: Run, tmp_path: Path, form: str) -> None:
    model = make_model("lstm", CLASSES)
    rows = np.asarray(dataset_of(CLASSES).sequences[0])[:4].tolist()
    names = list(model.channels)
    match form:
        case "plain":
            given = [",".join(map(str, row)) for row in rows]
        case "names":
            given = [",".join(["other", *reversed(names)]), *(",".join(["x", *map(str, reversed(row))]) for row in rows)]
        case "arrays":
            given = list(map(json.dumps, rows))
        case _:
            given = [json.dumps(dict(zip(names, row, strict=True))) for row in rows]
    _, lines, _ = run("\n".join(given), saved(model, tmp_path), "--json")
    for end, line in enumerate(lines, 1):
        np.testing.assert_allclose(list(json.loads(line)["probabilities"].values()), said(model, rows[:end]), atol=1e-6)
    assert len(lines) == 4


@pytest.mark.parametrize(("source", "first"), [(NUMBERS, 1), (STEPS, 1), (FORECAST, 12), ("sound", 1)])
def test_whatever_is_predicted(run: Run, tmp_path: Path, source: str, first: int) -> None:
    model = sound_model() if source == "sound" else make_model("gru", source)
    rows: Any = np.random.default_rng(0).integers(0, 2, (15, 300 if source == "sound" else model.encoder.input_size))
    given = "\n".join(",".join(map(str, row)) for row in rows)
    prefix = (rows.reshape(-1).astype(np.float64), 8000) if source == "sound" else rows.astype(np.float32)
    expected = np.asarray(said(model, prefix)).reshape(-1)
    code, lines, err = run(given, saved(model, tmp_path))
    assert (code, err) == (0, "")
    header, *answers = csv.reader(lines)
    assert all(len(row) == len(header) for row in answers) and len(answers) == 15
    assert [any(row) for row in answers] == [number >= first for number in range(1, 16)]
    np.testing.assert_allclose([float(cell) for cell in answers[-1][source == "sound" :]], expected, rtol=1e-5, atol=2e-6)
    _, lines, _ = run(given, tmp_path, "--json")
    assert [json.loads(line) is not None for line in lines] == [number >= first for number in range(1, 16)]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("1,0\nx,y\n", "line 2: 'x,y' is no list of numbers"),
        ("1,0\n1\n", "line 2: a step has shape (1,); the model reads [3]"),
        ("first,other\n", "line 1: there is no column"),
        ('{"a": 1}\n', "line 1: there is no channel"),
        ("[[[[\n", "is no list of numbers"),
        ("nan,1,1\n", "finite number"),
        (b"1,0\n\xff\n", "line 2 is not UTF-8"),
    ],
)
def test_a_bad_line_is_one_clear_error(run: Run, tmp_path: Path, given: str | bytes, message: str) -> None:
    model = make_model("gru", CLASSES)
    good = ",".join(["1"] * model.encoder.input_size)
    given = given.replace("1,0", good) if isinstance(given, str) else given.replace(b"1,0", good.encode())
    code, _, err = run(given, saved(model, tmp_path))
    assert code == 2
    assert message in err and err.count("\n") == 1


def test_a_state_is_kept_in_a_file(run: Run, tmp_path: Path) -> None:
    model = make_model("gru", TEXTS)
    folder, state = saved(model, tmp_path), tmp_path / "state"
    run("a fine\n", folder, "--state", state)
    _, lines, _ = run("film\n", folder, "--state", state, "--json")
    np.testing.assert_allclose(list(json.loads(lines[0])["probabilities"].values()), said(model, "a fine film"), atol=1e-6)
    state.write_bytes(state.read_bytes()[:-1])
    code, lines, err = run("film\n", folder, "--state", state)
    assert (code, lines) == (2, []) and "no stream's state, or a damaged one" in err
    code, _, err = run("film\n", folder, "--state", tmp_path / "no" / "state")
    assert code == 2 and "cannot be written" in err


def test_each_line_is_answered_at_once_and_an_interrupt_is_quiet_without_torch(tmp_path: Path) -> None:
    model = make_model("lstm", TEXTS)
    folder, state = saved(model, tmp_path), tmp_path / "state"
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text("import sys\nsys.modules['torch'] = None\nsys.modules['scipy'] = None\n")
    path = os.pathsep.join(filter(None, [str(tmp_path / "site"), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "gatewise", "stream", str(folder), "--json", "--state", str(state)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    ) as process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        for piece, text in (("a fine", "a fine"), ("film", "a fine film")):
            process.stdin.write(f"{piece}\n".encode())
            process.stdin.flush()
            found = json.loads(process.stdout.readline())
            np.testing.assert_allclose(list(found["probabilities"].values()), said(model, text), atol=1e-6)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert process.stderr.read() == b""
    assert model.stream().restore(state.read_bytes()).steps.tolist() == [3]


def test_a_model_that_cannot_stream_says_why(run: Run, tmp_path: Path) -> None:
    code, lines, err = run("a\n", saved(make_model("gru", TEXTS, bidirectional=True), tmp_path))
    assert (code, lines) == (2, []) and "in both directions" in err
    code, lines, err = run("a\n", tmp_path / "nothing")
    assert (code, lines) == (2, []) and "there is no " in err


def test_labels_that_are_no_texts_stay_so(run: Run, tmp_path: Path) -> None:
    model = replace(make_model("gru", TEXTS), classes=(False, True), names=("no", "yes"))
    _, lines, _ = run("a\n", saved(model, tmp_path), "--json")
    found = json.loads(lines[0])
    assert found["prediction"] in (False, True) and list(found["probabilities"]) == ["no", "yes"]

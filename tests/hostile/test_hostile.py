"""What a person may give by mistake, and what was damaged: one message, exit code 2, nothing left behind, no traceback."""

import gzip
import io
import json
import os
import shutil
import sqlite3
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gatewise
from gatewise.cli import main
from gatewise.study.api import Result

SOURCE = "builtin:parity?rows=60&length=10"
HUGE = 10**12
FEW: dict[str, Any] = {"replicates": 2, "tune": 1, "hidden_size": 4, "max_epochs": 1}

Make = Callable[[Path], None]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        # Costs take seconds to measure, and nothing here is about them.
        for measuring in ("measure", "measure_late"):
            patch.setattr(f"gatewise.study.run.{measuring}", lambda *_: None)
        return gatewise.compare(SOURCE, **FEW, out=tmp_path_factory.mktemp("hostile") / "run")


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., str]:
    """Run the command in an empty folder of this process; it must say one thing, leave with 2 and write nothing."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["gatewise", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capfd.readouterr()
        assert left.value.code == 2, err
        assert out == ""
        assert "Traceback" not in err
        assert "fault of gatewise" not in err
        assert list(work.iterdir()) == []
        lines = err.splitlines()
        if not lines[0].startswith("Usage:"):
            # What was read of the source is said before.
            assert [line for line in lines if line.startswith("gatewise: ")] == lines[-1:]
            assert len(lines[-1]) < 1200
        return lines[-1]

    return run


OPTIONS: list[tuple[str, ...]] = [
    *(
        (flag, value)
        for flag in ("--hidden-size", "--layers")
        for value in ("0", "-1", "1e3", "1000000000", str(HUGE), "", "nan", "9" * 400)
    ),
    *(
        (flag, value)
        for flag in ("--batch-size", "--embedding-size", "--max-length", "--max-vocabulary", "--max-epochs", "--replicates")
        for value in ("0", "-1", "2.5", str(HUGE), "many")
    ),
    *(("--tune", value) for value in ("-1", "2.5", str(HUGE), "many")),
    *(("--jobs", value) for value in ("0", "-1", "1000", "100000", str(HUGE), "all")),
    *(("--threads", value) for value in ("0", "-1", "100000", str(HUGE))),
    *(("--seed", value) for value in ("-1", str(2**31), str(HUGE), "x")),
    *(("--chrono", value) for value in ("0", "1", "-5", str(HUGE))),
    *(("--forget-bias", value) for value in ("nan", "inf", "-inf", "x")),
    *(("--budget", value) for value in ("0", "-1", "nan", "inf", "1y", "", "1e400", "9" * 400 + "d", "9" * 400 + "h")),
    *(("--margin", value) for value in ("0", "-1", "nan", "inf", "2", "%", "0%", "-1%", "200%", "1e400")),
    *(("--curve", value) for value in ("", "0", "1", "0.5", "1,0.5", "0.1,0.1,1", "nan,1", "-1,1", "a,b", "0.1;1")),
    *(("--max-latency", value) for value in ("0", "-1ms", "nan", "fast", "1y", "9" * 400)),
    *(("--max-size", value) for value in ("0", "-1", "nan", "big", "1XB", "9" * 400)),
    *(("--max-memory", value) for value in ("0", "-1", "nan", "big", "1XB", "9" * 400)),
    *(("--cells", value) for value in ("", ",", "gru", "gru,", "gru,x", "GRU LSTM", "gru;lstm")),
    *((flag, str(HUGE)) for flag in ("--window", "--horizon", "--season")),
    *((flag, "1") for flag in ("--window", "--horizon", "--season")),
    *(
        (flag, "no such")
        for flag in ("--text", "--audio", "--channels", "--target", "--id", "--time", "--group", "--split-column", "--weights")
    ),
    ("--task", "x"),
    ("--task", "forecast"),
    ("--task", "regression"),
    ("--task", "next-step"),
    ("--metric", "mae"),
    ("--metric", ""),
    ("--match", "x"),
    ("--cost", "x"),
    ("--class-weights", "x"),
    ("--test", "missing.csv"),
    ("--test", "builtin:parity"),
    ("--test", ""),
    ("--config", "missing.yaml"),
    ("--config", "."),
    ("--config", "/dev/null/x"),
    ("--out", "/proc/x"),
    ("--out", "/dev/null"),
    ("--out", "/dev/null/run"),
    ("--out", "x" * 300),
    ("--out", "/".join(["x" * 200] * 30)),
    ("--out", ""),
    ("--hidden-size", "100000", "--match", "both"),
    ("--hidden-size", "1000000000", "--match", "parameters"),
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: " ".join(options)[:60])
def test_an_option(refused: Callable[..., str], options: tuple[str, ...]) -> None:
    refused("compare", SOURCE, "--budget", "10s", *options) if options[0] != "--budget" else refused("compare", SOURCE, *options)


SOURCES = [
    "",
    " ",
    ".",
    "missing.csv",
    "missing/",
    "~nobody/x.csv",
    "/dev/null",
    "/dev/zero",
    "/proc/self/mem",
    "/etc/passwd",
    "x" * 300,
    "x" * 300 + ".csv",
    "/".join(["x" * 200] * 30) + ".csv",
    "http://example.org/x.csv",
    "s3://bucket/x.csv",
    "file:///etc/passwd",
    "builtin:",
    "builtin:x",
    "builtin:parity?rows",
    "builtin:parity?rows=",
    "builtin:parity?rows=1",
    "builtin:parity?rows=-5",
    "builtin:parity?rows=1e3",
    f"builtin:parity?rows={HUGE}",
    f"builtin:parity?length={HUGE}",
    f"builtin:parity?rows={10**400}",
    f"builtin:parity?rows={'9' * 5000}",
    f"builtin:reviews?rows={HUGE}",
    f"builtin:adding?rows={HUGE}",
    f"builtin:adding?length={HUGE}",
    f"builtin:copy?delay={HUGE}",
    f"builtin:seasonal?rows={HUGE}",
    f"builtin:chords?rows={HUGE}",
    f"builtin:waves?rows={HUGE}",
    f"builtin:dyck2?length={HUGE}",
    "builtin:recall?pairs=27",
    "builtin:digits?rows=50",
    "builtin:parity?colour=red",
    "hf:",
    "hf:/",
    "hf:a/b/c/d",
    "hf:a//b",
    "\udcff.csv",
    "größe.csv",
    "a\nb.csv",
    "\x1b[31mred.csv",
]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: repr(source)[:60])
def test_a_source(refused: Callable[..., str], source: str) -> None:
    refused("compare", source, "--budget", "10s")


def rows_of(*labels: str, count: int = 60) -> list[str]:
    return [f"film {row} was {('fine', 'poor')[row % 2]},{labels[row % len(labels)]}" for row in range(count)]


def text(*lines: str, name: str = "data.csv") -> tuple[str, Make]:
    def write(path: Path) -> None:
        path.write_text("\n".join(lines), encoding="utf-8", errors="surrogatepass")

    return name, write


def binary(content: bytes, name: str = "data.csv") -> tuple[str, Make]:
    def write(path: Path) -> None:
        path.write_bytes(content)

    return name, write


def archive(**arrays: Any) -> tuple[str, Make]:
    return "data.npz", lambda path: np.savez_compressed(path, allow_pickle=True, **arrays)


def header_only(shape: tuple[int, ...], kind: str = "<f8", key: str = "X") -> tuple[str, Make]:
    """An archive whose header promises more than there is."""

    def make(path: Path) -> None:
        buffer = io.BytesIO()
        np.lib.format.write_array_header_1_0(buffer, {"descr": kind, "fortran_order": False, "shape": shape})
        with zipfile.ZipFile(path, "w") as file:
            file.writestr(f"{key}.npy", buffer.getvalue() + b"\0" * 64)

    return "data.npz", make


def zeros(path: Path) -> None:
    """A few megabytes that unfold to more than there is memory for."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        buffer = io.BytesIO()
        np.lib.format.write_array_header_1_0(buffer, {"descr": "<f8", "fortran_order": False, "shape": (10**7, 10**6)})
        file.writestr("X.npy", buffer.getvalue() + bytes(10**6))


def itself(path: Path) -> None:
    path.symlink_to(path.name)


def broken_parquet(path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"text": ["a"] * 60, "label": [0, 1] * 30}), path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    content[4:40] = bytes(36)
    path.write_bytes(content)


def as_json(rows: list[Any]) -> tuple[str, ...]:
    return tuple(json.dumps(row) for row in rows)


NUMBERS = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
CLASSES = np.arange(60) % 2
ROWS = rows_of("0", "1")
FILES: dict[str, tuple[str, Make]] = {
    "empty": binary(b""),
    "a space": binary(b" "),
    "a zero": binary(b"\0" * 100),
    "a byte order mark": binary(b"\xef\xbb\xbf"),
    "utf-16": binary("\n".join(["text,label", *ROWS]).encode("utf-16")),
    "latin-1": binary("\n".join(["text,label", *(row + "\xe4" for row in ROWS)]).encode("latin-1")),
    "a header alone": text("text,label"),
    "one column": text("text", *(row.split(",")[0] for row in ROWS)),
    "no header": text(*ROWS),
    "no header, numbers": text(*(f"{row / 7},{row * 3 % 11},{row % 2}" for row in range(60))),
    "few rows": text("text,label", *ROWS[:5]),
    "one class": text("text,label", *rows_of("1")),
    "all labels missing": text("text,label", *rows_of("")),
    "all labels different": text("text,label", *(f"{row}{number}" for number, row in enumerate(ROWS))),
    "ragged": text("text,label", *ROWS, "a,b,c"),
    "an open quotation": text("text,label", *ROWS, '"never closed,1'),
    "doubled names": text("text,text", *ROWS),
    "a huge class": text("text,label", *rows_of("1" + "0" * 400)),
    "thousands of commas": text("text,label", *ROWS, "," * 100_000),
    "gzip cut short": binary(gzip.compress("\n".join(["text,label", *ROWS]).encode())[:-20], "data.csv.gz"),
    "gzip of nothing": binary(gzip.compress(b""), "data.csv.gz"),
    "no gzip": binary(b"text,label", "data.csv.gz"),
    "a link to itself": ("data.csv", itself),
    "a link to itself, npz": ("data.npz", itself),
    "a folder named so": ("data.csv", lambda path: path.mkdir()),
    "a socket": ("data.csv", os.mkfifo),
    "json, no object": text(*["1"] * 60, name="data.jsonl"),
    "json, nested": text("[" * 100_000, name="data.jsonl"),
    "json, nested objects": text('{"a":' * 100_000, name="data.json"),
    "json, an array of numbers": text(json.dumps([1] * 60), name="data.json"),
    "json, an object": text(json.dumps({"text": ["a"] * 60}), name="data.json"),
    "json, huge digits": text(*('{"text": "a", "label": ' + "1" * 5000 + "}" for _ in range(60)), name="data.jsonl"),
    "json, cut short": text('{"text": "a", "label"', name="data.jsonl"),
    "json, nan": text(*as_json([{"text": "a b", "label": float("nan")}] * 60), name="data.jsonl"),
    "json, labels of lists": text(*as_json([{"text": f"a {row}", "label": [row % 2]} for row in range(60)]), name="data.jsonl"),
    "json, labels of objects": text(*as_json([{"text": f"a {row}", "label": {}} for row in range(60)]), name="data.jsonl"),
    "json, texts of lists": text(*as_json([{"text": ["a", row], "label": row % 2} for row in range(60)]), name="data.jsonl"),
    "json, one huge label": text(*as_json([{"text": f"a {row}", "label": 10**400} for row in range(60)]), name="data.jsonl"),
    "json, series with a huge number": text(
        *as_json([{"x": [1, 10**400], "label": row % 2} for row in range(60)]), name="data.jsonl"
    ),
    "json, ragged channels": text(*as_json([{"x": [1, 2], "y": [1], "label": row % 2} for row in range(60)]), name="data.jsonl"),
    "json, empty series": text(*as_json([{"x": [], "label": row % 2} for row in range(60)]), name="data.jsonl"),
    "parquet, damaged": ("data.parquet", broken_parquet),
    "parquet, no parquet": binary(b"PAR1" + bytes(100) + b"PAR1", "data.parquet"),
    "parquet, empty": binary(b"", "data.parquet"),
    "npz, no zip": binary(b"PK\3\4" + bytes(99), "data.npz"),
    "npz, unfolding": ("data.npz", zeros),
    "npz, a header alone": header_only((10, 10)),
    "npz, a huge header": header_only((HUGE, HUGE)),
    "npz, wide texts": header_only((60, 10**7), "<U100000", "labels"),
    "npz, negative": header_only((-5, 5)),
    "npz, objects": archive(X=np.array([[1, None]] * 60, dtype=object), y=CLASSES),
    "npz, objects for labels": archive(X=NUMBERS, y=np.array([None, 1] * 30, dtype=object)),
    "npz, complex": archive(X=NUMBERS.astype(np.complex64), y=CLASSES),
    "npz, dates": archive(X=NUMBERS.astype("datetime64[s]"), y=CLASSES),
    "npz, a structure": archive(X=np.zeros(60, dtype=[("a", "f4")]), y=CLASSES),
    "npz, no labels": archive(X=NUMBERS),
    "npz, no steps": archive(X=NUMBERS[:, :0], y=CLASSES),
    "npz, no channels": archive(X=np.zeros((60, 5, 0)), y=CLASSES),
    "npz, four dimensions": archive(X=np.zeros((60, 5, 2, 2)), y=CLASSES),
    "npz, one dimension": archive(X=np.zeros(60), y=CLASSES),
    "npz, infinite": archive(X=np.full((60, 5), np.inf), y=CLASSES),
    "npz, beyond 32 bits": archive(X=NUMBERS.astype(np.float64) * 1e300, y=CLASSES),
    "npz, other names": archive(a=NUMBERS, b=CLASSES),
    "npz, lengths too long": archive(values=NUMBERS, lengths=np.full(60, 9), labels=CLASSES),
    "npz, negative lengths": archive(values=NUMBERS, lengths=np.full(60, -1), labels=CLASSES),
    "npz, fractions of lengths": archive(values=NUMBERS, lengths=np.full(60, 0.5), labels=CLASSES),
    "npz, one-hot": archive(X=NUMBERS, y=np.eye(60)),
    "npz, no rows": archive(X=NUMBERS[:0], y=CLASSES[:0]),
    "npz, classes too few": archive(X=NUMBERS, y=CLASSES, classes=np.array(["a"])),
    "ts, nothing": text("@data", name="data.ts"),
    "ts, no data": text("@problemName x", name="data.ts"),
    "ts, broken": text("@classLabel true a b", "@data", "1,2:x:a", name="data.ts"),
    "ts, unknown class": text("@classLabel true a b", "@data", *["1,2:c"] * 60, name="data.ts"),
    "ts, binary": binary(bytes(range(256)), "data.ts"),
    "another suffix": text("text,label", *ROWS, name="data.xlsx"),
    "no suffix": text("text,label", *ROWS, name="data"),
    "a sound for a table": binary(b"RIFF" + bytes(50), "data.wav"),
    "pickle": binary(b"\x80\x04N.", "data.npz"),
}


@pytest.mark.parametrize(("name", "make"), FILES.values(), ids=FILES)
def test_a_file(refused: Callable[..., str], tmp_path: Path, name: str, make: Make) -> None:
    path = tmp_path / "data" / name
    path.parent.mkdir()
    make(path)
    if not path.is_fifo():
        refused("compare", path, "--budget", "10s", "--hidden-size", "4", "--max-epochs", "1")
    refused("compare", path, "--test", path, "--budget", "10s", "--max-epochs", "1", "--target", "nothing")


def changed(name: str, change: Callable[[bytes], bytes | None]) -> Callable[[Path], None]:
    def make(run: Path) -> None:
        content = change((run / name).read_bytes())
        if content is None:
            (run / name).unlink()
        else:
            (run / name).write_bytes(content)

    return make


def sql(statement: str) -> Callable[[Path], None]:
    def make(run: Path) -> None:
        connection = sqlite3.connect(run / "journal.sqlite")
        connection.execute(statement)
        connection.commit()
        connection.close()

    return make


def flip(content: bytes) -> bytes:
    return content[: len(content) // 2] + bytes([content[len(content) // 2] ^ 16]) + content[len(content) // 2 + 1 :]


RUNS: dict[str, Callable[[Path], None]] = {
    "no configuration": changed("config.yaml", lambda _: None),
    "an empty configuration": changed("config.yaml", lambda _: b""),
    "a configuration of a list": changed("config.yaml", lambda _: b"- a"),
    "a configuration that is no YAML": changed("config.yaml", lambda _: b"a: [b"),
    "a configuration with objects": changed("config.yaml", lambda _: b"!!python/object:os.system {}"),
    "a configuration in another encoding": changed("config.yaml", lambda content: content + b"\xff"),
    "a configuration with a date": changed("config.yaml", lambda content: content.replace(b"seed: 0", b"seed: 2020-01-01")),
    "a configuration with a bad date": changed("config.yaml", lambda content: content.replace(b"seed: 0", b"seed: 2020-99-99")),
    "a configuration with a list": changed("config.yaml", lambda content: content.replace(b"seed: 0", b"seed: [0]")),
    "another seed": changed("config.yaml", lambda content: content.replace(b"seed: 0", b"seed: 7")),
    "no list of cells": changed("config.yaml", lambda content: content.replace(b"cells:\n- gru\n- lstm", b"cells: 5")),
    "an environment that is no JSON": changed("environment.json", lambda _: b"{"),
    "an environment of a list": changed("environment.json", lambda _: b"[]"),
    "no journal": changed("journal.sqlite", lambda _: None),
    "a journal that is a text": changed("journal.sqlite", lambda _: b"hello" * 999),
    "a journal cut short": changed("journal.sqlite", lambda content: content[: len(content) // 2]),
    "a journal with a header alone": changed("journal.sqlite", lambda content: content[:100]),
    "a journal of zeros": changed("journal.sqlite", lambda content: bytes(len(content))),
    "a journal with a flipped bit": changed("journal.sqlite", lambda content: content.replace(b"fingerprint", b"fingerprinu")),
    "an empty journal": changed("journal.sqlite", lambda _: b""),
    "a journal without its table": sql("DROP TABLE units"),
    "a payload that is no JSON": sql("UPDATE units SET payload = '{'"),
    "a payload of a number": sql("UPDATE units SET payload = '1', checksum = NULL"),
    "a training without its score": sql(
        "UPDATE units SET payload = '{\"kind\": \"replicate\"}', checksum = NULL WHERE kind = 'replicate'"
    ),
    "a profile of nothing": sql("UPDATE units SET payload = '{}', checksum = NULL WHERE kind = 'data'"),
}
# What only a resumed run can put right.
RESUMED = {"no journal", "an empty journal", "a journal without its table", "a journal with a header alone"}
# What it puts right without doing anything again, for units.jsonl has every unit with its checksum.
MENDED = {
    "a journal that is a text",
    "a journal cut short",
    "a journal of zeros",
    "a journal with a flipped bit",
    "a payload that is no JSON",
    "a payload of a number",
}


@pytest.mark.parametrize("damage", RUNS.values(), ids=RUNS)
def test_a_damaged_run(
    refused: Callable[..., str], finished: Result, tmp_path: Path, damage: Callable[[Path], None], request: Any
) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished.path, run)
    damage(run)
    said = refused("report", run)
    name = request.node.callspec.id
    if name in MENDED:
        assert f"go on with `gatewise resume {run}`, which keeps what is sound" in said
        again = gatewise.resume(run)
        assert again.comparison.trainings == finished.comparison.trainings
        assert again.verdict.decision == finished.verdict.decision
    elif name not in RESUMED:
        refused("resume", run)


@pytest.mark.parametrize("command", ["resume", "report", "predict"])
@pytest.mark.parametrize("run", ["", ".", "missing", "/dev/null", "/dev/null/x", "x" * 300, "/".join(["x" * 200] * 30), "\udcff"])
def test_a_run_that_is_none(refused: Callable[..., str], command: str, run: str) -> None:
    refused(command, run, *([SOURCE] if command == "predict" else []))


MODELS: dict[str, Callable[[Path], None]] = {
    "no weights": changed("model/model.safetensors", lambda _: None),
    "weights cut short": changed("model/model.safetensors", lambda content: content[:-8]),
    "weights with a flipped bit": changed("model/model.safetensors", flip),
    "weights of zeros": changed("model/model.safetensors", lambda content: bytes(len(content))),
    "weights with a huge header": changed("model/model.safetensors", lambda content: b"\xff" * 8 + content[8:]),
    "no description": changed("model/model.json", lambda _: None),
    "an empty description": changed("model/model.json", lambda _: b""),
    "a description of nothing": changed("model/model.json", lambda _: b"{}"),
    "a description of a number": changed("model/model.json", lambda _: b"1"),
    "a description, nested": changed("model/model.json", lambda _: b"[" * 100_000),
    "a format of text": changed("model/model.json", lambda content: content.replace(b'"format": 5', b'"format": "x"')),
    "a description in another encoding": changed("model/model.json", lambda content: content + b"\xff"),
}


@pytest.mark.parametrize("damage", MODELS.values(), ids=MODELS)
def test_a_damaged_model(refused: Callable[..., str], finished: Result, tmp_path: Path, damage: Callable[[Path], None]) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished.path, run)
    damage(run)
    np.savez(tmp_path / "new.npz", X=np.zeros((3, 5, 1)))
    refused("predict", run, tmp_path / "new.npz")


@pytest.mark.parametrize("source", [*SOURCES[:20], SOURCE, "builtin:reviews", "-"], ids=lambda source: repr(source)[:60])
def test_a_source_to_predict_from(
    refused: Callable[..., str], finished: Result, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    refused("predict", finished.path, source)


@pytest.mark.parametrize("out", ["/dev/null/x", "missing/x.csv", "x" * 300, "/proc/x", "."])
@pytest.mark.parametrize("command", ["report", "predict", "init"])
def test_a_place_to_write(refused: Callable[..., str], finished: Result, tmp_path: Path, command: str, out: str) -> None:
    np.savez(tmp_path / "new.npz", X=np.zeros((3, 5, 1)))
    arguments: dict[str, list[Any]] = {
        "report": [finished.path],
        "predict": [finished.path, tmp_path / "new.npz"],
        "init": [SOURCE],
    }
    refused(command, *arguments[command], "--out", out)


CONFIGURATIONS = [
    b"\xff",
    b"seed: [",
    b"- a",
    b"seed: 1e400",
    b"seed: .nan",
    b"hidden_size: 1000000000000",
    b"a: &a [*a]",
    b"? [a, b]\n: 1",
    b"seed: 2020-99-99",
    b"source: []",
    b"cells: {a: b}",
    b"seed: 1\nseed: 2",
    b"budget: 1y",
    b"[" * 100_000,
]


@pytest.mark.parametrize("content", CONFIGURATIONS, ids=lambda content: repr(content)[:40])
def test_a_configuration(refused: Callable[..., str], tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "run.yaml"
    path.write_bytes(content)
    refused("compare", SOURCE, "--config", path, "--budget", "10s") if b"budget" not in content else refused(
        "compare", SOURCE, "--config", path
    )

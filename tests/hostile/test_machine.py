"""A machine that refuses: full disks and devices, pipes that close, encodings without the characters, folders that vanish."""

import io
import os
import resource
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rich.console import Console

import gatewise
from gatewise.data.formats.npz import npz_labelled
from gatewise.errors import RunError
from gatewise.report.live import PlainView
from gatewise.study.api import Result
from gatewise.study.unexpected import unexpected

SOURCE = "builtin:parity?rows=60&length=10"
FEW: dict[str, Any] = {"replicates": 2, "tune": 1, "hidden_size": 4, "max_epochs": 1}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        leave_out_costs(patch)
        return gatewise.compare(SOURCE, **FEW, out=tmp_path_factory.mktemp("machine") / "run")


def leave_out_costs(patch: pytest.MonkeyPatch) -> None:
    """They take seconds to measure, and nothing here is about them."""
    for measuring in ("measure", "measure_late"):
        patch.setattr(f"gatewise.study.run.{measuring}", lambda *_: None)


def command(*arguments: object, environment: dict[str, str] | None = None, **options: Any) -> subprocess.CompletedProcess[bytes]:
    paths = {"PYTHONPATH": str(Path(gatewise.__file__).parents[1]), "PATH": "/usr/bin:/bin", "HOME": str(Path.home())}
    return subprocess.run(
        [sys.executable, "-m", "gatewise", *map(os.fsencode, map(str, arguments))],
        env={**paths, **(environment or {})},
        check=False,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
    )


def one_line(done: subprocess.CompletedProcess[bytes]) -> str:
    """The message; nothing else may be on standard error."""
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1, lines
    return lines[0]


def test_a_verdict_is_printed_in_any_encoding(finished: Result) -> None:
    """And on any path: this one is no text in any encoding."""
    page = finished.path.parent / "größe-\udcff.html"
    done = command("report", finished.path, "--out", page, environment={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, b"")
    printed = done.stdout.decode("ascii")
    assert "GRU" in printed
    assert "+/-" in printed
    assert "\\xf6" in printed
    assert page.is_file()


def test_a_path_outside_the_locales_encoding(finished: Result, tmp_path: Path) -> None:
    folder = tmp_path / "größe"
    shutil.copytree(finished.path, folder / "run")
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = command("report", folder / "run", environment=plain)
    assert (done.returncode, done.stderr) == (0, b"")
    done = command("report", folder / "missing", environment=plain)
    assert done.returncode == 2
    assert b"holds no run" in done.stderr
    assert b"Traceback" not in done.stderr


def test_names_that_are_no_text_are_written_and_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_out_costs(monkeypatch)
    source = tmp_path / "größe-\udcff.csv"
    rows = [f"film {row} was {('fine', 'poor')[row % 2]},{row % 2}" for row in range(60)]
    source.write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    result = gatewise.compare(source, **FEW, out=tmp_path / "run-\udcff")
    again = gatewise.open_run(result.path)
    assert again.comparison.config.source == str(source)
    assert again.model.details["source"] == str(source)
    assert set(again.model.predict(["a film"])) <= {0, 1}


def test_standard_output_on_a_full_device(finished: Result) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with full.open("wb") as device:
        done = command("report", finished.path, stdout=device)
    assert done.returncode == 2
    assert one_line(done).startswith("gatewise: standard output: No space left on device; put that right, and run it")


def test_a_reader_that_leaves_early_is_no_error(finished: Result) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = command("report", finished.path, "--json", stdout=writing)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) in [(1, b""), (141, b"")]


def test_progress_that_cannot_be_shown_ends_no_run() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    # Unbuffered, so that nothing is left to be written when it closes.
    with os.fdopen(os.open("/dev/full", os.O_WRONLY), "wb", buffering=0) as device:
        text = io.TextIOWrapper(device, write_through=True)
        PlainView(Console(file=text)).log("replicate 1")
        text.detach()


@contextmanager
def small_disk(path: Path, size: str) -> Iterator[None]:
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", path], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", path], check=True)


@pytest.mark.parametrize("size", ["4k", "36k", "120k"])
def test_a_full_disk(tmp_path: Path, size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Filled when the run begins, in its midst, and by its model or report: one message; what is there goes on elsewhere."""
    leave_out_costs(monkeypatch)
    disk = tmp_path / "disk"
    with small_disk(disk, size):
        with pytest.raises(gatewise.GatewiseError, match=r"cannot be (written|opened).*") as caught:
            gatewise.compare(SOURCE, **{**FEW, "hidden_size": 64}, out=disk / "run")
        assert "\n" not in str(caught.value)
        assert [item.name for item in disk.rglob("*.part")] == []
        if (disk / "run" / "journal.sqlite").is_file():
            shutil.copytree(disk / "run", tmp_path / "run")
    if (tmp_path / "run").exists():
        assert gatewise.resume(tmp_path / "run").verdict.replicates == 2


def test_a_limit_on_the_size_of_files_says_to_resume(finished: Result, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished.path, run)
    (run / "verdict.json").unlink()
    # The journal is as large as the limit already.
    done = command(
        "resume",
        run,
        "--quiet",
        # Python would write its own files cut short, and find them so for ever.
        environment={"PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
    )
    assert done.returncode == 2
    assert "start a new" not in one_line(done)
    assert gatewise.resume(run).verdict.scores == finished.verdict.scores


def test_a_folder_that_vanishes_under_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "run"

    def vanish(*_: object, **__: object) -> None:
        shutil.rmtree(run)

    monkeypatch.setattr("gatewise.study.run.measure", vanish)
    with pytest.raises(RunError, match=r"cannot be (written|made)"):
        gatewise.compare(SOURCE, **FEW, out=run)


def test_an_archive_is_never_held_wider_than_it_is_used(tmp_path: Path) -> None:
    """A few kilobytes of zeros in 64 bits take what they take in 32, and no more: the peak is told by the system."""
    path = tmp_path / "zeros.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file, file.open("X.npy", "w", force_zip64=True) as member:
        rows, steps = 60, 500_000
        np.lib.format.write_array_header_1_0(member, {"descr": "<f8", "fortran_order": False, "shape": (rows, steps)})
        for _ in range(rows):
            member.write(bytes(8 * steps))
    code = (
        "import sys, resource; from pathlib import Path; from gatewise.data.formats import npz, layouts\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "npz.npz_labelled(Path(sys.argv[1]), with_labels=False)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    paths = {**os.environ, "PYTHONPATH": str(Path(gatewise.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, env=paths)
    # 120 MB as 32-bit floats, 240 MB as they are written.
    assert int(done.stdout) * 1024 < 180e6
    assert npz_labelled(path, with_labels=False).rows.sequences[0].dtype == np.float32


def test_what_nobody_foresaw_is_said_to_be_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    message, code = unexpected(KeyError("units"))
    assert code == 1
    assert message.startswith("this is a fault of gatewise, not of yours (KeyError: 'units'). Please report it with the file ")
    (kept,) = tmp_path.iterdir()
    assert str(kept) in message
    assert "KeyError: 'units'" in kept.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 8 bytes"),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 8.00 GiB."),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    ],
)
def test_too_little_memory_is_one_message(error: Exception) -> None:
    message, code = unexpected(error)
    assert code == 2
    assert message.startswith("there is not enough memory. Lower --hidden-size") and "`gatewise resume RUN`" in message
    assert unexpected(error, "claims")[0].endswith("the same command goes on")
    assert unexpected(error, "export")[0].endswith("run it again")

"""A signal at moments of a command at which Python, or the parser of the command line, would make something else of it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import gatewise

# Python runs it at its start. The signal comes at the first call of a function once a module is there.
AT_A_CALL = """
import os, signal, sys

def watch(frame, event, argument):
    code = frame.f_code
    if event == "call" and (code.co_name, True) == (NAME, code.co_filename.endswith(FILE)) and MODULE in sys.modules:
        sys.setprofile(None)
        os.kill(os.getpid(), signal.SIGTERM)

sys.setprofile(watch)
"""


def run(folder: Path, place: tuple[str, str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command that gets SIGTERM at a place: the name and file of a function, and a module."""
    names = "".join(f"{name} = {value!r}\n" for name, value in zip(("NAME", "FILE", "MODULE"), place, strict=True))
    (folder / "sitecustomize.py").write_text(names + AT_A_CALL, encoding="utf-8")
    path = os.pathsep.join([str(folder), str(Path(gatewise.__file__).parents[1])])
    return subprocess.run(
        [sys.executable, "-m", "gatewise", *arguments],
        cwd=folder,
        input="",
        capture_output=True,
        text=True,
        env={"OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin", "PYTHONPATH": path},
        check=False,
        timeout=120,
    )


def test_in_a_text_that_is_executed_by_an_import(tmp_path: Path) -> None:
    done = run(tmp_path, ("<module>", "<string>", "gatewise.study.compare"), "compare", "-")
    assert done.stderr == "reading -\ngatewise: interrupted before anything was written; nothing is lost\n"
    assert done.returncode == 128 + signal.SIGTERM


@pytest.mark.parametrize("name", ["make_context", "parse_args"])
def test_while_the_command_line_is_read(tmp_path: Path, name: str) -> None:
    done = run(tmp_path, (name, "core.py", "gatewise.cli"), "runs")
    assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, "gatewise: interrupted before anything was started\n")


@pytest.mark.parametrize("place", [("flush_output", "streams.py", "gatewise.cli"), ("_shutdown", "threading.py", "gatewise.cli")])
def test_after_the_work(tmp_path: Path, place: tuple[str, str, str]) -> None:
    done = run(tmp_path, place, "runs", ".")
    assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, "")

"""An installation without compiled kernels: it says so everywhere, and compares on PyTorch's layers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gatewise import OptionError, kernels

# Runs the command where the compiled module is not there; children of the process inherit it through PYTHONPATH.
HIDDEN = """
import sys, types
sys.modules["gatewise.kernels._compiled"] = None
sys.modules["gatewise.kernels._not_compiled"] = types.SimpleNamespace(REASON="no C++ compiler was found")
"""


@pytest.fixture
def hidden(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(HIDDEN)
    path = os.pathsep.join(filter(None, [str(tmp_path / "site"), os.environ.get("PYTHONPATH")]))
    return {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "error"}


def gatewise(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "gatewise", *arguments], env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_check_says_that_there_are_none_why_and_what_to_do(hidden: dict[str, str]) -> None:
    printed = " ".join(gatewise(hidden, "check").split())
    assert "gatewise has no compiled kernels (at installation: no C++ compiler was found)" in printed
    assert "install it from source where GCC or Clang and Python's headers are at hand" in printed
    assert "kernels gru torch: there are no compiled kernels" in printed


@pytest.mark.slow
def test_a_comparison_runs_and_its_verdict_and_report_warn(hidden: dict[str, str], tmp_path: Path) -> None:
    options = [
        "--budget",
        "1h",
        "--replicates",
        "2",
        "--tune",
        "1",
        "--max-epochs",
        "1",
        "--rivals",
        "simple",
        "--quiet",
        "--json",
    ]
    out = tmp_path / "run"
    verdict = json.loads(gatewise(hidden, "compare", "builtin:reviews?rows=100", *options, "--out", str(out)))
    warning = "Warning: gatewise has no compiled kernels (at installation: no C++ compiler was found)"
    assert any(sentence.startswith(warning) for sentence in verdict["explanation"])
    assert "no compiled kernels" in (out / "report.html").read_text(encoding="utf-8")


def test_asking_for_an_instruction_set_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gatewise.kernels._compiled", None)
    monkeypatch.setitem(sys.modules, "gatewise.kernels._not_compiled", None)
    assert "_compiled" in kernels.missing()
    with pytest.raises(OptionError, match=r"no compiled kernels .*install it from source"):
        kernels.instruction_sets()


def test_nothing_is_missing_where_they_are_compiled() -> None:
    pytest.importorskip("gatewise.kernels._compiled", reason="the kernels were not compiled")
    assert kernels.missing() == ""

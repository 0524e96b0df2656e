"""The public operators on whatever comes to mind; `python -m benchmarks.fuzz` goes on for as long as one likes."""

import re
from collections.abc import Iterator

import pytest
import torch
from benchmarks.fuzz import Wrong, fuzz, main

from gatewise import kernels

pytest.importorskip("gatewise.kernels._compiled", reason="the kernels were not compiled")


@pytest.fixture(autouse=True)
def restore() -> Iterator[None]:
    selected, threads = kernels.instruction_set(), torch.get_num_threads()
    yield
    kernels.select_instruction_set(selected)
    torch.set_num_threads(threads)


def test_calls_are_refused_or_right() -> None:
    ends = [end for _, end in fuzz(60, seed=0)]
    assert len(ends) == 60
    assert not [end for end in ends if isinstance(end, Wrong)]
    assert ends.count("accepted both") > 15
    assert any(str(end).startswith("refused") for end in ends)


def test_a_wrong_result_is_told_with_its_seed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("benchmarks.fuzz.TOLERANCE", dict.fromkeys((torch.float32, torch.float64), -1e9))
    assert main(["--calls", "5"]) == 1
    assert re.search(r"^seed \d: results \d: error", capsys.readouterr().out, re.MULTILINE)


def test_results_may_go_uncompared(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("benchmarks.fuzz.TOLERANCE", {})
    assert main(["--calls", "5", "--memory-only"]) == 0
    assert "5 calls, no crash, no result compared" in capsys.readouterr().out

"""Every transform of every layer in every form of input is right, or refused in one sentence: `docs/transforms.md`."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from benchmarks.transforms.captures import compiled_by
from benchmarks.transforms.cases import Case, cases
from benchmarks.transforms.table import REFUSALS, TRANSFORMS, expected, outcome

from gatewise.kernels import equations

pytest.importorskip("gatewise.kernels._compiled", reason="the kernels were not compiled")
pytestmark = pytest.mark.filterwarnings("ignore")  # what tracing, export and forward mode say about themselves

WRITES_CODE = ("torch.compile", "AOTInductor")
"""A C++ compiler takes seconds for each."""

ALL = list(cases())
each_case = pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.layer}-{case.form}")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@each_case
@pytest.mark.parametrize("transform", [name for name in TRANSFORMS if name not in WRITES_CODE])
def test_right_or_refused(transform: str, case: Case) -> None:
    if transform.startswith("torch.onnx"):
        pytest.importorskip("onnxscript")
        pytest.importorskip("onnxruntime")
    assert outcome(transform, case) == expected(transform, case)


@each_case
def test_a_compiled_model_is_right_or_refused(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the compiler that writes no code."""
    monkeypatch.setitem(TRANSFORMS, "torch.compile", compiled_by("aot_eager"))
    assert outcome("torch.compile", case) == expected("torch.compile", case)


# A layer with a kernel and one without, every form once: each takes a compiler seconds. The benchmark has them all.
WRITTEN = (("LSTM", "plain"), ("LSTM", "packed"), ("MinGRU", "lengths"))


@pytest.mark.slow
@pytest.mark.parametrize("transform", WRITES_CODE)
@pytest.mark.parametrize("case", [case for case in ALL if (case.layer, case.form) in WRITTEN], ids=str)
def test_written_code_is_right_or_refused(transform: str, case: Case) -> None:
    assert outcome(transform, case) == expected(transform, case)


def test_a_wrong_result_and_other_words_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def other_words(case: Case) -> None:
        raise RuntimeError("something")

    case = Case("GRU", "packed")
    monkeypatch.setitem(TRANSFORMS, "torch.jit.script", other_words)
    with pytest.raises(RuntimeError, match="something"):
        outcome("torch.jit.script", case)
    recurrent = equations.recurrent

    def skewed(*arguments: Any) -> tuple[Any, ...]:
        output, *states = recurrent(*arguments)
        return output * 1.001, *states

    monkeypatch.setattr(equations, "recurrent", skewed)
    with pytest.raises(AssertionError):
        outcome("grad", case)


def test_every_refusal_happens() -> None:
    for refusal in REFUSALS:
        assert any(refusal.covers(transform, case) for transform in TRANSFORMS for case in ALL)

"""Inference: opposite ratios give the opposite verdict, and a tiny real measurement gives findings that can be shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gatewise.claims.bench import Bench
from gatewise.claims.records import Findings
from gatewise.claims.studies import inference


def row(ratio: float, library: str = "gatewise", half: float = 0.01) -> dict[str, Any]:
    found = {"median": ratio, "ci95": [ratio - half, ratio + half]}
    latency = {"p50": 1.0, "p90": 1.1, "p99": 1.5}
    setting = {"library": library, "what": "step", "batch": 1, "hidden": 128}
    return {**setting, "gru": latency, "lstm": latency, "ratio": found, "rounds": 200}


def findings(*rows: dict[str, Any]) -> Findings:
    return {"settings": list(rows), "missing": []}


@pytest.mark.parametrize(
    ("found", "verdict", "words"),
    [
        (
            findings(row(0.8)),
            "holds",
            "With gatewise the GRU is faster in 1 of 1 setting: it takes from 0.800 times (95%: 0.790 to 0.810)",
        ),
        (findings(row(1.2)), "does not hold", "With gatewise the GRU is faster in 0 of 1 setting: it takes from 1.200 times"),
        (findings(row(0.98)), "does not hold", "faster in 0 of 1 setting"),
        (findings(row(0.8), row(1.4, "PyTorch")), "depends", "With PyTorch the GRU is faster in 0 of 1 setting"),
        (findings(row(0.8), row(1.4)), "depends", "faster in 1 of 2 settings: it takes from 0.800 times"),
        (findings(row(0.95, half=0.1)), "not told", "faster in 0 of 1 setting"),
    ],
)
def test_the_verdict_follows_from_the_numbers(found: Findings, verdict: str, words: str) -> None:
    judged = inference.STUDY.judge(found)
    assert judged.verdict == verdict
    assert words in judged.sentence


def test_little_is_measured_and_shown(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime")
    for name, value in {"QUICK_HIDDEN": (8,), "STEPS": 4, "LEAST_ROUNDS": 6}.items():
        monkeypatch.setattr(inference, name, value)
    bench.seconds = 0.0
    found: dict[str, Any] = json.loads(json.dumps(inference.STUDY.measure(bench)))
    assert {one["library"] for one in found["settings"]} >= {"gatewise", "PyTorch", "ONNX Runtime"}
    assert {(one["what"], one["batch"]) for one in found["settings"]} == {
        (what, batch) for what in ("step", "sequence") for batch in (1, 32)
    }
    assert [block.kind for block in inference.STUDY.show(found)] == ["figure", "table"]

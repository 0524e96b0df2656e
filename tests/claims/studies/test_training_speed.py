"""Training speed: opposite ratios give the opposite verdict, and a tiny real measurement gives findings that can be shown."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch

from gatewise.claims.bench import Bench
from gatewise.claims.epochs import Epoch
from gatewise.claims.libraries import Layer, is_installed, jax_layers, torch_layers
from gatewise.claims.pairs import Setting
from gatewise.claims.records import Findings
from gatewise.claims.studies import training_speed


def row(ratio: float, library: str = "gatewise", match: str = "hidden", half: float = 0.02) -> dict[str, Any]:
    found = {"median": ratio, "ci95": [ratio - half, ratio + half]}
    times = {"gru_s": ratio, "lstm_s": 1.0, "gru_hidden": 128, "lstm_hidden": 128, "share": 1.0, "rows": 900}
    return {"data": "mr", "library": library, "match": match, "ratio": found, "parts": 20, **times}


def findings(*rows: dict[str, Any]) -> Findings:
    return {"reviews": list(rows), "layers": [], "missing": ["Flax on JAX"], "parts": 20}


@pytest.mark.parametrize(
    ("found", "verdict", "words"),
    [
        (findings(row(0.74)), "holds", "0.740 times (95%: 0.720 to 0.760) an LSTM's on mr: less by about the 20%"),
        (findings(row(0.92)), "does not hold", "less, but not by 20%"),
        (findings(row(1.3)), "does not hold", "more, not less"),
        (findings(row(0.74), row(1.3, "PyTorch")), "depends", "With PyTorch a GRU's epoch takes 1.300 times"),
        (findings(row(0.74), row(0.95, match="parameters")), "holds", "At equal parameters it takes 0.950 times"),
        (findings(row(0.85, half=0.1)), "not told", "less, be it by about 20% or not"),
    ],
)
def test_the_verdict_follows_from_the_numbers(found: Findings, verdict: str, words: str) -> None:
    judged = training_speed.STUDY.judge(found)
    assert judged.verdict == verdict
    assert words in judged.sentence


def test_little_is_measured_and_shown(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_speed, "_reviews", lambda _: [("reviews?rows=100", 1.0, 1.0)])
    monkeypatch.setattr(training_speed, "QUICK_SHAPES", {"length": [{"steps": 3}]})
    monkeypatch.setattr(training_speed, "PARTS", 2)
    monkeypatch.setattr(training_speed, "HIDDEN", 8)
    bench.seconds = 0.0
    found: dict[str, Any] = json.loads(json.dumps(training_speed.STUDY.measure(bench)))
    assert {(one["library"], one["match"]) for one in found["reviews"]} == {
        (library, match) for library in ("gatewise", "PyTorch") for match in ("hidden", "parameters")
    }
    equal = [one for one in found["reviews"] if one["match"] == "parameters"]
    assert all(one["gru_hidden"] > one["lstm_hidden"] for one in equal)
    assert {one["library"] for one in found["layers"]} >= {"gatewise", "PyTorch"}
    assert [block.kind for block in training_speed.STUDY.show(found)] == ["figure", "table", "figure", "table"]


def test_parts_hold_the_epoch_once(bench: Bench) -> None:
    workload = bench.workload(Setting("reviews?rows=100", options={"batch_size": 8, "hidden_size": 4}))
    epoch = Epoch.of(workload, 2)
    firsts = [tuple(batch.inputs.flatten().tolist()) for part in epoch.parts for batch in part]
    assert len(set(firsts)) == len(firsts) == 2 * len(epoch.parts[0]) == 2 * len(epoch.parts[1])
    rows = sum(len(batch.lengths) for part in epoch.parts for batch in part)
    assert 0.75 < epoch.share <= 1.0
    assert rows == pytest.approx(epoch.rows * epoch.share, abs=8)
    assert epoch.seconds(np.array([3000.0, 5000.0])) == pytest.approx(8.0 / epoch.share)


def test_layers_that_do_not_agree_are_not_timed() -> None:
    with pytest.raises(ValueError, match="differ by 1"):
        torch_layers.check_agree(torch.zeros(2), torch.ones(2))


@pytest.mark.skipif(not is_installed("jax", "flax"), reason="Flax is not installed")
def test_flax_trains_a_layer() -> None:
    passes = jax_layers.training_pass(Layer("lstm", 2, 3, 4, 5))
    assert jax_layers.FLAX in passes
    passes[jax_layers.FLAX](0)

"""Gradients against the lag: the measurement against plain autograd, and what is said of the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from gatewise.claims import gradients
from gatewise.claims.bench import Bench
from gatewise.claims.gradients import gradient_logarithms
from gatewise.claims.solving import Course, learner
from gatewise.claims.studies import vanishing_gradient
from gatewise.claims.studies.vanishing_gradient import CELLS, STUDY, lost_in_100
from gatewise.data.sources import open_source
from gatewise.kernels import equations
from gatewise.report.blocks import Gallery, Table

JUDGE = STUDY.judge


def findings(lost: dict[tuple[str, str], float], seeds: int = 6) -> dict[str, Any]:
    """Made up: so much is lost by a cell at a stage, give or take a little."""

    def stage(cell: str, name: str) -> dict[str, Any]:
        own = [lost[cell, name] + 0.1 * (-1) ** seed for seed in range(seeds)]
        return {"lost": own, "curve": [0.0, -lost[cell, name] / 100, -lost[cell, name] / 50]}

    arms = [
        {"cell": cell, "start": "", "accuracy": [1.0] * seeds, "first": stage(cell, "first"), "trained": stage(cell, "trained")}
        for cell in CELLS
    ]
    return {"length": 100, "arms": arms}


def numbers(rnn: float, gru: float, lstm: float) -> dict[str, float]:
    return {"rnn": rnn, "gru": gru, "lstm": lstm}


def both(first: dict[str, float], trained: dict[str, float]) -> dict[tuple[str, str], float]:
    return {(cell, stage): of[cell] for stage, of in (("first", first), ("trained", trained)) for cell in CELLS}


KEPT, LOST = numbers(20.0, 2.0, 3.0), numbers(20.0, 18.0, 19.0)


@pytest.mark.parametrize(
    ("first", "trained", "verdict"),
    [(KEPT, KEPT, "holds"), (LOST, LOST, "does not hold"), (LOST, KEPT, "depends"), (KEPT, numbers(20.0, 2.0, 9.99), "not told")],
)
def test_the_verdict_follows_the_numbers(first: dict[str, float], trained: dict[str, float], verdict: str) -> None:
    assert JUDGE(findings(both(first, trained))).verdict == verdict


def test_the_sentence_names_who_keeps_it() -> None:
    said = JUDGE(findings(both(LOST, numbers(20.0, 2.0, 15.0)))).sentence
    assert "As first drawn the GRU and the LSTM lose it at least half as fast" in said
    assert "After training the GRU loses it less than half as fast as the RNN and the LSTM loses it at least half as fast" in said
    assert "20.0 in the RNN, 2.0 in the GRU and 15.0 in the LSTM" in said


def test_what_is_lost_is_the_slope() -> None:
    assert lost_in_100([0.0, *(-0.2 * lag - 1.0 for lag in range(1, 40))]) == pytest.approx(20.0)


@pytest.mark.parametrize("cell", ["gru", "lstm", "rnn"])
def test_gradients_are_those_of_the_equations(cell: str) -> None:
    length = 12
    own = learner(
        open_source(f"builtin:temporal-order?length={length}&rows=60", seed=3), cell, 3, metric="accuracy", hidden_size=5
    )
    found = gradient_logarithms(own, length)
    test, layer = own.encoded.test, own.network.recurrent
    rows = range(len(test))
    inputs = torch.from_numpy(np.stack([test.values[test.offsets[row] :][:length] for row in rows]).astype(np.float64))
    weights = equations.Direction(*(parameter.detach().double() for parameter in layer.parameters()))
    step = equations.STEPS[str(layer.cell)]
    h = torch.zeros(len(rows), 5, dtype=torch.float64, requires_grad=True)
    c: torch.Tensor | None = torch.zeros(len(rows), 5, dtype=torch.float64)
    states = []
    for place in range(length):
        h, c = step(weights, weights.input_side(inputs[:, place]), h, c, None)
        h.retain_grad()
        states.append(h)
    head = own.network.head
    scores = h @ head.weight.double().T + head.bias.double()
    cross_entropy(scores, torch.from_numpy(test.targets), reduction="sum").backward()
    norms = torch.stack([state.grad for state in reversed(states) if state.grad is not None]).norm(dim=2).log10().mean(1)
    assert found["h"] == pytest.approx((norms - norms[0]).tolist(), abs=1e-3)
    assert ("c" in found) == (cell == "lstm")
    assert next(own.network.parameters()).dtype == torch.float32


def test_a_small_measurement_is_judged_and_shown(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vanishing_gradient, "LENGTH", 12)
    monkeypatch.setattr(vanishing_gradient, "QUICK_SEEDS", 2)
    monkeypatch.setattr(gradients, "COURSE", Course(24))
    found = STUDY.measure(bench)
    assert {(arm["cell"], arm["start"]) for arm in found["arms"]} >= {("rnn", ""), ("gru", "chrono"), ("lstm", "bias 1")}
    assert JUDGE(found).verdict in ("holds", "does not hold", "depends", "not told")
    gallery, table = STUDY.show(found)
    assert isinstance(gallery, Gallery) and len(gallery.figures) == 2
    assert isinstance(table, Table) and len(table.rows) == 7

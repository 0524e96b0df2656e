"""Tests with known answers: how they are scored, and what is said of the numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gatewise.claims import known, languages
from gatewise.claims.bench import Bench
from gatewise.claims.known import KNOWN, Known
from gatewise.claims.solving import Course
from gatewise.claims.studies import long_and_complex
from gatewise.claims.studies.long_and_complex import STUDY
from gatewise.records import Encoded
from gatewise.report.blocks import Figure, Table

JUDGE = STUDY.judge


def findings(long: tuple[int, int], exact: tuple[int, int], seeds: int = 8) -> dict[str, Any]:
    """Made up: so many of the seeds of every task of a group GRU and LSTM solve."""

    def cell(solved: int, steps: int) -> dict[str, Any]:
        return {
            "scores": [float(seed < solved) for seed in range(seeds)],
            "solved": [seed < solved for seed in range(seeds)],
            "steps": [steps] * seeds,
        }

    counts = {"long": long, "exact": exact, "recall": (0, 0)}
    tasks = [
        {"name": one.name, "cells": {"gru": cell(counts[one.group][0], 300), "lstm": cell(counts[one.group][1], 600)}}
        for one in KNOWN
    ]
    return {"cells": ["gru", "lstm"], "tasks": tasks}


@pytest.mark.parametrize(
    ("long", "exact", "verdict"),
    [
        ((2, 8), (1, 8), "holds"),
        ((8, 8), (8, 8), "does not hold"),
        ((8, 2), (8, 1), "does not hold"),
        ((8, 2), (1, 8), "depends"),
        ((2, 8), (8, 1), "depends"),
    ],
)
def test_the_verdict_follows_the_numbers(long: tuple[int, int], exact: tuple[int, int], verdict: str) -> None:
    assert JUDGE(findings(long, exact)).verdict == verdict


def test_few_trainings_tell_nothing() -> None:
    assert JUDGE(findings((0, 1), (0, 1), seeds=1)).verdict == "not told"


def test_the_sentence_says_who_is_better_where() -> None:
    found = JUDGE(findings((8, 2), (1, 8)))
    assert "Over long spans the GRU is better: of 64 trainings each the GRU solves 64 and the LSTM 16" in found.sentence
    assert (
        "beyond the lengths learned the LSTM is better: of 24 trainings each the GRU solves 3 and the LSTM 24" in found.sentence
    )
    assert "takes 2.00 times (95%: 2.00 to 2.00) the training steps of the GRU" in found.sentence
    assert [effect.value < 0 for effect in found.effects] == [True, False, False]


def test_everything_is_shown() -> None:
    figure, beside, numbers = STUDY.show(findings((8, 2), (1, 8)))
    assert isinstance(figure, Figure) and "8/8" in figure.svg
    assert isinstance(beside, Table) and len(beside.rows) == len(KNOWN)
    assert isinstance(numbers, Table) and len(numbers.rows) == 2 * len(KNOWN)


class Oracle:
    """Predicts the next symbol rightly in words that are short enough."""

    allowed = 0
    ended: Callable[[NDArray[np.float32]], NDArray[np.bool_]]

    def predict(self, _: object, encoded: Encoded) -> NDArray[np.float32]:
        said = []
        for start, length in zip(encoded.offsets, encoded.lengths, strict=True):
            word = encoded.values[start : start + length]
            ends = type(self).ended(word) if length <= self.allowed else np.zeros(length - 1, dtype=bool)
            said.append(np.stack([np.zeros(length - 1), ~ends, ends], axis=1))
        return np.concatenate(said).astype(np.float32)


def instead(monkeypatch: pytest.MonkeyPatch, allowed: int, ended: Callable[..., Any]) -> None:
    monkeypatch.setattr(Oracle, "allowed", allowed)
    monkeypatch.setattr(Oracle, "ended", staticmethod(ended), raising=False)
    monkeypatch.setattr(languages, "NextStep", Oracle)
    monkeypatch.setattr(languages, "_learn", lambda *_, **__: (None, {}))


@pytest.mark.parametrize(("allowed", "score"), [(2 * 37 + 1, 37.0), (1000, 100.0), (0, 0.0)])
def test_counting_reaches_as_far_as_every_step_is_right(monkeypatch: pytest.MonkeyPatch, allowed: int, score: float) -> None:
    instead(monkeypatch, allowed, lambda word: np.arange(len(word) - 1) == len(word) - 2)
    assert languages.learn_counting("gru", 0)["score"] == score


def depth(word: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.cumsum(word[:-1, 0] - word[:-1, 1]))


@pytest.mark.parametrize(("wrong_at", "score"), [(0, 1.0), (1, 0.0)])
def test_brackets_are_right_where_the_end_is_seen_exactly(monkeypatch: pytest.MonkeyPatch, wrong_at: int, score: float) -> None:
    instead(monkeypatch, 1000, lambda word: depth(word) <= wrong_at)
    assert languages.learn_dyck1("gru", 0)["score"] == score


def test_each_language_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COURSE", "DYCK_COURSE", "PARITY_COURSE"):
        monkeypatch.setattr(languages, name, Course(4))
    learn: Sequence[Callable[[str, int], dict[str, Any]]] = (
        languages.learn_counting,
        languages.learn_dyck1,
        languages.learn_parity,
    )
    for one in learn:
        found = one("lstm", 5)
        assert found["score"] == one("lstm", 5)["score"]
        assert found["steps"] > 0


def test_a_small_measurement_is_judged(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = tuple(
        Known(name, name, "long", steps, 0.9, "", "", f"temporal-order?length={steps}&rows=60", course=(4, 0.99))
        for name, steps in (("short", 10), ("long", 200))
    )
    for module in (known, long_and_complex):
        monkeypatch.setattr(module, "KNOWN", tiny)
    monkeypatch.setattr(long_and_complex, "QUICK_SHORT_SEEDS", 1)
    monkeypatch.setattr(long_and_complex, "QUICK_LONG_SEEDS", 2)
    found = STUDY.measure(bench)
    assert [(task["name"], len(task["cells"]["gru"]["scores"])) for task in found["tasks"]] == [("short", 1), ("long", 2)]

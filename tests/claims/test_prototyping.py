"""Random searches: what counts as good, and what is said of the numbers."""

from __future__ import annotations

from typing import Any

import pytest

from gatewise.claims.bench import Bench
from gatewise.claims.studies import prototyping
from gatewise.claims.studies.prototyping import STUDY, good, rate_effect, time_effect
from gatewise.claims.targets import Target
from gatewise.report.blocks import Gallery, Table

JUDGE = STUDY.judge


def search(name: str, near: tuple[int, int], seconds: tuple[float, float], trials: int = 40) -> dict[str, Any]:
    """Made up: so many good trials of GRU and LSTM, of so many seconds each."""
    cells = {
        cell: {
            "scores": [0.9 if number < count else 0.8 for number in range(trials)],
            "seconds": [one + 0.01 * (number % 3) for number in range(trials)],
        }
        for cell, count, one in zip(("gru", "lstm"), near, seconds, strict=True)
    }
    return {"name": name, "asked": trials, "cells": cells}


FASTER = search("a", (30, 30), (1.0, 2.0))
SLOWER = search("b", (30, 30), (2.0, 1.0))


@pytest.mark.parametrize(
    ("sets", "verdict"),
    [
        ([FASTER], "holds"),
        ([SLOWER], "does not hold"),
        ([FASTER, SLOWER], "depends"),
        ([search("c", (3, 2), (1.0, 1.0), trials=8)], "not told"),
        ([search("d", (4, 1), (1.0, 3.0), trials=5)], "not told"),
    ],
)
def test_the_verdict_follows_the_numbers(sets: list[dict[str, Any]], verdict: str) -> None:
    assert JUDGE({"sets": sets}).verdict == verdict


def test_good_is_within_a_point_of_the_best_of_both() -> None:
    own = search("a", (1, 0), (1.0, 1.0), trials=2)
    own["cells"]["lstm"]["scores"] = [0.89, 0.8899]
    assert good(own).tolist() == [[True, False], [True, False]]


def test_rates_follow_time_and_good_ones() -> None:
    assert rate_effect(FASTER, "").value == pytest.approx(2.0, rel=0.02)
    assert rate_effect(search("a", (30, 15), (1.0, 1.0)), "").value == pytest.approx(30.5 / 15.5)
    assert time_effect(FASTER, "").value == pytest.approx(2.0, rel=0.02)


def test_the_sentence_has_both_parts() -> None:
    said = JUDGE({"sets": [FASTER]}).sentence
    assert "On a a search finds more good configurations an hour with the GRU: 1.990 times" in said
    assert "30 of 40 with the GRU and 30 of 40 with the LSTM" in said


def test_everything_is_shown() -> None:
    gallery, table = STUDY.show({"sets": [FASTER, SLOWER]})
    assert isinstance(gallery, Gallery) and len(gallery.figures) == 2
    assert isinstance(table, Table)
    assert table.rows[0][3:5] == ("30 of 40", "1.3")


def test_a_small_measurement_is_judged(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    easy = Target("temporal-order?length=10&rows=60", "easy", 0.5, 1, 10, {"hidden_size": 4})
    monkeypatch.setattr(prototyping, "TARGETS", (easy,))
    monkeypatch.setattr(prototyping, "QUICK_TRIALS", 3)
    found = STUDY.measure(bench)
    (own,) = found["sets"]
    assert len(own["cells"]["gru"]["scores"]) == len(own["cells"]["lstm"]["seconds"]) == 3
    assert JUDGE(found).verdict == "not told"
    STUDY.show(found)

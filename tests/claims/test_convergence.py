"""Epochs to a target: what counts as arrived, and what is said of the numbers."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from gatewise.claims.bench import Bench
from gatewise.claims.studies import convergence
from gatewise.claims.studies.convergence import STARTS, STUDY, logarithms
from gatewise.claims.targets import Target
from gatewise.report.blocks import Figure, Table

JUDGE = STUDY.judge
Arrival = dict[str, Any]


def arrival(epochs: int, *, reached: bool = True) -> Arrival:
    return {"reached": reached, "epochs": epochs, "seconds": epochs / 4}


def one_set(name: str, ratio: float, seeds: int = 6) -> dict[str, Any]:
    """Made up: the LSTM takes so many times the GRU's epochs, give or take a little."""

    def arms(epochs: float) -> list[list[Arrival]]:
        return [[arrival(round(epochs) + seed % 2) for seed in range(seeds)] for _ in range(2)]

    start = {"gru": arms(100), "lstm": arms(100 * ratio)}
    return {"name": name, "target": "accuracy of 95%", "max_epochs": 1000, "starts": dict.fromkeys(STARTS, start)}


def findings(*ratios: float, seeds: int = 6) -> dict[str, Any]:
    return {"asked": seeds, "sets": [one_set(f"data {place}", ratio, seeds) for place, ratio in enumerate(ratios)]}


@pytest.mark.parametrize(
    ("ratios", "verdict"),
    [((1.5, 1.3), "holds"), ((0.7, 1.0), "does not hold"), ((1.5, 0.7), "depends")],
)
def test_the_verdict_follows_the_numbers(ratios: tuple[float, ...], verdict: str) -> None:
    assert JUDGE(findings(*ratios)).verdict == verdict


def test_a_single_seed_tells_nothing() -> None:
    assert JUDGE(findings(2.0, seeds=1)).verdict == "not told"


def test_the_sentence_has_the_ratios_and_where_they_hold() -> None:
    found = JUDGE(findings(1.5, 0.7))
    assert "With a forget bias of about 0 it takes 1.02" in found.sentence
    assert "The LSTM takes more epochs on “data 0”, does not on “data 1”." in found.sentence
    assert "All trainings reached the target." in found.sentence
    assert [effect.unit for effect in found.effects[:3]] == ["times", "times", "times the epochs"]


def test_who_does_not_arrive_counts_with_all_epochs_and_is_said() -> None:
    own = one_set("data", 1.0, seeds=1)
    own["starts"] = {
        "0": {"gru": [[arrival(10)], [arrival(50, reached=False)]], "lstm": [[arrival(50, reached=False)]] * 2},
    }
    # The second trial, in which neither arrived, tells nothing.
    assert logarithms(own, ("0", "0"), "epochs") == [pytest.approx(math.log(5.0))]
    made = {"asked": 1, "sets": [{**own, "starts": dict.fromkeys(STARTS, own["starts"]["0"])}]}
    assert "Of 12 trainings 9 did not reach the target; they are censored." in JUDGE(made).sentence


def test_everything_is_shown() -> None:
    figure, table = STUDY.show(findings(1.5, 0.7))
    assert isinstance(figure, Figure) and "Forget bias by chrono initialisation" in figure.svg
    assert isinstance(table, Table) and len(table.rows) == 6


def test_a_small_measurement_is_judged(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    easy = Target("temporal-order?length=10&rows=60", "easy", 0.01, 2, 10, {"hidden_size": 4})
    never = replace(easy, title="never", score=1.01)
    monkeypatch.setattr(convergence, "TARGETS", (easy, never))
    monkeypatch.setattr(convergence, "QUICK_REPLICATES", 1)
    found = STUDY.measure(bench)
    first, second = found["sets"]
    assert first["starts"]["chrono"]["lstm"][1][0]["epochs"] == 1
    assert second["starts"]["0"]["gru"][0][0] | {"seconds": 0} == {"reached": False, "epochs": 2, "seconds": 0}
    assert JUDGE(found).verdict == "not told"
    STUDY.show(found)

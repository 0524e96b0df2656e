"""Small data: opposite numbers give the opposite verdict, and a real run on few rows gives findings that can be shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gatewise.claims.bench import Bench
from gatewise.claims.records import Findings
from gatewise.claims.studies import small_data
from gatewise.records import to_json
from tests.claims.made_up import difference

CLEARLY, HARDLY = 0.005, 0.03


def findings(better: float, less: float, half: float = CLEARLY) -> Findings:
    found = {"better": to_json(difference(better, half)), "overfits_less": to_json(difference(less, half))}
    return {"margin": 0.01, "asked": 10, "sets": [], "by_fraction": [{"fraction": 0.1, **found}], "small": found}


@pytest.mark.parametrize(
    ("found", "verdict", "words"),
    [
        (findings(0.03, 0.03), "holds", "the GRU is better than the LSTM: their accuracy differs by +3.0 points"),
        (findings(-0.03, -0.03), "does not hold", "the LSTM is better than the GRU: their accuracy differs by −3.0 points"),
        (findings(0.0, 0.0), "does not hold", "both are practically equal"),
        (findings(0.03, -0.03), "depends", "The GRU overfits more: the gap between training and test differs by +3.0 points"),
        (findings(-0.03, 0.03), "depends", "The GRU overfits less: the gap between training and test differs by −3.0 points"),
        (findings(0.01, 0.0, HARDLY), "not told", "it is not told which of them is better"),
    ],
)
def test_the_verdict_follows_from_the_numbers(found: Findings, verdict: str, words: str) -> None:
    judged = small_data.STUDY.judge(found)
    assert judged.verdict == verdict
    assert words in judged.sentence


def test_few_rows_are_measured_and_shown(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from gatewise.training import schedule

    monkeypatch.setattr(schedule, "FEWEST_EPOCHS", 1)
    monkeypatch.setattr(schedule, "MOST_EPOCHS", 1)
    monkeypatch.setattr(small_data, "_sets", lambda _: ("temporal-order?rows=100&length=10",))
    bench.seconds = 0.0
    found: dict[str, Any] = json.loads(json.dumps(small_data.STUDY.measure(bench)))
    assert [point["fraction"] for point in found["sets"][0]["points"]] == [0.05, 0.1, 0.25, 1.0]
    assert found["small"]["better"]["replicates"] == 3
    figure, gallery, table = small_data.STUDY.show(found)
    assert (figure.kind, gallery.kind, table.kind) == ("figure", "gallery", "table")
    assert small_data.STUDY.judge(found).effects[0].n == 3

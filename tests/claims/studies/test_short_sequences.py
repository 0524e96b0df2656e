"""Short sequences: opposite numbers give the opposite verdict, and a real run on few rows gives findings that can be shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gatewise.claims.bench import Bench
from gatewise.claims.records import Findings
from gatewise.claims.studies import short_sequences
from gatewise.records import to_json
from tests.claims.made_up import difference

CLEARLY, HARDLY = 0.005, 0.03


def findings(together: float, bucket: float, half: float = CLEARLY, of_bucket: float = CLEARLY) -> Findings:
    return {
        "margin": 0.01,
        "asked": 10,
        "together": {"difference": to_json(difference(together, half))},
        "buckets": [{"low": 11, "high": 20, "rows": 900, "difference": to_json(difference(bucket, of_bucket))}],
        "fixed": [],
        "sets": [],
    }


@pytest.mark.parametrize(
    ("found", "verdict", "words"),
    [
        (findings(0.0, 0.0), "holds", "GRU and LSTM are practically equal: their accuracy differs by +0.0 points"),
        (findings(0.03, 0.03), "does not hold", "the GRU is more accurate than the LSTM: their accuracy differs by +3.0 points"),
        (findings(-0.03, 0.0), "does not hold", "the LSTM is more accurate than the GRU: their accuracy differs by −3.0 points"),
        (findings(0.0, -0.03), "depends", "The LSTM is ahead: 11 to 20 steps."),
        (findings(0.0, 0.0, of_bucket=HARDLY), "holds", "Not told apart: 11 to 20 steps."),
        (findings(0.0, 0.0, half=HARDLY), "not told", "it is not told whether GRU and LSTM are practically equal"),
    ],
)
def test_the_verdict_follows_from_the_numbers(found: Findings, verdict: str, words: str) -> None:
    judged = short_sequences.STUDY.judge(found)
    assert judged.verdict == verdict
    assert words in judged.sentence


def test_few_rows_are_measured_by_length_and_shown(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from gatewise.training import schedule

    monkeypatch.setattr(schedule, "FEWEST_EPOCHS", 1)
    monkeypatch.setattr(schedule, "MOST_EPOCHS", 1)
    monkeypatch.setattr(short_sequences, "FEWEST_ROWS", 1)
    monkeypatch.setattr(short_sequences, "_sets", lambda _: ("reviews?rows=200", "temporal-order?rows=100&length=15"))
    bench.seconds = 0.0
    found: dict[str, Any] = json.loads(json.dumps(short_sequences.STUDY.measure(bench)))
    assert [one["replicates"] for one in found["sets"]] == [3, 3]
    assert {(bucket["low"], bucket["high"]) for bucket in found["buckets"]} <= set(short_sequences.BUCKETS)
    assert (11, 20) in {(bucket["low"], bucket["high"]) for bucket in found["buckets"]}
    means = [one["difference"]["mean"] for one in found["sets"]]
    assert found["together"]["difference"]["mean"] == pytest.approx(sum(means) / 2)
    figure, table = short_sequences.STUDY.show(found)
    assert (figure.kind, table.kind) == ("figure", "table")

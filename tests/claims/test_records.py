"""Records come back from JSON as they were."""

from __future__ import annotations

import json

from gatewise.claims.records import Outcome, Results
from gatewise.records import from_json, to_json
from tests.claims import made_up


def test_results_come_back_from_json() -> None:
    findings = {"ratio": 1.2, "low": None, "high": None, "n": 2, "list": [1, {"deep": True}]}
    results = Results(
        True, False, (Outcome(made_up.claim(), findings, made_up.judge(findings), 3.5),), {"versions": {"torch": "2"}}
    )
    assert from_json(Results, json.loads(json.dumps(to_json(results)))) == results

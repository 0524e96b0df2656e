"""The documentation's page of the claims: written from results alone, with figures that stand alone."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from benchmarks.claims_page import main, standalone

from gatewise.claims import page as claims_page
from gatewise.claims.records import Outcome, Results
from gatewise.records import to_json
from gatewise.report.figures.svg import Drawing
from tests.claims import made_up

FINDINGS = {"ratio": 1.2, "low": 1.1, "high": 1.3, "n": 12}
ENVIRONMENT = {"processor": "a processor", "usable_cores": 2, "versions": {"gatewise": "1", "torch": "2"}}


def test_the_page_and_its_figures_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims_page, "all_studies", lambda: (made_up.study(),))
    outcome = Outcome(made_up.claim(), FINDINGS, made_up.judge(FINDINGS), 61.0)
    (tmp_path / "claims.json").write_text(json.dumps(to_json(Results(False, True, (outcome,), ENVIRONMENT))), encoding="utf-8")
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "sweetness-9.svg").write_text("<svg/>", encoding="utf-8")
    assert main([str(tmp_path / "claims.json"), "--page", str(tmp_path / "claims.md")]) == 0
    text = (tmp_path / "claims.md").read_text(encoding="utf-8")
    assert "**Holds.** The ratio is 1.2." in text
    assert "![Sweetness](claims/sweetness-1.svg)" in text
    assert "    gatewise claims sweetness --data FOLDER --out runs/sweetness" in text
    assert max(len(line) for line in text.splitlines() if not line.startswith("|")) <= 130
    assert [item.name for item in (tmp_path / "claims").iterdir()] == ["sweetness-1.svg"]


def test_a_figure_alone_has_its_colours_and_its_own_rules_alone() -> None:
    drawing = Drawing("one", height=40, left=30, right=10, title="One", description="A dot.")
    drawing.dot(50, 20, "fill arm-1")
    drawing.line((0, 20), (100, 20), "grid")
    alone = ElementTree.fromstring(standalone(drawing.markup()))
    space = "{http://www.w3.org/2000/svg}"
    style = alone.findtext(f"{space}style") or ""
    assert "--arm-1: #c4500a" in style and "prefers-color-scheme: dark" in style
    assert ".fill{fill: var(--shade);}" in style and ".arm-1{" in style
    assert ".grid{stroke: var(--line)" in style
    assert ".spread" not in style and "nav" not in style
    inner = alone.find(f"{space}svg")
    assert inner is not None
    assert (inner.get("x"), inner.get("width")) == ("38", "704")

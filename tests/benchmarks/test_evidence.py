"""The studies of the evidence base, and the page about it."""

from pathlib import Path

import pytest
from benchmarks.evidence import page
from benchmarks.evidence.design import SELF_TEST, family, public, tasks
from benchmarks.evidence.page import write_page

from gatewise.advice.recommend import advice_on
from gatewise.data.builtin.options import read_request
from gatewise.records import to_json
from tests.advice.made_up import facts, study


def test_there_are_two_hundred_studies_of_different_data() -> None:
    studies = [*family(), *tasks(), *public()]
    assert len(studies) >= 200
    assert len({one.source for one in studies}) == len({one.name for one in studies}) == len(studies)
    for one in (*studies, *SELF_TEST):
        if one.source.startswith("builtin:"):
            read_request(one.source.removeprefix("builtin:"))


def test_the_design_is_the_same_every_time_and_spread() -> None:
    assert family(20) == family(20)
    sources = " ".join(one.source for one in family())
    for part in ("rule=symbol", "rule=sum", "noise=0&", "noise=60&", "classes=2&", "classes=6&"):
        assert part in sources


def test_the_page_counts_agreement_and_what_was_undecided(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    base = [study("a", "first"), study("b", "baseline"), study("c", "undecided", probabilities={"first": 1.0})]
    monkeypatch.setattr(page, "shipped_base", lambda: tuple(base))
    advised = []
    for name in ("a", "b", "c"):
        advice = to_json(advice_on(facts(name=name), "gru", "", [study("x", "first")], source=name))
        advised.append({"name": name, "seconds": 60.0, "advice": advice})
    write_page(tmp_path / "advice.md", advised)
    text = (tmp_path / "advice.md").read_text(encoding="utf-8")
    assert "3 studies." in text
    first = advised[0]["advice"]["ranked"][0]["answer"]
    expected = {name: "yes" if first == decision else "no" for name, decision in (("a", "first"), ("b", "baseline"))}
    for name, agree in expected.items():
        line = next(line for line in text.splitlines() if line.startswith(f"| {name} | "))
        assert f"| {agree} | 60 |" in line
    assert "1 of 2 agree; of 3 comparisons 1 was undecided or not run." in text

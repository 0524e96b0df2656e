"""The studies of the evidence base, and the page about it."""

from pathlib import Path

import pytest
from benchmarks.evidence import page
from benchmarks.evidence.design import SELF_TEST, family, public, tasks
from benchmarks.evidence.page import write_page

from gatewise.advice.recommend import advice_on
from gatewise.data.builtin.options import read_request
from gatewise.records import to_json
from tests.advice.made_up import facts, likely, study


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


def test_the_page_says_how_probable_it_is_that_the_advice_is_right(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    open_odds = likely(first=0.5, equivalent=0.3, baseline=0.2)
    base = [study("a", "first"), study("b", "baseline"), study("c", "undecided", probabilities=open_odds)]
    monkeypatch.setattr(page, "shipped_base", lambda: tuple(base))
    advised = []
    for name in ("a", "b", "c", "d"):
        advice = to_json(advice_on(facts(name=name), "gru", "", [study("x", "first")], source=name))
        advised.append({"name": name, "seconds": 60.0, "advice": advice})
    write_page(tmp_path / "advice.md", advised)
    text = " ".join((tmp_path / "advice.md").read_text(encoding="utf-8").split())
    assert "3 studies." in text
    # The GRU is recommended: better, or equal and faster to train.
    assert {row["advice"]["recommended"] for row in advised} == {"gru"}
    right = [1.0, 0.0, 0.8]
    found = ("GRU", "baseline", "undecided; GRU 50%")
    for name, words, share in zip("abc", found, right, strict=True):
        assert f"| {words} | {share:.0%} | 60 |" in text[text.index(f"| {name} | ") :]
    assert "| not run | | 60 |" in text
    assert f"expected to be right on {sum(right):.1f} of 3 data sets" in text
    assert "'always the GRU' on 1.8:" in text

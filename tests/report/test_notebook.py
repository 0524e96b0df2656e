"""The card a notebook shows: the answer, escaped, without scripts, in the report's colours."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest

from gatewise.records import Comparison, Verdict
from gatewise.report.notebook import notebook_card

Run = tuple[Comparison, Verdict]


def words(card: str) -> str:
    """What is read on the card."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_data(self, data: str) -> None:
            found.append(data)

    Reader().feed(re.sub(r"<style>.*</style>", "", card, flags=re.DOTALL))
    return " ".join(" ".join(found).split())


def test_the_card_says_verdict_scores_and_difference(run_with: Callable[..., Run], tmp_path: Path) -> None:
    comparison, verdict = run_with()
    card = notebook_card(comparison, verdict, tmp_path)
    shown = words(card)
    assert verdict.explanation[0] in shown
    for part in ("GRU", "LSTM", "majority class", "test accuracy", "±", "GRU leads LSTM by", "12 replicates", "95%"):
        assert part in shown
    assert len(card) < 8_000


def test_the_report_is_linked_where_there_is_one(
    run_with: Callable[..., Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "runs" / "my run"
    folder.mkdir(parents=True)
    assert "<a " not in notebook_card(*run_with(), folder)
    (folder / "report.html").write_text("page")
    monkeypatch.chdir(tmp_path)
    assert '<a href="runs/my%20run/report.html">' in notebook_card(*run_with(), folder)
    monkeypatch.chdir(folder / "..")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert 'href="file:///' in notebook_card(*run_with(), folder)


def test_nothing_on_the_card_is_taken_for_markup(run_with: Callable[..., Run], tmp_path: Path) -> None:
    comparison, verdict = run_with()
    verdict = replace(verdict, explanation=("<script>alert(1)</script> & <b>",))
    card = notebook_card(comparison, verdict, tmp_path / "<img src=x>")
    assert "<script" not in card
    assert "<img" not in card
    assert "<script>alert(1)</script> & <b>" in words(card)


def test_a_run_without_replicates_has_a_card(run_with: Callable[..., Run], tmp_path: Path) -> None:
    comparison, verdict = run_with(replicates=0)
    assert "0 replicates" in words(
        notebook_card(comparison, replace(verdict, scores={}, difference=None, explanation=()), tmp_path)
    )


def test_colours_are_those_of_the_report(run_with: Callable[..., Run], tmp_path: Path) -> None:
    colours = set(re.findall(r"#[0-9a-f]{6}", notebook_card(*run_with(), tmp_path)))
    report = (files("gatewise.report") / "templates" / "report.css").read_text(encoding="utf-8")
    assert colours
    assert {colour for colour in colours if colour not in report} == set()


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_text_can_be_read_on_the_page_of_its_scheme(run_with: Callable[..., Run], tmp_path: Path) -> None:
    card = notebook_card(*run_with(), tmp_path)
    schemes = [dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block)) for block in re.findall(r"\{[^{}]*--page[^{}]*\}", card)]
    assert len(schemes) == 2
    for scheme in schemes:
        for name in ("ink", "muted", "good", "warn", "link"):
            bright, dark = sorted((luminance(scheme[name]), luminance(scheme["page"])), reverse=True)
            assert (bright + 0.05) / (dark + 0.05) >= 4.5, name


def test_errors_are_told_as_a_lead_and_without_percent(run_with: Callable[..., Run], tmp_path: Path) -> None:
    shown = words(notebook_card(*run_with(task="forecast"), tmp_path))
    assert "test MASE, lower is better" in shown and "GRU leads LSTM by 0.025" in shown
    assert "points" not in shown and "minus" not in shown

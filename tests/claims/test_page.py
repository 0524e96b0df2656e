"""The page and the terminal's table, from made-up findings."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console

from gatewise.claims.page import render_claims
from gatewise.claims.records import Outcome, Results
from gatewise.claims.terminal import claims_view
from tests.claims import made_up
from tests.claims.conftest import Install

FINDINGS = {"ratio": 1.2, "low": 1.1, "high": 1.3, "n": 12}


def results() -> Results:
    return Results(True, False, (Outcome(made_up.claim(), FINDINGS, made_up.judge(FINDINGS), 61.0),))


def test_the_page_opens_with_the_verdicts_and_asks_nothing_of_a_network(install: Install) -> None:
    page = render_claims(results())
    assert page.index("Apples are sweeter than pears.") < page.index("How much sweeter is an apple than a pear?")
    assert "1.20 times (95%: 1.10 to 1.30)" in page
    assert "20% sweeter (Orchard 1990; verified)" in page
    assert "no difference (Pear 1991; not verified)" in page
    assert "<script" not in page and "http" not in page.replace("http-equiv", "")
    drawing = page[page.index("<svg") : page.index("</figure>")].rsplit("<figcaption", 1)[0]
    assert ElementTree.fromstring(drawing.strip()).get("class") == "drawing"


def test_the_terminal_shows_every_verdict_in_80_columns(install: Install) -> None:
    console = Console(width=80, record=True, file=StringIO())
    console.print(claims_view(results(), Path("runs/claims/claims.html")))
    text = console.export_text()
    assert "Holds" in text and "1.20" in text and "runs/claims/claims.html" in text
    assert max(map(len, text.splitlines())) <= 80

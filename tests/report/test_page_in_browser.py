"""The page as a browser lays it out."""

import html
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gatewise.records import Comparison, Verdict
from gatewise.report.page import render_page
from tests.report.browser import dump, framed

Run = tuple[Comparison, Verdict]

SIZES = [
    ("three_arms", 390),
    ("one_replicate", 390),
    ("baseline", 1280),
    ("no_replicates", 390),
    ("one_left", 390),
    ("audio", 390),
    ("whole_classification", 390),
    ("whole_regression", 390),
    ("whole_forecast", 390),
    ("whole_next_step", 390),
    ("whole_next_step", 1280),
]


@pytest.mark.parametrize(("kind", "width"), SIZES)
def test_layout_fits_the_screen_and_texts_do_not_collide(
    kind: str, width: int, run_named: Callable[[str], Run], tmp_path: Path
) -> None:
    comparison, verdict = run_named(kind)
    document = tmp_path / "frame.html"
    document.write_text(framed(render_page(comparison, verdict), width), encoding="utf-8")
    content = dump(document)
    found = json.loads(html.unescape(content.split("<pre>")[1].split("</pre>")[0]))
    assert found["width"] <= width
    assert found["outside"] == []
    assert found["overlapping"] == []
    if verdict.replicates:
        assert found["smallest"] >= 12
    assert verdict.explanation[0] in found["words"]
    assert "How this was decided" in found["words"]

"""The page of an inspection: closed, small, alone, and as a browser lays it out."""

import html
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gatewise.cells import CELLS
from gatewise.errors import RunError
from gatewise.inspection.api import inspect
from gatewise.inspection.columns import Column
from gatewise.inspection.figures.cells import DRAWINGS, cell_figure
from gatewise.inspection.figures.heat_map import heat_map
from gatewise.inspection.figures.memory import memory_figure
from gatewise.inspection.inspection import Inspection
from gatewise.inspection.page import render_inspection
from tests.inspection.models import CLASSES, FORECAST, NUMBERS, STEPS, TEXTS, dataset_of, make_model
from tests.report.browser import dump, framed
from tests.report.page_text import Page

SECTIONS = ["cells", "steps", "gates", "memory", "use", "method"]
LONG = " ".join(f"word{number % 40} kettle" for number in range(150))


def inspected(cell: str, source: str, input: Any = None, **changes: Any) -> Inspection:
    return inspect(make_model(cell, source, **changes), list(dataset_of(source).sequences) if input is None else input)


CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("gru", TEXTS, {}),
    ("lstm", TEXTS, {"layers": 2, "bidirectional": True}),
    ("lstm", CLASSES, {}),
    ("gru", NUMBERS, {"hidden_size": 70}),
    ("gru", FORECAST, {}),
    ("lstm", STEPS, {}),
    ("rnn", CLASSES, {}),
    ("min_gru", TEXTS, {}),
    ("min_lstm", CLASSES, {"hidden_size": 1}),
]


@pytest.mark.parametrize(("cell", "source", "changes"), CASES)
def test_every_page_is_whole_small_and_asks_for_nothing(cell: str, source: str, changes: dict[str, Any]) -> None:
    found = inspected(cell, source, **changes)
    page = render_inspection(found)
    read = Page(page)
    assert [name for name in read.words if name in SECTIONS] == SECTIONS
    assert len(set(read.identifiers)) == len(read.identifiers)
    assert all(address.startswith("#") for address in read.addresses)
    assert len(page.encode()) < 2_000_000
    assert "<script" not in page and "None" not in page and "nan" not in re.sub(r"\b\w*nan\w+|\w+nan\w*\b", "", page)
    for block in found.subject.blocks:
        assert block.meaning in html.unescape(page)
    for name in DRAWINGS:
        assert f"cell-{name}-title" in page
    # A map for every gate of every layer and direction.
    assert page.count('id="gate-') == 2 * len(found.subject.gates) * len(found.layers)


def test_the_model_own_cell_comes_first_and_has_its_numbers() -> None:
    for cell in DRAWINGS:
        found = inspected(cell, TEXTS)
        page = render_inspection(found)
        assert page.index(f"cell-{cell}-title") == min(page.index(f"cell-{name}-title") for name in DRAWINGS)
        step = int(np.abs(found.importance.effects).argmax())
        for block in found.subject.gates:
            mean = f"{found.layers[-1].blocks[block.symbol][step].mean():.2f}"
            assert f"{block.turn} {block.name} {block.symbol}: {mean}" in page


def test_a_drawing_names_every_gate_in_its_order() -> None:
    for name, traits in CELLS.items():
        if name not in DRAWINGS:
            continue
        drawn = cell_figure(name, {}, "a very long word that is cut", identifier="x")
        texts = re.findall(r"<text[^>]*>([^<]*)</text>", drawn)
        for block in traits.blocks:
            assert block.name.removesuffix(" gate") in texts and block.symbol in texts and str(block.turn) in texts
        assert "a very long wor…" in texts


def test_words_are_marked_by_what_they_do() -> None:
    found = inspected("gru", TEXTS)
    page = render_inspection(found)
    marked = re.findall(r'<mark class="speaks-(for|against)" style="--strength:(\d\.\d\d)" title="([^"]*)">([^<]*)</mark>', page)
    effects = found.importance.effects
    greatest = np.abs(effects).max()
    expected = [step for step in range(len(effects)) if abs(effects[step]) >= 0.08 * greatest]
    assert [word for *_, word in marked] == [html.escape(found.sequence.words[step]) for step in expected]
    for (way, strength, hint, _), step in zip(marked, expected, strict=True):
        assert way == ("for" if effects[step] > 0 else "against")
        assert float(strength) == pytest.approx(abs(effects[step]) / greatest, abs=0.006)
        assert hint == f"{found.importance.without[step]} without it"


def test_what_the_data_says_never_becomes_markup() -> None:
    evil = "<b>kettle</b> & \x1b[31m <script>alert(1)</script>"
    page = render_inspection(inspected("gru", TEXTS, evil))
    assert "<script" not in page and "\x1b" not in page
    Page(page)
    found = inspected("gru", CLASSES)
    named = replace(found.sequence, channels=("<i>", "&x", '"'), source="<u>")
    Page(render_inspection(replace(found, sequence=named)))


def test_a_map_has_a_rectangle_for_every_shade_that_is_there() -> None:
    values = np.array([[0.0, 1.0], [0.0, 0.5]])
    columns = [Column(0, 1, "a", 0), Column(1, 2, "b", 1)]
    drawn = heat_map("m", values, np.array([1, 0]), columns, css="keep", title="t", words=True)
    shades = re.findall(r'd="([^"]*)" class="fill keep" fill-opacity="(\d\.\d\d)"', drawn)
    assert [opacity for _, opacity in shades] == ["0.05", "0.55", "0.95"]
    # Unit 0, shut at both steps, is one rectangle across the lower row.
    assert shades[0][0].startswith("M0.0") and "H100.0" in shades[0][0] and shades[0][0].count("M") == 1
    assert "Means: a 0.50, b 0.25" in drawn


def test_units_beyond_the_rows_stand_together() -> None:
    values = np.tile(np.arange(130) / 130, (2, 1))
    drawn = heat_map("m", values, None, [Column(0, 1, "a", 0), Column(1, 2, "b", 1)], css="keep", title="t", words=False)
    rows = {
        row for outline in re.findall(r'd="(M[^"]*)" class="fill', drawn) for row in re.findall(r"M[\d.]+ ([\d.]+)H", outline)
    }
    assert len(rows) == 64


def test_time_constants_are_counted_and_marked() -> None:
    drawn = memory_figure(np.array([0.5, 1.5, 1.6, 3.0, np.inf]), {"median length": 21.0, "needed": 100.0}, "word")
    assert "0 to 1 1, 1 to 2 2, 2 to 4 1" in drawn and "over 4,096 1" in drawn
    assert ">median length 21<" in drawn and ">needed 100<" in drawn


def test_a_page_that_cannot_be_written_is_an_error_in_a_sentence(tmp_path: Path) -> None:
    found = inspected("gru", CLASSES)
    assert found.report(tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    with pytest.raises(RunError, match="cannot be written"):
        found.report(tmp_path / "missing" / "page.html")


def test_a_notebook_shows_the_page_in_a_frame() -> None:
    found = inspected("gru", CLASSES)
    shown = found._repr_html_()
    inside = re.search(r'srcdoc="([^"]*)"', shown)
    assert inside and html.unescape(inside[1]) == render_inspection(found)


@pytest.mark.parametrize(
    ("cell", "source", "input", "width", "changes"),
    [
        ("gru", TEXTS, None, 390, {}),
        ("lstm", TEXTS, LONG, 390, {"layers": 2, "bidirectional": True}),
        ("lstm", TEXTS, None, 1280, {}),
        ("lstm", CLASSES, None, 390, {}),
        ("gru", FORECAST, None, 390, {}),
        ("min_gru", STEPS, None, 390, {}),
    ],
)
def test_layout_fits_the_screen_and_texts_do_not_collide(
    cell: str, source: str, input: Any, width: int, changes: dict[str, Any], tmp_path: Path
) -> None:
    document = tmp_path / "frame.html"
    document.write_text(framed(render_inspection(inspected(cell, source, input, **changes)), width), encoding="utf-8")
    content = dump(document)
    found = json.loads(html.unescape(content.split("<pre>")[1].split("</pre>")[0]))
    assert found["width"] <= width
    assert found["outside"] == []
    assert found["overlapping"] == []
    assert found["smallest"] >= 12

"""A page by itself, beside the report of a comparison."""

from gatewise.report.blocks import Section, Table
from gatewise.report.document import Document, render_document


def _page(**changes: object) -> str:
    table = Table(("cell", "ms"), (("GRU", "1.0"), ("LSTM", "1.3")), caption="Steps")
    values = {
        "title": "Advice",
        "subject": "reviews.csv",
        "badge": "Take the GRU",
        "headline": "The GRU is as good & cheaper.",
        "sections": (Section("speed", "How fast", ("Measured here.",), (table,)),),
    }
    return render_document(Document(**(values | changes)))  # type: ignore[arg-type]


def test_a_document_shows_what_it_holds_and_asks_for_nothing_else() -> None:
    page = _page(facts=(("lead", "1.0", "points"),), sentences=("One.",), warnings=("Few rows.",), beside_badge=("For", "size"))
    for shown in (
        "The GRU is as good &amp; cheaper.",
        '<a href="#speed">How fast</a>',
        "Few rows.",
        "For: <b>size</b>",
        "GRU</th>",
    ):
        assert shown in page
    assert "<script" not in page
    assert "://" not in page


def test_what_a_document_lacks_leaves_nothing_behind() -> None:
    page = _page()
    for absent in ("Warning", 'class="ship"', 'class="sentence"'):
        assert absent not in page


def test_the_last_section_comes_last_in_text_and_in_the_links() -> None:
    page = _page(last_section=Section("next", "What now", ("Run it.",)))
    assert page.index('href="#speed"') < page.index('href="#next"') < page.index('id="speed"') < page.index('id="next"')


def test_control_codes_never_reach_the_page() -> None:
    assert "\x1b" not in _page(subject="a\x1b[31mb")

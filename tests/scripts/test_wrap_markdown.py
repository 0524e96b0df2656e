"""Markdown is wrapped at the width of the code."""

import tomllib
from pathlib import Path

import pytest
from scripts.wrap_markdown import ROOT, WIDTH, pages, too_long, wrapped

WORDS = " ".join(["word"] * 60)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_line_is_too_long(page: Path) -> None:
    assert too_long(page.read_text(encoding="utf-8")) == [], "make wrap"


def test_all_pages_are_looked_at() -> None:
    assert {"README.md", "CONTRIBUTING.md", "docs/architecture.md"} <= {page.relative_to(ROOT).as_posix() for page in pages()}


def test_the_width_is_that_of_the_code() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["ruff"]["line-length"] == WIDTH


@pytest.mark.parametrize("first", ["", "- ", "  - ", "12. "])
def test_paragraphs_and_items_keep_their_words_and_their_indent(first: str) -> None:
    lines = wrapped(f"# Title\n\n{first}{WORDS}\n\nNext.").split("\n")
    assert (lines[:2], lines[-2:]) == (["# Title", ""], ["", "Next."])
    assert too_long("\n".join(lines)) == []
    assert lines[2].startswith(f"{first}word")
    assert all(line.startswith(" " * len(first) + "word") for line in lines[3:-2])
    assert " ".join(line.removeprefix(first).strip() for line in lines[2:-2]) == WORDS


def test_what_is_short_enough_stays_as_it_is() -> None:
    text = "Two\nlines.\n\n    code\n\n- an item\n  of two\n"
    assert wrapped(text) == text


def test_tables_and_code_stay_as_they_are() -> None:
    text = f"| {WORDS} |\n\n    {WORDS}\n\n```\n{WORDS}\n```\n"
    assert wrapped(text) == text
    assert too_long(text) == [f"    {WORDS}", WORDS]


@pytest.mark.parametrize("sign", ["-", "+", "1.", "#", ">", "|"])
def test_no_line_begins_with_what_would_end_the_paragraph(sign: str) -> None:
    for before in range(100, WIDTH):
        lines = wrapped(f"{'x' * before} {sign} {WORDS}").split("\n")
        assert not any(line.startswith(f"{sign} ") for line in lines)

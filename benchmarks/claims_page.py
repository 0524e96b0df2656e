"""docs/claims.md from the results of `gatewise claims`, with each figure as an SVG file beside it.

    gatewise claims --data FOLDER --out RUN
    python -m benchmarks.claims_page RUN/claims.json [--page docs/claims.md]

Figures go to a folder of the page's name beside it. Nothing is measured here and no number is typed: verdicts, sentences, tables
and figures are those of the page that the command writes.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

from gatewise.claims.page import claim_section, overview_table
from gatewise.claims.records import Results
from gatewise.claims.text import summary_sentence
from gatewise.records import from_json
from gatewise.report.blocks import Block, Bullets, Command, Figure, Gallery, Section, Table
from gatewise.report.numbers import duration
from gatewise.wording import counted

__all__ = ["main", "page", "standalone"]

WIDTH = 130
DRAWN, BESIDE = 760, 8


def page(results: Results, folder: str) -> tuple[str, dict[str, str]]:
    """The page as Markdown, and its figures as SVG by file name. folder: where the page finds them."""
    figures: dict[str, str] = {}
    parts = ["# Rules of thumb, measured", _paragraph(_introduction(results))]
    parts += [_paragraph(f"**{summary_sentence(results.outcomes)}**"), _table(overview_table(results.outcomes))]
    for outcome in results.outcomes:
        parts += _section(claim_section(outcome, results), folder, figures)
    return "\n\n".join(parts) + "\n", figures


def standalone(drawing: str) -> str:
    """A figure of a page as a file of its own: with the page's colours, light and dark, and the rules that it needs."""
    root = ElementTree.fromstring(drawing)
    margins = root.get("style", "")
    left, right = (int(found[1]) if (found := re.search(rf"--{side}:(\d+)px", margins)) else 0 for side in ("left", "right"))
    height = int(float(root.get("height", "0")))
    classes = {name for element in root.iter() for name in element.get("class", "").split()}
    root.set("x", str(BESIDE + left))
    root.set("y", str(BESIDE))
    root.set("width", str(DRAWN - 2 * BESIDE - left - right))
    inner = ElementTree.tostring(root, encoding="unicode")
    size = f'width="{DRAWN}" height="{height + 2 * BESIDE}" viewBox="0 0 {DRAWN} {height + 2 * BESIDE}"'
    style = f"svg{{font-family:system-ui,sans-serif}}.drawing{{overflow:visible}}{''.join(_rules(classes))}"
    ground = '<rect width="100%" height="100%" style="fill:var(--page)"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{style}</style>{ground}{inner}</svg>\n'


def _rules(classes: set[str]) -> Iterator[str]:
    """The page's colours, and its rules for these classes and no others."""
    css = (files("gatewise.report") / "templates" / "report.css").read_text(encoding="utf-8")
    at_rule = re.compile(r"@[^{}]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
    plain = re.sub(r"/\*.*?\*/", "", at_rule.sub("", css), flags=re.DOTALL)
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", plain):
        # Where the drawing lies is said by its own attributes.
        needed = [one.strip() for one in selectors.split(",") if one.strip() != ".drawing" and _is_needed(one, classes)]
        if needed:
            yield f"{','.join(needed)}{{{' '.join(body.split())}}}"
    yield from (" ".join(found.split()) for found in at_rule.findall(css) if ":root" in found)


def _is_needed(selector: str, classes: set[str]) -> bool:
    named = set(re.findall(r"\.([\w-]+)", selector))
    return selector.strip() == ":root" or (bool(named) and named <= classes)


def _introduction(results: Results) -> str:
    environment, taken = results.environment, sum(outcome.seconds for outcome in results.outcomes)
    machine = f"{environment['processor']}, {counted(int(environment['usable_cores']), 'core')}"
    versions = f"gatewise {environment['versions']['gatewise']}, PyTorch {environment['versions']['torch']}"
    data = "public and built-in data sets" if results.public_data else "built-in data sets"
    return (
        f"Each rule of thumb about GRU and LSTM as a study that anyone can rerun: `gatewise claims`. Measured on {machine} with "
        f"{versions}, on {data}, in {duration(taken)}{' as a quick run' if results.quick else ''}. Written by "
        "`benchmarks/claims_page.py` from the results; every verdict follows from the numbers measured, and on another machine "
        "or other data it may differ."
    )


def _section(section: Section, folder: str, figures: dict[str, str]) -> list[str]:
    rule, verdict, *others = section.paragraphs
    title, stop, sentence = verdict.partition(". ")
    parts = [f"## {section.title}", _paragraph(f"*{rule}*"), _paragraph(f"**{title}{stop.strip()}** {sentence}")]
    parts += [_paragraph(text) for text in others]
    for block in section.blocks:
        parts += _block(block, section, folder, figures)
    return parts


def _block(block: Block, section: Section, folder: str, figures: dict[str, str]) -> list[str]:
    match block:
        case Figure():
            return _figure(block, section, folder, figures)
        case Gallery():
            drawn = [text for figure in block.figures for text in _figure(figure, section, folder, figures)]
            return [f"### {block.heading}", *drawn, *_said(block.caption)]
        case Table():
            return [f"### {block.caption or block.fold}", _table(block), *_said(block.note)]
        case Bullets():
            return [f"### {block.heading}", "\n".join(_paragraph(item, "- ", "  ") for item in block.items)]
        case Command():
            return [*_said(block.sentence), f"    {block.text}"]
    raise ValueError(f"a study shows a {block.kind}, and the page of documentation has none")


def _said(text: str) -> list[str]:
    return [_paragraph(text)] if text else []


def _figure(figure: Figure, section: Section, folder: str, figures: dict[str, str]) -> list[str]:
    number = sum(name.startswith(f"{section.identifier}-") for name in figures) + 1
    name = f"{section.identifier}-{number}.svg"
    figures[name] = standalone(figure.svg)
    title = ElementTree.fromstring(figure.svg).findtext("title") or figure.heading
    return [*_said(figure.heading), f"![{title}]({folder}/{name})", *_said(figure.caption)]


def _table(table: Table) -> str:
    rule = ["---"] + ["---" if table.texts or table.words else "---:"] * (len(table.header) - 1)
    rows = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in (table.header, rule, *table.rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _paragraph(text: str, first: str = "", rest: str = "") -> str:
    return textwrap.fill(
        text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page and its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--page", type=Path, default=Path("docs/claims.md"))
    given = parser.parse_args(arguments)
    results = from_json(Results, json.loads(given.results.read_text(encoding="utf-8")))
    folder = given.page.with_suffix("")
    text, figures = page(results, folder.name)
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.svg"):
        old.unlink()
    for name, drawing in figures.items():
        (folder / name).write_text(drawing, encoding="utf-8")
    given.page.write_text(text, encoding="utf-8")
    print(f"{given.page} and {counted(len(figures), 'figure')} in {folder} are written")
    return 0


if __name__ == "__main__":
    sys.exit(main())

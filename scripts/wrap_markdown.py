"""Wrap the paragraphs and list items of all Markdown files that have a line too long; `make wrap` calls it.

Tables, headings and code stay as they are; code may not be too long either.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from textwrap import wrap

ROOT = Path(__file__).resolve().parents[1]
WIDTH = 130

_ITEM = re.compile(r"(\s*)(?:[-*+]|\d+\.)\s+")
_FENCE = re.compile(r"\s*(```|~~~)")
# A line that begins so would no longer be part of its paragraph.
_STRUCTURE = re.compile(r"\s([-*+]|\d+[.)]|#+|>\S*|\|\S*)(?=\s|$)")
_GLUE = "\0"


def pages() -> list[Path]:
    """The Markdown files under version control, or in an archive all there are beside the environments."""
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        return [ROOT / name for name in listed.stdout.splitlines()]
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def too_long(text: str) -> list[str]:
    """The lines beyond the width that are no rows of a table."""
    return [line for line in text.splitlines() if len(line) > WIDTH and not line.lstrip().startswith("|")]


def wrapped(text: str) -> str:
    """The same document; every paragraph and list item that has a line beyond the width is wrapped anew."""
    return "\n".join(
        line
        for block, is_prose in _blocks(text.split("\n"))
        for line in (_fitted(block) if is_prose and too_long("\n".join(block)) else block)
    )


def _blocks(lines: list[str]) -> Iterator[tuple[list[str], bool]]:
    """Paragraphs and list items, and every other line by itself; whether it is one of the former."""
    block: list[str] = []
    fenced, in_list = False, False
    for line in lines:
        fence = bool(_FENCE.match(line))
        alone = fenced or fence or not line.strip() or line.lstrip().startswith(("|", "#", "<!--"))
        alone = alone or (line.startswith("    ") and not in_list and not block)
        if alone or _ITEM.match(line):
            if block:
                yield block, True
            block = []
        fenced ^= fence
        if alone:
            yield [line], False
        else:
            block.append(line)
        if line.strip() and not fenced:
            in_list = bool(_ITEM.match(line)) or (in_list and line.startswith(" "))
    if block:
        yield block, True


def _fitted(block: list[str]) -> list[str]:
    text = block[0]
    item = _ITEM.match(text)
    first = item[0] if item else text[: len(text) - len(text.lstrip())]
    words = " ".join([text[len(first) :], *(line.strip() for line in block[1:])])
    glued = _STRUCTURE.sub(lambda found: _GLUE + found[1], words)
    lines = wrap(
        glued,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_GLUE, " ") for line in lines]


def main() -> None:
    for page in pages():
        text = page.read_text(encoding="utf-8")
        if (new := wrapped(text)) != text:
            page.write_text(new, encoding="utf-8")
            print(f"{page.relative_to(ROOT)} is wrapped")


if __name__ == "__main__":
    main()

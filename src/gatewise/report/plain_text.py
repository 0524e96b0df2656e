"""Text from a user's data made safe for a terminal and for a page."""

import io
import re

from rich.console import Console, RenderableType
from rich.text import Text

__all__ = ["plain_lines", "plain_text", "printable"]

WIDTH = 80

# And halves of characters of a broken text, which no file can hold.
_CONTROL_CODES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def plain_text(text: str, style: str = "") -> Text:
    """Return text that is printed as it is: neither control codes in a column's name nor rich's own markup take effect."""
    return Text(printable(text), style=style)


def printable(text: str) -> str:
    """Return text with a mark in place of every control code but the end of a line."""
    return _CONTROL_CODES.sub("\N{REPLACEMENT CHARACTER}", text)


def plain_lines(shown: RenderableType) -> str:
    """What a terminal would show, as text of 80 columns without colours; lines to copy may be longer."""
    buffer = io.StringIO()
    Console(file=buffer, width=WIDTH, color_system=None, force_terminal=False).print(shown, crop=False)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()).strip("\n")

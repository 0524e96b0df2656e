"""Text from a user's data made safe for a terminal."""

import re

from rich.text import Text

__all__ = ["plain_text"]

_CONTROL_CODES = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def plain_text(text: str, style: str = "") -> Text:
    """Return text that is printed as it is: neither control codes in a column's name nor rich's own markup take effect."""
    return Text(_CONTROL_CODES.sub("\N{REPLACEMENT CHARACTER}", text), style=style)

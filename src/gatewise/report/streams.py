"""Standard output and error as they are: in any encoding, closed, or on a device that takes no more."""

from __future__ import annotations

import codecs
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

__all__ = ["can_encode", "flush_output", "prepare_streams", "say"]

_ERRORS = "gatewise.lookalike"
_KEPT = 100
_CONTROL_CODES = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LONG_WORD = re.compile(r"\S{400,}")
_LOOKALIKES = {
    **dict.fromkeys("‐‑‒–—−", "-"),
    "±": "+/-",
    "×": "x",
    "·": "*",
    "•": "*",
    "…": "...",
    "≥": ">=",
    "≤": "<=",
    "≈": "~",
    "µ": "u",
    **dict.fromkeys("‘’", "'"),
    **dict.fromkeys("“”", '"'),
    **dict.fromkeys("─━═╌┄╴╶╸╺", "-"),
    **dict.fromkeys("│┃║", "|"),
    "░": ".",
    "▒": "+",
}


def prepare_streams() -> None:
    """Let what cannot be encoded be written in a plainer way: a verdict that took an hour is not lost over a minus sign."""
    codecs.register_error(_ERRORS, _plainer)
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        if stream is None:
            # It was closed by whoever started the command.
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=_ERRORS)


def can_encode(text: str) -> bool:
    """Whether standard output takes a text as it is."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def say(message: str) -> None:
    """Write a line to standard error, if it takes one."""
    with suppress(OSError):
        # A path or a number of thousands of characters would push the message off the screen.
        shortened = _LONG_WORD.sub(lambda word: f"{word[0][:_KEPT]}...{word[0][-_KEPT // 2 :]}", message)
        # The names of files may hold anything.
        shortened = _CONTROL_CODES.sub(lambda code: code[0].encode("unicode_escape").decode(), shortened)
        print(f"gatewise: {shortened}", file=sys.stderr, flush=True)


def flush_output() -> None:
    """Write what is still held back. Raises OSError where it cannot be, once: the interpreter would try again, and complain."""
    try:
        sys.stdout.flush()
    except OSError:
        _leave(sys.stdout)
        raise


def _leave(stream: TextIO) -> None:
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _plainer(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_lookalike(character) for character in text), error.end


def _lookalike(character: str) -> str:
    if character in _LOOKALIKES:
        return _LOOKALIKES[character]
    if "─" <= character <= "╿":
        return "+"
    if "▀" <= character <= "▟":
        return "#"
    return character.encode("ascii", "backslashreplace").decode("ascii")

"""The pages that a browser shows: whole in themselves, and bound to load nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.resources import files
from typing import Literal

__all__ = ["page", "policy"]

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_STYLE = "/* style */"


def page(name: Literal["try", "docs"] | str) -> str:
    """The HTML of a page, with the style of all."""
    folder = files("gatewise.serving") / "static"
    style = (folder / "style.css").read_text(encoding="utf-8")
    return (folder / f"{name}.html").read_text(encoding="utf-8").replace(_STYLE, style)


def policy(content: str) -> str:
    """The Content-Security-Policy of a page: its own scripts, and this server."""
    digests = [hashlib.sha256(script.encode()).digest() for script in _SCRIPT.findall(content)]
    scripts = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    own = f"script-src {scripts}; style-src 'unsafe-inline'; img-src data:; connect-src 'self'"
    return f"default-src 'none'; {own}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

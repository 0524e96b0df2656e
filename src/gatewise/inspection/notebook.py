"""An inspection as a notebook shows it."""

from __future__ import annotations

import html

from gatewise.inspection.page import render_inspection
from gatewise.inspection.record import Inspected

__all__ = ["notebook_frame"]

HEIGHT = 640


def notebook_frame(found: Inspected) -> str:
    """Return the page in a frame of its own, so that its styles and the notebook's leave each other alone."""
    page = html.escape(render_inspection(found), quote=True)
    return f'<iframe srcdoc="{page}" style="width:100%;height:{HEIGHT}px;border:1px solid #8884;border-radius:8px"></iframe>'

"""A page of gatewise: one self-contained HTML file that asks nothing of any network, for any screen and for print."""

import html
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

import jinja2
from markupsafe import Markup

from gatewise.report.blocks import Section
from gatewise.report.numbers import typographic
from gatewise.report.plain_text import printable

__all__ = ["Document", "Tone", "framed", "render_document"]

FRAME_HEIGHT = 640

Tone: TypeAlias = Literal["winner", "equivalent", "undecided", "baseline"]


@dataclass(frozen=True)
class Document:
    """What stands on a page.

    title: of the browser's tab. subject: what the page is about. badge: the answer in a word or two, in the colour of `tone`;
    beside_badge: a label and what it names, beside it. headline: the answer in a sentence, `beside` what goes with it, smaller.
    facts: (label, value, remark) of the few numbers under it. sentences, warnings: in plain words. sections: in their order,
    last_section: after whatever else a template has.
    """

    title: str
    subject: str
    badge: str
    headline: str
    sections: tuple[Section, ...]
    tone: Tone = "winner"
    beside_badge: tuple[str, str] | None = None
    beside: str = ""
    facts: tuple[tuple[str, str, str], ...] = ()
    sentences: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    last_section: Section | None = None


def render_document(document: Document, template: str = "document.html.j2", **values: Any) -> str:
    """Return the page as HTML without scripts, external files or links.

    values: what the template asks for beyond the document.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("gatewise.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawing"] = Markup
    environment.filters["typographic"] = typographic
    shown = {item.name: getattr(document, item.name) for item in fields(document)}
    # Whatever a column's name or a label holds: a page with control codes is no valid one.
    return printable(environment.get_template(template).render(**shown, **values))


def framed(page: str) -> str:
    """A page in a frame of its own, for a notebook: so its styles and the notebook's leave each other alone."""
    style = f"width:100%;height:{FRAME_HEIGHT}px;border:1px solid #8884;border-radius:8px"
    return f'<iframe srcdoc="{html.escape(page, quote=True)}" style="{style}"></iframe>'

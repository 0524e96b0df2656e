"""A page read as text."""

from html.parser import HTMLParser

EMPTY_ELEMENTS = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """The visible text of a page by section, and a check that every element is closed."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.identifiers: list[str] = []
        self.addresses: list[str] = []
        self.words: dict[str, str] = {}
        self.section = "head"
        self.feed(source)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag not in EMPTY_ELEMENTS:
            self.open.append(tag)
        if tag == "section":
            self.section = attributes["id"] or ""
        self.identifiers += [attributes["id"] or ""] if "id" in attributes else []
        self.addresses += [attributes[name] or "" for name in ("src", "href", "action", "data") if name in attributes]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "title", "desc"):
            self.words[self.section] = " ".join(f"{self.words.get(self.section, '')} {data}".split())

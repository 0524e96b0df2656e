"""Drawing in SVG that fits any width: x in percent of the drawing, y in pixels.

A drawing scaled through a viewBox would shrink its text along with it, to nothing readable on a phone. Here horizontal
positions are percentages and everything else is in CSS pixels, so text, dots and lines keep their size at every width. Only
paths, which know no percentages, live in an inner element stretched horizontally. Colours are CSS classes: they follow the
page's theme and the one colour that each arm has throughout.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

__all__ = ["Drawing", "Scale", "padded"]


# A phone's page between its margins, and a letter of a tick's text, in pixels.
PHONE = 358
TICK_CHARACTER, TICK_SPACE = 7.2, 8


@dataclass(frozen=True)
class Scale:
    """Linear map of [low, high] to [start, stop]; start to stop is 0 to 100 across and bottom to top in pixels upwards."""

    low: float
    high: float
    start: float = 0.0
    stop: float = 100.0

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.stop - self.start)

    def step(self, most: int = 5) -> float:
        """Return how far apart ticks are: 1, 2 or 5 times a power of ten."""
        smallest = (self.high - self.low) / most
        power = 10.0 ** math.floor(math.log10(smallest))
        return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= smallest)

    def ticks(self, most: int = 5) -> list[float]:
        """Return at most `most` round values (multiples of `step`) inside the scale."""
        step = self.step(most)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [number * step for number in range(first, last + 1)]


def padded(values: Sequence[float], share: float, bounds: tuple[float, float] = (-math.inf, math.inf)) -> tuple[float, float]:
    """Return least and greatest of the values with a share of their range as room beside them, and some where all are equal.

    bounds: what no value can lie beyond, where the room ends: an axis does not reach 102% of accuracy.
    """
    low, high = (min(max(value, bounds[0]), bounds[1]) for value in (min(values), max(values)))
    room = share * (high - low) or 0.02 * abs(high) or 0.01
    return max(low - room, bounds[0]), min(high + room, bounds[1])


class Drawing:
    """One figure. `identifier` is unique in the page; `left` and `right` are the pixels kept free beside x = 0 and x = 100."""

    def __init__(self, identifier: str, *, height: int, title: str, description: str, left: int = 20, right: int = 20) -> None:
        self.height = height
        self._narrowest = max(PHONE - left - right, 1)
        self._root = ElementTree.Element(
            "svg",
            {
                "class": "drawing",
                "width": "100%",
                "height": str(height),
                "style": f"--left:{left}px;--right:{right}px",
                "role": "img",
                "aria-labelledby": f"{identifier}-title {identifier}-description",
            },
        )
        ElementTree.SubElement(self._root, "title", {"id": f"{identifier}-title"}).text = title
        ElementTree.SubElement(self._root, "desc", {"id": f"{identifier}-description"}).text = description

    def room(self, text: str) -> float:
        """Return the percent of the drawing's width that a text takes on a phone, with some space beside it."""
        return 100 * (TICK_CHARACTER * len(text) + TICK_SPACE) / self._narrowest

    def line(self, start: tuple[float, float], stop: tuple[float, float], css: str) -> None:
        """Draw a straight line between two points."""
        ends = {"x1": _percent(start[0]), "y1": _pixel(start[1]), "x2": _percent(stop[0]), "y2": _pixel(stop[1])}
        ElementTree.SubElement(self._root, "line", {**ends, "class": css})

    def rectangle(
        self, left: float, right: float, top: float, bottom: float, css: str, *, opacity: float = 1.0, hint: str = ""
    ) -> None:
        """Draw a filled rectangle."""
        box = {"x": _percent(left), "width": _percent(right - left), "y": _pixel(top), "height": _pixel(bottom - top)}
        shade = {"fill-opacity": f"{opacity:.2f}"} if opacity < 1 else {}
        self._hint(ElementTree.SubElement(self._root, "rect", {**box, "class": css, **shade}), hint)

    def dot(self, x: float, y: float, css: str, *, radius: float = 4.0, hint: str = "") -> None:
        """Draw a dot; `hint` appears where a pointer rests on it."""
        place = {"cx": _percent(x), "cy": _pixel(y), "r": _pixel(radius), "class": css}
        self._hint(ElementTree.SubElement(self._root, "circle", place), hint)

    def diamond(self, x: float, y: float, css: str, *, radius: float = 7.0, hint: str = "") -> None:
        """Draw a square standing on its corner, the mark of a mean or of a choice."""
        place = ElementTree.SubElement(self._root, "svg", {"x": _percent(x), "y": _pixel(y), "class": "unclipped"})
        size = _pixel(radius)
        outline = {"d": f"M-{size} 0L0 -{size}L{size} 0L0 {size}Z", "class": css}
        self._hint(ElementTree.SubElement(place, "path", outline), hint)

    def text(self, x: float, y: float, text: str, css: str = "label", *, shift: float = 0.0, turned: bool = False) -> None:
        """Write text at a point, moved `shift` pixels to the right; the class says how it is aligned. turned: upwards."""
        if turned:
            place = ElementTree.SubElement(self._root, "svg", {"x": _percent(x), "y": _pixel(y), "class": "unclipped"})
            ElementTree.SubElement(place, "text", {"class": css, "transform": "rotate(-90)", "dy": "4"}).text = text
            return
        attributes = {"x": _percent(x), "y": _pixel(y), "class": css}
        if shift:
            attributes["dx"] = _pixel(shift)
        ElementTree.SubElement(self._root, "text", attributes).text = text

    def path(self, points: Sequence[tuple[float, float]], css: str, *, closed: bool = False) -> None:
        """Draw a line through points, or the area they enclose."""
        outline = "M" + "L".join(f"{x:.2f} {_pixel(y)}" for x, y in points) + ("Z" if closed else "")
        ElementTree.SubElement(self._stretched(), "path", {"d": outline, "class": css})

    def boxes(self, boxes: Sequence[tuple[float, float, float, float]], css: str, *, opacity: float) -> None:
        """Draw many rectangles (left, right, top, bottom) of one shade, as one path: a picture."""
        outline = "".join(
            f"M{left:.1f} {_pixel(top)}H{right:.1f}V{_pixel(bottom)}H{left:.1f}Z" for left, right, top, bottom in boxes
        )
        shade = {"d": outline, "class": css, "fill-opacity": f"{opacity:.2f}", "shape-rendering": "crispEdges"}
        ElementTree.SubElement(self._stretched(), "path", shade)

    def _stretched(self) -> ElementTree.Element:
        """An element whose 100 units across fill the drawing."""
        stretched = {
            "viewBox": f"0 0 100 {self.height}",
            "width": "100%",
            "height": str(self.height),
            "preserveAspectRatio": "none",
            "class": "unclipped",
        }
        return ElementTree.SubElement(self._root, "svg", stretched)

    def markup(self) -> str:
        """Return the drawing as one well-formed `<svg>` element."""
        return ElementTree.tostring(self._root, encoding="unicode")

    @staticmethod
    def _hint(element: ElementTree.Element, hint: str) -> None:
        if hint:
            ElementTree.SubElement(element, "title").text = hint


def _percent(value: float) -> str:
    return f"{value:.2f}%"


def _pixel(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")

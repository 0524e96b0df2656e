"""A cell drawn as a diagram: lines that carry something, gates in boxes, and what happens where they meet.

Unlike the figures with an axis a diagram keeps its proportions, so it is drawn through a viewBox as wide as a phone's page: its
text has the page's size there, and grows a little on wider screens.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

__all__ = ["HEIGHT", "WIDTH", "Diagram"]

WIDTH, HEIGHT = 360, 300
BOX_WIDTH, BOX_HEIGHT = 76, 46
NODE, TIP = 13, 8
Point = tuple[float, float]


class Diagram:
    """One diagram of `WIDTH` by `HEIGHT` units. identifier: unique in the page."""

    def __init__(self, identifier: str, *, title: str, description: str) -> None:
        self._root = ElementTree.Element(
            "svg",
            {
                "class": "diagram",
                "viewBox": f"0 0 {WIDTH} {HEIGHT}",
                "role": "img",
                "aria-labelledby": f"{identifier}-title {identifier}-description",
            },
        )
        ElementTree.SubElement(self._root, "title", {"id": f"{identifier}-title"}).text = title
        ElementTree.SubElement(self._root, "desc", {"id": f"{identifier}-description"}).text = description

    def wire(self, points: Sequence[Point], css: str) -> None:
        """A line through points with an arrow at its end, over a gap in whatever it crosses."""
        outline = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
        ElementTree.SubElement(self._root, "path", {"d": outline, "class": "gap"})
        ElementTree.SubElement(self._root, "path", {"d": outline, "class": f"wire {css}"})
        (x, y), (right, down) = points[-1], _heading(points[-2], points[-1])
        left, top, half = x - TIP * right, y - TIP * down, TIP / 2
        tip = f"M{x:g} {y:g}L{left + half * down:g} {top + half * right:g}L{left - half * down:g} {top - half * right:g}Z"
        ElementTree.SubElement(self._root, "path", {"d": tip, "class": f"tip {css}"})

    def dot(self, x: float, y: float, css: str) -> None:
        """Where a line branches."""
        self._circle(x, y, 3.5, f"tip {css}")

    def box(self, x: float, y: float, css: str, *, turn: int, name: str, value: str) -> None:
        """A gate around its middle, with the place in the order of things in its corner."""
        width = max(BOX_WIDTH, 7 * len(name) + 14)
        left, top = x - width / 2, y - BOX_HEIGHT / 2
        shape = {"x": f"{left:g}", "y": f"{top:g}", "width": f"{width:g}", "height": f"{BOX_HEIGHT}", "rx": "8"}
        ElementTree.SubElement(self._root, "rect", {**shape, "class": f"gate {css}"})
        self.text(x, y - 5, name, "middle name")
        self.text(x, y + 15, value, "middle value")
        self._circle(left, top, 9, f"turn {css}")
        self.text(left, top + 4, str(turn), "middle on-turn")

    def node(self, x: float, y: float, sign: str) -> None:
        """Where two lines meet and become one: by a product, a sum, or a function."""
        if len(sign) > 1:
            shape = {"x": f"{x - 20:g}", "y": f"{y - 10:g}", "width": "40", "height": "20", "rx": "10"}
            ElementTree.SubElement(self._root, "rect", {**shape, "class": "node"})
            self.text(x, y + 4, sign, "middle small")
            return
        self._circle(x, y, NODE, "node")
        self.text(x, y + 6, sign, "middle sign")

    def text(self, x: float, y: float, text: str, css: str = "") -> None:
        """Text at a point; the class says how it is aligned."""
        ElementTree.SubElement(self._root, "text", {"x": f"{x:g}", "y": f"{y:g}", "class": css}).text = text

    def pill(self, x: float, y: float, text: str) -> None:
        """What comes in, around its middle."""
        width = 16 + 7.4 * len(text)
        shape = {"x": f"{x - width / 2:g}", "y": f"{y - 12:g}", "width": f"{width:g}", "height": "24", "rx": "12"}
        ElementTree.SubElement(self._root, "rect", {**shape, "class": "pill"})
        self.text(x, y + 4.5, text, "middle strong")

    def _circle(self, x: float, y: float, radius: float, css: str) -> None:
        place = {"cx": f"{x:g}", "cy": f"{y:g}", "r": f"{radius:g}"}
        ElementTree.SubElement(self._root, "circle", {**place, "class": css})

    def markup(self) -> str:
        """Return the diagram as one well-formed `<svg>` element."""
        return ElementTree.tostring(self._root, encoding="unicode")


def _heading(start: Point, stop: Point) -> Point:
    """The direction of a line along an axis, as a unit vector."""
    across, down = stop[0] - start[0], stop[1] - start[1]
    length = (across**2 + down**2) ** 0.5
    return across / length, down / length

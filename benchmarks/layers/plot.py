"""One figure of a report: how many times as fast, shape by shape, as SVG that stands alone."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from benchmarks.layers.results import Report, Row, Run
from benchmarks.layers.summary import MODES, RATIOS, rows_of
from benchmarks.layers.tables import settings

from gatewise.report.figures.svg import Scale

__all__ = ["draw"]

SHOWN = {"GRU over torch GRU": "#1b6ca8", "GRU over torch LSTM": "#d1495b", "LSTM over torch LSTM": "#6a994e"}
WIDTH, LEFT, ROW, HEAD = 760, 130, 22, 44

# Grey and these three hues can be read on a light and on a dark page.
STYLE = "text{font:12px sans-serif;fill:#777}.title{font-weight:bold}.grid{stroke:#999;stroke-opacity:.35}.one{stroke:#777}"


def draw(report: Report) -> str:
    """Return the figure: a panel for every run and mode, a row for every shape, a dot for every ratio."""
    panels = list(_panels(report))
    ratios = [ratio for _, rows in panels for row in rows for ratio in _dots(row).values()]
    scale = Scale(0.0, max([2.0, *ratios]), LEFT, WIDTH - 20)
    height = HEAD + sum(HEAD + ROW * len(rows) for _, rows in panels)
    root = ElementTree.Element(
        "svg",
        {"xmlns": "http://www.w3.org/2000/svg", "width": str(WIDTH), "height": str(height), "viewBox": f"0 0 {WIDTH} {height}"},
    )
    ElementTree.SubElement(root, "title").text = "How many times as fast as PyTorch's layers, by shape"
    ElementTree.SubElement(root, "style").text = STYLE
    for number, (name, colour) in enumerate(SHOWN.items()):
        _dot(root, LEFT + 10 + 200 * number, 16, colour, name)
        _text(root, LEFT + 20 + 200 * number, 20, name)
    top = HEAD
    for title, rows in panels:
        _panel(root, title, rows, top, scale)
        top += HEAD + ROW * len(rows)
    return ElementTree.tostring(root, encoding="unicode")


def _panels(report: Report) -> Iterator[tuple[str, list[Row]]]:
    for run in report.runs:
        for mode in MODES:
            rows = rows_of(run, "train" if mode != "inference" else mode, mode)
            if rows:
                yield _title(run, mode), rows


def _title(run: Run, mode: str) -> str:
    return f"{MODES[mode]}, {settings(run)}"


def _dots(row: Row) -> dict[str, float]:
    ratios = {name: row.ratio(*RATIOS[name]) for name in SHOWN}
    return {name: ratio for name, ratio in ratios.items() if ratio is not None}


def _panel(root: ElementTree.Element, title: str, rows: list[Row], top: int, scale: Scale) -> None:
    foot = top + ROW * len(rows) + 8
    _text(root, 0, top - 2, title, "title")
    for tick in (1.0, *scale.ticks(8)):
        _line(root, scale(tick), top + 4, foot, "one" if tick == 1.0 else "grid")
        _text(root, scale(tick), foot + 13, f"{tick:g}", anchor="middle")
    for number, row in enumerate(rows):
        middle = top + ROW * number + 16
        _text(root, LEFT - 12, middle + 4, str(row.shape), anchor="end")
        for name, ratio in _dots(row).items():
            _dot(root, scale(ratio), middle, SHOWN[name], f"{row.shape}: {name} {ratio:.2f}")


def _dot(root: ElementTree.Element, x: float, y: float, colour: str, hint: str) -> None:
    dot = ElementTree.SubElement(root, "circle", {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "5", "fill": colour})
    ElementTree.SubElement(dot, "title").text = hint


def _line(root: ElementTree.Element, x: float, top: float, foot: float, css: str) -> None:
    ElementTree.SubElement(
        root, "line", {"x1": f"{x:.1f}", "x2": f"{x:.1f}", "y1": f"{top:.1f}", "y2": f"{foot:.1f}", "class": css}
    )


def _text(root: ElementTree.Element, x: float, y: float, text: str, css: str = "", anchor: str = "start") -> None:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}
    ElementTree.SubElement(root, "text", place | ({"class": css} if css else {})).text = text

import itertools
from xml.etree import ElementTree

from gatewise.report.figures.traces import Trace, traces_figure


def figure(*, steps: bool) -> ElementTree.Element:
    points = ((0.0, 1.0), (5.0, 3.0), (10.0, 2.0))
    trace = Trace("GRU", "arm-0", points, "ends at 2", ((0.0, 0.5, 1.5), (10.0, 1.5, 2.5)))
    return ElementTree.fromstring(traces_figure("traces", [trace], title="Title", label="height", axis="length", steps=steps))


def paths(root: ElementTree.Element, css: str) -> list[str]:
    return [found.attrib["d"] for found in root.iter("path") if css in found.attrib["class"].split()]


def test_lines_have_their_spread_and_their_name_at_the_end() -> None:
    root = figure(steps=False)
    (line,) = paths(root, "line")
    assert line.count("L") == 2
    assert len(paths(root, "spread")) == 1
    texts = [text.text for text in root.iter("text")]
    assert {"height", "length", "GRU"} <= set(texts)
    assert root.findtext("desc") == "GRU: ends at 2"


def test_a_stepped_line_turns_at_right_angles() -> None:
    (line,) = paths(figure(steps=True), "line")
    points = [tuple(map(float, point.split())) for point in line[1:].split("L")]
    assert len(points) == 5
    assert all(a[0] == b[0] or a[1] == b[1] for a, b in itertools.pairwise(points))

from xml.etree import ElementTree

from gatewise.report.figures.shares import shares_figure


def test_a_cell_is_as_dark_as_its_share() -> None:
    root = ElementTree.fromstring(
        shares_figure(
            "shares",
            ["one", "two"],
            ["GRU", "LSTM"],
            [[1.0, 0.0], [0.5, 0.25]],
            [["4/4", "0/4"], ["2/4", "1/4"]],
            colours=["arm-0", "arm-1"],
            title="Solved",
        )
    )
    shades = [box.attrib["fill-opacity"] for box in root.iter("rect") if "fill" in box.attrib["class"].split()]
    assert shades == ["0.60", "0.00", "0.30", "0.15"]
    assert {"one", "GRU", "2/4"} <= {text.text for text in root.iter("text")}
    assert root.findtext("desc") == "one: GRU 4/4, LSTM 0/4; two: GRU 2/4, LSTM 1/4"

"""Numbers written for people become plain ones in text tables, and nothing else does."""

import pytest

from gatewise.data.formats.delimited import read_delimited
from gatewise.data.formats.text_files import TextSource


def column(cells: list[str], mark: str = ";") -> tuple[list[str | None], tuple[str, ...]]:
    lines = "\n".join([f"name{mark}cell", *(f'row{mark}"{cell}"' for cell in cells)])
    columns, inferred = read_delimited(TextSource("data.csv", lines.encode()), tabs=mark == "\t")
    return list(columns["cell"]), inferred


@pytest.mark.parametrize(
    ("cells", "mark", "expected"),
    [
        (["1,5", "-2,25", "3"], ";", ["1.5", "-2.25", "3"]),
        (["1.234,5", "1.234.567,25", "", "NA"], ";", ["1234.5", "1234567.25", None, "NA"]),
        (["12,50 €", "€ 3"], "\t", ["12.50", "3"]),
        (["$1,234.50", "-$3", "$12"], ",", ["1234.50", "-3", "12"]),
        (["1,234.5", "12.5"], ",", ["1234.5", "12.5"]),
        (["12.5%", "-3 %"], ",", ["12.5", "-3"]),
        (["12,5 %", "3%"], ";", ["12.5", "3"]),
    ],
)
def test_amounts(cells: list[str], mark: str, expected: list[str]) -> None:
    found, inferred = column(cells, mark)
    assert found == expected
    assert f"The numbers in 'cell' are read so: {cells[0]!r} is {expected[0]}." in inferred


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["1.5", "2.25"], ";"),
        (["1.234", "2.345"], ";"),
        (["1,5", "two"], ";"),
        (["1,2,3", "4,5,6"], ";"),
        (["120,130,125", "101,110,99"], ","),
        (["120,130,125", "101,110,125"], ","),
        (["1,5", "2,5"], ","),
        (["007", "008"], ","),
        (["NA", "null"], ";"),
    ],
)
def test_cells_that_stay_as_they_are(cells: list[str], mark: str) -> None:
    found, inferred = column(cells, mark)
    assert found == cells
    assert not any("are read so" in sentence for sentence in inferred)

"""A table without a line of names is refused, and names that are unusual are not."""

from pathlib import Path

import numpy as np
import pytest

from gatewise.data.formats.delimited import read_delimited
from gatewise.data.formats.text_files import TextSource, text_file
from gatewise.errors import DataError

GENERATOR = np.random.default_rng(0)
TEXTS = [f"film number {row} was {('rather fine', 'quite poor')[row % 2]}" for row in range(40)]
LABELS = [str(row % 2) for row in range(40)]
NUMBERS = [f"{value:.3f}" for value in GENERATOR.normal(size=40)]
WHOLE = [str(value) for value in GENERATOR.integers(100, 100_000, size=40)]
SERIES = [" ".join(f"{value:.2f}" for value in GENERATOR.normal(size=9)) for _ in range(40)]
DATES = [f"2016-07-{row % 28 + 1:02d} 0{row % 10}:00:00" for row in range(40)]
SOUNDS = [f"{row % 10}_jackson_{row}.wav" for row in range(40)]
CLASSES = [("positive", "negative")[row % 2] for row in range(40)]


def read(columns: list[list[str]], header: list[str] | None = None, mark: str = ",") -> int:
    """Read a table, and return how many rows it has."""
    rows = [*([header] if header else []), *zip(*columns, strict=True)]
    quoted = ['"{}"'.format(cell.replace('"', '""')) if mark in cell else cell for row in rows for cell in row]
    lines = [mark.join(quoted[start : start + len(columns)]) for start in range(0, len(quoted), len(columns))]
    table, _ = read_delimited(TextSource("data.csv", "\n".join(lines).encode()), tabs=mark == "\t")
    return len(next(iter(table.values())))


@pytest.mark.parametrize(
    "columns",
    [
        [TEXTS, LABELS],
        [LABELS, TEXTS],
        [TEXTS, CLASSES],
        [TEXTS, NUMBERS],
        [TEXTS, WHOLE],
        [TEXTS, [str(int(label) + 1) for label in LABELS]],
        [LABELS, NUMBERS],
        [LABELS, NUMBERS, WHOLE, NUMBERS[::-1], NUMBERS[3:] + NUMBERS[:3]],
        [SERIES, LABELS],
        [SERIES, CLASSES],
        [DATES, NUMBERS],
        [DATES, TEXTS],
        [DATES, CLASSES],
        [SOUNDS, LABELS],
        [SOUNDS, [f"speaker {row}" for row in range(40)]],
        [WHOLE, TEXTS, LABELS],
        [["a", "b"] * 20, ["c", "d"] * 20],
    ],
)
@pytest.mark.parametrize("mark", [",", "\t"])
def test_a_row_on_top_is_refused(columns: list[list[str]], mark: str) -> None:
    with pytest.raises(DataError, match=r"data\.csv has no line of names on top: its first line holds .* Put one there, such as"):
        read(columns, mark=mark)
    assert read(columns, [f"name {number}" for number in range(len(columns))], mark) == 40


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (["text", "label"], [TEXTS, LABELS]),
        (["text", "0"], [TEXTS, LABELS]),
        (["label", "1"], [LABELS, NUMBERS]),
        (["0", "1"], [TEXTS, LABELS]),
        (["0", "1"], [LABELS, NUMBERS]),
        (["0", "1", "2", "3", "4"], [LABELS] * 5),
        (["", "0", "1"], [[str(row) for row in range(40)], LABELS, LABELS]),
        (["country", "1990", "1991", "1995"], [TEXTS, NUMBERS, NUMBERS, NUMBERS]),
        (["1990", "1991", "1992"], [NUMBERS] * 3),
        (["400.5", "401.2", "402", "403.9", "404"], [NUMBERS] * 5),
        (["4000", "3998", "3996", "3994", "3992"], [WHOLE] * 5),
        (["2020-01-01", "2020-01-02"], [NUMBERS, NUMBERS]),
        (["How satisfied are you with our service today?", "Would you come again?"], [TEXTS, CLASSES]),
        (["How satisfied are you with our service today?", "7"], [TEXTS, WHOLE]),
        (["", ""], [TEXTS, LABELS]),
        (["?", "NA"], [TEXTS, LABELS]),
        (["größe", "gewicht"], [NUMBERS, NUMBERS]),
        (["review", "positive"], [TEXTS, CLASSES]),
        (["a", "b"], [TEXTS, TEXTS[::-1]]),
        (["2024", "text"], [NUMBERS, TEXTS]),
    ],
)
def test_unusual_names_are_names(header: list[str], columns: list[list[str]]) -> None:
    if header[1] == "7":
        # A sentence beside a number is a row, whatever it asks.
        with pytest.raises(DataError, match="no line of names"):
            read(columns, header)
        return
    assert read(columns, header) == 40


def test_one_row_to_predict_from_is_enough() -> None:
    assert read([TEXTS[:1]], ["text"]) == 1
    assert read([TEXTS[:1], LABELS[:1]], ["review", "stars"]) == 1


def test_real_tables_have_names(shared_data: Path) -> None:
    found = [path for suffix in ("*.csv", "*.tsv", "*.csv.gz", "*.tsv.gz") for path in sorted(shared_data.rglob(suffix))]
    assert found
    for path in found:
        columns, _ = read_delimited(text_file(path), tabs=".tsv" in path.name)
        assert len(columns) > 1

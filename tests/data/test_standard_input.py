"""CSV from standard input."""

import gzip
import io
import subprocess
import sys
from collections.abc import Callable

import pytest

from gatewise.data.sources import open_inputs, open_source
from gatewise.errors import DataError

ROWS = "text,label\n" + "".join(f"text {row},{'ab'[row % 2]}\n" for row in range(40))

Feed = Callable[[bytes], None]


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Feed:
    return lambda data: monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_csv(feed: Feed) -> None:
    for data in (ROWS.encode(), gzip.compress(ROWS.encode()), ROWS.replace(",", ";").encode("utf-8-sig")):
        feed(data)
        dataset = open_source("-")
        assert (dataset.name, len(dataset), dataset.classes) == ("standard-input", 40, ("a", "b"))
    feed(ROWS.encode())
    assert open_inputs("-", kind="text", text="text").sequences[3] == "text 3"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "standard input is empty. Expected a header"),
        (b" \n\n", "standard input is empty"),
        (b"text,label\n", "standard-input is empty: it holds no rows"),
        (b"text,label\na,b,c\n", "standard input: the row at line 2 has 3 cells"),
        (b"PAR1....", "standard input is binary.*Parquet"),
        (
            "text,label\ncafé,1\n".encode("latin-1"),
            "standard input is not UTF-8.*0xe9 in line 2.*iconv -f WINDOWS-1252 -t UTF-8 FILE",
        ),
        (gzip.compress(ROWS.encode())[:40], "standard input is a damaged gzip file"),
    ],
    ids=["empty", "blank", "header only", "ragged", "Parquet", "Latin-1", "damaged gzip"],
)
def test_bad_input(feed: Feed, data: bytes, expected: str) -> None:
    feed(data)
    with pytest.raises(DataError, match=expected):
        open_source("-")


def test_nothing_is_piped_in(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    for stdin in (Terminal(io.BytesIO()), None):
        monkeypatch.setattr(sys, "stdin", stdin)
        with pytest.raises(DataError, match="nothing is piped into standard input"):
            open_source("-")


def test_a_real_pipe() -> None:
    code = "from gatewise.data.sources import open_source; print(len(open_source('-')))"
    done = subprocess.run([sys.executable, "-c", code], input=ROWS, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "40"

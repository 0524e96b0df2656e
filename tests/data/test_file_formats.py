"""A format of files is one module, found by its place."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewise.data.formats import files
from gatewise.data.sources import open_source
from gatewise.errors import DataError

TOY = """
from gatewise.data.formats.files import FileFormat, table_name


def _table(path, sheet):
    from gatewise.data.tables.tables import Table

    rows = [line.split("|") for line in path.read_text().splitlines()]
    return Table(table_name(path), dict(zip(rows[0], map(list, zip(*rows[1:])))), path.parent, untyped=True)


FORMAT = FileFormat((".toy",), table=_table)
"""


@pytest.fixture
def toy_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "formats").mkdir()
    (tmp_path / "formats" / "toy.py").write_text(TOY)
    monkeypatch.setattr(files, "__path__", [*files.__path__, str(tmp_path / "formats")])
    files.file_formats.cache_clear()
    yield
    files.file_formats.cache_clear()
    sys.modules.pop("gatewise.data.formats.files.toy", None)


@pytest.mark.usefixtures("toy_format")
def test_a_new_format_is_read_and_named_in_messages(tmp_path: Path) -> None:
    path = tmp_path / "reviews.toy"
    rows = [f"a good film {number}|yes\na bad film {number}|no" for number in range(30)]
    path.write_text("\n".join(["text|label", *rows]))
    dataset = open_source(path)
    assert (dataset.kind, len(dataset), dataset.classes) == ("text", 60, ("no", "yes"))
    with pytest.raises(DataError, match=r"\.toy.*\.npz"):
        open_source(tmp_path / "reviews.tox")


def test_looking_formats_up_imports_nothing_heavy() -> None:
    code = (
        "import sys; from gatewise.data.formats import files; files.file_formats(); print({*sys.modules} & {'numpy', 'pyarrow'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

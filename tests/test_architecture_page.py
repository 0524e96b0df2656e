"""The tables of rooms in docs/architecture.md are the layers that the import linter holds."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROW = re.compile(r"\| (\d+) \| ([^|]+) \|")


def layers(container: str) -> list[set[str]]:
    """Names on each level, the lowest first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    found = next(one["layers"] for one in contracts if one.get("containers") == [container])
    return [set(re.split(r"\W+", level)) for level in reversed(found)]


def tables() -> list[list[set[str]]]:
    """The same of each table of the page that has levels."""
    found: list[list[set[str]]] = []
    for line in (ROOT / "docs/architecture.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| level |"):
            found.append([])
        elif found and (row := ROW.match(line)):
            level = int(row[1])
            while len(found[-1]) <= level:
                found[-1].append(set())
            found[-1][level] |= set(re.findall(r"`(\w+)", row[2]))
    return found


@pytest.mark.parametrize(("number", "container"), [(0, "gatewise"), (1, "gatewise.data"), (2, "gatewise.records")])
def test_a_table_has_the_linters_levels(number: int, container: str) -> None:
    assert tables()[number] == layers(container)

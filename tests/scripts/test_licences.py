"""docs/licences.md has every package that users install, and says more of those that ask for something of them."""

from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from scripts.licences import COPYLEFT, NOTES, closure, licence_of, notes_of, rows_of, versions

PAGE = (Path(__file__).parents[2] / "docs" / "licences.md").read_text(encoding="utf-8")
ROWS = rows_of(PAGE)


def test_every_package_that_is_required_stands_there_with_its_locked_version() -> None:
    wanted = closure()
    assert {"numpy", "torch", "mlflow-skinny", "certifi"} <= set(wanted)
    assert not set(wanted) - set(ROWS), "`python scripts/licences.py` writes the page anew"
    locked = versions()
    assert {name: row[0] for name, row in ROWS.items()} == {name: locked[name] for name in ROWS}
    for name, extras in wanted.items():
        assert extras <= set(ROWS[name][2].split(", ")), name


def test_the_licences_are_those_that_the_installed_packages_name() -> None:
    locked = versions()
    # Other versions, as in an environment of the oldest ones, may say it in other words.
    there: dict[str, str] = {canonicalize_name(one.name): one.version.split("+")[0] for one in distributions()}
    named = {name: licence_of(name) for name in ROWS if there.get(name) == locked[name]}
    assert named
    assert {name: ROWS[name][1] for name in named} == named
    assert not [name for name, (_, licence, _) in ROWS.items() if licence == "unnamed" or licence.startswith("not read")]


def test_whatever_is_copyleft_is_said_more_of() -> None:
    copyleft = {name for name, (_, licence, _) in ROWS.items() if COPYLEFT.search(licence)}
    assert "certifi" in copyleft
    assert copyleft | {"soundfile"} <= notes_of(PAGE)


@pytest.mark.parametrize("licence", ["LGPL-2.1-or-later", "GNU General Public License", "Mozilla Public License 2.0", "MPL-2.0"])
def test_what_counts_as_copyleft(licence: str) -> None:
    assert COPYLEFT.search(licence)
    assert not COPYLEFT.search("MIT AND BSD-3-Clause AND Apache-2.0 WITH LLVM-exception")
    assert set(NOTES) >= {"soundfile"}

"""The locks hold what pyproject.toml asks for, and `make test` runs on nothing else."""

import importlib.metadata
import os
import re
import sysconfig
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
HASHED = ["demo", "test", "wheel"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
BUILD = [
    *PROJECT["build-system"]["requires"],
    *filter(re.compile("[a-z]").match, (ROOT / "requirements" / "kernels.in").read_text(encoding="utf-8").splitlines()),
]


def entries(path: str) -> list[Requirement]:
    """A lock's entries for every platform and Python."""
    lines = (ROOT / path).read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    return [Requirement(line.split(" --hash=")[0].strip()) for line in lines if not line.startswith("#")]


def versions(path: str, python: str = "") -> dict[str, str]:
    """The version of every package that a lock has for this platform and Python, or for another Python, "3.11.0"."""
    other = {"python_full_version": python, "python_version": python.rpartition(".")[0]} if python else {}
    here = [entry for entry in entries(path) if entry.marker is None or entry.marker.evaluate(other)]
    return {canonicalize_name(entry.name): str(entry.specifier).removeprefix("==") for entry in here}


def asked(*extras: str) -> list[Requirement]:
    """What the project requires, with extras and what it is built with."""
    wanted = [*PROJECT["project"]["dependencies"], *BUILD, *(one for extra in extras for one in EXTRAS[extra])]
    others = [one.removeprefix("gatewise[").removesuffix("]") for one in wanted if one.startswith("gatewise[")]
    return [*(Requirement(one) for one in wanted if not one.startswith("gatewise[")), *(asked(*others) if others else ())]


@pytest.mark.parametrize("requirement", asked(*EXTRAS), ids=str)
def test_every_requirement_is_locked_within_its_range(requirement: Requirement) -> None:
    found = versions("constraints.txt").get(canonicalize_name(requirement.name))
    assert found is not None, "it is not in constraints.txt: `make lock` writes the locks anew"
    assert requirement.specifier.contains(found, prereleases=True), f"{found} is locked: `make lock` writes the locks anew"


@pytest.mark.parametrize("requirement", asked("test"), ids=str)
def test_the_oldest_lock_is_at_the_lower_end_of_every_range(requirement: Requirement) -> None:
    (bound,) = (one.version for one in requirement.specifier if one.operator == ">=")
    # Newer Pythons have newer lower ends of some packages.
    found = versions("requirements/oldest.txt", "3.11.0").get(canonicalize_name(requirement.name), "nothing")
    assert re.fullmatch(rf"{re.escape(bound)}(\.\d+)*", found), f"{found} is locked: `make lock` writes the locks anew"


@pytest.mark.parametrize("name", HASHED)
def test_what_is_installed_with_hashes_agrees_with_the_constraints(name: str) -> None:
    path = f"requirements/{name}.txt"
    locked = versions("constraints.txt")
    assert {package: locked.get(package) for package in versions(path)} == versions(path)


@pytest.mark.parametrize("name", [*HASHED, "libraries"])
def test_every_package_has_hashes(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=[a-z])", text)[1:])


def test_the_libraries_are_locked_with_what_gatewise_requires() -> None:
    locked = versions("requirements/libraries.txt")
    named = (ROOT / "requirements" / "libraries.in").read_text(encoding="utf-8").splitlines()
    libraries = [Requirement(line) for line in named if not line.startswith("#")]
    assert len(libraries) >= 7
    for requirement in [*libraries, *asked("train")]:
        if requirement.name != "torch":
            found = locked.get(canonicalize_name(requirement.name))
            assert found is not None, f"{requirement.name} is not locked: `make lock` writes the locks anew"
            assert requirement.specifier.contains(found, prereleases=True), f"{requirement.name} {found}"


@pytest.mark.parametrize("path", ["constraints.txt", *(f"requirements/{name}.txt" for name in [*HASHED, "libraries", "oldest"])])
def test_a_lock_names_no_index_and_one_version_of_each(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    assert "//" not in text
    assert not re.search(r"^-", text, flags=re.MULTILINE)
    for entry in entries(path):
        assert [one.operator for one in entry.specifier] == ["=="], str(entry)


def test_the_constraints_have_no_hashes() -> None:
    # With one hash pip would want one of everything, and refuse the project itself.
    assert "--hash" not in (ROOT / "constraints.txt").read_text(encoding="utf-8")


@pytest.mark.skipif(
    "GATEWISE_LOCK" not in os.environ, reason="only `make test` and `make test-oldest` promise the versions of a lock"
)
def test_nothing_is_installed_but_what_the_lock_has() -> None:
    locked = versions(os.environ["GATEWISE_LOCK"])
    # The project, and what every new environment has: up to Python 3.11 setuptools too.
    ours = {"gatewise", "pip", *({"setuptools"} - {*locked})}
    # Not all that can be imported: setuptools puts copies of its own on the path once it is loaded.
    folders = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    there = importlib.metadata.distributions(path=folders)
    installed = {canonicalize_name(one.name): one.version.split("+")[0] for one in there}
    found = {name: version for name, version in installed.items() if name not in ours}
    assert found == {name: locked.get(name) for name in found}
    assert len(found) > 50, "the environment's own packages were not seen"

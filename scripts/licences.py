"""Write docs/licences.md: the licence of every package that gatewise requires, or that one of these brings along.

    python scripts/licences.py

It reads pyproject.toml, constraints.txt and what the packages installed beside it say of themselves; of packages that are not
installed here it keeps the row that is there.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "licences.md"
# What is installed to run gatewise; the tests and tools of those who change it are not.
NOT_FOR_USERS = {"test", "dev"}
COPYLEFT = re.compile(r"\b(A?GPL|LGPL|MPL|EPL|CDDL|EUPL|GNU|Mozilla)", re.IGNORECASE)

# What metadata do not say, or not in a few words.
NOTES = {
    "certifi": "MPL 2.0 is of its file of certificates, which nothing here changes.",
    "soundfile": "Its wheels hold libsndfile, which is LGPL 2.1 or later: pass its licence on with it, and let it be replaced.",
    "tqdm": "MPL 2.0 is of its files, which nothing here changes.",
}
# Of packages for other machines and builds.
_OTHERS = """
NVIDIA's libraries for CUDA (`nvidia-*`, `cuda-*`), which PyTorch's builds for its processors bring, are under NVIDIA's own terms,
and Triton, which comes with them, under MIT.
"""

HEAD = """\
# Licences

gatewise is under Apache 2.0. What it requires, and what that brings along, at the versions of `constraints.txt`, with the licence
that each package's metadata names. `scripts/licences.py` writes this page; `gatewise` is what is always installed, other names
are extras.

| package | version | licence | for |
|---|---|---|---|
"""


def main() -> None:
    """Write the page anew."""
    kept = rows_of(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    locked, wanted = versions(), closure()
    lines = []
    for name in sorted(wanted):
        found = licence_of(name) or kept.get(name, ("", "not read: not installed here", ""))[1]
        lines.append(f"| {name} | {locked[name]} | {found} | {', '.join(sorted(wanted[name]))} |")
    notes = [f"- {name}: {NOTES[name]}" for name in sorted(wanted) if name in NOTES]
    marked = "\n## To know about\n\n" + "\n".join(notes) + "\n" + _OTHERS
    PAGE.write_text(HEAD + "\n".join(lines) + "\n" + marked, encoding="utf-8")


def rows_of(page: str) -> dict[str, tuple[str, str, str]]:
    """Version, licence and extras of every package of the page."""
    rows = (line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ") and "==" not in line)
    return {row[0]: (row[1], row[2], row[3]) for row in rows if len(row) == 4 and row[0] != "package"}


def notes_of(page: str) -> set[str]:
    """The packages that the page says more of."""
    return set(re.findall(r"^- ([a-z0-9-]+): ", page, flags=re.MULTILINE))


def versions() -> dict[str, str]:
    """The version of every package of the lock, for whatever machine."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(one.name): str(one.specifier).removeprefix("==") for one in found}


def closure() -> dict[str, set[str]]:
    """Every package that users install, with the extras that it is for; what only other machines need is left to these."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    roots = {"gatewise": project["dependencies"], **project["optional-dependencies"]}
    found: dict[str, set[str]] = {}
    for extra, requirements in roots.items():
        if extra not in NOT_FOR_USERS:
            for text in requirements:
                _walk(Requirement(text), extra, found)
    return found


def _walk(requirement: Requirement, extra: str, found: dict[str, set[str]]) -> None:
    name = canonicalize_name(requirement.name)
    if extra in found.get(name, ()) or name not in versions():
        return
    found.setdefault(name, set()).add(extra)
    for text in _requires(name):
        inner = Requirement(text)
        if inner.marker is None or any(inner.marker.evaluate({"extra": one}) for one in ("", *requirement.extras)):
            _walk(inner, extra, found)


def _requires(name: str) -> Iterator[str]:
    there = _installed(name)
    yield from (there.requires or ()) if there else ()


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def licence_of(name: str) -> str:
    """The licence as the installed package names it, in a line; "" where it is not installed."""
    there = _installed(name)
    if there is None:
        return ""
    about = there.metadata
    classifiers = [one.rpartition(" :: ")[2] for one in about.get_all("Classifier") or () if one.startswith("License")]
    written, expression = ((about.get_all(key) or [""])[0].strip() for key in ("License", "License-Expression"))
    short = written if written and "\n" not in written and len(written) <= 60 else ""
    return expression or short or ", ".join(classifiers) or "unnamed"


if __name__ == "__main__":
    main()

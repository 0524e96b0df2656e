"""Run PyTorch's own tests of the recurrent layers with gatewise's classes under PyTorch's names, beside PyTorch's.

    python tests/upstream/run.py                      the module database of the installed PyTorch
    python tests/upstream/run.py --source FOLDER      and the test files of a checkout or source archive of PyTorch
    python tests/upstream/run.py --write ...          write docs/upstream.md anew with what came out

Without --write the outcomes are compared with docs/upstream.md. The exit code is 1 where one differs from it, and where
gatewise's outcome differs from PyTorch's and `reasons.json` has no reason. Test files are read where they lie; none is copied.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import record

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "upstream.md"
DATABASE = "module database"
FILES = ("test_modules.py", "test_nn.py", "nn/test_packed_sequence.py", "nn/test_parametrization.py", "nn/test_pruning.py")
MOST_CRASHES = 20

_VARIANT = re.compile(r"_cpu(?=_|$)|_(?:b?float|complex)\d+|_(?:train|eval)_mode|(?<=\[).*(?=\])")


@dataclass
class Outcome:
    """How a test ended with PyTorch's classes and with gatewise's, with the message of gatewise's failure."""

    stock: str = "not run"
    ours: str = "not run"
    message: str = ""


@dataclass
class Suite:
    """A file of tests. title: as the page has it. outcomes: by the test's name."""

    title: str
    path: Path
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def rows(self) -> dict[str, tuple[str, str]]:
        """Outcomes by test function and module, its variants counted; what is skipped either way stands in no row."""
        grouped: dict[str, list[Outcome]] = {}
        for name, outcome in self.outcomes.items():
            if not outcome.stock == outcome.ours == "skipped":
                grouped.setdefault(group_of(name), []).append(outcome)
        return {
            group: (counted(outcome.stock for outcome in found), counted(outcome.ours for outcome in found))
            for group, found in sorted(grouped.items())
        }

    def differences(self) -> dict[str, Outcome]:
        """Tests that end differently with gatewise's classes."""
        return {name: outcome for name, outcome in sorted(self.outcomes.items()) if outcome.stock != outcome.ours}


def group_of(test: str) -> str:
    """A test's name without its variant: device, dtype, mode. Of the database, the module stays."""
    function, bracket, variant = test.partition("[")
    if bracket:
        module = next((part for part in variant.rstrip("]").split("-") if part[0].isupper()), "")
        return f"{function} {module}".rstrip()
    return _VARIANT.sub("", function)


def counted(outcomes: object) -> str:
    """As `3 passed, 1 failed`."""
    assert not isinstance(outcomes, str)
    return ", ".join(f"{number} {outcome}" for outcome, number in sorted(Counter(outcomes).items()))  # type: ignore[call-overload]


def run(suite: Suite, swapped: bool, folder: Path) -> None:
    """Run one suite and fill in its outcomes. A test that ends the process has crashed; the rest is run in another."""
    outcomes = folder / f"{suite.title.replace('/', '-')}-{'swapped' if swapped else 'stock'}.jsonl"
    paths = [str(HERE), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {
        "GATEWISE_SWAP": "1" if swapped else "0",
        "GATEWISE_OUTCOMES": str(outcomes),
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTORCH_TESTING_DEVICE_ONLY_FOR": "cpu",
    }
    options = ["-q", "-p", "swap", "-p", "no:cacheprovider", "-p", "no:xdist", "--noconftest", "-c", os.devnull, "--tb=line"]
    command = [sys.executable, "-m", "pytest", *options, "--rootdir", str(suite.path.parent), str(suite.path)]
    print(f"{suite.title}, {'gatewise' if swapped else 'PyTorch'}'s classes", flush=True)
    for _ in range(MOST_CRASHES):
        done = subprocess.run(command, cwd=suite.path.parent, env=environment, capture_output=True, text=True, check=False)
        found = record.read(outcomes)
        unfinished = [test for test, outcome, _ in found if not outcome]
        if not unfinished:
            break
        record.write(outcomes, unfinished[-1], "crashed", f"the process ended with {done.returncode}")
    if done.returncode not in (0, 1) or not found:
        sys.exit(f"{suite.path} could not be run:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    for test, outcome, message in found:
        known = suite.outcomes.setdefault(test.split("::", 1)[1].replace("::", "."), Outcome())
        if swapped:
            known.ours, known.message = outcome, message
        else:
            known.stock = outcome


def reason_for(suite: Suite, test: str, reasons: dict[str, str]) -> str:
    """The reason that is on file for a difference, by a regular expression over `suite: test`; "" for none."""
    return next((why for pattern, why in reasons.items() if re.search(pattern, f"{suite.title}: {test}")), "")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def section(suite: Suite, reasons: dict[str, str]) -> list[str]:
    """A suite's part of the page."""
    skipped = sum(outcome.stock == outcome.ours == "skipped" for outcome in suite.outcomes.values())
    total, differ = len(suite.outcomes) - skipped, suite.differences()
    lines = [
        f"## {suite.title}",
        "",
        f"{total} tests, {total - len(differ)} with PyTorch's outcome; {skipped} are skipped either way.",
    ]
    if differ:
        rows = [
            [f"`{test}`", outcome.stock, outcome.ours, reason_for(suite, test, reasons) or "**none on file**"]
            for test, outcome in differ.items()
        ]
        lines += ["", *table(["differs", "PyTorch's", "gatewise's", "why"], rows)]
    rows = [[f"`{group}`", stock, ours] for group, (stock, ours) in suite.rows().items()]
    return [*lines, "", *table(["test", "PyTorch's", "gatewise's"], rows), ""]


def sections_of(page: str) -> dict[str, list[str]]:
    """The page's parts by title."""
    found: dict[str, list[str]] = {}
    for part in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        title, *lines = part.rstrip().splitlines()
        found[title] = lines
    return found


INTRODUCTION = """# PyTorch's tests of its recurrent layers

Each test is run twice: with the classes `torch.nn.RNN`, `GRU`, `LSTM`, `GRUCell` and `LSTMCell` as they are, and with those of
`gatewise.nn` under their names. Written by `tests/upstream/run.py`; `make test-upstream` fails where an outcome is another than
here, or differs from PyTorch's without a reason. On processors alone; device, dtype and mode of a test are counted together.

The module database is the installed PyTorch's: every entry of it for these classes, in the ways that
`tests/upstream/module_database.py` has. The test files are PyTorch's own, read from a source archive or checkout
(`make test-upstream TORCH_SOURCE=FOLDER`), their tests of recurrent layers alone.
"""


def main() -> int:
    """Run, compare or write, and say what differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, help="a source tree of PyTorch, for its own test files")
    parser.add_argument("--write", action="store_true", help="write docs/upstream.md")
    parser.add_argument("--only", help="run suites with this text in their title alone")
    given = parser.parse_args()

    suites = suites_of(given.source, given.only or "")
    reasons: dict[str, str] = json.loads((HERE / "reasons.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        for suite in suites:
            for swapped in (False, True):
                run(suite, swapped, Path(folder))
    known = sections_of(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    problems = []
    for suite in suites:
        lines = section(suite, reasons)
        for test, outcome in suite.differences().items():
            print(f"{suite.title}: {test}: {outcome.stock} with PyTorch's, {outcome.ours} with gatewise's: {outcome.message}")
            if not reason_for(suite, test, reasons):
                problems.append(f"{suite.title}: {test} differs from PyTorch's without a reason in reasons.json")
        if given.write:
            known[suite.title] = lines[1:]
        elif suite.title in known:
            problems += compared(suite, known[suite.title], lines[1:])
        elif suite.title == DATABASE or not given.source:
            problems.append(f"docs/upstream.md has no part for {suite.title}")
        else:
            print(f"docs/upstream.md has no outcomes of {suite.title}: only PyTorch's and gatewise's are compared")
    if given.write:
        parts = ["\n".join([f"## {title}", *lines]).rstrip() for title, lines in known.items()]
        PAGE.write_text("\n".join([INTRODUCTION, "\n\n".join(parts)]) + "\n", encoding="utf-8")
    total = sum(len(suite.outcomes) for suite in suites)
    print("\n".join([*problems, f"{total} tests, {len(problems)} problems"]))
    return 1 if problems or not total else 0


def suites_of(source: Path | None, wanted: str) -> list[Suite]:
    """What is to be run. Exits where `source` is no source tree of PyTorch."""
    suites = [Suite(DATABASE, HERE / "module_database.py")]
    if source is not None:
        version_file = source / "version.txt"
        if not version_file.exists() or not (source / "test" / FILES[0]).exists():
            sys.exit(
                f"{source} holds no version.txt and test/{FILES[0]}; give the folder of a checkout or source archive of PyTorch"
            )
        version = re.sub(r"a0.*", "", version_file.read_text(encoding="utf-8").strip())
        suites += [Suite(f"{name} of PyTorch {version}", (source / "test" / name).resolve()) for name in FILES]
    return [suite for suite in suites if wanted in suite.title]


def compared(suite: Suite, expected: list[str], found: list[str]) -> list[str]:
    """What has changed in a part of the page, a line each."""
    gone = [f"{suite.title}: gone: {line}" for line in expected if line and line not in found]
    return gone + [f"{suite.title}: new: {line}" for line in found if line and line not in expected]


if __name__ == "__main__":
    sys.exit(main())

"""How tests ended, on file: a line of JSON when one begins and one when it has ended.

What a test that ends the process has left behind says which one it was.
"""

from __future__ import annotations

import json
from pathlib import Path


def write(record: Path, test: str, outcome: str = "", message: str = "") -> None:
    """Add a line; outcome: "" where the test begins."""
    with record.open("a", encoding="utf-8") as file:
        file.write(json.dumps([test, outcome, message]) + "\n")


def read(record: Path) -> list[tuple[str, str, str]]:
    """Of every test that began, in order: its id, how it ended ("" where it did not), and the message of a failure."""
    found: dict[str, tuple[str, str, str]] = {}
    if record.exists():
        for line in record.read_text(encoding="utf-8").splitlines():
            test, outcome, message = json.loads(line)
            if outcome or test not in found:
                found[test] = (test, outcome, message)
    return list(found.values())

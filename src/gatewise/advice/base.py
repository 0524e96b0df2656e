"""The evidence base: recorded outcomes of comparisons, plain JSON Lines, a study a line, and no row of anybody's data."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from gatewise.advice.facts import Facts
from gatewise.advice.outcomes import ANSWERS, Outcome
from gatewise.durable import write_file
from gatewise.errors import RunError
from gatewise.records import from_json, to_json

__all__ = ["FORMAT", "Study", "add_study", "own_base", "read_base", "shipped_base", "study_line"]

FORMAT = 1
SHIPPED = "evidence.jsonl"
# Digits of a number: what is measured here is not known to more.
DIGITS = 4


@dataclass(frozen=True)
class Study:
    """One comparison: the facts that were measured before it, and what it found.

    source: a built-in data set's address, by which anybody can repeat it; "" for other data, whose place is nobody's business.
    costs: ratios of the first cell over the second, of a training step and of a call. versions: of packages, and the processor.
    """

    facts: Facts
    outcome: Outcome
    source: str = ""
    costs: Mapping[str, float] | None = None
    versions: Mapping[str, str] | None = None

    @property
    def name(self) -> str:
        """What tells its data set from others."""
        return self.source or self.facts.name


def own_base() -> Path:
    """Where a user's own base is, unless another is named."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "gatewise" / SHIPPED


def shipped_base() -> tuple[Study, ...]:
    """The studies that come with gatewise."""
    resource = files("gatewise.advice") / SHIPPED
    return _read(resource.read_text(encoding="utf-8").splitlines(), "gatewise's own evidence")


def read_base(path: Path, *, missing: bool = False) -> tuple[Study, ...]:
    """The studies of a file. missing: whether it need not be there. Raises RunError where it cannot be read or a line is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        if missing:
            return ()
        raise RunError(f"there is no evidence base {path}; `gatewise evidence add RUN --base {path}` begins one") from error
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"the evidence base {path} cannot be read ({error}); give a file of JSON Lines") from error
    return _read(lines, str(path))


def add_study(path: Path, study: Study) -> bool:
    """Add a study to a base, which is made where there is none; one of the same data, metric and hidden size takes its place.

    Returns whether it did. Raises RunError where the base cannot be read or written.
    """
    studies = read_base(path, missing=True)
    kept = [one for one in studies if _identity(one) != _identity(study)]
    content = "".join(f"{study_line(one)}\n" for one in (*kept, study))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, content.encode())
    except OSError as error:
        raise RunError(f"the evidence base {path} cannot be written ({error.strerror}); name another one with --base") from error
    return len(kept) < len(studies)


def study_line(study: Study) -> str:
    """A study as a line of JSON."""
    return json.dumps({"format": FORMAT, **_rounded(to_json(study))}, ensure_ascii=False, separators=(",", ":"))


def _identity(study: Study) -> tuple[object, ...]:
    return study.facts.fingerprint, study.facts.metric, study.facts.cells, study.facts.hidden_size


def _read(lines: Iterable[str], called: str) -> tuple[Study, ...]:
    studies = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            if value["format"] > FORMAT:
                raise RunError(
                    f"line {number} of {called} has format {value['format']}, and this version of gatewise reads up to {FORMAT}; "
                    "use a newer version"
                )
            study = from_json(Study, value)
            if not set(study.outcome.probabilities) <= set(ANSWERS):
                raise ValueError(f"answers {sorted(study.outcome.probabilities)}")
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise RunError(
                f"line {number} of {called} is no study ({type(error).__name__}: {str(error)[:80]}); take the line out, or "
                "restore the file"
            ) from error
        studies.append(study)
    return tuple(studies)


def _rounded(value: Any) -> Any:
    """The same with as many digits as are known, and without what is empty or absent."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items() if item not in (None, {}, [])}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return value

"""Damaged and hostile configurations: options, or one message; never another error, a hang, or memory without bound.

    python -m benchmarks.config_fuzz [--inputs 200000] [--seed 0] [--jobs 2] [--keep FOLDER]

Half of the inputs are files: that of `gatewise init` and that of a run, changed as `benchmarks.loader_fuzz` changes files, and
YAML made up of what its parser knows: aliases of aliases, deep nesting, tags, dates, whole numbers of any length, documents side
by side. Each is read as `gatewise compare --config` reads it, or as `gatewise resume` reads a run's own. The other half are
values of single options, as a command line and as Python give them.
"""

from __future__ import annotations

import datetime
import math
import random
import sys
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.damaged import CHUNK, PIECES, Tried, arguments, changed, outcome, try_all

from gatewise.comparison.task_checks import check_config
from gatewise.options.configuration import build_config
from gatewise.options.table import OPTIONS
from gatewise.options.values import read_value
from gatewise.records import Config
from gatewise.study.config_file import read_config_file
from gatewise.study.config_template import config_template
from gatewise.study.folder import RunFolder

# Deeper than the parser follows; what lies below is not looked at.
_DEEP = 700
_WORDS = ("gru", "gru,lstm", "10m", "1h30m", "2%", "300kB", "0.1,1", "%d/%m/%Y", "true", "null", "~", "-1", "0", "1", "64", "1e9")
_ODD = (
    "é",
    "\u0660",
    "²",
    "\u2028",
    "\x85",
    "\0",
    "\n",
    "1_0",
    "0x10",
    "1:30",
    "1e400",
    "-0.0",
    ".nan",
    ".inf",
    "9" * 5000,
    "١٠m",
)
_YAML = (
    "!!python/object/apply:os.system [x]",
    "!!binary aGk=",
    "!!set {a, b}",
    "!!timestamp 2024-13-45",
    "2024-02-30",
    "2024-01-01T00:00:00+99:99",
    "!!int 0b2",
    "!!float x",
    "&a [*a]",
    "{<<: 1}",
    "{<<: [*x]}",
    "*missing",
    "!x y",
    "? [a, b]\n: c",
    "{? {a: b} : c}",
    "|2\n  text",
    "'",
    '"\\x"',
    '"\\ud800"',
    "--- a\n--- b",
    "%YAML 9.9\n---\n",
    "[" * _DEEP,
    "{a: " * _DEEP,
    "- " * _DEEP,
    "1:" * 2000 + "1",
    "0" + "7" * 6000,
    "0x" + "f" * 6000,
    "9" * 6000,
)


def bomb(random_: random.Random) -> str:
    """Lists of aliases of lists of aliases: a few lines that stand for a thousand million items."""
    depth, width = random_.randrange(3, 40), random_.randrange(2, 12)
    lines = ["a0: &a0 [x, y]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * width)}]" for level in range(1, depth)]
    lines.append(f"{random_.choice(OPTIONS).name}: *a{depth - 1}")
    if random_.random() < 0.5:
        # Merged mappings grow the same way.
        lines = ["a0: &a0 {x: 1}"] + [
            f"a{level}: &a{level} {{<<: [{', '.join([f'*a{level - 1}'] * width)}], k{level}: 1}}" for level in range(1, depth)
        ]
    return "\n".join(lines[-1:] if random_.random() < 0.1 else lines) + "\n"


def scalar(random_: random.Random) -> str:
    """Something that stands for a value in YAML."""
    kind = random_.randrange(5)
    if kind == 0:
        return random_.choice(_YAML)
    if kind == 1:
        return f"[{', '.join(random_.choice((*_WORDS, *_ODD)) for _ in range(random_.randrange(4)))}]"
    if kind == 2:
        return str(random_.choice((1, -1)) * random_.getrandbits(random_.choice((3, 31, 33, 64, 70, 4000))))
    if kind == 3:
        return random_.choice((*_ODD, repr(random_.random() * 10.0 ** random_.randrange(-330, 309))))
    return random_.choice(_WORDS)


def text(seeds: list[bytes], random_: random.Random) -> bytes:
    """A configuration as it should not be."""
    way = random_.random()
    if way < 0.1:
        return bomb(random_).encode()
    if way < 0.5:
        return changed(random_.choice(seeds), seeds, random_)
    names = [option.name for option in OPTIONS]
    lines = [f"{random_.choice(names)}: {scalar(random_)}" for _ in range(random_.randrange(1, 5))]
    made = "\n".join(lines).encode("utf-8", "surrogatepass")
    return changed(made, seeds, random_) if way > 0.8 else made


def given(random_: random.Random) -> Any:
    """A value as a command line or Python gives it."""
    kind = random_.randrange(8)
    if kind < 3:
        pieces = [random_.choice((*_WORDS, *_ODD, *",.-+%:;/ smhkMGiB", "µs")) for _ in range(random_.randrange(1, 5))]
        return "".join(pieces)
    if kind == 3:
        return random_.choice(PIECES).decode("utf-8", "surrogateescape")
    if kind == 4:
        return random_.choice((1, -1)) * random_.getrandbits(random_.choice((3, 31, 33, 64, 70, 4000)))
    if kind == 5:
        return random_.choice((math.nan, math.inf, -math.inf, 5e-324, 1.8e308, -0.0, 1e-9, 0.5, np.float32(0.1), np.int64(3)))
    if kind == 6:
        return [random_.choice((*_WORDS, 0.1, 1, None, True, [], {}, "x" * 9000)) for _ in range(random_.randrange(4))]
    odd = (b"x", {"a": 1}, {1}, object(), datetime.date(2024, 1, 1), 1j, (), Path("x"), True, np.ones(3), range(3), "x" * 100_000)
    return random_.choice(odd)


def chunk(asked: tuple[int, int, str]) -> Tried:
    """CHUNK configurations and values, and those that ended as none should."""
    seed, number, place = asked
    random_ = random.Random(f"{seed} {number}")
    counted: Counter[str] = Counter()
    bad: list[tuple[str, str, bytes]] = []
    with tempfile.TemporaryDirectory(dir=place) as folder:
        run = RunFolder(Path(folder) / "run")
        run.create(Config("data.csv"), {})
        seeds = [run.config.read_bytes(), config_template(source="data.csv").encode()]
        for _ in range(CHUNK // 2):
            content = text(seeds, random_)
            run.config.write_bytes(content)
            name, read = random_.choice((("--config", partial(_asked, run.config)), ("config.yaml", partial(_opened, run))))
            _count(counted, bad, name, outcome(read), ".yaml", content)
            option, value = random_.choice(OPTIONS), given(random_)
            said = outcome(partial(read_value, option, value))
            shown = repr(value)[:200].encode("utf-8", "backslashreplace")
            _count(
                counted, bad, "an option's value", f"{said} with --{option.name}" if said not in _FINE else said, ".txt", shown
            )
    return counted, bad


_FINE = ("read", "refused")


def _count(counted: Counter[str], bad: list[tuple[str, str, bytes]], name: str, said: str, suffix: str, content: bytes) -> None:
    kind = said if said in _FINE else "other"
    counted[f"{name if suffix == '.yaml' else 'a value'} {kind}"] += 1
    if kind == "other":
        bad.append((f"{said} with {name}", suffix, content))


def _asked(path: Path) -> None:
    options = read_config_file(path)
    check_config(build_config(str(options.pop("source", "data.csv")), {**options, "out": None}))


def _opened(run: RunFolder) -> None:
    check_config(run.open())


if __name__ == "__main__":
    sys.exit(try_all(chunk, arguments(__doc__, 200_000, "build/config_fuzz")))

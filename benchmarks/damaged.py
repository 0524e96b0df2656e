"""Content changed as disks, people and programs change it, tried in processes that are held to a time and a memory.

What is tried ends in something read or in one message; whatever ends in any other way is counted and kept.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import resource
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TypeAlias

from gatewise.errors import GatewiseError

__all__ = ["CHUNK", "PIECES", "Tried", "arguments", "changed", "outcome", "try_all"]

SLOW_S = 5
MEMORY = 3 * 2**30
CHUNK = 500

Tried: TypeAlias = "tuple[Counter[str], list[tuple[str, str, bytes]]]"
"""How often what came out, by kind; and what should not have: what was said, the suffix to keep it with, the content."""

_MARKS = ("\0", '"', '""', "'", ",", ";", "\t", "\n", "\r", "\r\n", "|", "{", "}", "[", "]", ":", "?", "\\", "\ufeff", "é")
_VALUES = ("1e999", "-0", "nan", "inf", "NaN", "9" * 40, "0x10", "1_000", "1,5", "2024-13-45", "1970-01-01T00:00:00Z", "null")
_WORDS = (
    "true",
    "a" * 5000,
    " " * 300,
    "[" * 400,
    "text",
    "label",
    "\ud800",
    "日本",
    "=1+1",
    "../../x",
    "@data\n",
    "[[1,2],[3]]",
)
_BYTES = (b"\xff\xfe", b"\x80", b"\x1f\x8b", b"PK\x03\x04", b"\xc3\x28", bytes(64))
PIECES = (*(piece.encode("utf-8", "surrogatepass") for piece in (*_MARKS, *_VALUES, *_WORDS)), *_BYTES)


def changed(content: bytes, others: list[bytes], random_: random.Random) -> bytes:
    """A file, changed a few times."""
    data = bytearray(content)
    for _ in range(random_.choice((1, 1, 1, 2, 3, 8))):
        place = random_.randrange(len(data) + 1)
        match random_.randrange(9):
            case 0:
                data[place : place + 1] = bytes([random_.randrange(256)])
            case 1:
                del data[place:]
            case 2 | 3:
                data[place:place] = random_.choice(PIECES)
            case 4:
                piece = random_.choice(PIECES)
                data[place : place + len(piece)] = piece
            case 5:
                del data[place : place + random_.randrange(1, 60)]
            case 6:
                start = random_.randrange(len(data) + 1)
                data[place:place] = data[start : start + random_.randrange(1, 300)]
            case 7:
                other = random_.choice(others)
                start = random_.randrange(len(other))
                data[place:place] = other[start : start + random_.randrange(1, 500)]
            case _:
                lines = bytes(data).split(b"\n")
                random_.shuffle(lines)
                data = bytearray(b"\n".join(lines))
    return bytes(data)


class Hung(BaseException):
    """It takes too long."""


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise Hung


def outcome(work: Callable[[], object]) -> str:
    """What became of an input: read, refused, or what it should not have been."""
    # Of the processor's time: a busy machine is no fault of what is tried.
    signal.setitimer(signal.ITIMER_PROF, SLOW_S)
    try:
        work()
    except GatewiseError as error:
        said = str(error)
        return "refused" if said and len(said) < 2000 and "\n" not in said else f"a message of {len(said)} characters"
    except Hung:
        return "hang"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"[:200]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return "read"


def _begin() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGPROF, _too_long)


def arguments(description: str | None, inputs: int, keep: str) -> argparse.Namespace:
    """The command line that these programs share."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=inputs)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=Path(keep))
    return parser.parse_args()


def try_all(chunk: Callable[[tuple[int, int, str]], Tried], asked: argparse.Namespace) -> int:
    """Try, count, keep. chunk: CHUNK inputs by seed, number and a folder to work in. Returns the exit code."""
    began, counted = time.monotonic(), Counter[str]()
    kinds: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        work = [(asked.seed, number, place) for number in range(-(-asked.inputs // CHUNK))]
        with multiprocessing.get_context("forkserver").Pool(asked.jobs, initializer=_begin) as pool:
            for found, bad in pool.imap_unordered(chunk, work):
                counted += found
                if sum(counted.values()) % 10_000 < CHUNK:
                    print(f"{sum(counted.values()):,} inputs after {time.monotonic() - began:.0f} s", flush=True)
                for said, suffix, content in bad:
                    kinds[said.partition(" with ")[0]] += 1
                    if kinds[said.partition(" with ")[0]] <= 3:
                        asked.keep.mkdir(parents=True, exist_ok=True)
                        name = f"{sum(kinds.values())}{suffix}"
                        (asked.keep / name).write_bytes(content)
                        (asked.keep / f"{name}.txt").write_text(said, encoding="utf-8", errors="backslashreplace")
                        print(f"{name}: {said}", flush=True)
    for name in sorted(counted):
        print(f"{name:<24}{counted[name]:>10,}")
    total, wrong = sum(counted.values()), sum(kinds.values())
    print(f"{total:,} inputs in {time.monotonic() - began:.0f} s; {wrong} ended as none should")
    return int(wrong > 0)

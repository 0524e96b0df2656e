"""Damaged and hostile files of every format: a data set, or one message; never another error, a hang, or memory without bound.

    python -m benchmarks.loader_fuzz [--inputs 1000000] [--seed 0] [--jobs 2] [--keep FOLDER]

Small files of every format are made, then changed as disks, people and programs change them: bytes, quotes, separators, numbers,
encodings, lines, parts of other formats, cuts. Each is read as `gatewise compare` reads it, with options drawn at random, in a
process that may take no more than a few seconds and 3 GiB. What ends in any other way is counted and kept in FOLDER; exits with
1 if there is any.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import multiprocessing
import random
import resource
import signal
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import openpyxl
import pyarrow
import pyarrow.parquet

from gatewise.data.sources import open_source
from gatewise.errors import GatewiseError

SLOW_S = 5
MEMORY = 3 * 2**30
CHUNK = 500

TABLE = "text,label\n" + "".join(f'"a film, number {row}",{"good" if row % 2 else "bad"}\n' for row in range(60))
LONG = "id,time,x,y,label\n" + "".join(f"{row // 6},{row % 6},{row / 7},{row * 3},{row // 6 % 2}\n" for row in range(360))
SERIES = "date,OT,load\n" + "".join(
    f"2024-{1 + row // 240:02}-{1 + row // 24 % 10:02} {row % 24:02}:00,{row % 24},{row / 5}\n" for row in range(360)
)
LINES = "".join(json.dumps({"text": f"film {row}", "label": row % 2, "weight": 1.5}) + "\n" for row in range(60))
NESTED = "".join(json.dumps({"values": [row, row + 1, 2], "label": row % 2}) + "\n" for row in range(60))
TS = "@problemName x\n@timeStamps false\n@univariate false\n@classLabel true a b\n@data\n" + "".join(
    f"{row},1,2:3,4,{row}:{'ab'[row % 2]}\n" for row in range(60)
)

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

OPTIONS: tuple[Mapping[str, Any], ...] = (
    {},
    {},
    {},
    {"text": "text"},
    {"target": "label"},
    {"channels": ("x", "y"), "id": "id", "time": "time"},
    {"channels": ("values",)},
    {"task": "forecast", "time": "date", "target": "OT", "horizon": 3},
    {"task": "next_step"},
    {"group": "id"},
    {"weights": "weight"},
    {"task": "regression"},
)


def seeds() -> dict[str, list[bytes]]:
    """Whole files by the end of their names."""
    values, labels = np.random.default_rng(0).normal(size=(60, 6, 2)).astype(np.float32), np.arange(60) % 2
    dense, ragged, excel, parquet = (io.BytesIO() for _ in range(4))
    np.savez(dense, X=values, y=labels)
    np.savez_compressed(ragged, values=values.reshape(-1, 2), lengths=np.full(60, 6), labels=labels)
    book = openpyxl.Workbook()
    for line in csv.reader(TABLE.splitlines()):
        book.active.append(line)
    book.save(excel)
    table = pyarrow.table(
        {"text": [f"film {row}" for row in range(60)], "label": labels, "values": [[1.0, row] for row in range(60)]}
    )
    pyarrow.parquet.write_table(table, parquet)
    texts = [TABLE, LONG, SERIES]
    return {
        ".csv": [text.encode() for text in texts] + [TABLE.encode("utf-16"), TABLE.replace(",", ";").encode("latin-1")],
        ".tsv": [text.replace(",", "\t").encode() for text in texts],
        ".csv.gz": [gzip.compress(TABLE.encode(), 1)],
        ".jsonl": [LINES.encode(), NESTED.encode()],
        ".json": [f"[{','.join(LINES.splitlines())}]".encode()],
        ".jsonl.gz": [gzip.compress(LINES.encode(), 1)],
        ".ts": [TS.encode()],
        ".npz": [dense.getvalue(), ragged.getvalue()],
        ".parquet": [parquet.getvalue()],
        ".xlsx": [excel.getvalue()],
    }


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


def inside_zip(content: bytes, others: list[bytes], random_: random.Random) -> bytes:
    """A file that is an archive, with a member changed and packed again: what lies behind the archive's own checks."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError):
        return content
    name = random_.choice(sorted(members))
    members[name] = changed(members[name], others, random_)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, inner in members.items():
            archive.writestr(member, inner)
    return packed.getvalue()


class Hung(BaseException):
    """It takes too long."""


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise Hung


def outcome(path: Path, options: Mapping[str, Any]) -> str:
    """What became of a file: read, refused, or what it should not have been."""
    signal.setitimer(signal.ITIMER_REAL, SLOW_S)
    try:
        open_source(path, **options)
    except GatewiseError as error:
        said = str(error)
        return "refused" if said and len(said) < 2000 and "\n" not in said else f"a message of {len(said)} characters"
    except Hung:
        return "hang"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"[:200]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return "read"


def chunk(given: tuple[int, int, str]) -> tuple[Counter[str], list[tuple[str, str, bytes]]]:
    """CHUNK files, and those that ended as none should."""
    seed, number, place = given
    random_ = random.Random(f"{seed} {number}")
    files = seeds()
    everything = [content for some in files.values() for content in some]
    counted: Counter[str] = Counter()
    bad: list[tuple[str, str, bytes]] = []
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(dir=place) as folder:
        for _ in range(CHUNK):
            suffix = random_.choice(sorted(files))
            content = random_.choice(files[suffix])
            if suffix.endswith(".gz") and random_.random() < 0.5:
                content = gzip.compress(changed(gzip.decompress(content), everything, random_), 1)
            elif suffix in (".npz", ".xlsx") and random_.random() < 0.6:
                content = inside_zip(content, everything, random_)
            else:
                content = changed(content, everything, random_)
            path = Path(folder) / f"file{suffix}"
            path.write_bytes(content)
            options = random_.choice(OPTIONS)
            said = outcome(path, options)
            kind = said if said in ("read", "refused") else "other"
            counted[f"{suffix} {kind}"] += 1
            if kind == "other":
                bad.append((f"{said} with {dict(options)}", suffix, content))
    return counted, bad


def _begin() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, _too_long)


def main() -> int:
    """Try, count, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=Path("build/loader_fuzz"))
    asked = parser.parse_args()
    began, counted = time.monotonic(), Counter[str]()
    kinds: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        work = [(asked.seed, number, place) for number in range(-(-asked.inputs // CHUNK))]
        with multiprocessing.get_context("forkserver").Pool(asked.jobs, initializer=_begin) as pool:
            for found, bad in pool.imap_unordered(chunk, work):
                counted += found
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


if __name__ == "__main__":
    sys.exit(main())

"""Damaged and hostile files of every format: a data set, or one message; never another error, a hang, or memory without bound.

    python -m benchmarks.loader_fuzz [--inputs 1000000] [--seed 0] [--jobs 2] [--keep FOLDER]

Small files of every format are made, then changed as disks, people and programs change them: bytes, quotes, separators, numbers,
encodings, lines, parts of other formats, cuts. Each is read as `gatewise compare` reads it, with options drawn at random, in a
process that may take no more than a few seconds and 3 GiB. What ends in any other way is counted and kept in FOLDER; exits with
1 if there is any.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import sys
import tempfile
import warnings
import zipfile
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow
import pyarrow.parquet
from benchmarks.damaged import CHUNK, Tried, arguments, changed, outcome, try_all

from gatewise.data.sources import open_source

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


def chunk(given: tuple[int, int, str]) -> Tried:
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
            said = outcome(partial(open_source, path, **options))
            kind = said if said in ("read", "refused") else "other"
            counted[f"{suffix} {kind}"] += 1
            if kind == "other":
                bad.append((f"{said} with {dict(options)}", suffix, content))
    return counted, bad


if __name__ == "__main__":
    sys.exit(try_all(chunk, arguments(__doc__, 1_000_000, "build/loader_fuzz")))

"""Tables of ever more rows, encoded onto disk and compared: rows a second, and memory, which must not grow with the rows.

    python -m benchmarks.larger_than_memory [--rows 1000000,5000000,20000000] [--format parquet] [--replicates 2] [--limit BYTES]

The texts are pieces of seven words drawn from a long-tailed vocabulary, three to five of them a row, with a word of its own every
twenty rows, so that the vocabulary grows with the rows; words of one class are a little more frequent in it. Memory is sampled
over the process and its children: what is their own (RssAnon in /proc/PID/status) and all that is resident, of which mapped files
are given back by the system as soon as it wants their room. With --limit all is done in a control group (of the first version,
which takes an administrator) that may use so many bytes, mapped files among them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
from benchmarks.layers.machine import busy, describe
from pyarrow import parquet
from rich.console import Console
from rich.table import Table

BLOCK = 250_000
PIECES, WORDS, LONG = 20_000, 60_000, 7
INTERVAL = 0.02
ALLOWED = 1.2

ENCODE = """
import json, sys, time
from gatewise.data.sources import open_source
began = time.perf_counter()
data = open_source(sys.argv[1], on_disk="always", jobs=int(sys.argv[2]))
print(json.dumps({"rows": len(data), "seconds": time.perf_counter() - began, "vocabulary": len(data.tokens.vocabulary)}))
"""


def make(path: Path, rows: int) -> None:
    """Write a table of texts and two classes."""
    generator = np.random.default_rng(0)
    words = np.array([f"w{number:x}" for number in range(WORDS)], dtype=object)
    pieces = np.empty((2, PIECES), dtype=object)
    for label in range(2):
        ranks = np.minimum((generator.pareto(1.0, (PIECES, LONG)) * 8).astype(np.int64), WORDS - 1)
        own = generator.random((PIECES, LONG)) < 0.04
        ranks[own] = WORDS // 2 + label * 500 + generator.integers(0, 500, int(own.sum()))
        pieces[label] = [" ".join(words[row]) for row in ranks]
    writer, text = None, None
    if path.suffix == ".csv":
        text = path.open("w")
        text.write("text,label\n")
    for start in range(0, rows, BLOCK):
        count = min(BLOCK, rows - start)
        labels = generator.integers(0, 2, count)
        texts = np.array([f"u{number // 20:x} " for number in range(start, start + count)], dtype=object)
        for turn in range(5):
            more = pieces[labels, generator.integers(0, PIECES, count)]
            texts = np.where((turn < 3) | (generator.random(count) < 0.5), texts + more + " ", texts)
        names = np.array(["negative", "positive"], dtype=object)[labels]
        if text is not None:
            text.write("".join(f"{one},{name}\n" for one, name in zip(texts, names, strict=True)))
            continue
        table = pyarrow.table({"text": pyarrow.array(texts, pyarrow.string()), "label": pyarrow.array(names, pyarrow.string())})
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    for opened in (writer, text):
        if opened is not None:
            opened.close()


@dataclass
class Watched:
    """Most bytes at one time: of the processes' own memory, and resident in all."""

    own: int = 0
    resident: int = 0


def watch(process: subprocess.Popen[str], peaks: Watched) -> None:
    """Sample the memory of a process and its children until it ends."""
    while process.poll() is None:
        found = [_memory(pid) for pid in _tree(process.pid)]
        peaks.own = max(peaks.own, sum(own for own, _ in found))
        peaks.resident = max(peaks.resident, sum(resident for _, resident in found))
        time.sleep(INTERVAL)


def _tree(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        try:
            for thread in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (thread / "children").read_text().split())
        except OSError:
            continue
    return found


def _memory(pid: int) -> tuple[int, int]:
    try:
        lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        own, resident = (1024 * int(lines[name].split()[0]) for name in ("RssAnon", "VmRSS"))
    except (OSError, KeyError):
        return 0, 0
    return own, resident


GROUP = Path("/sys/fs/cgroup/memory/gatewise-rows")


def limit(size: int) -> None:
    """Let this process and those that it begins use so many bytes."""
    GROUP.mkdir(exist_ok=True)
    (GROUP / "memory.limit_in_bytes").write_text(str(size))
    (GROUP / "cgroup.procs").write_text(str(os.getpid()))


def run(command: list[str], environment: dict[str, str]) -> tuple[str, float, Watched]:
    """Output, seconds and memory of a command. Raises CalledProcessError where it fails."""
    peaks, began = Watched(), time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        watcher = threading.Thread(target=watch, args=(process, peaks))
        watcher.start()
        output, _ = process.communicate()
        watcher.join()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, output)
    return output, time.perf_counter() - began, peaks


def measured(path: Path, rows: int, folder: Path, replicates: int, jobs: int) -> dict[str, Any]:
    """What encoding a table and comparing cells on it takes."""
    environment = os.environ | {"GATEWISE_STORE": str(folder / "stores")}
    output, _, encoding = run([sys.executable, "-c", ENCODE, str(path), str(jobs)], environment)
    encoded = json.loads(output)
    if encoded["rows"] != rows:
        raise RuntimeError(f"{encoded['rows']:,} of {rows:,} rows were encoded")
    store = sum(file.stat().st_size for file in (folder / "stores").rglob("*") if file.is_file())
    # The same units at every size: a time budget would have the larger ones do others.
    command = [sys.executable, "-m", "gatewise", "compare", str(path), "--on-disk", "always", "--replicates", str(replicates)]
    command += ["--tune", "1", "--max-epochs", "4"]
    command += ["--jobs", str(jobs), "--out", str(folder / "run"), "--json", "--quiet"]
    output, seconds, comparing = run(command, environment)
    said = json.loads(output)
    rows_of_run = [json.loads(line) for line in (folder / "run" / "units.jsonl").read_text().splitlines()]
    trained = [row for row in rows_of_run if row.get("history")]
    an_epoch = next(int(row["epoch_rows"]) for row in rows_of_run if row["kind"] == "data")
    epochs = sum(len(unit["history"]) for unit in trained)
    took = sum(unit["history"][-1]["seconds"] for unit in trained)
    return {
        "rows": rows,
        "file_bytes": path.stat().st_size,
        "store_bytes": store,
        "encode_s": encoded["seconds"],
        "encode_rows_s": rows / encoded["seconds"],
        "encode_own_bytes": encoding.own,
        "compare_s": seconds,
        "train_rows_s": epochs * an_epoch / took,
        "compare_own_bytes": comparing.own,
        "compare_resident_bytes": comparing.resident,
        "decision": said["decision"],
        "scores": {name: score["mean"] for name, score in said["scores"].items()},
        "replicates": said["replicates"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", default="1000000,5000000,20000000")
    parser.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    parser.add_argument("--replicates", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where tables and stores are made; a temporary one where none is named")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--limit", type=int, help="bytes that may be used, mapped files among them")
    options = parser.parse_args()
    if options.limit is not None:
        limit(options.limit)
    console = Console(width=180)
    console.print(f"{describe()}; {busy()}")
    found = []
    for rows in map(int, options.rows.split(",")):
        folder = Path(tempfile.mkdtemp(prefix="gatewise-rows-", dir=options.folder))
        try:
            path = folder / f"texts.{options.format}"
            make(path, rows)
            found.append(measured(path, rows, folder, options.replicates, options.jobs))
        finally:
            shutil.rmtree(folder)
        console.print(found[-1])
    show(console, found)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))
    first = found[0]
    for name in ("encode_own_bytes", "compare_own_bytes"):
        grown = max(one[name] for one in found) / first[name]
        if grown > ALLOWED:
            raise SystemExit(f"{name} is {grown:.2f} times that of {first['rows']:,} rows; {ALLOWED} are allowed")


def show(console: Console, found: list[dict[str, Any]]) -> None:
    """A table, a row a size."""
    table = Table()
    for name in (
        "rows",
        "file",
        "store",
        "encoded in",
        "rows/s",
        "own memory",
        "compare",
        "rows/s",
        "own memory",
        "resident",
        "found",
    ):
        table.add_column(name, justify="right")
    for one in found:
        sizes = [f"{one[name] / 1e6:,.0f} MB" for name in ("file_bytes", "store_bytes")]
        memory = [f"{one[name] / 1e6:,.0f} MB" for name in ("encode_own_bytes", "compare_own_bytes", "compare_resident_bytes")]
        scores = ", ".join(f"{name} {value:.1%}" for name, value in one["scores"].items())
        table.add_row(
            f"{one['rows']:,}",
            *sizes,
            f"{one['encode_s']:.0f} s",
            f"{one['encode_rows_s']:,.0f}",
            memory[0],
            f"{one['compare_s']:.0f} s",
            f"{one['train_rows_s']:,.0f}",
            *memory[1:],
            f"{one['decision']}, {one['replicates']} replicates: {scores}",
        )
    console.print(table)


if __name__ == "__main__":
    main()

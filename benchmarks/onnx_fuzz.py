"""ONNX files with whatever came into them: each must be refused with a GatewiseError, or run.

    python -m benchmarks.onnx_fuzz [--inputs 50000] [--seed 0]

Five ways of change, in turn: bytes; bytes under a new seal, so that they reach the reader of protocol buffers and ONNX Runtime;
metadata under a new seal; nodes and constants under a new seal, with the onnx package; and files of one model with parts of
another. What loads is called, on inputs that the first model reads. The work is done in a process of its own, so that a crash of
native code is seen; it is started anew behind the input that ended it or held it for longer than 20 seconds.
Ends with exit code 1 where an input did that, or raised anything else.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

PATIENCE_S = 20.0
MOST_BYTES = 4 * 2**30
# What a JSON value may become.
ODD: tuple[Any, ...] = (None, True, -1, 0, 1, 2**31, 2**63, 1e308, float("nan"), "", "x", [], {}, [[]], "\udc00", 10**40)
NUMBERS = (0, 1, 2, 3, 7, -1, 2**31 - 1, 2**31, -(2**31), 2**62, -(2**63))


def originals() -> list[tuple[bytes, list[Any]]]:
    """Files, each with raw inputs for its model."""
    from tests.inspection.models import CLASSES, FORECAST, NUMBERS, STEPS, TEXTS, dataset_of, make_model

    from gatewise.export.onnx.writing import onnx_bytes

    made = [
        make_model("gru", TEXTS, pooling="attention"),
        make_model("lstm", CLASSES, bidirectional=True, layers=2),
        make_model("min_gru", NUMBERS),
        make_model("lstm", FORECAST),
        make_model("tcn", CLASSES, layers=2, pooling="mean"),
        make_model("rnn", STEPS),
    ]
    sources = [TEXTS, CLASSES, NUMBERS, FORECAST, CLASSES, STEPS]
    rows = [list(dataset_of(source).sequences[:3]) for source in sources]
    found = [(onnx_bytes(model), each) for model, each in zip(made, rows, strict=True)]
    found += [(onnx_bytes(made[0], int8=True), rows[0]), (onnx_bytes(made[0], streaming=True), rows[0])]
    return [*found, (onnx_bytes(made[4], streaming=True), rows[4])]


def changed_bytes(content: bytes, draw: random.Random) -> bytes:
    """A few bytes replaced, left out or put in, or the end cut off."""
    data = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 4, 16))):
        place = draw.randrange(len(data) + 1)
        kind = draw.randrange(6)
        if kind == 0 and data:
            data[place % len(data)] ^= 1 << draw.randrange(8)
        elif kind == 1 and data:
            data[place % len(data)] = draw.choice((0, 1, 0x7F, 0x80, 0xFF))
        elif kind == 2:
            data[place:place] = draw.randbytes(draw.choice((1, 2, 9)))
        elif kind == 3:
            del data[place : place + draw.choice((1, 2, 8, 100))]
        elif kind == 4:
            data[place:place] = data[draw.randrange(len(data) + 1) :][:64]
        else:
            del data[place:]
    return bytes(data)


def changed_json(value: Any, draw: random.Random) -> Any:
    """A value with one of its parts, at any depth, replaced, left out or repeated."""
    if isinstance(value, (dict, list)) and value and draw.random() < 0.85:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = draw.choice(keys)
        made: Any = value.copy()
        if draw.random() < 0.1:
            del made[key]
        elif draw.random() < 0.05 and isinstance(made, list):
            made += made
        else:
            made[key] = changed_json(value[key], draw)
        return made
    if isinstance(value, (int, float)) and draw.random() < 0.5:
        return draw.choice([value + 1, -value, value * 2, float(value), value * 1000])
    return draw.choice(ODD)


def changed_graph(proto: Any, other: Any, draw: random.Random) -> None:
    """One or two changes to nodes, constants, inputs and outputs, some of them from another file."""
    graph = proto.graph
    for _ in range(draw.choice((1, 1, 2))):
        node = draw.choice(graph.node)
        constant = draw.choice(graph.initializer)
        kind = draw.randrange(9)
        if kind == 0:
            graph.node.remove(node)
        elif kind == 1 and node.attribute:
            attribute = draw.choice(node.attribute)
            if attribute.ints:
                attribute.ints[draw.randrange(len(attribute.ints))] = draw.choice(NUMBERS)
            else:
                attribute.i = draw.choice(NUMBERS)
        elif kind == 2 and node.input:
            node.input[draw.randrange(len(node.input))] = draw.choice(draw.choice(graph.node).output)
        elif kind == 3:
            node.op_type = draw.choice(draw.choice((graph, other.graph)).node).op_type
        elif kind == 4 and constant.dims:
            # Another shape of as many elements.
            order = list(constant.dims)
            draw.shuffle(order)
            constant.dims[:] = draw.choice(([*order, 1], order, [int(np.prod(order))], [1, *order]))
        elif kind == 5:
            width = {1: 4, 3: 1, 7: 8}[constant.data_type]
            values = [draw.choice(NUMBERS) for _ in range(len(constant.raw_data) // width)]
            constant.raw_data = b"".join((value & 2**64 - 1).to_bytes(8, "little")[:width] for value in values)
        elif kind == 6:
            shape = draw.choice((*graph.input, *graph.output)).type.tensor_type.shape
            if shape.dim:
                draw.choice(shape.dim).dim_value = draw.choice(NUMBERS)
        elif kind == 7:
            copied = draw.choice(other.graph.initializer)
            name = constant.name
            constant.CopyFrom(copied)
            constant.name = name
        else:
            graph.node.insert(draw.randrange(len(graph.node)), draw.choice(other.graph.node))


def damaged(number: int, seed: int, files: list[tuple[bytes, list[Any]]]) -> tuple[str, bytes, list[Any]]:
    """The way of change, a file and inputs; the same whenever it is asked for."""
    import onnx

    from gatewise.export.onnx.seal import sealed, unsealed

    draw = random.Random(seed * 1_000_003 + number)
    (content, rows), (other, _) = draw.choice(files), draw.choice(files)
    inside = bytes(unsealed(content))
    way = ("bytes", "sealed bytes", "metadata", "graph", "spliced")[number % 5]
    if way == "bytes":
        return way, changed_bytes(content, draw), rows
    if way == "sealed bytes":
        return way, sealed(changed_bytes(inside, draw)), rows
    proto = onnx.load_from_string(inside)
    (entry,) = proto.metadata_props
    if way == "metadata":
        metadata = json.loads(entry.value)
        for _ in range(draw.choice((1, 1, 2, 3))):
            metadata = changed_json(metadata, draw)
        entry.value = json.dumps(metadata)
        return way, sealed(proto.SerializeToString()), rows
    another = onnx.load_from_string(bytes(unsealed(other)))
    if way == "graph":
        changed_graph(proto, another, draw)
    else:
        # Metadata of one model, the graph of another; and some of its constants in the place of others.
        entry.value = another.metadata_props[0].value
        if draw.random() < 0.5:
            changed_graph(proto, another, draw)
    return way, sealed(proto.SerializeToString()), rows


def outcome_of(content: bytes, rows: list[Any]) -> str:
    """What became of a file. Raises what should not have been raised."""
    from gatewise.errors import GatewiseError
    from gatewise.export.onnx.loading import model_of_bytes

    try:
        model = model_of_bytes(content, "a file")
    except GatewiseError as error:
        if "\n" in str(error):
            raise AssertionError(f"a message of several lines: {error}") from error
        return "refused"
    try:
        model.predict(rows)
    except GatewiseError:
        return "loaded, and refused to predict"
    return "loaded, and predicted"


def work(first: int, end: int, seed: int, report: str) -> None:
    """The process that tries inputs, from `first` on; writes a line before each and after each."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    files = originals()
    with Path(report).open("a", encoding="utf-8", buffering=1) as out:
        for number in range(first, end):
            out.write(f"> {number}\n")
            way, content, rows = damaged(number, seed, files)
            try:
                outcome = "nothing was changed" if content in {file for file, _ in files} else outcome_of(content, rows)
            except Exception:
                outcome = "raised " + traceback.format_exc().strip().splitlines()[-1][:200]
            out.write(f"{way}\t{outcome}\n")


def run(inputs: int, seed: int) -> tuple[Counter[tuple[str, str]], list[str]]:
    """Outcomes by way of change, and what should not have happened."""
    counts: Counter[tuple[str, str]] = Counter()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        report, first = Path(folder) / "report", 0
        while first < inputs:
            report.write_text("", encoding="utf-8")
            code = f"from benchmarks.onnx_fuzz import work; work({first}, {inputs}, {seed}, {str(report)!r})"
            process = subprocess.Popen([sys.executable, "-c", code], env=os.environ)
            held = _watch(process, report)
            lines = report.read_text(encoding="utf-8").splitlines()
            tried = [int(line[2:]) for line in lines if line.startswith("> ")]
            for line in lines:
                if not line.startswith("> "):
                    way, outcome = line.split("\t", 1)
                    counts[way, outcome] += 1
                    if outcome.startswith("raised"):
                        wrong.append(f"{way}: {outcome}")
            if process.returncode == 0:
                break
            if not tried:
                raise SystemExit(f"the process could not begin (exit code {process.returncode})")
            what = "held the process" if held else f"ended it with {process.returncode}"
            wrong.append(f"input {tried[-1]} of seed {seed} {what}")
            first = tried[-1] + 1
    return counts, wrong


def _watch(process: subprocess.Popen[bytes], report: Path) -> bool:
    """Wait for the process; whether one input held it for too long, and it was ended."""
    size, since = -1, time.monotonic()
    while process.poll() is None:
        time.sleep(0.2)
        now = report.stat().st_size
        if now != size:
            size, since = now, time.monotonic()
        # Loading the libraries takes some seconds, too.
        if time.monotonic() - since > PATIENCE_S * (1 if now else 6):
            process.kill()
            process.wait()
            return True
    return False


def main() -> None:
    """Print the counts, and every input that ended otherwise than it should."""
    parser = argparse.ArgumentParser(description="Damaged and hostile ONNX files.")
    parser.add_argument("--inputs", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    began = time.monotonic()
    counts, wrong = run(options.inputs, options.seed)
    for (way, outcome), count in sorted(counts.items()):
        print(f"{way:15} {outcome:40} {count:7,}")
    print(f"{sum(counts.values()):,} inputs in {time.monotonic() - began:.0f} s; {len(wrong)} ended as none should")
    for line in wrong[:50]:
        print(line)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

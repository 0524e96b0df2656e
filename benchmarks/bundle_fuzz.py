"""Damaged and forged bundles: refused in one message, or a model that answers; never a crash, never a hang.

    python -m benchmarks.bundle_fuzz [--inputs 100000] [--seed 0] [--out FILE]

Half of the inputs are damaged as disks and transfers damage: bytes changed, cut, doubled, swapped. Of these only what reads as
the very same model may be accepted. The other half are forged: values of the metadata are replaced and the hashes made anew, so
that every check behind the hashes is met; what is accepted must answer, or refuse, an input.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from gatewise.data.encoding.series import SeriesEncoder
from gatewise.data.encoding.text import TextEncoder
from gatewise.durable import write_file
from gatewise.errors import GatewiseError
from gatewise.export.bundle import load_model, save_model
from gatewise.export.samples import sample_inputs
from gatewise.records import Architecture
from gatewise.runtime.model import Model
from gatewise.runtime.network import ArrayNetwork
from gatewise.runtime.shapes import weight_shapes

SLOW_S = 2.0
"""What takes longer counts as a hang."""

VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1,
    2**31,
    2**63,
    1e308,
    float("nan"),
    "",
    "gru",
    "é",
    [],
    {},
    [[]],
    {"a": 1},
    [0.0],
    0.5,
)


def models() -> list[Model]:
    """A classifier of texts and one of series."""
    text = TextEncoder(("film", "good", "the"), 20)
    series = SeriesEncoder((0.0, 1.0), (1.0, 2.0), None)
    made = []
    for kind, encoder in (("text", text), ("series", series)):
        built = Architecture(
            "gru",
            input_size=encoder.input_size,
            tokens=kind == "text",
            outputs=2,
            pooling="summary",
            embedding_size=3,
            hidden_size=4,
            layers=1,
            bidirectional=False,
            dropout=0.1,
            input_dropout=0.0,
            seed=0,
            cell_seed=0,
        )
        generator = np.random.default_rng(0)
        weights = {name: generator.normal(size=shape).astype(np.float32) for name, shape in weight_shapes(built).items()}
        channels = () if kind == "text" else ("x", "y")
        made.append(
            Model("gru", kind, "classification", "accuracy", ("a", "b"), channels, (), encoder, ArrayNetwork(built, weights))  # type: ignore[arg-type]
        )
    return made


def damaged(content: bytes, random_: random.Random) -> bytes:
    """Bytes changed in one of the ways in which bytes change."""
    data = bytearray(content)
    place = random_.randrange(len(data))
    match random_.randrange(6):
        case 0:
            data[place] ^= 1 << random_.randrange(8)
        case 1:
            del data[place:]
        case 2:
            data[place:place] = data[: random_.randrange(1, 200)]
        case 3:
            data[place : place + 8] = random_.randbytes(8)
        case 4:
            end = place + random_.randrange(1, 100)
            del data[place:end]
        case _:
            other = random_.randrange(len(data))
            data[place], data[other] = data[other], data[place]
    return bytes(data)


def forged(content: bytes, random_: random.Random) -> bytes:
    """A single-file bundle with values of its metadata replaced, and hashes that fit them."""
    size = int.from_bytes(content[:8], "little")
    metadata = json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["gatewise"])
    for _ in range(random_.randrange(1, 3)):
        _replace(metadata, random_)
    metadata.pop("metadata_sha256", None)
    arrays = load(content)
    if random_.random() < 0.3:
        name = random_.choice(sorted(arrays))
        shape = [random_.choice((0, 1, 2, *arrays[name].shape)) for _ in arrays[name].shape]
        arrays[name] = np.full(shape, random_.choice((0.0, 1e38, float("nan"), 1.0)), random_.choice(("f4", "f8", "i4")))
    metadata["weights_sha256"] = hashlib.sha256(save(arrays)).hexdigest()
    metadata["metadata_sha256"] = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode()).hexdigest()
    return bytes(save(arrays, metadata={"gatewise": json.dumps(metadata)}))


def _replace(metadata: dict[str, Any], random_: random.Random) -> None:
    """One value somewhere inside, or one left out."""
    at: Any = metadata
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            return
        key = random_.choice(keys)
        if isinstance(at[key], (dict, list)) and at[key] and random_.random() < 0.7:
            at = at[key]
            continue
        if isinstance(at, dict) and random_.random() < 0.1:
            del at[key]
        else:
            at[key] = copy.deepcopy(random_.choice(VALUES))
        return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=None)
    asked = parser.parse_args()
    random_, counts, slowest = random.Random(asked.seed), Counter[str](), 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        cases = []
        for model in models():
            save_model(model, path)
            rows = sample_inputs(model, 3)
            cases.append((path.read_bytes(), rows, model.predict_proba(rows)))
        ways: tuple[tuple[str, Callable[[bytes, random.Random], bytes]], ...] = (("damaged", damaged), ("forged", forged))
        for number in range(asked.inputs):
            name, change = ways[number % 2]
            content, rows, expected = random_.choice(cases)
            path.write_bytes(change(content, random_))
            began = time.perf_counter()
            counts[f"{name}: {_outcome(path, rows, expected if name == 'damaged' else None)}"] += 1
            took = time.perf_counter() - began
            slowest = max(slowest, took)
            counts["hangs"] += took > SLOW_S
            if number % 5000 == 4999:
                print(f"{number + 1:,} of {asked.inputs:,}: {dict(sorted(counts.items()))}", flush=True)
    result = {"inputs": asked.inputs, "seed": asked.seed, **dict(sorted(counts.items())), "slowest_s": round(slowest, 3)}
    print(json.dumps(result, indent=1))
    if asked.out is not None:
        write_file(asked.out, json.dumps(result, indent=1).encode())


def _outcome(path: Path, rows: list[Any], expected: Any) -> str:
    """What came of one input. Anything but these outcomes ends the program with its traceback."""
    try:
        model = load_model(path)
    except GatewiseError as error:
        assert len(str(error).splitlines()) == 1, error
        return "refused"
    if expected is not None:
        np.testing.assert_array_equal(model.predict_proba(rows), expected)
        return "the same model"
    try:
        model.predict(rows)
    except GatewiseError:
        return "refuses the input"
    return "answers"


if __name__ == "__main__":
    main()
